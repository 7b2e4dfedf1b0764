"""One expression, three back ends, one answer: in memory, on SQLite and on PostgreSQL, errors and nulls included."""

import math
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from fieldstone.query.cel.expression import Refused, compile_expression
from fieldstone.query.cel.ir import Node
from fieldstone.query.cel.translatable import check_sql
from fieldstone.store.dialects import SqliteDialect
from fieldstone.store.postgres_dialect import PostgresDialect
from tests.store.expressions import (
    ENVIRONMENT,
    SqliteTable,
    Table,
    in_memory,
    postgres_table,
    random_rows,
    selected_in_sql,
    sql_of,
    values_in_sql,
)
from tests.store.generated_expressions import generated

ROWS = random_rows(Random(1), 150)

EXPRESSIONS = [
    # comparisons and logic
    "amount > 9.99",
    "amount <= 10.005 && price >= 9.9901",
    "amount == price || total == amount",
    "amount != 10.50",
    "name == code",
    "!(name == null) && name < code",
    "!(qty > 1 && active)",
    "active || !active",
    "!(active == null || flag)",
    "(qty > 1) == (count > 1)",
    "(qty + 1 > 1) != (active == null)",
    "active == flag",
    "qty == 7.0 || qty > 1.5",
    "ratio == amount",
    "current_user.admin && name == current_user.name",
    "name == current_user.nobody",
    "!(name == current_user.nobody)",
    "name != current_user.name",
    "amount < current_user.budget || amount == current_user.budget",
    "current_user.budget >= price",
    "current_user.budget > amount",
    "10.505 <= amount || !(10.495 >= amount)",
    "1 == 1",
    "qty in [0, 2, 7] || !(qty in [1])",
    # null
    "qty == null",
    "!(name != null)",
    "qty + 1 == null",
    "!(qty + 1 == null)",
    "(active ? qty : count) > 1",
    "(flag ? qty : count) == null",
    "isBlank(name) || isBlank(tags)",
    "!isEmpty(name) && isBlank(code)",
    "isBlank(qty) || isEmpty(labels)",
    "isBlank(name + code)",
    "has(name) && has(tags)",
    "data == null",
    "tags != null",
    "coalesce(name, code) == 'a'",
    "coalesce(amount, 0.125) < total",
    "coalesce(qty, count) > 1",
    "coalesce(name, null) == null",
    # membership
    "name in ['a', 'Ann', null]",
    "!(name in ['a', 'Ann', null])",
    "!(name in current_user.roles)",
    "code in current_user.none",
    "!(code in current_user.absent)",
    "amount in [10.5, 9.995, 0]",
    "!(amount in current_user.prices)",
    "qty in current_user.levels",
    "name + code in current_user.roles",
    "!(name + code in ['Annann'])",
    "name in [code, 'a', null]",
    "'a' in tags",
    "!('a' in tags) || current_user.id in labels",
    "!(current_user.nobody in tags)",
    "size(tags) > 1 && len(labels) == size(labels)",
    # macros over what is the caller's
    "current_user.roles.exists(r, r == name)",
    "!current_user.roles.exists(r, r == name)",
    "!current_user.roles.exists(r, r < name)",
    "current_user.roles.all(r, r != code && flag)",
    "!current_user.none.all(r, r == name)",
    "current_user.roles.exists(r, active)",
    "!current_user.absent.exists(r, r == name)",
    "current_user.levels.exists(l, l > qty && current_user.roles.exists(r, r == name || l == count))",
    # arithmetic
    "amount + price > total * 2",
    "amount * 1.5 - price <= 3",
    "-(amount - price) * total < 0.5",
    "amount / count > 2",
    "amount / price == 1.0",
    "!(qty / count == 0)",
    "qty % 3 == 1 || -qty % 3 == 2",
    "(count - 3) / 2 == -1",
    "qty + 1 > 0",
    "!(qty - 2 > 0)",
    "abs(qty) > 5 || abs(amount) == 10.5",
    "-qty > 5",
    "ratio * 2 > amount",
    "ratio / qty > 0.5",
    "total * 0.1 == 0.001",
    # text
    "name.contains('%') || name.contains('_c')",
    "name.startsWith('a%b') || name.startsWith('[') || code.startsWith('a')",
    "name.startsWith('')",
    "name.endsWith('*?') || code.endsWith('n')",
    "name.endsWith('')",
    "!name.startsWith(code)",
    "name.endsWith(code) || code.contains(name)",
    "upper(name) == 'STRASSE' || lower(name) == 'é'",
    "trim(name) == 'Zoë'",
    "size(name) == 1 || size(code) > 20",
    "name + '-' + code > 'a'",
    "(active ? 'B' : 'a') < name",
    # time
    "at < now() && at >= timestamp('2026-07-01T12:00:00Z')",
    "due == today() || due == addDays(today(), 3)",
    "due < at",
    "at == timestamp('2026-07-01T14:00:00.001+02:00')",
    "at + duration('1ms') == since",
    "at - duration('1h30m') < since",
    "at - since > duration('P1D') || since - at == duration('1ms')",
    "daysBetween(due, born) > 5 || daysBetween(at, since) == -1",
    "addDays(due, count) > born",
    "!(addDays(due, count) > born)",
    "addDays(at, 1) > since",
    "date(at) == due",
    "due.getFullYear() == 2026 && at.getMonth() == 6 || at.getDate() == 29",
    "at.getDayOfWeek() == 3 || at.getDayOfYear() == 59 || at.getDayOfMonth() == 0",
    "at.getHours() * 3600 + at.getMinutes() * 60 + at.getSeconds() > 80000 || at.getMilliseconds() == 90",
    # conditional
    "active ? qty > 1 : total > 1",
    "!(active ? qty > 1 : null == name)",
    "(flag ? amount : price) >= 9.99",
    "(flag ? name : 'none') == 'none'",
]

VALUES = [
    "amount + price",
    "amount * total - 0.125",
    "coalesce(amount, 1.25)",
    "flag ? amount : count",
    "qty + count",
    "qty * 2",
    "qty / count",
    "qty % count",
    "amount / 3",
    "ratio * amount",
    "name + code",
    "upper(code)",
    "active ? name : null",
    "addDays(due, 3)",
    "addDays(at, -1)",
    "at + duration('1500ms')",
    "date(at)",
    "daysBetween(due, at)",
    "size(name)",
    "at.getMilliseconds()",
    "abs(qty)",
    "name.contains('a')",
]

REFUSED = [
    ("tags.exists(t, t == 'a')", "0:4"),
    ("current_user.roles.exists_one(r, r == name)", "19:43"),
    ("size(current_user.roles.filter(r, r == name)) > 0", "24:44"),
    ("name.matches('a')", "5:17"),
    ("tags[0] == 'a'", "4:7"),
    ("name in tags", "0:4"),
    ("data.a == 1", "5:6"),
    ("string(qty) == '1'", "0:11"),
    ("int(name) == 1", "0:9"),
    ("at + (at - since) > now()", "9:16"),
    ("(active ? name : null) == null && isBlank(active ? name : null)", "8:21 49:62"),
    ("coalesce(qty, qty + 1) > 1", "18:21"),
    ("at.getHours('Asia/Tokyo') == 1", "3:25"),
    ("addMonths(due, 1) > today()", "0:17"),
    ("round(amount) == 1", "0:13"),
    ("min(qty, 1) == 1", "0:11"),
    ("joinNonEmpty([name], '') == ''", "13:19"),
    ("amount * current_user.budget > 1", "9:28"),
    ("name == 'a\\x00'", "8:15"),
    ("tags == labels", "0:4 8:14"),
    ("name in [string(qty)]", "9:20"),
]


@pytest.fixture
async def table(database_url: str) -> AsyncIterator[Table]:
    """The table with the rows, on each database."""
    if database_url.startswith("sqlite"):
        yield SqliteTable(ROWS)
        return
    async with postgres_table(database_url, ROWS) as filled:
        yield filled


async def test_expressions_select_and_have_the_same_in_memory_and_in_sql(table: Table) -> None:
    wrong = {text: await _difference(table, _node(text)) for text in [*EXPRESSIONS, *VALUES]}
    assert {text: difference for text, difference in wrong.items() if difference} == {}


async def test_generated_expressions_select_and_have_the_same_in_memory_and_in_sql(table: Table) -> None:
    wrong, refused = {}, 0
    for seed in range(200):
        text = generated(Random(seed))
        node = _node(text)
        if check_sql(node):
            refused += 1
        elif difference := await _difference(table, node):
            wrong[text] = difference
    assert wrong == {}
    assert refused < 50


def test_the_expressions_tell_the_rows_apart() -> None:
    dull = [text for text in EXPRESSIONS if len(set(map(str, in_memory(_node(text), ROWS)))) < 2]
    assert dull == [
        "1 == 1",
        "has(name) && has(tags)",
        "code in current_user.none",
        "!(code in current_user.absent)",
        "!current_user.none.all(r, r == name)",
        "!current_user.absent.exists(r, r == name)",
    ]


@pytest.mark.parametrize(("text", "place"), REFUSED)
def test_what_sql_cannot_compute_is_refused_with_its_place(text: str, place: str) -> None:
    faults = check_sql(_node(text))
    assert [f"{fault.pos}:{fault.end}" for fault in faults] == place.split()
    with pytest.raises(Refused):
        sql_of(_node(text), SqliteDialect())


@pytest.mark.parametrize(
    ("text", "sqlite", "postgresql"),
    [
        ("amount > 1.005", "item.amount > ?", "item.amount > $1::NUMERIC"),
        ("name == 'a'", "item.name = ?", "item.name = $1::VARCHAR"),
        ("name.startsWith('a')", "item.name GLOB ?", "starts_with(item.name, $1::VARCHAR)"),
        ("at < now() + duration('30d')", "item.at < ?", "item.at < CAST($1::VARCHAR AS TIMESTAMP WITH TIME ZONE)"),
        (
            "qty in [1, 2]",
            "item.qty IN (SELECT entry_0.value \nFROM json_each(?) AS entry_0)",
            "item.qty = ANY ($1::BIGINT[])",
        ),
    ],
)
def test_what_an_index_can_serve_is_left_plain(text: str, sqlite: str, postgresql: str) -> None:
    assert sql_of(_node(text), SqliteDialect()) == sqlite
    assert sql_of(_node(text), PostgresDialect()) == postgresql


def _node(text: str) -> Node:
    return compile_expression(text, ENVIRONMENT).node


async def _difference(table: Table, node: Node) -> Any:
    """Returns a few rows on which the database differs from memory, with both values; nothing when there are none."""
    expected, found = in_memory(node, ROWS), await values_in_sql(table, node)
    different: list[Any] = [
        (row["id"], one, other) for row, one, other in zip(ROWS, expected, found, strict=True) if not _same(one, other)
    ]
    if node.type.name == "bool" and not different:
        wanted = [row["id"] for row, value in zip(ROWS, expected, strict=True) if value is True]
        different = list(set(wanted) ^ set(await selected_in_sql(table, node)))
    return different[:3]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)
