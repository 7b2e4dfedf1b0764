"""Formulas: one expression, three back ends, one value for the field: in memory, on SQLite and on PostgreSQL, nulls and errors included.

The expressions are those of `test_expression.py`, each as the formula of a field, and some more whose numbers are long.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from decimal import Decimal
from math import isclose
from random import Random
from typing import Any

import pytest

from fieldstone.query.ast import EVERYTHING, Aggregation, Filter, GroupKey, Literal, Not, OrderKey, Select, Slot, Term
from fieldstone.query.cel.expression import EvaluationError, compile_expression
from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.query.formula import Formula
from fieldstone.query.operators import ORDERED
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.settings import Limits
from fieldstone.store.binds import Binds
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values
from tests.store.expressions import ENVIRONMENT, random_rows
from tests.store.generated_expressions import generated
from tests.store.test_expression import EXPRESSIONS, VALUES

BINDS = Binds(caller={"timezone": "Europe/Berlin"}, now="2026-07-01T22:30:00.000Z")
RETURNED = {
    "bool": "boolean",
    "string": "text",
    "date": "date",
    "timestamp": "datetime",
    "int": "number, scale: 0",
    "decimal": "number, scale: 3",
    "double": "number, scale: 4",
}
LONG = {
    "big * big": "number",
    "big * big - big * huge": "number",
    "big * huge / 7.0": "number, scale: 2",
    "big * big > huge * huge": "boolean",
    "(huge + big) * 3 - huge * 3": "number, scale: 1",
    "huge + price": "number",
    "huge * 0.000001": "number, scale: 0",
    "huge == big * 1000000": "boolean",
    "big / huge": "number, scale: 9",
    "count * huge": "number",
    "qty": "number",
    "qty * 1.5": "number, scale: 1",
    "ratio / 3.0": "number, scale: 0",
    "ratio * big": "number, approximate: true",
    "amount * price / 100": "number, scale: 2",
    "coalesce(big, huge) * 2": "number, scale: 4",
    "flag ? huge : price": "number, scale: 2",
    "due": "datetime",
    "1.005": "number, scale: 2",
    "today()": "date",
    "now()": "datetime",
    "name": "text",
    "-big": "number, scale: 1",
    "abs(huge) < 0.5": "boolean",
    "addDays(due, qty)": "date",
    "addDays(at, qty)": "datetime",
    "daysBetween(due, born) * qty": "number, scale: 0",
    "ratio / (ratio - ratio)": "number",
    "big / (huge - huge)": "number",
    "qty % (count - count)": "number, scale: 0",
    "at + duration('87600000h')": "datetime",
    "addDays(due, 3000000)": "date",
    "ratio * ratio * ratio * ratio * ratio * ratio": "number, approximate: true",
    "-qty": "number, scale: 0",
    "abs(qty)": "number, scale: 0",
    "ratio * qty": "number, scale: 0",
}
NESTED = {
    "doubled": ("big * 2", "number, scale: 1"),
    "quarter": ("doubled / 8.0", "number, scale: 3"),
    "late": ("due < today()", "boolean"),
    "word": ("late ? 'late: ' + name : upper(code)", "text"),
    "kept": ("coalesce(quarter, 0.5) + doubled", "number, scale: 2"),
    "empty": ("isBlank(word) || quarter == null", "boolean"),
    "rounded": ("round(amount * 3, 1)", "number"),
    "above": ("rounded + 1", "number"),
    "heavy": (" || ".join(["name == code"] * 400), "boolean"),
    "moved": ("addDays(due, size(word))", "date"),
}
BIG = [Decimal(text) for text in ("0", "0.000001", "-1.5", "1234.5675", "999999999999.999999", "-87654321.123456", "3")]
HUGE = [
    Decimal(text) for text in ("0.000005", "-0.5", "999999999999.999999", "-999999999999.999999", "12345678.000001")
]
GENERATED = [generated(Random(seed)) for seed in range(20)]
DUE = [(1, "2020-01-01"), (2, None), (3, None)]
TOGETHER = 40
"""How many formulas one statement is asked of."""


def _declared() -> Iterator[tuple[str, str, str]]:
    """Yields the name, the expression and what it returns of every formula."""
    plain = [text for text in [*EXPRESSIONS, *VALUES, *GENERATED] if "current_user" not in text]
    for number, text in enumerate(plain):
        yield f"f{number}", text, RETURNED[compile_expression(text, ENVIRONMENT).node.type.name]
    for number, (text, returned) in enumerate(LONG.items()):
        yield f"long{number}", text, returned
    for name, (text, returned) in NESTED.items():
        yield name, text, returned


FORMULAS = {name: text for name, text, _ in _declared()}
ITEM = """name: item
ownership: none
tenancy: none
fields:
  name: {type: text}
  code: {type: text}
  amount: {type: currency}
  price: {type: number, scale: 3}
  total: {type: currency}
  qty: {type: number, scale: 0}
  count: {type: number, scale: 0}
  ratio: {type: number, approximate: true}
  active: {type: boolean}
  flag: {type: boolean}
  at: {type: datetime}
  since: {type: datetime}
  due: {type: date}
  born: {type: date}
  tags: {type: tags}
  labels: {type: tags}
  data: {type: json}
  big: {type: number}
  huge: {type: number}
""" + "".join(
    f"  {name}: {{type: formula, returnType: {returned}, expression: {json.dumps(text)}}}\n"
    for name, text, returned in _declared()
)


def _rows() -> list[dict[str, Any]]:
    random = Random(5)
    rows = [{name: value for name, value in row.items() if name != "id"} for row in random_rows(random, 120)]
    for row in rows:
        row["big"], row["huge"] = random.choice([*BIG, None]), random.choice([*HUGE, None])
    return rows


ROWS = _rows()


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_of(tmp_path_factory.mktemp("formulas"), ITEM)


@pytest.fixture
async def store(catalog: Catalog, database_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog, database_url) as opened:
        async with opened.transaction() as transaction:
            rows = [(*system_values(_id(number)), *row.values()) for number, row in enumerate(ROWS)]
            await transaction.insert("item", (*SYSTEM, *ROWS[0]), rows)
        yield opened


async def test_formulas_come_to_the_same_in_memory_in_answers_and_in_sql(store: SqlStore) -> None:
    item = store.catalog.objects["item"]
    expected = {name: [_computed(item, name, dict(row)) for row in ROWS] for name in _fit(item)}
    assert len(expected) > 120
    answered = await _answered(store, tuple(expected))
    selected = await _in_sql(store, tuple(expected))
    wrong = {}
    for name, values in expected.items():
        different = [
            (FORMULAS[name], place, each)
            for place, each in enumerate(zip(values, answered[name], selected[name], strict=True))
            if not _same(each[0], each[1]) or not _same(each[0], each[2])
        ]
        if different:
            wrong[name] = different[:2]
    assert wrong == {}


async def test_formulas_select_the_rows_that_they_do_in_memory(store: SqlStore) -> None:
    item = store.catalog.objects["item"]
    records = [{name: _computed(item, name, dict(row)) for name in _fit(item)} for row in ROWS]
    values: list[Any] = []
    conditions: list[Filter] = []
    for name in _fit(item):
        shape = item.shape.fields[name]
        values.append(next((record[name] for record in records if record[name] is not None), None))
        if isinstance(values[-1], float):
            continue
        one = Slot(len(values) - 1)
        values.append([values[-1]])
        ordered = ("lt", "gte") if shape.comparison in ORDERED else ()
        worded = ("contains", "starts_with") if shape.comparison == "text" else ()
        compared = [
            Term(name, "null", Literal(value=True)),
            Term(name, "nin", Slot(len(values) - 1)),
            *(Term(name, operator, one) for operator in ("eq", *ordered, *worded)),
        ]
        conditions += [*compared, *map(Not, compared)]
    around = Surroundings(values=tuple(values))
    binds = Binds(tuple(values), BINDS.caller, BINDS.now)
    for start in range(0, len(conditions), TOGETHER):
        several = tuple(conditions[start : start + TOGETHER])
        select = Select("item", ("id",), EVERYTHING, (OrderKey("id"),), flags=several)
        rows = await store.fetch(store.prepare(select), binds)
        for record, row in zip(records, rows, strict=True):
            assert list(row[1:]) == [matches(condition, record, around) for condition in several]


async def test_formulas_order_and_page_the_rows_as_in_memory(store: SqlStore) -> None:
    item = store.catalog.objects["item"]
    for name in (
        "long0",
        "quarter",
        "word",
        "moved",
        "late",
        _name_of("at + duration('1500ms')"),
        _name_of("amount / 3"),
    ):
        values = [(_computed(item, name, dict(row)), _id(number)) for number, row in enumerate(ROWS)]
        there = sorted(pair for pair in values if pair[0] is not None)
        wanted = [record_id for _, record_id in [*there, *(pair for pair in values if pair[0] is None)]]
        order = (OrderKey(name), OrderKey("id"))
        visited: list[str] = []
        place: tuple[Any, ...] = ()
        while len(visited) < len(wanted):
            select = Select("item", (name, "id"), EVERYTHING, order, after=0 if place else None, limited=True)
            rows = await store.fetch(store.prepare(select), Binds(place, BINDS.caller, BINDS.now, limit=50))
            assert rows, name
            visited += [row[1] for row in rows]
            place = rows[-1]
        assert visited == wanted, name


class Lines:
    """A log that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Mapping[str, Any]]] = []

    def info(self, event: str, **values: Any) -> None:
        """Keeps an event."""
        self.written.append((event, values))

    warning = error = exception = info


async def test_formulas_without_a_value_are_null_and_counted_once_for_a_statement(
    catalog: Catalog, database_url: str
) -> None:
    log = Lines()
    store = await open_store(catalog, database_url, synchronous="normal", limits=Limits(), log=log)
    try:
        async with store.transaction() as transaction:
            rows = [(*system_values(_id(place)), count, due) for place, (count, due) in enumerate(DUE)]
            await transaction.insert("item", (*SYSTEM, "count", "due"), rows)
            select = Select("item", ("id", "late", _name_of("amount / count > 2")), EVERYTHING, (OrderKey("id"),))
            found = await transaction.fetch(store.prepare(select), BINDS)
        assert [row[1] for row in found] == [True, None, None]
        assert await store.fetch(store.prepare(select), BINDS) == found
    finally:
        await store.close()
    counts = {"late": 2, _name_of("amount / count > 2"): 3}
    told = ("formulas_without_value", {"object": "item", "rows": 3, "counts": counts})
    assert log.written == [told, told]


def test_what_the_database_cannot_compute_is_known_at_load(catalog: Catalog) -> None:
    item = catalog.objects["item"]
    refused = [name for name, text in FORMULAS.items() if name not in _fit(item) and text not in GENERATED]
    told = {FORMULAS[name]: _formula(item, name).unfit for name in refused}
    mixed = "the database cannot tell whether this is null or cannot be computed"
    assert {text: reason and reason.partition(": ")[2].rstrip(".") for text, reason in told.items()} == {
        "(flag ? qty : count) == null": mixed,
        "(flag ? name : 'none') == 'none'": mixed,
        "round(amount * 3, 1)": "`round` of (decimal, int) cannot be computed in the database",
        "rounded + 1": "a formula that it uses cannot be computed in the database",
        " || ".join(["name == code"] * 400): "with the formulas that it uses it is too large for the database",
    }


def _fit(item: Object) -> list[str]:
    return [name for name in FORMULAS if _formula(item, name).unfit is None]


def _formula(item: Object, name: str) -> Formula:
    formula = item.shape.fields[name].formula
    assert formula is not None
    return formula


def _computed(item: Object, name: str, record: dict[str, Any]) -> Any:
    """Returns what a formula comes to on a row; notes in it what the formulas come to that it uses."""
    formula = _formula(item, name)
    for used in formula.inputs:
        if used in FORMULAS and used not in record:
            record[used] = _computed(item, used, record)
    try:
        return formula.compute({"record": record, "now": BINDS.now, "timezone": BINDS.timezone})
    except EvaluationError:
        return None


async def _answered(store: SqlStore, names: Sequence[str]) -> Mapping[str, list[Any]]:
    """Returns the values of formulas as answers hold them."""
    select = Select("item", tuple(names), EVERYTHING, (OrderKey("id"),))
    rows = await store.fetch(store.prepare(select), BINDS)
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


async def _in_sql(store: SqlStore, names: Sequence[str]) -> Mapping[str, list[Any]]:
    """Returns the values of formulas as the database computes them: what the rows are grouped by."""
    found: dict[str, list[Any]] = {}
    for start in range(0, len(names), TOGETHER):
        several = names[start : start + TOGETHER]
        keys = tuple(GroupKey(name, name) for name in ("id", *several))
        item = Aggregation("item", keys, (), order=(OrderKey("id"),))
        binds = Binds((), BINDS.caller, BINDS.now, limit=len(ROWS))
        columns = zip(*await store.fetch(store.prepare_groups(item), binds), strict=True)
        found |= dict(zip(several, [list(column) for column in columns][1:], strict=True))
    return found


def _name_of(text: str) -> str:
    return next(name for name, expression in FORMULAS.items() if expression == text)


def _id(number: int) -> str:
    return f"r{number:04}"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-12)
    return type(one) is type(other) and bool(one == other)
