"""SQLite's plans: what `EXPLAIN QUERY PLAN` tells of a statement, and a guess at how many rows it reads.

A scan reads its whole table, a search by the organisation alone as much as one. A search by other values reads as many rows as a
key has on the average, where `ANALYZE` has been run, else ten, as SQLite itself takes it.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from fieldstone.store.database import Database
from fieldstone.store.ddl import quoted
from fieldstone.store.plan import PlanReading
from fieldstone.store.schema import TENANT

ROWS_OF_A_KEY = 10
ROWS_OF_A_WORD = 100
PART_OF_A_RANGE = 4
"""A range, open on one side, is taken for this part of what lies before it."""

_ACCESS = re.compile(r"(SCAN|SEARCH) (\S+)(?: USING (?:COVERING )?INDEX (\S+))?.*?(?: \((.*)\))?$")
_ONCE = "SCALAR SUBQUERY"
"""What is looked up once for a statement, as the policy epoch is."""

_BOUND = re.compile(r"([^\s()]+?)([=<>])\?")
_ALIAS = re.compile(r'(?:FROM|JOIN) "?([^\s"]+)"? AS "?([^\s",)]+)"?')


class _Step(msgspec.Struct, frozen=True):
    """A line of a plan; its parent is the line that it belongs to, 0 for none."""

    id: int
    parent: int
    text: str


class _Sizes(msgspec.Struct, frozen=True):
    """How many rows tables have, by the names that a plan calls them by, and what is known of indexes."""

    tables: Mapping[str, int]
    indexes: Mapping[str, Sequence[int]]


async def read_sqlite_plan(database: Database, text: str, count: int, tested: frozenset[str] | None) -> PlanReading:
    """Returns the plan of a statement with so many parameters; `tested` are the columns that it compares, if that is all it asks."""
    rows = await database.read(f"EXPLAIN QUERY PLAN {text}", (None,) * count, bounded=True)
    steps = [_Step(step, parent, detail) for step, parent, _, detail in rows]
    sizes = _Sizes(await _table_sizes(database, text, steps), await _index_sizes(database))
    reads = _reads(steps, 0, 1, sizes)
    early = _stops_early(steps, tested)
    return PlanReading(_nested(steps, 0), reads, first=0 if early else reads, each=1.0 if early else 0.0)


def _nested(steps: Sequence[_Step], parent: int) -> list[object]:
    """Returns the lines of a plan, each that others belong to as a list with these behind it."""
    found: list[object] = []
    for step in steps:
        if step.parent == parent:
            within = _nested(steps, step.id)
            found.append([step.text, *within] if within else step.text)
    return found


def _reads(steps: Sequence[_Step], parent: int, times: int, sizes: _Sizes) -> int:
    """Returns how many rows the lines under one read when it is run so often; an access stands within those before it."""
    total, loops = 0, times
    for step in steps:
        if step.parent != parent:
            continue
        if step.text.startswith(("SCAN ", "SEARCH ")):
            loops *= _rows(step.text, sizes)
            total += loops
        total += _reads(steps, step.id, loops if step.text.startswith("CORRELATED") else 1, sizes)
    return total


def _rows(text: str, sizes: _Sizes) -> int:
    """Returns how many rows one access reads."""
    found = _ACCESS.match(text)
    if found is None or text.startswith("SCAN CONSTANT") or text[4:6] == " (":
        return 1
    kind, name, index, bounds = found[1], found[2], found[3] or "", found[4] or ""
    if "VIRTUAL TABLE" in text:
        return ROWS_OF_A_WORD if name.endswith(".search") else 1
    rows = sizes.tables.get(name, 1)
    if kind == "SCAN":
        return rows
    compared = _BOUND.findall(bounds)
    keys = [column for column, sign in compared if sign == "="]
    if "id" in keys or "rowid" in keys:
        return 1
    if index in sizes.indexes and keys:
        rows = sizes.indexes[index][len(keys)]
    elif set(keys) - {TENANT}:
        rows = min(rows, 1 if index.startswith("uq.") else ROWS_OF_A_KEY)
    ranges = len(compared) - len(keys)
    return max(1, rows // int(PART_OF_A_RANGE**ranges))


def _stops_early(steps: Sequence[_Step], tested: frozenset[str] | None) -> bool:
    """Tells whether every row that is read is one that is answered, in order, so that a limit ends the reading."""
    outer = [step for step in steps if step.parent == 0 and not step.text.startswith(_ONCE)]
    if tested is None or len(outer) != 1:
        return False
    found = _ACCESS.match(outer[0].text)
    return found is not None and tested <= {column for column, _ in _BOUND.findall(found[4] or "")}


async def _table_sizes(database: Database, text: str, steps: Sequence[_Step]) -> dict[str, int]:
    """Returns the sizes of all tables in a plan, judged by the last row's number, which is found at once."""
    known = {name for (name,) in await database.read("SELECT name FROM sqlite_schema", (), bounded=False)}
    names = {found[2]: found[1] for found in _ALIAS.finditer(text)}
    sizes: dict[str, int] = {}
    for step in steps:
        found = _ACCESS.match(step.text)
        table = names.get(found[2], found[2]) if found is not None else ""
        if found is not None and table in known and "VIRTUAL TABLE" not in step.text:
            ((last,),) = await database.read(f"SELECT max(rowid) FROM {quoted(table)}", (), bounded=True)
            sizes[found[2]] = int(last or 0)
    return sizes


async def _index_sizes(database: Database) -> dict[str, list[int]]:
    """Returns, for each index that was analysed, the rows in all and for each number of its columns the rows of a key."""
    known = await database.read("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'", (), bounded=True)
    if not known:
        return {}
    rows = await database.read("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL", (), bounded=False)
    return {index: [int(number) for number in stat.split() if number.isdigit()] for index, stat in rows}
