"""Upkeep: within a transaction, summaries follow the records that they are computed over, whoever writes these and however.

A write notes the parents before it and after it. Their summaries are computed anew before anything looks at them, and at the latest
before the commit: once for each parent, however many records were written. See `docs/decisions/0010-summaries.md`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fieldstone.query.ast import Filter
from fieldstone.registry.catalog import Catalog, RollupGroup
from fieldstone.store.binds import Binds
from fieldstone.store.database import Session
from fieldstone.store.dialects import Dialect
from fieldstone.store.interface import Row
from fieldstone.store.rollup import AMONG, RollupStatements, compile_locked, compile_rollups
from fieldstone.store.rows import converted
from fieldstone.store.shape_cache import ShapeCache
from fieldstone.store.statement import ReadStatement
from fieldstone.store.tables import Tables

FILTERS_KEPT = 256


class Rollups:
    """The summaries of one catalog in SQL; `groups` stand in the order in which they are computed."""

    def __init__(self, catalog: Catalog, tables: Tables, dialect: Dialect) -> None:
        """Compiles nothing yet."""
        self.groups = catalog.rollups
        self._tables = tables
        self._dialect = dialect
        self._fed: dict[str, tuple[RollupGroup, ...]] = {}
        for group in self.groups:
            self._fed[group.child] = (*self._fed.get(group.child, ()), group)
        self._statements: dict[RollupGroup, RollupStatements] = {}
        self._references: ShapeCache[tuple[str, tuple[str, ...], Filter], ReadStatement] = ShapeCache(FILTERS_KEPT)
        self.reaches = {group: self._reach(group) for group in self.groups}

    def fed(self, object_name: str, changed: Iterable[str] | None = None) -> tuple[RollupGroup, ...]:
        """Returns the groups that are computed over an object's records, or only those that a change of some fields may change."""
        groups = self._fed.get(object_name, ())
        if not groups or changed is None:
            return groups
        return tuple(group for group in groups if not group.watched.isdisjoint(changed))

    def statements(self, group: RollupGroup) -> RollupStatements:
        """Returns the statements of a group."""
        found = self._statements.get(group)
        if found is None:
            found = self._statements[group] = compile_rollups(group, self._tables, self._dialect)
        return found

    def references(self, object_name: str, columns: tuple[str, ...], where: Filter) -> ReadStatement:
        """Returns the statement that reads the references of the rows of a filter, and keeps others from changing these rows."""
        key = (object_name, columns, where)
        return self._references.get(
            key, lambda: compile_locked(object_name, columns, where, self._tables, self._dialect)
        )

    def _reach(self, group: RollupGroup) -> frozenset[tuple[str, str]]:
        """Returns every summary that changes with those of a group, as (object, field)."""
        own = frozenset((group.parent, name) for name in group.fields)
        return own.union(*(self._reach(above) for above in self.fed(group.parent, group.fields)))


class Upkeep:
    """The summaries that are not current within one transaction."""

    def __init__(self, rollups: Rollups, session: Session) -> None:
        """Begins with none."""
        self._rollups = rollups
        self._session = session
        self._stale: dict[RollupGroup, set[str]] = {}
        self._settled: list[tuple[RollupGroup, frozenset[str]]] = []

    @property
    def is_behind(self) -> bool:
        """Whether some summary is not current."""
        return bool(self._stale)

    @property
    def mark(self) -> int:
        """How far summaries were computed so far; for `undo`."""
        return len(self._settled)

    def undo(self, mark: int) -> None:
        """Takes back what was computed since a mark, for the database has done so."""
        for group, ids in self._settled[mark:]:
            self._stale.setdefault(group, set()).update(ids)
        del self._settled[mark:]

    def inserted(self, object_name: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Notes the parents of new rows."""
        for group in self._rollups.fed(object_name):
            if group.reference in columns:
                place = columns.index(group.reference)
                self._note(group, (row[place] for row in rows))

    async def before_update(self, object_name: str, values: Mapping[str, Any], where: Filter, binds: Binds) -> None:
        """Notes the parents of rows that are about to change: those that they have, and those that they get."""
        groups = self._rollups.fed(object_name, values)
        if groups and await self._note_stored(object_name, groups, where, binds):
            for group in groups:
                if group.reference in values:
                    self._note(group, (values[group.reference],))

    async def before_delete(self, object_name: str, where: Filter, binds: Binds) -> None:
        """Notes the parents of rows that are about to go."""
        groups = self._rollups.fed(object_name)
        if groups:
            await self._note_stored(object_name, groups, where, binds)

    async def before_read(self, statement: ReadStatement) -> None:
        """Computes what is not current, if a statement looks at any of it."""
        if any(not statement.summaries.isdisjoint(self._rollups.reaches[group]) for group in self._stale):
            await self.settle()

    async def settle(self) -> None:
        """Computes all that is not current."""
        if not self._stale:
            return
        locked: dict[str, set[str]] = {}
        for group in self._rollups.groups:
            ids = self._stale.get(group)
            if not ids:
                continue
            if not ids <= locked.get(group.parent, set()):
                locked[group.parent] = await self._lock(group)
            del self._stale[group]
            await self._compute(group, frozenset(ids))

    async def _lock(self, group: RollupGroup) -> set[str]:
        """Locks every parent of a group's object that is not current, all in one order; returns their ids."""
        ids: set[str] = set()
        for stale, members in self._stale.items():
            ids |= members if stale.parent == group.parent else set()
        lock = self._rollups.statements(group).lock.sql
        await self._session.read(lock.text, lock.parameters(Binds((sorted(ids),))), bounded=False)
        return ids

    async def _compute(self, group: RollupGroup, ids: frozenset[str]) -> None:
        statements = self._rollups.statements(group)
        binds = Binds((sorted(ids),))
        await self._session.write(statements.update.text, statements.update.parameters(binds))
        self._settled.append((group, ids))
        above = self._rollups.fed(group.parent, group.fields)
        if above:
            await self._note_stored(group.parent, above, AMONG, binds)

    async def _note_stored(
        self, object_name: str, groups: tuple[RollupGroup, ...], where: Filter, binds: Binds
    ) -> bool:
        """Notes the parents that the rows of a filter have; tells whether there are such rows."""
        columns = tuple(dict.fromkeys(group.reference for group in groups))
        statement = self._rollups.references(object_name, columns, where)
        found = await self._session.read(statement.sql.text, statement.sql.parameters(binds), bounded=False)
        rows = converted(found, statement.changes)
        for group in groups:
            place = columns.index(group.reference)
            self._note(group, (row[place] for row in rows))
        return bool(rows)

    def _note(self, group: RollupGroup, ids: Iterable[str | None]) -> None:
        known = {record_id for record_id in ids if record_id is not None}
        if known:
            self._stale.setdefault(group, set()).update(known)
