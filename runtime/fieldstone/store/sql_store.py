"""The store: statements prepared once per shape over one database, reads, transactions, and the epoch."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager, suppress
from typing import Any

from fieldstone.errors import Conflict, Internal, Invalid
from fieldstone.log import Log
from fieldstone.query.ast import Aggregation, Filter, Select
from fieldstone.registry.catalog import Catalog
from fieldstone.store.aggregate import compile_group_count, compile_groups
from fieldstone.store.binds import Binds
from fieldstone.store.counter import Counter, reserve, reserve_text
from fieldstone.store.database import Database, RawRows, Session
from fieldstone.store.deployment import (
    POLICY_EPOCH,
    RAISE_POLICY_EPOCH,
    put_in_force,
    raise_metadata_epoch,
)
from fieldstone.store.event import RecordEvent
from fieldstone.store.explain import explain_statement
from fieldstone.store.interface import Outdated, Row, Statement, WholeWrite
from fieldstone.store.outbox import OutboxState, event_row, insert_text, outbox_state, sweep_some
from fieldstone.store.plan import StatementPlan
from fieldstone.store.rates import Rates
from fieldstone.store.renewal import renew_sealed
from fieldstone.store.rows import converted
from fieldstone.store.select import compile_count, compile_select
from fieldstone.store.shape_cache import ShapeCache
from fieldstone.store.statement import ReadStatement, Sql
from fieldstone.store.tables import Tables
from fieldstone.store.upkeep import Rollups, Upkeep
from fieldstone.store.whole import compile_whole
from fieldstone.store.write import (
    InsertStatement,
    UpdateStatement,
    compile_copy,
    compile_delete,
    compile_insert,
    compile_update,
)

SHAPES_KEPT = 4096

REFUSALS = (Invalid, Conflict)
"""What the database finds wrong with a write; anything else befalls the database."""

_READY = "SELECT 1"


class SqlStore:
    """A database under one catalog; implements `interface.Store`. Several may share the database."""

    def __init__(self, catalog: Catalog, database: Database, log: Log | None = None) -> None:
        """Takes a database that holds what the catalog needs."""
        self.catalog = catalog
        self._database = database
        self._log = log
        self.dialect = database.dialect
        self._tables = Tables(catalog, database.dialect)
        self._observe: Callable[[SqlTransaction], Awaitable[None]] | None = None
        self._selects: ShapeCache[Select, ReadStatement] = ShapeCache(SHAPES_KEPT)
        self._counts: ShapeCache[tuple[str, Filter], ReadStatement] = ShapeCache(SHAPES_KEPT)
        self._groups: ShapeCache[Aggregation, ReadStatement] = ShapeCache(SHAPES_KEPT)
        self._group_counts: ShapeCache[Aggregation, ReadStatement] = ShapeCache(SHAPES_KEPT)
        self._inserts: ShapeCache[tuple[str, tuple[str, ...]], InsertStatement] = ShapeCache(SHAPES_KEPT)
        self._updates: ShapeCache[tuple[str, tuple[str, ...], Filter, bool], UpdateStatement] = ShapeCache(SHAPES_KEPT)
        self._deletes: ShapeCache[tuple[str, Filter], Sql] = ShapeCache(SHAPES_KEPT)
        self._copies: ShapeCache[tuple[str, str, tuple[str, ...], Filter], Sql] = ShapeCache(SHAPES_KEPT)
        self.insert_event = insert_text(database.dialect)
        self.rates = Rates(database)
        self.reserve_counts = reserve_text(database.dialect)
        self.rollups = Rollups(catalog, self._tables, self.dialect)

    def prepare(self, select: Select) -> Statement:
        """Returns the statement of a shape, compiled at most once and kept in a bounded cache."""
        return self._selects.get(select, lambda: compile_select(select, self._tables, self.dialect))

    def prepare_count(self, object_name: str, where: Filter) -> Statement:
        """Returns a statement that yields one row with one column: how many rows satisfy the filter."""
        key = (object_name, where)
        return self._counts.get(key, lambda: compile_count(object_name, where, self._tables, self.dialect))

    def prepare_groups(self, aggregation: Aggregation) -> Statement:
        """Returns the statement of a page of groups."""
        return self._groups.get(aggregation, lambda: compile_groups(aggregation, self._tables, self.dialect))

    def prepare_group_count(self, aggregation: Aggregation) -> Statement:
        """Returns a statement that yields one row with one column: how many groups there are."""
        return self._group_counts.get(aggregation, lambda: compile_group_count(aggregation, self._tables, self.dialect))

    def prepare_insert(self, object_name: str, columns: tuple[str, ...]) -> InsertStatement:
        """Returns the statement that inserts rows of these columns."""
        key = (object_name, columns)
        return self._inserts.get(key, lambda: compile_insert(object_name, columns, self._tables, self.dialect))

    def prepare_update(
        self, object_name: str, columns: tuple[str, ...], where: Filter, *, bump: bool
    ) -> UpdateStatement:
        """Returns the statement that sets columns on the rows of a filter."""
        return self._updates.get(
            (object_name, columns, where, bump),
            lambda: compile_update(object_name, columns, where, self._tables, self.dialect, bump=bump),
        )

    def prepare_delete(self, object_name: str, where: Filter) -> Sql:
        """Returns the statement that deletes the rows of a filter."""
        key = (object_name, where)
        return self._deletes.get(key, lambda: compile_delete(object_name, where, self._tables, self.dialect))

    def prepare_copy(self, source: str, target: str, columns: tuple[str, ...], where: Filter) -> Sql:
        """Returns the statement that copies the rows of a filter to another object."""
        return self._copies.get(
            (source, target, columns, where),
            lambda: compile_copy(source, target, columns, where, self._tables, self.dialect),
        )

    def prepare_whole(self, write: WholeWrite) -> Statement | None:
        """Returns the statement of a whole write, None where there is none."""
        fed = self.rollups.fed(write.seen.object, None if write.where is None else write.columns)
        return None if fed else compile_whole(write, self._tables, self.dialect)

    async def sweep_events(self, *, before: str, most: int) -> int:
        """Deletes some of the events that are older than an instant or beyond the newest `most`; returns how many, 0 at the end."""
        return await sweep_some(self._database, before=before, most=most)

    async def outbox(self) -> OutboxState:
        """Returns how many events are kept, and since when."""
        return await outbox_state(self._database)

    async def fetch(self, statement: Statement, binds: Binds) -> list[Row]:
        """Runs a read by itself; raises Outdated where the epoch that is bound has passed. A read that heeds it asks by its rows."""
        read, epoch = _read_statement(statement), binds.epoch
        if epoch is not None and not read.at_epoch:
            await self._require(epoch)
        rows = await self._database.read(read.sql.text, read.sql.parameters(binds), bounded=read.bounded)
        if epoch is not None and not rows:
            await self._require(epoch)
        return self.answered(rows, read, binds)

    async def _require(self, epoch: int) -> None:
        if await self.epoch() != epoch:
            raise Outdated

    async def stream(self, statement: Statement, binds: Binds, count: int) -> AsyncGenerator[list[Row], None]:
        """Yields the rows of a read, so many at a time, all as they were at one moment. Close it where it is not read to its end."""
        read = _read_statement(statement)
        async with aclosing(self._database.stream(read.sql.text, read.sql.parameters(binds), count)) as found:
            async for rows in found:
                yield self.answered(rows, read, binds)

    def answered(self, rows: RawRows, read: ReadStatement, binds: Binds) -> list[Row]:
        """Returns what a read answers, in wire form; writes down how many formulas had no value."""
        found = converted(rows, read.changes)
        if read.computed is None:
            return found
        found, failures = read.computed.rows(found, binds)
        if failures is not None and self._log is not None:
            self._log.info(
                "formulas_without_value", object=failures.object, rows=failures.rows, counts=dict(failures.counts)
            )
        return found

    async def explain(self, statement: Statement, binds: Binds) -> StatementPlan:
        """Returns how a read would be run, without running it."""
        return await explain_statement(self._database, _read_statement(statement), binds)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqlTransaction"]:
        """Opens a transaction; commits when the block ends, rolls back on an exception. Waits its turn on SQLite.

        On SQLite all other writes wait until it ends: inside, await nothing but its own statements. After a failed statement only
        a rollback, to a savepoint or of the whole, goes on.
        """
        observe = self._observe
        if observe is None:
            async with self._database.joint() as session:
                transaction = SqlTransaction(self, session)
                yield transaction
                await transaction.settle()
            return
        with suppress(_Rehearsed):
            async with self._database.joint() as session:
                transaction = SqlTransaction(self, session, rehearsed=True)
                yield transaction
                await transaction.settle()
                await observe(transaction)
                raise _Rehearsed

    @contextmanager
    def rehearsing(self, observe: Callable[["SqlTransaction"], Awaitable[None]]) -> Iterator[None]:
        """Rolls back every transaction of the block in place of its commit, once `observe` has looked at what it did."""
        self._observe = observe
        try:
            yield
        finally:
            self._observe = None

    async def epoch(self) -> int:
        """Returns the policy epoch; asked of the database each time, for another process may have raised it."""
        (policy,) = next(iter(await self._database.read(POLICY_EPOCH, (), bounded=True)))
        return int(policy)

    async def put_in_force(self, expected: int) -> bool:
        """Lets the catalog's files be those in force, for every process; False where the metadata epoch is another than expected."""
        async with self._database.transaction() as session:
            return await put_in_force(self.catalog.files_version, expected, session, self.dialect)

    async def renew_sealed(self, renew: Callable[[str], str], others: Iterable[tuple[str, str]] = ()) -> int:
        """Writes every text of masked columns, and of other fields of objects, as `renew` makes it; returns how many have changed."""
        return await renew_sealed(self.catalog, self._database, renew, others)

    async def ready(self) -> None:
        """Returns when the database answers; raises Unavailable or Timeout."""
        await self._database.read(_READY, (), bounded=True)

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.close()


class _Rehearsed(Exception):
    """Ends a transaction in place of its commit."""


class SqlTransaction:
    """One transaction; implements `interface.Transaction`."""

    def __init__(self, store: SqlStore, session: Session, *, rehearsed: bool = False) -> None:
        """Takes the open session of a driver; a rehearsed transaction is undone at its end."""
        self._store = store
        self._rehearsed = rehearsed
        self._session = session
        self._upkeep = Upkeep(store.rollups, session)
        self._depth = 0

    async def fetch(self, statement: Statement, binds: Binds) -> list[Row]:
        """Returns the rows of a prepared read."""
        read = _read_statement(statement)
        if self._upkeep.is_behind:
            await self._upkeep.before_read(read)
        rows = await self._session.look(read.sql.text, read.sql.parameters(binds), bounded=read.bounded)
        return self._store.answered(rows, read, binds)

    async def insert(self, object_name: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Inserts rows; raises UniqueViolation (details.fields). A reference to nothing is a Conflict at the commit."""
        if rows:
            statement = self._store.prepare_insert(object_name, columns)
            await self._session.write_many(statement.text, statement.rows(rows))
            self._upkeep.inserted(object_name, columns, rows)
            if statement.words is not None:
                await self._session.write_many(statement.words.text, statement.words.inserted(rows))

    async def update(
        self, object_name: str, values: Mapping[str, Any], where: Filter, binds: Binds, *, bump: bool = True
    ) -> int:
        """Sets values on the rows of a filter in one statement, raising `version` by one if `bump`; returns how many."""
        statement = self._store.prepare_update(object_name, tuple(values), where, bump=bump)
        await self._upkeep.before_update(object_name, values, where, binds)
        given = tuple(values.values())
        parameters = statement.sql.parameters(binds, given)
        if statement.words is None:
            return await self._session.write(statement.sql.text, parameters)
        changed = await self._session.write_and_tell(statement.sql.text, parameters)
        if changed:
            await self._session.write_many(statement.words.text, statement.words.updated(given, changed))
        return len(changed)

    async def delete(self, object_name: str, where: Filter, binds: Binds) -> int:
        """Deletes the rows of a filter in one statement; returns how many."""
        sql = self._store.prepare_delete(object_name, where)
        await self._upkeep.before_delete(object_name, where, binds)
        return await self._session.write(sql.text, sql.parameters(binds))

    async def copy(self, source: str, target: str, values: Mapping[str, Any], where: Filter, binds: Binds) -> None:
        """Copies the rows of a filter to an object that has the same columns and `values`, which are the same on every row."""
        await self._upkeep.settle()
        sql = self._store.prepare_copy(source, target, tuple(values), where)
        await self._session.write(sql.text, sql.parameters(binds, tuple(values.values())))

    async def reserve(self, counter: Counter, count: int, start: int) -> int:
        """Returns the first of `count` counts, which nobody else gets unless all is undone; none is below `start`."""
        return await reserve(self._session, self._store.reserve_counts, counter, count, start)

    async def write_whole(
        self, statement: Statement, values: Row, event: RecordEvent, binds: Binds
    ) -> list[Row] | None:
        """Does a whole write for good, unless this transaction has begun or is a rehearsal; None where that cannot be."""
        read = _read_statement(statement)
        if self._rehearsed:
            return None
        parameters = read.sql.parameters(binds, (*values, *event_row(event)))
        try:
            rows = await self._session.run_alone(read.sql.text, parameters)
        except REFUSALS:
            return None
        return self._store.answered(rows, read, binds) if rows else None

    async def publish(self, events: Sequence[RecordEvent]) -> None:
        """Writes events to the outbox, in their order."""
        if events:
            await self._session.write_many(self._store.insert_event, [event_row(event) for event in events])

    async def settle(self) -> None:
        """Brings every summary of the records that were written up to date; what is read before that is as well."""
        await self._upkeep.settle()

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Opens a savepoint; an exception that leaves the block rolls back to it. Savepoints nest."""
        return self._savepoint()

    async def raise_epoch(self) -> None:
        """Raises the policy epoch, for everybody from the commit on."""
        await self._session.write(RAISE_POLICY_EPOCH)

    async def raise_metadata_epoch(self, expected: int) -> bool:
        """Raises the metadata epoch; False where it is not the expected one any more."""
        return await raise_metadata_epoch(expected, self._session, self._store.dialect)

    @asynccontextmanager
    async def _savepoint(self) -> AsyncIterator[None]:
        self._depth += 1
        name = f"level_{self._depth}"
        settled = self._upkeep.mark
        try:
            await self._session.command(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException:
                await self._session.command(f"ROLLBACK TO SAVEPOINT {name}")
                await self._session.command(f"RELEASE SAVEPOINT {name}")
                self._upkeep.undo(settled)
                raise
            await self._session.command(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1


def _read_statement(statement: Statement) -> ReadStatement:
    if not isinstance(statement, ReadStatement):
        raise Internal("A statement of another store was handed in.")
    return statement
