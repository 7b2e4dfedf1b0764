"""Query documents: what they become, and every refusal with its exact text, path and hint."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, NOTHING, And, FieldValue, Literal, Not, Or, OrderKey, Query, Slot, Term
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.settings import Limits
from tests.query.quickly import within

TEXT = Storage(StorageClass.TEXT)
FIELDS = (
    FieldShape("id", TEXT, "text", nullable=False),
    FieldShape("status", TEXT, "text"),
    FieldShape("subject", TEXT, "text"),
    FieldShape("priority", Storage(StorageClass.INTEGER), "number"),
    FieldShape("amount", Storage(StorageClass.DECIMAL, precision=18, scale=2, fixed=True), "number"),
    FieldShape("created_at", Storage(StorageClass.INSTANT), "instant"),
    FieldShape("closed_at", Storage(StorageClass.INSTANT), "instant"),
    FieldShape("due", Storage(StorageClass.DAY), "day"),
    FieldShape("starts", TEXT, "time"),
    FieldShape("urgent", Storage(StorageClass.BOOLEAN), "boolean"),
    FieldShape("tags", Storage(StorageClass.JSON), "list"),
    FieldShape("payload", Storage(StorageClass.JSON), "json"),
    FieldShape("customer", TEXT, "text", reference="customer"),
    FieldShape("owner_id", TEXT, "text", reference="sys_user"),
)
SHAPE = ObjectShape("ticket", {field.name: field for field in FIELDS})


def parsed(**keys: Any) -> Query:
    return parse_query(QueryDocument(**keys), SHAPE, Limits(), max_page=200, default_page=50)


def refusal(**keys: Any) -> tuple[str, str, str, str | None]:
    with pytest.raises(Invalid) as caught:
        parsed(**keys)
    error = caught.value
    return error.details["reason"], error.details["path"], error.message, error.details.get("hint")


def test_an_empty_document_asks_for_the_first_page_of_everything() -> None:
    assert parsed() == Query(tuple(SHAPE.fields), EVERYTHING, (OrderKey("id"),), (), limit=50)


def test_values_stand_outside_of_the_tree() -> None:
    query = parsed(where={"status": "open", "amount": {"$gte": Decimal("10.5")}})
    assert query.where == And((Term("status", "eq", Slot(0)), Term("amount", "gte", Slot(1))))
    assert query.values == ("open", Decimal("10.50"))
    other = parsed(where={"status": "closed", "amount": {"$gte": 3}})
    assert other.where == query.where
    assert hash(other.where) == hash(query.where)


@pytest.mark.parametrize(
    ("where", "tree", "values"),
    [
        ({"status": None}, Term("status", "null", Literal(value=True)), ()),
        ({"status": {"$exists": True}}, Not(Term("status", "null", Literal(value=True))), ()),
        ({"payload": {"$ne": None}}, Not(Term("payload", "null", Literal(value=True))), ()),
        (
            {"amount": {"$between": [1, 2]}},
            And((Term("amount", "gte", Slot(0)), Term("amount", "lte", Slot(1)))),
            (1, 2),
        ),
        ({"subject": {"$icontains": "A"}}, Term("subject", "contains", Slot(0)), ("A",)),
        ({"subject": {"$notContains": "A"}}, Term("subject", "not_contains", Slot(0)), ("A",)),
        ({"status": {"$in": ["a", "b"]}}, Term("status", "in", Slot(0)), (["a", "b"],)),
        ({"status": {"$in": []}}, NOTHING, ()),
        ({"status": {"$nin": []}}, EVERYTHING, ()),
        ({"closed_at": {"$gt": {"$field": "created_at"}}}, Term("closed_at", "gt", FieldValue("created_at")), ()),
        ({"due": {"$lt": "2026-03-05"}}, Term("due", "lt", Slot(0)), ("2026-03-05",)),
        ({"starts": "09:30"}, Term("starts", "eq", Slot(0)), ("09:30:00.000",)),
        ({"created_at": {"$lte": "2026-02-28"}}, Term("created_at", "lt", Slot(0)), ("2026-03-01T00:00:00.000Z",)),
        ({"created_at": {"$gt": "2026-03-05"}}, Term("created_at", "gt", Slot(0)), ("2026-03-05T00:00:00.000Z",)),
        (
            {"created_at": "2026-03-05T01:00:00.1239+01:00"},
            Term("created_at", "eq", Slot(0)),
            ("2026-03-05T00:00:00.123Z",),
        ),
        ({"priority": {"$gte": Decimal("2.5")}}, Term("priority", "gt", Slot(0)), (2,)),
        ({"priority": Decimal("2.5")}, NOTHING, ()),
        ({"priority": {"$lt": 10**30}}, Not(Term("priority", "null", Literal(value=True))), ()),
        ({"$not": {"$not": {"urgent": True}}}, Term("urgent", "eq", Slot(0)), (True,)),
        ({"$or": [{"urgent": True}, {"$or": []}]}, Term("urgent", "eq", Slot(0)), (True,)),
        (
            {"$or": [{"urgent": True}, {"status": "new"}]},
            Or((Term("urgent", "eq", Slot(0)), Term("status", "eq", Slot(1)))),
            (True, "new"),
        ),
        ({"$and": [{}, {"$not": {"$or": []}}]}, EVERYTHING, ()),
    ],
)
def test_a_where_becomes(where: Any, tree: Any, values: tuple[Any, ...]) -> None:
    query = parsed(where=where)
    assert (query.where, query.values) == (tree, values)


_TAKES_LIST = "It takes `$eq`, `$ne`, `$in`, `$nin`, `$contains`, `$notContains`, `$null`, `$exists`."
_PATTERN = "a pattern of at most 1000 characters that no single backslash ends"
_TAKES_BOOLEAN = "It takes `$eq`, `$ne`, `$in`, `$nin`, `$null`, `$exists`."
_NULL_HINT = 'Write {"status": null} for rows without a value, in an `$or`.'
_NODE_HINT = 'Such as {"status": {"$eq": "open"}}.'
_INSTANT = "an instant with its zone such as `2026-03-05T14:30:00Z`, or a day such as `2026-03-05`"


@pytest.mark.parametrize(
    ("where", "path", "message", "hint"),
    [
        ([], "where", "A where is an object of fields and conditions.", _NODE_HINT),
        ("x", "where", "A where is an object of fields and conditions.", _NODE_HINT),
        (None, "where", "A where is an object of fields and conditions.", _NODE_HINT),
        ({"$xor": []}, "where.$xor", "`$xor` does not join conditions.", "Did you mean `$or`?"),
        ({"$and": {}}, "where.$and", "`$and` takes a list of conditions.", None),
        ({"$or": [1]}, "where.$or.0", "A where is an object of fields and conditions.", _NODE_HINT),
        ({"$not": []}, "where.$not", "A where is an object of fields and conditions.", _NODE_HINT),
        ({"status": {}}, "where.status", "The condition on `status` names no operator.", None),
        ({"status": ["a"]}, "where.status", "`status` is compared with a list only by `$in` and `$nin`.", None),
        ({"status": {"$equals": 1}}, "where.status.$equals", "No operator `$equals`.", "Did you mean `$eq`?"),
        ({"status": {"$startswith": "a"}}, "where.status.$startswith", "No operator `$startswith`.", "Did you mean `$startsWith`?"),
        ({"customer": {"name": "a"}}, "where.customer.name", "No operator `name`.", 'Write {"customer.name": ...}.'),
        ({"status": {"$not": "a"}}, "where.status.$not", "No operator `$not`.", 'Write {"$not": {"status": ...}}.'),
        ({"status": {"$eq": 1}}, "where.status.$eq", "`status` is compared with a text.", None),
        ({"status": True}, "where.status", "`status` is compared with a text.", None),
        ({"status": "a\0"}, "where.status", "`status` is compared with a text.", None),
        ({"status": "\ud800"}, "where.status", "`status` is compared with a text.", None),
        ({"status": {"$eq": {"a": 1}}}, "where.status.$eq", "`status` is compared with a text.", None),
        ({"status": {"$gt": None}}, "where.status.$gt", "`status` is compared with a text.", None),
        ({"status": {"$in": "a"}}, "where.status.$in", "`$in` takes a list of values.", None),
        ({"status": {"$in": [None]}}, "where.status.$in.0", "`$in` takes no null.", _NULL_HINT),
        ({"status": {"$in": ["a", 1]}}, "where.status.$in.1", "`status` is compared with a text.", None),
        ({"status": {"$in": [{"$field": "subject"}]}}, "where.status.$in.0", "`status` is compared with a text.", None),
        ({"status": {"$null": 1}}, "where.status.$null", "`$null` takes `true` or `false`.", None),
        ({"status": {"$exists": None}}, "where.status.$exists", "`$exists` takes `true` or `false`.", None),
        ({"subject": {"$contains": 5}}, "where.subject.$contains", "`subject` is compared with a text.", None),
        ({"amount": "5"}, "where.amount", "`amount` is compared with a number.", None),
        ({"amount": True}, "where.amount", "`amount` is compared with a number.", None),
        ({"amount": Decimal("NaN")}, "where.amount", "`amount` is compared with a number.", None),
        ({"amount": float("inf")}, "where.amount", "`amount` is compared with a number.", None),
        ({"amount": {"$between": [1]}}, "where.amount.$between", "`$between` takes a list of two values.", None),
        ({"amount": {"$between": [1, None]}}, "where.amount.$between", "`amount` is compared with a number.", None),
        (
            {"amount": {"$contains": "5"}},
            "where.amount.$contains",
            "`$contains` does not fit `amount`, which holds a number.",
            "It takes `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$between`, `$null`, `$exists`.",
        ),
        ({"urgent": {"$gt": False}}, "where.urgent.$gt", "`$gt` does not fit `urgent`, which holds true or false.", _TAKES_BOOLEAN),
        ({"urgent": 1}, "where.urgent", "`urgent` is compared with `true` or `false`.", None),
        ({"tags": "a"}, "where.tags", "`tags` is compared with a list of texts.", None),
        ({"tags": ["a", 1]}, "where.tags", "`tags` is compared with a list of texts.", None),
        ({"tags": {"$in": "a"}}, "where.tags.$in", "`$in` takes a list of values.", None),
        ({"tags": {"$in": ["a", ["b"]]}}, "where.tags.$in.1", "`tags` is compared with a text.", None),
        ({"tags": {"$gt": ["a"]}}, "where.tags.$gt", "`$gt` does not fit `tags`, which holds a list.", _TAKES_LIST),
        ({"subject": {"$like": "a\\"}}, "where.subject.$like", f"`subject` is compared with {_PATTERN}.", None),
        ({"subject": {"$ilike": "a\\\\\\"}}, "where.subject.$ilike", f"`subject` is compared with {_PATTERN}.", None),
        ({"subject": {"$like": "a" * 1001}}, "where.subject.$like", f"`subject` is compared with {_PATTERN}.", None),
        ({"subject": {"$like": 5}}, "where.subject.$like", f"`subject` is compared with {_PATTERN}.", None),
        ({"tags": {"$contains": 1}}, "where.tags.$contains", "`tags` is compared with a text.", None),
        ({"payload": 1}, "where.payload", "`$eq` does not fit `payload`, which holds a JSON value.", "It takes `$null`, `$exists`."),
        ({"due": "2026-02-30"}, "where.due", "`due` is compared with a day such as `2026-03-05`.", None),
        ({"due": "2026-03-05T00:00:00Z"}, "where.due", "`due` is compared with a day such as `2026-03-05`.", None),
        ({"created_at": "2026-03-05T00:00:00"}, "where.created_at", f"`created_at` is compared with {_INSTANT}.", None),
        ({"created_at": {"$gt": 5}}, "where.created_at.$gt", f"`created_at` is compared with {_INSTANT}.", None),
        ({"starts": "9:30"}, "where.starts", "`starts` is compared with a time of day such as `14:30`.", None),
        ({"due": {"$eq": {"$field": "created_at"}}}, "where.due.$eq.$field", "`due` holds a day, `created_at` an instant.", None),
        ({"due": {"$eq": {"$field": "due", "x": 1}}}, "where.due.$eq", "`due` is compared with a day such as `2026-03-05`.", None),
    ],
)  # fmt: skip
def test_a_where_is_refused(where: Any, path: str, message: str, hint: str | None) -> None:
    assert refusal(where=where) == ("INVALID_FILTER", path, message, hint)


@pytest.mark.parametrize(
    ("keys", "path", "name", "hint"),
    [
        ({"where": {"stauts": 1}}, "where.stauts", "stauts", "Did you mean `status`?"),
        ({"where": {"$and": [{}, {"xyz": 1}]}}, "where.$and.1.xyz", "xyz", None),
        ({"where": {"customer.name": 1}}, "where.customer.name", "customer.name", None),
        ({"where": {"a.b.c.d": 1}}, "where.a.b.c.d", "a.b.c.d", None),
        ({"where": {"due": {"$gt": {"$field": "duo"}}}}, "where.due.$gt.$field", "duo", "Did you mean `due`?"),
        ({"where": {"due": {"$gt": {"$field": 5}}}}, "where.due.$gt.$field", "5", None),
        ({"equals": {"stat": "x"}}, "stat", "stat", "Did you mean `status`?"),
        ({"equals": {"limt": "5"}}, "limt", "limt", "Did you mean `limit`?"),
        ({"fields": ["id", "Subject"]}, "fields.1", "Subject", "Did you mean `subject`?"),
        ({"fields": [["id"]]}, "fields.0", "list", None),
        ({"expand": ["custommer"]}, "expand.0", "custommer", "Did you mean `customer`?"),
        (
            {"fields": ["customer.name"]},
            "fields.0",
            "customer.name",
            "Expand `customer` to have the fields of its record.",
        ),
    ],
)
def test_an_unknown_field_is_refused(keys: dict[str, Any], path: str, name: str, hint: str | None) -> None:
    assert refusal(**keys) == ("INVALID_FIELD", path, f"No field `{name}` on `ticket`.", hint)


def test_a_field_outside_of_the_shape_never_shows_in_a_hint() -> None:
    visible = ObjectShape("ticket", {name: field for name, field in SHAPE.fields.items() if name != "status"})
    for where in ({"status": "x"}, {"statu": "x"}, {"subject": {"$eq": {"$field": "status"}}}):
        with pytest.raises(Invalid) as caught:
            parse_query(QueryDocument(where=where), visible, Limits(), max_page=200, default_page=50)
        assert "status" not in str(caught.value.details.get("hint"))


@pytest.mark.parametrize(
    ("sent", "value", "operator"),
    [
        ({"status": "open"}, "open", "eq"),
        ({"status": ""}, "", "eq"),
        ({"priority": "3"}, 3, "eq"),
        ({"amount": "-1.5e1"}, Decimal("-15.00"), "eq"),
        ({"urgent": "false"}, False, "eq"),
        ({"due": "2026-03-05"}, "2026-03-05", "eq"),
        ({"created_at": "2026-03-05"}, "2026-03-05T00:00:00.000Z", "eq"),
        ({"tags": "red"}, "red", "contains"),
    ],
)
def test_a_bare_parameter_equals_by_the_field(sent: dict[str, str], value: Any, operator: str) -> None:
    query = parsed(equals=sent)
    assert query.where == Term(next(iter(sent)), operator, Slot(0))
    assert query.values == (value,)
    assert type(query.values[0]) is type(value)


def test_bare_parameters_narrow_the_where() -> None:
    query = parsed(where={"status": "open"}, equals={"priority": "3"})
    assert query.where == And((Term("status", "eq", Slot(0)), Term("priority", "eq", Slot(1))))
    assert query.values == ("open", 3)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"priority": "x"}, "`priority` is compared with a number."),
        ({"priority": "1_000"}, "`priority` is compared with a number."),
        ({"priority": "NaN"}, "`priority` is compared with a number."),
        ({"priority": "٣"}, "`priority` is compared with a number."),
        ({"urgent": "1"}, "`urgent` is compared with `true` or `false`."),
        ({"due": ""}, "`due` is compared with a day such as `2026-03-05`."),
        ({"payload": "{}"}, "`$eq` does not fit `payload`, which holds a JSON value."),
    ],
)
def test_a_bare_parameter_of_the_wrong_form_is_refused(sent: dict[str, str], message: str) -> None:
    name = next(iter(sent))
    assert refusal(equals=sent)[:3] == ("INVALID_FILTER", name, message)


def test_orders_end_with_the_id() -> None:
    assert parsed(order_by="-priority,created_at").order == (
        OrderKey("priority", descending=True),
        OrderKey("created_at"),
        OrderKey("id"),
    )
    assert parsed(order_by="-id,status").order == (OrderKey("id", descending=True),)


@pytest.mark.parametrize(
    ("order", "path", "message", "hint"),
    [
        ("prio", "orderBy", "No field `prio` on `ticket`.", "Did you mean `priority`?"),
        ("customer.name", "orderBy", "No field `customer.name` on `ticket`.", None),
        ([{"field": 5}], "orderBy", "No field `5` on `ticket`.", None),
        ("tags", "orderBy", "`tags` holds nothing that can be sorted.", None),
        ("-payload", "orderBy", "`payload` holds nothing that can be sorted.", None),
        ("due,-due", "orderBy", "`due` is named twice.", None),
        (",".join(["due"] * 9), "orderBy", "An order takes at most 8 keys.", None),
    ],
)
def test_an_order_is_refused(order: Any, path: str, message: str, hint: str | None) -> None:
    assert refusal(order_by=order) == ("INVALID_SORT", path, message, hint)


def test_columns_are_what_is_asked_and_what_is_expanded() -> None:
    assert parsed(fields=["subject", "id", "subject"]).columns == ("subject", "id")
    query = parsed(fields=["subject"], expand=["customer", "owner_id", "customer"])
    assert query.columns == ("subject", "customer", "owner_id")
    assert [expansion.name for expansion in query.expand] == ["customer", "owner_id"]
    assert parsed(expand=["customer"]).columns == tuple(SHAPE.fields)


@pytest.mark.parametrize(
    ("keys", "reason", "path", "message", "hint"),
    [
        ({"fields": []}, "INVALID_QUERY", "fields", "`fields` is a list of names.", None),
        ({"fields": "id"}, "INVALID_QUERY", "fields", "`fields` is a list of names.", None),
        ({"limit": 0}, "INVALID_QUERY", "limit", "`limit` is a whole number above zero.", None),
        ({"limit": -1}, "INVALID_QUERY", "limit", "`limit` is a whole number above zero.", None),
        ({"limit": True}, "INVALID_QUERY", "limit", "`limit` is a whole number above zero.", None),
        ({"limit": Decimal(5)}, "INVALID_QUERY", "limit", "`limit` is a whole number above zero.", None),
        ({"offset": -1}, "INVALID_QUERY", "offset", "`offset` is a whole number, zero or more.", None),
        ({"offset": "3"}, "INVALID_QUERY", "offset", "`offset` is a whole number, zero or more.", None),
        ({"offset": 1_000_001}, "INVALID_QUERY", "offset", "`offset` is at most 1000000.", "A cursor goes further."),
        ({"offset": 0, "cursor": "x"}, "INVALID_QUERY", "cursor", "`cursor` takes the place of `offset`.", "Send one of the two."),
        ({"cursor": 5}, "INVALID_CURSOR", "cursor", "`cursor` is the text of `nextCursor`.", None),
    ],
)  # fmt: skip
def test_a_page_is_refused(keys: Any, reason: str, path: str, message: str, hint: str | None) -> None:
    assert refusal(**keys) == (reason, path, message, hint)


def test_a_limit_is_cut_to_the_largest_page() -> None:
    assert [parsed(limit=limit).limit for limit in (1, 200, 201, 10**18)] == [1, 200, 200, 200]
    assert (parsed(offset=1_000_000).offset, parsed(cursor="x").cursor) == (1_000_000, "x")
    assert parse_query(QueryDocument(), SHAPE, Limits(), max_page=20, default_page=50).limit == 20


def nested(depth: int) -> dict[str, Any]:
    where: dict[str, Any] = {"status": "x"}
    for _ in range(depth):
        where = {"$not": where}
    return where


@pytest.mark.parametrize(
    ("fitting", "beyond", "message"),
    [
        ({"where": nested(8)}, {"where": nested(9)}, "A where is nested at most 8 levels deep."),
        (
            {"where": {"$or": [{"status": "x"}] * 200}},
            {"where": {"$or": [{"status": "x"}] * 201}},
            "A where holds at most 200 comparisons.",
        ),
        (
            {"where": {"$or": [{}] * 200}},
            {"where": {"$or": [{}] * 201}},
            "A where holds at most 200 comparisons.",
        ),
        (
            {"where": {"$or": [{"status": "x"}] * 199}, "equals": {"status": "y"}},
            {"where": {"$or": [{"status": "x"}] * 200}, "equals": {"status": "y"}},
            "A where holds at most 200 comparisons.",
        ),
        (
            {"where": {"status": {"$in": ["x"] * 1000}}},
            {"where": {"status": {"$in": ["x"] * 1001}}},
            "`$in` takes at most 1000 values, this has 1001.",
        ),
        (
            {"order_by": "id,status,subject,priority,amount,created_at,due,starts"},
            {"order_by": "id,status,subject,priority,amount,created_at,due,starts,urgent"},
            "An order takes at most 8 keys.",
        ),
    ],
)
def test_limits_hold_at_n_and_refuse_n_plus_one(fitting: Any, beyond: Any, message: str) -> None:
    parsed(**fitting)
    assert refusal(**beyond)[2] == message


HOSTILE: dict[str, dict[str, Any]] = {
    "deep": {"where": nested(10_000)},
    "wide": {"where": {"$and": [{"status": "x"}] * 100_000}},
    "empty nodes": {"where": {"$and": [{"$and": [{"$and": []}] * 200}] * 100_000}},
    "a long list": {"where": {"status": {"$in": ["x"] * 1_000_000}}},
    "a long name": {"where": {"x" * 1_000_000: 1}},
    "a surrogate name": {"where": {"\ud800": 1}},
    "surrogate operator": {"where": {"status": {"$\udfff": 1}}},
    "a name of zeros": {"fields": ["\0" * 100_000]},
    "a deep comparand": {"where": {"status": nested(10_000)}},
    "a nested list": {"where": {"status": {"$in": [[[]]]}}},
    "a tiny number": {"where": {"amount": {"$contains": Decimal("1e-999999")}}},
    "many sort keys": {"order_by": ",".join(["status"] * 100_000)},
    "many bare parameters": {"equals": {f"x{index}": "y" for index in range(100_000)}},
}


@pytest.mark.parametrize("keys", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_is_refused_quickly_and_can_be_told(keys: dict[str, Any]) -> None:
    with within(0.25), pytest.raises(Invalid) as caught:
        parsed(**keys)
    told = msgspec.json.encode([caught.value.message, caught.value.details])
    assert len(told) < 1000


def test_numbers_of_any_size_are_compared() -> None:
    for number in (Decimal("1e-999999"), Decimal("-1e999999"), 10**4000, Decimal("0." + "1" * 10_000), Decimal("-0.0")):
        for operator in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"):
            for field in ("amount", "priority"):
                for value in parsed(where={field: {operator: number}}).values:
                    assert abs(value) <= 2**63
