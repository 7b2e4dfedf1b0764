"""Generated conditions over generated objects: memory, SQLite and PostgreSQL agree, for every operator, family and null."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from fieldstone.query.ast import EVERYTHING, FieldValue, Filter, Not, OrderKey, Select
from fieldstone.query.document import QueryDocument
from fieldstone.query.evaluate import Surroundings, matches, value_of
from fieldstone.query.operators import OPERATORS, Operator
from fieldstone.query.parse import parse_query
from fieldstone.query.paths import Paths
from fieldstone.query.viewpoint import Viewpoint
from fieldstone.query.where import Conditions
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values
from tests.store.generated_world import (
    CALLER,
    NOW,
    OBJECTS,
    PATHS,
    comparisons,
    generated_rows,
    generated_world,
    in_order,
    viewpoint_of,
)

SEED = 3
TOGETHER = 20
"""Conditions that one statement answers."""

Rows = dict[str, list[dict[str, Any]]]


class Stage(NamedTuple):
    """A generated world in a database."""

    store: SqlStore
    rows: Rows
    viewpoint: Viewpoint
    random: Random

    def parsed(self, **document: Any) -> tuple[Filter, tuple[OrderKey, ...], tuple[Any, ...]]:
        """Returns conditions, order and values of a query of the first object."""
        shape = self.store.catalog.objects["alpha"].shape
        limits = Limits(where_terms=1000, where_depth=20)
        query = parse_query(
            QueryDocument(**document), shape, limits, max_page=200, default_page=50, viewpoint=self.viewpoint
        )
        return query.where, query.order, query.values

    def around(self, values: tuple[Any, ...]) -> Surroundings:
        """Returns what conditions may refer to in memory."""
        return Surroundings(values, CALLER, NOW, lambda name: self.rows[name])

    async def flags(self, conditions: Sequence[Filter], values: tuple[Any, ...]) -> dict[str, tuple[bool, ...]]:
        """Returns of each row which conditions it satisfies, by the database."""
        select = Select("alpha", ("id",), EVERYTHING, (OrderKey("id"),), flags=tuple(conditions))
        found = await self.store.fetch(self.store.prepare(select), Binds(values, CALLER, NOW))
        return {row[0]: row[1:] for row in found}


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    random = Random(SEED)
    world = generated_world(random)
    rows = generated_rows(world, random)
    async with store_of(catalog_of(tmp_path, *world.declared), database_url) as store:
        async with store.transaction() as transaction:
            for name in reversed(OBJECTS):
                columns = tuple(field for field in rows[name][0] if field != "id")
                records = [(*system_values(row["id"]), *(row[field] for field in columns)) for row in rows[name]]
                await transaction.insert(name, (*SYSTEM, *columns), records)
        yield Stage(store, rows, viewpoint_of(store.catalog), random)


async def test_memory_and_database_agree_on_every_operator_family_and_null(stage: Stage) -> None:
    seen: Counter[tuple[str, str, bool, bool]] = Counter()
    shape = stage.store.catalog.objects["alpha"].shape
    paths = Paths(shape, stage.viewpoint.related, 3)
    asked: list[tuple[str, Operator, Any]] = []
    for path in ("", *stage.random.sample([path for path in PATHS if path], 2)):
        for field, operator, comparand in comparisons(stage.store.catalog, path, stage.random):
            asked.append((path + field, operator, comparand))
            if operator.field_allowed:
                other = stage.random.choice([each for each in PATHS if each.startswith(path) or path.startswith(each)])
                asked.append((path + field, operator, {"$field": f"{other}{field[:-1]}{stage.random.choice('01')}"}))
    for several in batches(asked):
        sent = [{name: {operator.spelling: comparand}} for name, operator, comparand in several]
        for (name, operator, _), outcomes in zip(several, await agreed(stage, sent), strict=True):
            reached = paths.find(name)
            assert reached is not None
            item = FieldValue(reached.field.name, reached.through)
            for row, outcome in zip(stage.rows["alpha"], outcomes, strict=True):
                absent = value_of(item, row, stage.around(())) is None
                seen[operator.name, reached.field.comparison, bool(reached.through), absent] += 1
                if absent and operator.comparand.name != "BOOLEAN":
                    assert outcome is operator.matches_absent
    wanted = {
        (operator.name, family, through, absent)
        for operator in OPERATORS.values()
        for family in operator.families
        for through in (False, True)
        for absent in (False, True)
    }
    assert seen.keys() == wanted
    assert min(seen.values()) >= 3


async def test_memory_and_database_agree_on_nested_conditions_and_fields(stage: Stage) -> None:
    sent = [nested(stage, 3) for _ in range(60)]
    for several in batches(sent):
        await agreed(stage, several)
    for where in sent[:15]:
        condition, order, values = stage.parsed(where=where, order_by="-up.text_1,text_0")
        around = stage.around(values)
        wanted = [row["id"] for row in in_order(stage.rows["alpha"], order, around) if matches(condition, row, around)]
        binds = Binds(values, CALLER, NOW)
        select = stage.store.prepare(Select("alpha", ("id",), condition, order))
        assert [row[0] for row in await stage.store.fetch(select, binds)] == wanted
        assert await stage.store.fetch(stage.store.prepare_count("alpha", condition), binds) == [(len(wanted),)]


async def test_orders_along_paths_page_by_key_as_in_memory(stage: Stage) -> None:
    sortable = [
        path + field
        for path, name in PATHS.items()
        for field, shape in stage.store.catalog.objects[name].shape.fields.items()
        if shape.comparison not in ("list", "json") and not field.startswith(("created", "updated", "version"))
    ]
    for _ in range(12):
        names = stage.random.sample(sortable, stage.random.randrange(1, 4))
        asked = ",".join(stage.random.choice(("", "-")) + name for name in names)
        _, order, _ = stage.parsed(order_by=asked)
        wanted = [row["id"] for row in in_order(stage.rows["alpha"], order, stage.around(()))]
        columns = tuple(dict.fromkeys(key.column for key in order))
        visited: list[str] = []
        place: tuple[Any, ...] = ()
        while len(visited) < len(wanted):
            select = Select("alpha", columns, EVERYTHING, order, after=0 if place else None, limited=True)
            rows = await stage.store.fetch(stage.store.prepare(select), Binds(place, CALLER, NOW, limit=7))
            assert rows, asked
            visited += [row[columns.index("id")] for row in rows]
            place = tuple(rows[-1][columns.index(key.column)] for key in order)
        assert visited == wanted, asked


async def agreed(stage: Stage, sent: Sequence[Any]) -> list[list[bool]]:
    """Returns, for each condition, which rows satisfy it, after the database said the same of it and of its complement."""
    values: list[Any] = []
    limits = Limits(where_terms=10_000, where_depth=20)
    reader = Conditions(stage.store.catalog.objects["alpha"].shape, limits, values, stage.viewpoint)
    conditions = [reader.tree(where) for where in sent]
    flags = await stage.flags([*conditions, *map(Not, conditions)], tuple(values))
    around = stage.around(tuple(values))
    outcomes = []
    for place, condition in enumerate(conditions):
        in_memory = [matches(condition, row, around) for row in stage.rows["alpha"]]
        in_database = [flags[row["id"]][place] for row in stage.rows["alpha"]]
        complement = [flags[row["id"]][place + len(conditions)] for row in stage.rows["alpha"]]
        assert in_database == in_memory, sent[place]
        assert complement == [not outcome for outcome in in_memory], sent[place]
        outcomes.append(in_memory)
    return outcomes


def nested(stage: Stage, depth: int) -> Any:
    """Returns a condition in which others are nested, in both forms."""
    random = stage.random
    if depth == 0 or random.random() < 0.2:
        path = random.choice(list(PATHS))
        asked = [*comparisons(stage.store.catalog, path, random)]
        name, operator, comparand = random.choice(asked)
        return {path + name: {operator.spelling: comparand}}
    inner = [nested(stage, depth - 1) for _ in range(random.randrange(1, 3))]
    return random.choice(({"$and": inner}, {"$or": inner}, {"$not": inner[0]}, ["or", *inner], {"$not": inner}))


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yields items, a few at a time."""
    for start in range(0, len(items), TOGETHER):
        yield items[start : start + TOGETHER]
