"""Spellings of queries: GET parameters, bodies, orders, and their refusals."""

from decimal import Decimal
from typing import Any

import pytest

from fieldstone.errors import Invalid
from fieldstone.query.document import QueryDocument
from fieldstone.query.text_forms import PARAMETERS, read_body, read_order, read_parameters


def test_parameters_fill_the_document() -> None:
    document = read_parameters(
        [
            ("where", '{"amount":{"$gt":1.50}}'),
            ("orderBy", "-priority,created_at"),
            ("limit", "20"),
            ("offset", "40"),
            ("select", "id, subject"),
            ("expand", " customer, owner_id.account"),
            ("count", "false"),
            ("status", "open"),
        ]
    )
    assert document == QueryDocument(
        where={"amount": {"$gt": Decimal("1.50")}},
        order_by="-priority,created_at",
        limit=20,
        offset=40,
        fields=["id", "subject"],
        expand=["customer", "owner_id.account"],
        count=False,
        equals={"status": "open"},
    )
    assert read_parameters([]) == QueryDocument()


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_alias_fills_its_slot(name: str) -> None:
    text = {"where": "{}", "limit": "1", "offset": "1", "count": "true"}.get(PARAMETERS[name], "x")
    assert read_parameters([(name, text)]).equals == {}
    assert read_parameters([(name, text)]) == read_parameters(
        [(next(k for k, v in PARAMETERS.items() if v == PARAMETERS[name]), text)]
    )


def refused(pairs: list[tuple[str, str]]) -> tuple[str, str, str]:
    with pytest.raises(Invalid) as caught:
        read_parameters(pairs)
    return caught.value.details["reason"], caught.value.details["path"], caught.value.message


@pytest.mark.parametrize(
    ("pairs", "answer"),
    [
        ([("limit", "1"), ("limit", "1")], ("INVALID_QUERY", "limit", "`limit` is sent twice.")),
        ([("status", "1"), ("status", "2")], ("INVALID_QUERY", "status", "`status` is sent twice.")),
        (
            [("limit", "1"), ("top", "2")],
            ("INVALID_QUERY", "top", "`limit` and `top` are the same parameter and differ."),
        ),
        ([("limit", "x")], ("INVALID_QUERY", "limit", "`limit` is a whole number.")),
        ([("top", "1.0")], ("INVALID_QUERY", "top", "`top` is a whole number.")),
        ([("limit", "٣")], ("INVALID_QUERY", "limit", "`limit` is a whole number.")),
        ([("offset", "")], ("INVALID_QUERY", "offset", "`offset` is a whole number.")),
        ([("offset", "9" * 5000)], ("INVALID_QUERY", "offset", "`offset` is a whole number.")),
        ([("count", "yes")], ("INVALID_QUERY", "count", "`count` is `true` or `false`.")),
        ([("where", "{")], ("INVALID_FILTER", "where", "`where` is not JSON.")),
        ([("where", "{'a':1}")], ("INVALID_FILTER", "where", "`where` is not JSON.")),
        ([("where", '{"a":NaN}')], ("INVALID_FILTER", "where", "`where` is not JSON.")),
        ([("filter", '{"a":1e99999999999999999999}')], ("INVALID_FILTER", "filter", "`filter` is not JSON.")),
        ([("where", "9" * 5000)], ("INVALID_FILTER", "where", "`where` is not JSON.")),
        ([("where", "\ud800")], ("INVALID_FILTER", "where", "`where` is not JSON.")),
        ([("where", "[" * 10_000)], ("INVALID_FILTER", "where", "`where` is nested too deep.")),
    ],
)
def test_a_parameter_is_refused(pairs: list[tuple[str, str]], answer: tuple[str, str, str]) -> None:
    assert refused(pairs) == answer


def test_two_spellings_of_one_slot_may_agree() -> None:
    assert read_parameters([("limit", "5"), ("$top", "5")]).limit == 5


def test_a_body_fills_the_document() -> None:
    body = {
        "object": "ticket",
        "where": {},
        "orderBy": ["-a"],
        "limit": 5,
        "cursor": "x",
        "expand": ["b"],
        "select": ["c"],
        "count": False,
    }
    assert read_body(body, "ticket") == QueryDocument(
        where={}, order_by=["-a"], limit=5, cursor="x", expand=["b"], fields=["c"], count=False
    )


@pytest.mark.parametrize(
    ("body", "path", "message", "hint"),
    [
        ([], None, "A query is an object.", None),
        ({"object": "other"}, "object", "The query is sent to `ticket` and names another object.", None),
        (
            {"joins": []},
            "joins",
            "A query has no key `joins`.",
            "Paths such as `customer.region` lead to related records, and `expand` answers them.",
        ),
        ({"orderby": []}, "orderby", "A query has no key `orderby`.", "Did you mean `orderBy`?"),
        ({"fields": ["a"], "select": ["b"]}, "select", "`fields` and `select` are the same key and differ.", None),
        ({"count": "no"}, "count", "`count` is `true` or `false`.", None),
    ],
)
def test_a_body_is_refused(body: Any, path: str | None, message: str, hint: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        read_body(body, "ticket")
    details = caught.value.details
    assert (details["reason"], details.get("path"), caught.value.message, details.get("hint")) == (
        "INVALID_QUERY",
        path,
        message,
        hint,
    )


@pytest.mark.parametrize(
    "order",
    [
        "-a,b",
        " -a , b ",
        "a desc,b asc",
        "a DESC, b ASC",
        ["-a", "b"],
        ["a desc", {"field": "b"}],
        [{"field": "a", "order": "desc"}, {"field": "b", "order": "asc"}],
        {"a": "desc", "b": "asc"},
        '["-a","b"]',
        '[{"field":"a","order":"desc"},{"field":"b"}]',
        ' {"a":"desc","b":"asc"}',
    ],
)
def test_an_order_is_read_from_any_spelling(order: Any) -> None:
    assert read_order(order) == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    ("order", "path", "message"),
    [
        ("", "orderBy", "`` is no sort key."),
        ("a,,b", "orderBy", "`` is no sort key."),
        ("name:desc", "orderBy", "`name:desc` is no sort key."),
        ("a b c", "orderBy", "`a b c` is no sort key."),
        ("a up", "orderBy", "The direction is `asc` or `desc`."),
        (5, "orderBy", "An order is a text or a list."),
        ([5], "orderBy.0", 'A sort key is a text or {"field": ..., "order": ...}.'),
        ([{"name": "a"}], "orderBy.0", 'A sort key is a text or {"field": ..., "order": ...}.'),
        ([{"field": "a", "nulls": "last"}], "orderBy.0", 'A sort key is a text or {"field": ..., "order": ...}.'),
        (["a", {"field": "b", "order": 1}], "orderBy.1.order", "The direction is `asc` or `desc`."),
        ({"a": "up"}, "orderBy.a", "The direction is `asc` or `desc`."),
        ('["a"', "orderBy", "`orderBy` is not JSON."),
    ],
)
def test_an_order_of_another_form_is_refused(order: Any, path: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_order(order)
    assert (caught.value.details["reason"], caught.value.details["path"], caught.value.message) == (
        "INVALID_SORT",
        path,
        message,
    )
