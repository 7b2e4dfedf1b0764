"""Numbering what is stored: records from before an autonumber was declared get theirs when the database is opened, in the order of ids.

Numbers that are there stay, and are counted on from: those of a text field that has become an autonumber, and of another format.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.clock import instant
from fieldstone.ids import made_at
from fieldstone.query.ast import And, Filter, Literal, Not, OrderKey, Select, Term
from fieldstone.query.relative_dates import day_in
from fieldstone.query.viewpoint import UTC
from fieldstone.registry.catalog import Catalog, Numbering, Object
from fieldstone.registry.system_fields import CREATED_AT
from fieldstone.store.binds import Binds
from fieldstone.store.counter import Counter, counter_of, reserve, reserve_text
from fieldstone.store.database import Session
from fieldstone.store.ddl import quoted
from fieldstone.store.dialects import Dialect
from fieldstone.store.interface import Row
from fieldstone.store.rows import converted
from fieldstone.store.schema import ID, TENANT
from fieldstone.store.select import compile_select
from fieldstone.store.tables import Tables

ROWS_AT_ONCE = 500
ORGANIZATION = "sys_organization"

_BY_ID = (OrderKey(ID),)


class NumberFill:
    """Numbers the records of one object in one transaction."""

    def __init__(self, catalog: Catalog, linked: Object, session: Session, dialect: Dialect) -> None:
        """Takes the object, whose table must be there."""
        self._catalog = catalog
        self._linked = linked
        self._session = session
        self._dialect = dialect
        self._tables = Tables(catalog, dialect)
        self._reserve = reserve_text(dialect)

    async def fill(self, numbering: Numbering) -> int:
        """Numbers every record that has no number yet; returns how many."""
        await self._count_on(numbering)
        zones = await self._zones() if numbering.format.dated else {}
        known = (name for name in (CREATED_AT, TENANT) if name in self._linked.fields)
        columns = (ID, *known, *numbering.format.fields)
        lacking: Filter = Term(numbering.field, "null", Literal(value=True))
        text = self._dialect.column(self._linked.fields[numbering.field].shape.storage)
        places = [self._dialect.placeholder(number, text) for number in (1, 2)]
        write = (
            f"UPDATE {quoted(self._linked.name)} SET {quoted(numbering.field)} = {places[0]}"
            f" WHERE {quoted(ID)} = {places[1]}"
        )
        filled = 0
        while rows := await self._read(Select(self._linked.name, columns, lacking, _BY_ID, limited=True), ()):
            records = [dict(zip(columns, row, strict=True)) for row in rows]
            numbers = await self._numbers(numbering, records, zones)
            await self._session.write_many(write, list(zip(numbers, (row[0] for row in rows), strict=True)))
            filled += len(rows)
        return filled

    async def _count_on(self, numbering: Numbering) -> None:
        """Brings the counters past the numbers that are there already."""
        there = Not(Term(numbering.field, "null", Literal(value=True)))
        walled = (TENANT,) if self._linked.walled else ()
        select = Select(self._linked.name, (ID, numbering.field, *walled), And((there,)), _BY_ID, after=0, limited=True)
        counted: dict[Counter, int] = {}
        last = ""
        while rows := await self._read(select, (last,)):
            for row in rows:
                found = numbering.format.counted(row[1])
                if found is not None:
                    counter = self._counter(numbering, row[2] if walled else None, found[0])
                    counted[counter] = max(counted.get(counter, 0), found[1])
            last = rows[-1][0]
        for counter in sorted(counted):
            await reserve(self._session, self._reserve, counter, 0, counted[counter] + 1)

    async def _numbers(
        self, numbering: Numbering, records: Sequence[Mapping[str, Any]], zones: Mapping[str, str]
    ) -> list[str]:
        counters: list[Counter] = []
        for record in records:
            organization = record.get(TENANT)
            day = day_in(record.get(CREATED_AT) or instant(made_at(record[ID])), zones.get(organization or "") or UTC)
            counters.append(self._counter(numbering, organization, numbering.format.frame(record, day)))
        following: dict[Counter, int] = {}
        for counter in sorted(set(counters)):
            following[counter] = await reserve(
                self._session, self._reserve, counter, counters.count(counter), numbering.start
            )
        numbers = []
        for counter in counters:
            numbers.append(numbering.format.number(counter.frame, following[counter]))
            following[counter] += 1
        return numbers

    async def _zones(self) -> dict[str, str]:
        """Returns the time zone of each organisation."""
        organization = self._catalog.objects.get(ORGANIZATION)
        if organization is None or "timezone" not in organization.fields or not self._linked.walled:
            return {}
        rows = await self._session.read(f"SELECT id, timezone FROM {ORGANIZATION}", (), bounded=False)
        return {record_id: zone for record_id, zone in map(tuple, rows) if zone}

    def _counter(self, numbering: Numbering, organization: str | None, frame: tuple[str, str]) -> Counter:
        return counter_of(self._linked.name, numbering.field, organization, frame)

    async def _read(self, select: Select, values: tuple[Any, ...]) -> list[Row]:
        statement = compile_select(select, self._tables, self._dialect)
        parameters = statement.sql.parameters(Binds(values, limit=ROWS_AT_ONCE))
        return converted(await self._session.read(statement.sql.text, parameters, bounded=True), statement.changes)
