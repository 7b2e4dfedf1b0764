"""Operators in memory: every case of the shared table, and what the table of operators promises."""

from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.query.ast import CallerHas, CallerValue, Exists, Literal, Not, Term
from fieldstone.query.document import QueryDocument
from fieldstone.query.evaluate import COMPARISONS, Surroundings, matches
from fieldstone.query.operators import FAMILIES, OPERATORS, SPELLINGS, Comparand, fold
from fieldstone.query.parse import parse_query
from fieldstone.settings import Limits
from tests.query.operator_cases import CASES, FIELDS, ORDERS, ROWS, Case, probe_shape

SHAPE = probe_shape()


def selected(where: Any) -> str:
    query = parse_query(QueryDocument(where=where), SHAPE, Limits(), max_page=200, default_page=50)
    around = Surroundings(values=query.values)
    return "".join(row["id"] for row in ROWS if matches(query.where, row, around))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.where))
def test_a_where_selects(case: Case) -> None:
    assert selected(case.where) == case.ids


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.where))
def test_not_selects_exactly_the_other_rows(case: Case) -> None:
    assert selected({"$not": case.where}) == "".join(row["id"] for row in ROWS if row["id"] not in case.ids)


@pytest.mark.parametrize(("order", "ids"), ORDERS.items())
def test_an_order_sorts(order: str, ids: str) -> None:
    keys = parse_query(QueryDocument(order_by=order), SHAPE, Limits(), max_page=200, default_page=50).order

    def compare(left: Any, right: Any) -> int:
        for key in keys:
            one, other = left.get(key.field), right.get(key.field)
            if one != other:
                above = one is None or (other is not None and one > other)
                return -1 if above == key.descending else 1
        return 0

    assert "".join(row["id"] for row in sorted(ROWS, key=cmp_to_key(compare))) == ids


_TEXTS = st.sampled_from(["", "zebra", "Straße", "ΟΔΟΣ", "s", "%", "\U0001f600", "Z"])
_NUMBERS = st.one_of(st.integers(-4, 12), st.decimals(-20, 120, places=3), st.sampled_from([2**63, -(2**70)]))
_COMPARANDS = {
    "text": _TEXTS,
    "number": _NUMBERS,
    "boolean": st.booleans(),
    "day": st.sampled_from(["2026-03-01", "2026-03-15", "9999-12-31"]),
    "instant": st.sampled_from(["2026-03-01", "2026-03-31", "2026-03-31T23:59:59.999Z", "9999-12-31"]),
    "time": st.sampled_from(["00:00", "12:30", "12:30:00.0005"]),
    "list": st.sampled_from(["red", "Red", "x"]),
}


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = SHAPE.fields[draw(st.sampled_from(list(FIELDS)))]
    operator = draw(st.sampled_from([each for each in OPERATORS.values() if field.comparison in each.families]))
    values = _COMPARANDS.get(field.comparison, st.nothing())
    lists = st.lists(values, max_size=4)
    comparand: Any = {
        Comparand.VALUE: lists if field.comparison == "list" else values,
        Comparand.TEXT: values,
        Comparand.PATTERN: st.text("sS%_zeßꟋ", max_size=4),
        Comparand.VALUES: lists,
        Comparand.PAIR: st.lists(values, min_size=2, max_size=2),
        Comparand.BOOLEAN: st.booleans(),
    }[operator.comparand]
    return {field.name: {operator.spelling: draw(comparand)}}


wheres = st.recursive(
    _conditions(),
    lambda inner: st.one_of(
        st.builds(lambda node: {"$not": node}, inner),
        st.builds(lambda nodes: {"$and": nodes}, st.lists(inner, max_size=3)),
        st.builds(lambda nodes: {"$or": nodes}, st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)


@given(where=wheres)
def test_a_filter_and_its_not_split_the_rows(where: dict[str, Any]) -> None:
    inside, outside = selected(where), selected({"$not": where})
    assert sorted(inside + outside) == [row["id"] for row in ROWS]


@given(where=wheres, other=wheres)
def test_and_or_and_not_agree_with_sets(where: dict[str, Any], other: dict[str, Any]) -> None:
    one, two = set(selected(where)), set(selected(other))
    assert set(selected({"$and": [where, other]})) == one & two
    assert set(selected({"$or": [where, other]})) == one | two
    assert set(selected({"$and": [where, {"$not": other}]})) == one - two


def test_every_operator_fits_known_families_and_ends_in_a_comparison() -> None:
    for name, operator in OPERATORS.items():
        assert operator.name == name
        assert operator.families <= FAMILIES
        for target in operator.becomes or (name,):
            assert target in COMPARISONS
            assert operator.families <= OPERATORS[target].families
    assert {target for each in OPERATORS.values() for target in each.becomes or (each.name,)} == set(COMPARISONS)
    assert len(SPELLINGS) == len(OPERATORS)


@pytest.mark.parametrize(
    "operator", [each for each in OPERATORS.values() if not each.becomes], ids=lambda each: each.name
)
def test_an_operator_matches_absent_values_when_its_row_says_so(operator: Any) -> None:
    operand: Any = True if operator.name == "null" else ["x"] if "in" in operator.name.split("_")[0] else "x"
    assert COMPARISONS[operator.name](None, operand) is operator.matches_absent


@given(text=st.text())
def test_folding_keeps_the_length_and_is_done_after_once(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ABC", "abc"),
        ("ΣΑΣ ας", "σασ ασ"),
        ("ẞß", "ßß"),
        ("İIıi", "iiii"),
        ("ﬁ", "ﬁ"),
        ("ſK", "sk"),
        ("ǅ", "ǆ"),
        ("ᾼ", "ᾳ"),
    ],
)
def test_folding_brings_cases_together(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_an_absent_value_of_the_caller_equals_nothing() -> None:
    owned = Term("owner", "eq", CallerValue("id"))
    nobody, tom = Surroundings(), Surroundings(caller={"id": "tom"})
    assert not matches(owned, {"owner": None}, nobody)
    assert not matches(owned, {"owner": "tom"}, nobody)
    assert matches(owned, {"owner": "tom"}, tom)
    assert not matches(CallerHas("id"), {}, nobody)
    assert matches(CallerHas("id"), {}, tom)


def test_exists_asks_the_related_records() -> None:
    members: list[dict[str, Any]] = [
        {"user": "tom", "team": "red"},
        {"user": "ann", "team": "blue"},
        {"user": None, "team": "red"},
    ]
    around = Surroundings(caller={"team": "red"}, related=lambda name: [row for row in members if name == "member"])
    shared = Exists("member", "id", "user", Term("team", "eq", CallerValue("team")))
    assert matches(shared, {"id": "tom"}, around)
    assert not matches(shared, {"id": "ann"}, around)
    assert not matches(shared, {"id": None}, around)
    assert not matches(
        Exists("gone", "id", "user", Not(Term("team", "null", Literal(value=True)))), {"id": "tom"}, around
    )
