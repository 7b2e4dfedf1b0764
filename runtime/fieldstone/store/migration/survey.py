"""The survey: what the stored records say to a step. How many it writes, how many lose something by it, and whether it can be done.

Nothing has been changed yet, so that tables and columns bear the names that they have now.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Catalog
from fieldstone.store.ddl import quoted
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.conversion import conversion, storage_of
from fieldstone.store.migration.fill import ORGANIZATIONS, Unfilled, filling_of
from fieldstone.store.migration.records import EXAMPLES, Records
from fieldstone.store.migration.step import Action, Lost, Step
from fieldstone.store.schema import ID, TENANT, ColumnSchema


class Survey:
    """Looks at the records of a database within one transaction."""

    def __init__(
        self, catalog: Catalog, records: Records, tables: Mapping[str, str], now: str, *, counted: bool
    ) -> None:
        """Takes the tables that are there by the names that they will have; `counted` asks for figures that decide nothing."""
        self._catalog = catalog
        self._records = records
        self._tables = tables
        self._now = now
        self._counted = counted
        self._sizes: dict[str, int] = {}
        self._emptied: dict[tuple[str, str], Lost] = {}
        self._made: dict[tuple[str, str], list[tuple[str, object]]] = {}

    async def size(self, change: Change) -> int | None:
        """Returns how many records there are."""
        if change.stored is None or not self._counted:
            return None
        return await self._size(change.table)

    async def look(self, change: Change, step: Step) -> Step | None:
        """Returns a step with what the records say to it; None when they say that nothing is to be done."""
        match step.action:
            case Action.FILL:
                return await self._look_at_filling(change, step)
            case Action.CONVERT:
                return await self._look_at_conversion(change, step)
            case Action.CLEAR:
                return await self._look_at_reference(change, step)
            case Action.ADD_INDEX if step.index is not None and step.index.unique:
                return await self._look_at_key(change, step)
            case Action.DROP_FIELD | Action.KEEP_FIELD:
                condition = f"{quoted(change.column_now(str(step.field)))} IS NOT NULL"
                lost = await self._records.some(change.table, condition)
                return msgspec.structs.replace(step, lost=lost)
            case Action.DROP_OBJECT | Action.KEEP_OBJECT:
                return msgspec.structs.replace(step, lost=await self._records.some(change.table, "TRUE"))
            case Action.REQUIRE | Action.NUMBER | Action.SUMMARIZE | Action.RELAX:
                return msgspec.structs.replace(step, records=await self.size(change))
        return step

    async def _look_at_filling(self, change: Change, step: Step) -> Step | None:
        linked, name = change.linked, str(step.field)
        if linked is None or change.stored is None:
            return None
        new = change.stored.column(name) is None
        condition = "TRUE" if new else f"{quoted(change.column_now(name))} IS NULL"
        lacking = _together(await self._records.some(change.table, condition), self._emptied.get((change.name, name)))
        if lacking is None:
            return None
        try:
            filling = await filling_of(
                linked, name, self._records, self._now, organized=ORGANIZATIONS in self._tables.values()
            )
        except Unfilled as unfilled:
            return msgspec.structs.replace(step, refused=f"{_told(lacking)} {unfilled.why}")
        if filling is None:
            return None
        return msgspec.structs.replace(step, filling=filling, records=lacking.records)

    async def _look_at_conversion(self, change: Change, step: Step) -> Step | None:
        """Converts every value, and keeps none: what is lost is known before anything is done."""
        linked, before, column = change.linked, step.before, step.column
        if linked is None or before is None or column is None:
            return None
        convert = conversion(before, column, linked.fields[column.name])
        key, now = (change.name, column.name), change.column_now(column.name)
        refers = change.schema.target(column.name) is not None
        held, changed, lost, emptied = 0, 0, list[str](), list[str]()
        async for found in self._records.values(change.table, now, storage_of(before)):
            for _, record_id, value in found:
                made, whole = convert(value)
                held, changed = held + 1, changed + (made != value)
                if not whole:
                    lost.append(record_id)
                if made is None:
                    emptied.append(record_id)
                elif refers:
                    self._made.setdefault(key, []).append((record_id, made))
        if emptied:
            self._emptied[key] = _lost(emptied)
        if not changed and in_place(before, column):
            return None
        return msgspec.structs.replace(step, records=held, lost=_lost(lost) if lost else None)

    async def _look_at_reference(self, change: Change, step: Step) -> Step | None:
        """Finds the ids of which the new target has no record."""
        if step.reference is None:
            return None
        key, target = (change.name, step.reference.column), self._tables.get(step.reference.object)
        before = None if change.stored is None else change.stored.column(step.reference.column)
        if before is not None and before.holds != StorageClass.TEXT:
            ids = set() if target is None else await self._records.ids(target)
            dangling = [record_id for record_id, value in self._made.get(key, ()) if value not in ids]
            lost = _lost(dangling) if dangling else None
        else:
            name = quoted(change.column_now(step.reference.column))
            known = "" if target is None else f" AND {name} NOT IN (SELECT {quoted(ID)} FROM {quoted(target)})"
            lost = await self._records.some(change.table, f"{name} IS NOT NULL{known}")
        if lost is None:
            return None
        self._emptied[key] = lost
        return msgspec.structs.replace(step, records=lost.records, lost=lost)

    async def _look_at_key(self, change: Change, step: Step) -> Step:
        """Finds the records that clash on a new unique key; a column that is filled alike for all tells none apart."""
        if step.index is None or change.stored is None:
            return step
        there = [name for name in step.index.columns if change.stored.column(name) is not None]
        if any(name not in there and name != TENANT for name in step.index.columns):
            return step
        names = [quoted(change.column_now(name)) for name in there]
        clashing = (
            f"({', '.join(names)}) IN (SELECT {', '.join(names)} FROM {quoted(change.table)}"
            f" WHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)}"
            f" GROUP BY {', '.join(names)} HAVING count(*) > 1)"
        )
        lost = await self._records.some(change.table, clashing)
        if lost is None:
            return step
        return msgspec.structs.replace(step, refused=f"{_told(lost)} have the same values")

    async def _size(self, table: str) -> int:
        if table not in self._sizes:
            self._sizes[table] = await self._records.count(table)
        return self._sizes[table]


def _lost(ids: Sequence[str]) -> Lost:
    return Lost(len(ids), tuple(dict.fromkeys(ids))[:EXAMPLES])


def _together(some: Lost | None, others: Lost | None) -> Lost | None:
    if some is None or others is None:
        return some or others
    return Lost(some.records + others.records, (*some.ids, *others.ids)[:EXAMPLES])


def in_place(before: ColumnSchema, column: ColumnSchema) -> bool:
    """Tells whether converted values stand in the column that was there."""
    return (before.type, before.holds) == (column.type, column.holds)


def _told(some: Lost) -> str:
    return f"{some.records} {'record' if some.records == 1 else 'records'} ({ids_told(some)})"


def ids_told(some: Lost) -> str:
    """Returns the ids of the first records, and a sign that there are more."""
    return ", ".join(_short(some.ids)) + (", ..." if some.records > len(some.ids) else "")


def _short(ids: Iterable[str]) -> list[str]:
    return [f"`{record_id}`" for record_id in ids]
