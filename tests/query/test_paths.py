"""Paths along references: what a condition and an order over one becomes, and what leads nowhere."""

from typing import Any

import pytest

from fieldstone.errors import Invalid
from fieldstone.query.ast import (
    EVERYTHING,
    NOTHING,
    And,
    CallerValue,
    Exists,
    FieldValue,
    Filter,
    Hop,
    Literal,
    Not,
    OrderKey,
    Slot,
    Term,
)
from fieldstone.query.document import QueryDocument
from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.query.viewpoint import Related, Viewpoint
from fieldstone.settings import Limits

TEXT = Storage(StorageClass.TEXT)
WHOLE = Storage(StorageClass.INTEGER)
MINE = Term("owner", "eq", CallerValue("id"))


def shape(name: str, **references: str) -> ObjectShape:
    fields = [
        FieldShape("id", TEXT, "text", nullable=False),
        FieldShape("name", TEXT, "text"),
        FieldShape("size", WHOLE, "number"),
        FieldShape("since", Storage(StorageClass.DAY), "day"),
        FieldShape("data", Storage(StorageClass.JSON), "json"),
        *(FieldShape(field, TEXT, "text", reference=target) for field, target in references.items()),
    ]
    return ObjectShape(name, {field.name: field for field in fields})


TICKET = shape("ticket", customer="customer", hidden_from_all="vault", parent="ticket")
RELATED = {
    "ticket": Related(TICKET, EVERYTHING, 200),
    "customer": Related(shape("customer", account="account", empty="nothing"), MINE, 200),
    "account": Related(shape("account", owner="customer"), EVERYTHING, 200),
    "nothing": Related(shape("nothing"), NOTHING, 200),
}
VIEWPOINT = Viewpoint(RELATED.get, {"id": "ann"}, "2026-03-05T10:00:00.000Z")


def parsed(limits: Limits | None = None, **keys: Any) -> Any:
    document = QueryDocument(**keys)
    return parse_query(document, TICKET, limits or Limits(), max_page=200, default_page=50, viewpoint=VIEWPOINT)


def refusal(**keys: Any) -> tuple[str, str, str, str | None]:
    with pytest.raises(Invalid) as caught:
        parsed(**keys)
    error = caught.value
    return error.details["reason"], error.details["path"], error.message, error.details.get("hint")


def of_customer(item: Filter) -> Filter:
    return Exists("customer", "customer", "id", And((MINE, item)))


def of_account(item: Filter) -> Filter:
    return of_customer(Exists("account", "account", "id", item))


GOLD = Term("name", "eq", Slot(0))
BIG, SMALL = Term("size", "gte", Slot(0)), Term("size", "lte", Slot(1))
ABSENT = Term("name", "null", Literal(value=True))


@pytest.mark.parametrize(
    ("where", "tree"),
    [
        ({"customer.name": "gold"}, of_customer(GOLD)),
        ({"customer.account.name": "gold"}, of_account(GOLD)),
        ({"customer.account.owner.name": "gold"}, of_account(Exists("customer", "owner", "id", And((MINE, GOLD))))),
        ({"customer.size": {"$between": [1, 2]}}, And((of_customer(BIG), of_customer(SMALL)))),
        ({"customer.name": {"$ne": "gold"}}, Not(of_customer(GOLD))),
        ({"customer.name": {"$nin": ["gold"]}}, Not(of_customer(Term("name", "in", Slot(0))))),
        ({"customer.name": {"$notContains": "gold"}}, Not(of_customer(Term("name", "contains", Slot(0))))),
        ({"customer.name": None}, Not(of_customer(Not(ABSENT)))),
        ({"customer.name": {"$exists": True}}, of_customer(Not(ABSENT))),
        ({"customer.name": {"$null": False}}, of_customer(Not(ABSENT))),
        ({"$not": {"customer.name": "gold"}}, Not(of_customer(GOLD))),
        ({"$not": {"customer.name": {"$ne": "gold"}}}, of_customer(GOLD)),
        ({"customer.size": {"$gt": 10**30}}, NOTHING),
        ({"customer.size": {"$ne": 10**30}}, EVERYTHING),
        ({"customer.size": {"$lt": 10**30}}, of_customer(Not(Term("size", "null", Literal(value=True))))),
        ({"customer.empty.name": "gold"}, NOTHING),
        ({"customer.empty.name": {"$ne": "gold"}}, EVERYTHING),
        (["customer.name", "=", "gold"], of_customer(GOLD)),
    ],
)  # fmt: skip
def test_a_condition_over_a_path_asks_for_a_record_that_the_caller_may_see(where: Any, tree: Filter) -> None:
    assert parsed(where=where).where == tree


HOP = Hop("customer", "customer", MINE)
FURTHER = (HOP, Hop("account", "account", EVERYTHING))


@pytest.mark.parametrize(
    ("where", "tree"),
    [
        ({"size": {"$gt": {"$field": "customer.size"}}}, Term("size", "gt", FieldValue("size", (HOP,)))),
        ({"customer.size": {"$gt": {"$field": "size"}}}, Term("size", "lt", FieldValue("size", (HOP,)))),
        ({"customer.size": {"$lte": {"$field": "size"}}}, Term("size", "gte", FieldValue("size", (HOP,)))),
        ({"customer.name": {"$ne": {"$field": "name"}}}, Term("name", "ne", FieldValue("name", (HOP,)))),
        ({"customer.name": {"$field": "customer.account"}}, of_customer(Term("name", "eq", FieldValue("account")))),
        ({"customer.name": {"$ne": {"$field": "customer.id"}}}, Not(of_customer(Term("name", "eq", FieldValue("id"))))),
        (
            {"customer.account.size": {"$gte": {"$field": "customer.size"}}},
            of_customer(Term("size", "lte", FieldValue("size", FURTHER[1:]))),
        ),
    ],
)
def test_fields_along_one_path_are_compared(where: Any, tree: Filter) -> None:
    assert parsed(where=where).where == tree


def test_a_bare_parameter_may_be_a_path() -> None:
    query = parsed(equals={"customer.size": "3"})
    assert (query.where, query.values) == (of_customer(Term("size", "eq", Slot(0))), (3,))


def test_an_order_follows_paths() -> None:
    keys = parsed(order_by="-customer.account.name,customer.id").order
    assert keys == (OrderKey("name", True, FURTHER), OrderKey("id", through=(HOP,)), OrderKey("id"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("customer.xyzzy", None),
        ("customer.nmae", "Did you mean `customer.name`?"),
        ("custommer.name", "Did you mean `customer.name`?"),
        ("customer.acount.name", "Did you mean `customer.account.name`?"),
        ("custommer.xyzzy", None),
        ("hidden_from_all.xyzzy", None),
        ("hidden_from_all.name", None),
        ("xyzzy.name", None),
        ("size.name", None),
        ("customer.size.name", None),
        ("customer.", None),
        (".customer", None),
        ("customer..name", None),
        (".", None),
    ],
)
def test_what_leads_nowhere_is_refused_in_the_words_for_an_unknown_field(name: str, hint: str | None) -> None:
    for keys, path, reason in (
        ({"where": {name: "x"}}, f"where.{name}", "INVALID_FIELD"),
        ({"where": {"name": {"$eq": {"$field": name}}}}, "where.name.$eq.$field", "INVALID_FIELD"),
        ({"order_by": [name]}, "orderBy", "INVALID_SORT"),
        ({"equals": {name: "x"}}, name, "INVALID_FIELD"),
    ):
        assert refusal(**keys) == (reason, path, f"No field `{name}` on `ticket`.", hint)


def test_a_path_goes_through_three_references_and_no_more() -> None:
    assert parsed(where={"customer.account.owner.account": "x"}).where != EVERYTHING
    too_deep = "A path goes through at most 3 references."
    for name in ("customer.account.owner.account.name", "a.b.c.d.e", "." * 10_000):
        assert refusal(where={name: "x"})[2] == too_deep
        assert refusal(order_by=[name])[2] == too_deep
    with pytest.raises(Invalid) as caught:
        parsed(Limits(relation_depth=1), where={"customer.account.name": "x"})
    assert caught.value.message == "A path goes through at most 1 reference."


def test_every_reference_on_the_way_counts_as_a_comparison() -> None:
    where = {"customer.account.name": "x"}
    assert parsed(Limits(where_terms=3), where=where).where != EVERYTHING
    with pytest.raises(Invalid) as caught:
        parsed(Limits(where_terms=2), where=where)
    assert caught.value.message == "A where holds at most 2 comparisons."


def test_two_paths_are_not_compared_with_each_other() -> None:
    reason, path, message, _ = refusal(where={"customer.size": {"$gt": {"$field": "parent.size"}}})
    assert (reason, path) == ("INVALID_FILTER", "where.customer.size.$gt.$field")
    assert message == "`customer.size` and `parent.size` lie on two paths, and only one can be followed."
    assert (
        refusal(where={"customer.size": {"$eq": {"$field": "name"}}})[2]
        == "`customer.size` holds a number, `name` a text."
    )


def test_what_cannot_be_sorted_or_compared_is_named_by_its_path() -> None:
    assert refusal(order_by="customer.data")[2] == "`customer.data` holds nothing that can be sorted."
    assert refusal(where={"customer.data": "x"})[2] == "`$eq` does not fit `customer.data`, which holds a JSON value."
    assert refusal(where={"customer.size": "x"})[2] == "`customer.size` is compared with a number."
    assert (
        refusal(where={"customer.size": ["x"]})[2]
        == "`customer.size` is compared with a list only by `$in` and `$nin`."
    )


def record(**values: Any) -> dict[str, Any]:
    return values


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"customer.name": "gold"}, "ab"),
        ({"customer.name": {"$ne": "gold"}}, "cdef"),
        ({"customer.name": None}, "cdef"),
        ({"customer.name": {"$exists": True}}, "ab"),
        ({"customer.size": {"$gt": {"$field": "size"}}}, "a"),
        ({"customer.size": {"$lt": {"$field": "size"}}}, "b"),
        ({"customer.size": {"$ne": {"$field": "size"}}}, "abcdef"),
        ({"customer.account.name": "x"}, "a"),
        ({"$not": {"customer.account.name": "x"}}, "bcdef"),
    ],
)
def test_absent_and_invisible_records_count_as_absent_values(where: Any, ids: str) -> None:
    rows = {
        "ticket": [
            record(id="a", customer="mine", size=1),
            record(id="b", customer="mine", size=3),
            record(id="c", customer="hers", size=1),
            record(id="d", customer="gone", size=1),
            record(id="e", customer=None, size=1),
            record(id="f"),
        ],
        "customer": [
            record(id="mine", owner="ann", name="gold", size=2, account="x"),
            record(id="hers", owner="eve", name="gold", size=2, account="x"),
        ],
        "account": [record(id="x", name="x")],
    }
    if "account" in str(where):
        rows["ticket"][1]["customer"] = None
    query = parsed(where=where)
    around = Surroundings(query.values, VIEWPOINT.caller, related=lambda name: rows[name])
    assert "".join(row["id"] for row in rows["ticket"] if matches(query.where, row, around)) == ids
