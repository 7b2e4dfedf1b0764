"""Running a plan: each object in a transaction that writes the ledger too, so that what was interrupted is done as a whole or not at all.

First tables, columns and indexes; then what needs all tables, or all that they hold: foreign keys, which may go round in circles, and
summaries; last, what is dropped. Run again after an interruption, a new plan has what is left.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

from fieldstone.errors import Conflict, DeclarationError, Fault
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.store import ddl
from fieldstone.store.database import Database, Session
from fieldstone.store.migration.alter import MENDING, Reshape, alter
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.insist import insist
from fieldstone.store.migration.ledger import reopen_entry, strike_entry
from fieldstone.store.migration.plan import ObjectPlan, Plan
from fieldstone.store.migration.remember import remember
from fieldstone.store.search import search_removal
from fieldstone.store.summary_fill import fill_summaries

OBJECTS_AT_ONCE = 40
"""How many objects share a transaction: PostgreSQL holds a lock for each table and index in one."""


async def run_plan(plan: Plan, catalog: Catalog, database: Database, reshape: Reshape | None = None) -> None:
    """Takes every step that does something. `reshape` is needed for those that a start does not take; raises DeclarationError where
    records clash that nobody has counted."""
    made = [item for item in plan.objects if item.change.wanted is not None]
    if plan.histories_left:
        await _leave(plan.histories_left, database)
    for some in _portions(made):
        await insist(partial(_make, some, catalog, database, reshape))
    await _refer(made, database)
    await _summarize(made, catalog, database)
    for item in plan.objects:
        if item.change.wanted is None and item.pending:
            await _drop(item.change, database)


async def _leave(histories: Sequence[str], database: Database) -> None:
    async with database.transaction() as session:
        for name in histories:
            await reopen_entry(session, database.dialect, name)


async def _make(some: Sequence[ObjectPlan], catalog: Catalog, database: Database, reshape: Reshape | None) -> None:
    async with _transaction(database, some) as session:
        for item in some:
            await alter(item, catalog, session, database.dialect, reshape)


def _transaction(database: Database, items: Sequence[ObjectPlan]) -> AbstractAsyncContextManager[Session]:
    return database.reshaping() if any(item.reshapes for item in items) else database.transaction()


def _portions(items: Sequence[ObjectPlan]) -> Iterator[Sequence[ObjectPlan]]:
    """Yields what shares a transaction: many objects that are only added to, or one that is more than that."""
    some: list[ObjectPlan] = []
    for item in items:
        if some and (item.reshapes or len(some) == OBJECTS_AT_ONCE):
            yield some
            some = []
        some.append(item)
        if item.reshapes:
            yield some
            some = []
    if some:
        yield some


async def _refer(items: Sequence[ObjectPlan], database: Database) -> None:
    """Adds PostgreSQL's foreign keys; SQLite's came with their tables."""
    if database.dialect.name == "sqlite":
        return
    referring = [item for item in items if item.change.new_references]
    for start in range(0, len(referring), OBJECTS_AT_ONCE):
        await insist(partial(_refer_some, referring[start : start + OBJECTS_AT_ONCE], database))


async def _refer_some(some: Sequence[ObjectPlan], database: Database) -> None:
    async with database.transaction() as session:
        for item in some:
            for reference in item.change.new_references:
                try:
                    await session.define(ddl.add_reference(item.name, reference))
                except Conflict as error:
                    what = f"holds ids of which `{reference.object}` has no record"
                    raise _clash(item.change, reference.column, what) from error
            await remember(item, session, database.dialect, referring=True, summed=False)


async def _summarize(items: Sequence[ObjectPlan], catalog: Catalog, database: Database) -> None:
    unsummed = [item for item in items if item.change.new_summaries]
    if not unsummed:
        return
    fields = {(item.name, summary.field) for item in unsummed for summary in item.change.new_summaries}
    await fill_summaries(catalog, fields, database)
    async with database.transaction() as session:
        for item in unsummed:
            await remember(item, session, database.dialect, referring=True, summed=True)


async def _drop(change: Change, database: Database) -> None:
    """Drops a table that nothing declares, with its words."""
    async with database.reshaping() as session:
        if change.stored is not None and change.stored.search is not None:
            for text in search_removal(change.name, database.dialect.name):
                await session.define(text)
        await session.define(ddl.drop_table(change.name))
        await strike_entry(session, database.dialect, change.name)


def _clash(change: Change, field: str, what: str) -> DeclarationError:
    place = change.linked.fields[field].place if change.linked is not None else None
    message = f"`{change.name}.{field}` {what}."
    return DeclarationError([Fault(place, Code.NEEDS_MIGRATION, message, MENDING)] if place else [])
