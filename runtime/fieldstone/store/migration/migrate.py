"""Migrating: a plan with everything in it, and the whole of it done, where nothing of it is refused or loses what nobody gave up."""

from collections.abc import Iterable

from fieldstone.clock import Clock, system_clock
from fieldstone.errors import SettingsError
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.store.database import Database
from fieldstone.store.deployment import put_in_force, standing_of
from fieldstone.store.migration.ledger import make_own_tables
from fieldstone.store.migration.plan import Plan, make_plan
from fieldstone.store.migration.reshape import reshape
from fieldstone.store.migration.run import run_plan
from fieldstone.store.migration.start import know_unique_keys


async def migrate(
    catalog: Catalog, database: Database, allowed: frozenset[str], *, apply: bool, clock: Clock = system_clock
) -> Plan:
    """Returns the plan; with `apply`, once it is done. `allowed` names the fields and objects that may lose something.

    Raises SettingsError for a name that is misspelt.
    """
    if not apply:
        return _named(await make_plan(catalog, database, clock(), allowed=allowed), allowed)
    async with database.schema_change():
        async with database.transaction() as session:
            await make_own_tables(session, database.dialect.name)
            standing = await standing_of(catalog.files_version, session)
        plan = _named(await make_plan(catalog, database, clock(), allowed=allowed), allowed)
        know_unique_keys(plan, database)
        if not plan.refused and not plan.unallowed:
            await run_plan(plan, catalog, database, reshape)
            if plan.steps:
                async with database.transaction() as session:
                    await put_in_force(catalog.files_version, standing.found.epoch, session, database.dialect)
    return plan


def _named(plan: Plan, allowed: Iterable[str]) -> Plan:
    """Returns a plan, if no name is a misspelt one; one that loses nothing any more may be that of a migration which was broken off."""
    losing = {step.name for step in plan.losing}
    known = losing | {name.partition(".")[0] for name in losing}
    for name in allowed:
        hint = did_you_mean(name, known) if name not in known else None
        if hint is not None:
            raise SettingsError(f"Nothing is lost by `{shown(name)}`, so there is nothing to allow.", hint=hint)
    return plan
