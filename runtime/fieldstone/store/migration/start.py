"""Bringing the database to the catalog at start: the steps of a plan that add, or give columns their new names.

What would change stored values is refused, with the place of its declaration and the command that does it. A field or an object that is no
longer declared stays where it is.
"""

from collections.abc import Iterator
from pathlib import Path

from fieldstone.clock import Clock, system_clock
from fieldstone.errors import DeclarationError, Fault
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.store.database import Database
from fieldstone.store.deployment import Standing, standing_of
from fieldstone.store.migration.ledger import make_own_tables
from fieldstone.store.migration.plan import Plan, make_plan
from fieldstone.store.migration.run import run_plan
from fieldstone.store.migration.step import Action, Step
from fieldstone.store.migration.told import subject, told
from fieldstone.store.schema import unique_keys_of


async def bring_up(
    catalog: Catalog,
    database: Database,
    *,
    yielding: bool = False,
    running: Catalog | None = None,
    clock: Clock = system_clock,
    app: Path | None = None,
) -> Standing:
    """Makes what is missing, and returns how the catalog's files stand in the database.

    When `yielding`, files that are older than those in force change nothing. Beside one that is `running`, for which the
    database was brought up, no column is renamed, and objects of both are not looked at. Raises DeclarationError with every change that it
    does not make, before it makes any; `app` is the folder that it names.
    """
    async with database.schema_change():
        async with database.transaction() as session:
            await make_own_tables(session, database.dialect.name)
            standing = await standing_of(catalog.files_version, session)
        plan = await make_plan(catalog, database, clock(), counted=False, known=running)
        know_unique_keys(plan, database)
        yields = yielding and standing.older
        faults = [*_not_at_start(plan, app)]
        if yields:
            faults += [_outdated(step) for step in plan.steps if step.action in (Action.ADD_FIELD, Action.ADD_OBJECT)]
        elif running is not None:
            faults += _renamings(plan)
        if faults:
            raise DeclarationError(faults)
        if not yields:
            await run_plan(plan, catalog, database)
        return standing


async def require_fit(
    catalog: Catalog, database: Database, running: Catalog, *, clock: Clock = system_clock, app: Path | None = None
) -> None:
    """Raises DeclarationError with every change that `bring_up` would not make beside a running catalog; makes none itself."""
    plan = await make_plan(catalog, database, clock(), counted=False, known=running)
    faults = [*_not_at_start(plan, app), *_renamings(plan)]
    if faults:
        raise DeclarationError(faults)


def know_unique_keys(plan: Plan, database: Database) -> None:
    """Lets a database tell which fields clash."""
    schemas = plan.wanted.values()
    keys = {name: fields for schema in schemas for name, fields in unique_keys_of(schema).items()}
    database.unique_keys = {**database.unique_keys, **keys}


def _not_at_start(plan: Plan, app: Path | None) -> Iterator[Fault]:
    return (_fault(step, app) for step in plan.steps if step.refused is not None or not step.effect.at_start)


def _renamings(plan: Plan) -> Iterator[Fault]:
    return (_renaming(step) for step in plan.steps if step.action == Action.RENAME_FIELD)


def _fault(step: Step, app: Path | None) -> Fault:
    if step.refused is not None:
        return Fault(step.place, Code.NEEDS_MIGRATION, told(step), "Mend the declaration or the records.")
    allow = f" --allow-destructive {step.name}" if step.lost is not None else ""
    hint = f"Take the change back, or run `fieldstone migrate {app or 'APP'} --apply{allow}`."
    return Fault(step.place, Code.NEEDS_MIGRATION, told(step), hint)


def _outdated(step: Step) -> Fault:
    message = f"{subject(step)} is not stored any more: newer declarations have been put in force since."
    return Fault(
        step.place, Code.NEEDS_MIGRATION, message, "Serve the newer ones, or reload these to go back on purpose."
    )


def _renaming(step: Step) -> Fault:
    return Fault(
        step.place, Code.NEEDS_MIGRATION, told(step), "A field is only renamed at a start: start the servers anew."
    )
