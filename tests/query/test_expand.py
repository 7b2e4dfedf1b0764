"""Expansions: what lists of names and maps become, and every refusal with its exact text, path and hint."""

from typing import Any

import pytest

from fieldstone.errors import Invalid
from fieldstone.query.ast import EVERYTHING, And, Exists, Expansion, OrderKey, Query, Slot, Term
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.query.text_forms import read_parameters
from fieldstone.query.viewpoint import Related, Viewpoint
from fieldstone.settings import Limits
from tests.query.quickly import within

TEXT = Storage(StorageClass.TEXT)
ONLY_OURS = Term("name", "ne", Slot(99))


def shape(name: str, *fields: str, **references: str) -> ObjectShape:
    shapes = [FieldShape("id", TEXT, "text", nullable=False)]
    shapes += [FieldShape(field, TEXT, "text") for field in fields]
    shapes += [FieldShape(field, TEXT, "text", reference=target) for field, target in references.items()]
    return ObjectShape(name, {each.name: each for each in shapes})


SHAPES = {
    "ticket": shape("ticket", "subject", "comment", customer="customer", owner="person", box="safe", above="ticket"),
    "customer": shape("customer", "name", account="account"),
    "account": shape("account", "name", manager="person"),
    "person": shape("person", "name"),
    "comment": shape("comment", "text", ticket="ticket", author="person"),
}
"""The safe is not among them: nobody may look at it."""

REFERRERS: dict[str, dict[str, tuple[str, ...]]] = {
    "ticket": {"comment": ("ticket",), "ticket": ("above",)},
    "customer": {"ticket": ("customer",)},
    "account": {"customer": ("account",)},
    "person": {"ticket": ("owner",), "account": ("manager", "deputy", "founder"), "comment": ("author",)},
}


def related(name: str) -> Related | None:
    return Related(SHAPES[name], ONLY_OURS, 80) if name in SHAPES else None


VIEWPOINT = Viewpoint(related, {}, "2026-03-05T00:00:00.000Z", lambda name: REFERRERS.get(name, {}))


def parsed(expand: Any, of: str = "ticket", limits: Limits | None = None, **keys: Any) -> Query:
    document = QueryDocument(expand=expand, **keys)
    return parse_query(document, SHAPES[of], limits or Limits(), max_page=200, default_page=50, viewpoint=VIEWPOINT)


def tree(expansions: tuple[Expansion, ...]) -> dict[str, Any]:
    return {expansion.name: tree(expansion.expand) for expansion in expansions}


def refusal(expand: Any, of: str = "ticket") -> tuple[str, str, str, str | None]:
    with pytest.raises(Invalid) as caught:
        parsed(expand, of)
    details = caught.value.details
    return details["reason"], details["path"], caught.value.message, details.get("hint")


def test_a_name_leads_to_the_record_that_a_reference_points_to() -> None:
    query = parsed(["customer"], fields=["subject"])
    assert query.columns == ("subject", "customer")
    assert query.expand == (Expansion("customer", "customer", "customer", ("id", "name", "account"), EVERYTHING),)
    assert query.expanding == ()


def test_the_name_of_an_object_leads_to_the_list_of_its_records_that_refer_here() -> None:
    query = parsed(["ticket"], of="customer", fields=["name"])
    (tickets,) = query.expand
    assert query.columns == ("name",)
    assert (tickets.object, tickets.field, tickets.listed) == ("ticket", "customer", True)
    assert (tickets.order, tickets.most, query.expanding) == ((OrderKey("id"),), 1, (50,))


def test_dots_of_the_list_form_lead_deeper_and_names_meet() -> None:
    names = ["customer.account", "owner", "customer.account.manager", "customer", "customer.ticket"]
    assert tree(parsed(names).expand) == {"customer": {"account": {"manager": {}}, "ticket": {}}, "owner": {}}


def test_the_map_form_asks_more_of_each_name() -> None:
    asked = {
        "customer": {
            "fields": ["name"],
            "where": {"name": "Ada"},
            "expand": {
                "ticket": {"select": ["subject"], "where": {"owner.name": "Bob"}, "orderBy": "-subject", "limit": 3}
            },
        }
    }
    query = parsed(asked, where={"subject": "x"})
    (customer,) = query.expand
    (tickets,) = customer.expand
    assert (customer.columns, customer.where) == (("name",), Term("name", "eq", Slot(1)))
    named_bob = Exists("person", "owner", "id", And((ONLY_OURS, Term("name", "eq", Slot(2)))))
    assert (tickets.columns, tickets.where) == (("subject",), named_bob)
    assert (tickets.order, tickets.most) == ((OrderKey("subject", True), OrderKey("id")), 3)
    assert (query.values, query.expanding) == (("x",), ("Ada", "Bob", 3))


def test_values_stand_outside_of_the_tree() -> None:
    first = parsed({"customer": {"where": {"name": "Ada"}}, "comment.ticket": {"limit": 1}})
    second = parsed({"customer": {"where": {"name": "Bob"}}, "comment.ticket": {"limit": 80}})
    assert (first.expanding, second.expanding) == (("Ada", 1), ("Bob", 80))
    assert first.expand == second.expand
    assert hash(first.expand) == hash(second.expand)


def test_a_reference_that_is_expanded_within_is_among_the_fields() -> None:
    query = parsed({"customer": {"fields": ["name"], "expand": ["account", "ticket"]}})
    assert query.expand[0].columns == ("name", "account")


def test_a_field_of_the_list_is_named_in_the_map_form() -> None:
    (managed, tickets) = parsed({"account.deputy": {}, "ticket.owner": {}}, of="person").expand
    assert (managed.name, managed.object, managed.field) == ("account.deputy", "account", "deputy")
    assert (tickets.name, tickets.field) == ("ticket.owner", "owner")


def test_a_field_goes_before_an_object_of_the_same_name() -> None:
    assert refusal(["comment"]) == (
        "INVALID_FIELD",
        "expand.0",
        "`comment` does not refer to another object.",
        'Name one, in the map form: {"comment.ticket": {}}.',
    )
    assert parsed({"comment.ticket": {}}).expand[0].listed


def test_an_object_that_may_not_be_looked_at_has_no_fields_and_leaves_the_id() -> None:
    (box,) = parsed(["box"]).expand
    assert (box.object, box.columns) == ("safe", ())
    for asked in ({"box": {"fields": ["code"]}}, {"box": {"where": {"code": 1}}}, ["box.code"]):
        assert refusal(asked)[2] == "No field `code` on `safe`."


def test_the_most_of_a_list_is_cut_to_the_largest_page() -> None:
    assert parsed({"comment.ticket": {"limit": 10**18}}).expanding == (80,)


def test_a_get_takes_both_forms() -> None:
    assert read_parameters([("expand", "customer.account, owner")]).expand == ["customer.account", "owner"]
    assert read_parameters([("expand", ' {"customer": {"limit": 1}}')]).expand == {"customer": {"limit": 1}}
    assert read_parameters([("expand", '["customer"]')]).expand == ["customer"]
    for text in ("{", '["customer"', "{" * 10_000, '[{"a":' * 5_000):
        with pytest.raises(Invalid) as caught:
            read_parameters([("expand", text)])
        assert (caught.value.details["reason"], caught.value.details["path"]) == ("INVALID_QUERY", "expand")


FORM = 'Such as `["customer"]` or `{"customer": {"fields": ["name"]}}`.'
BY_FIELD = 'Name one, in the map form: {"comment.ticket": {}}.'
NO_FORM = "`expand` is a list of names, or an object of names and what each asks for."
NO_OBJECT = "What `customer` asks for is an object, perhaps an empty one."
NO_LIST = "`customer` is a reference, so that `{}` means nothing."
NO_REFERENCE = "`{}` does not refer to another object."
NO_LIMIT = "`limit` is a whole number above zero."
DIFFER = "`fields` and `select` are the same key and differ."
TOO_DEEP = "`expand` goes at most 3 levels deep."
THIRD = {"customer": {"expand": {"account": {"expand": ["no"]}}}}
FOURTH = {"customer": {"expand": {"account": {"expand": {"manager": {"expand": ["ticket"]}}}}}}


@pytest.mark.parametrize(
    ("expand", "code", "path", "message", "hint"),
    [
        ("customer", "QUERY", "", NO_FORM, FORM),
        (["custommer"], "FIELD", ".0", "No field `custommer` on `ticket`.", "Did you mean `customer`?"),
        (["owner", "coment"], "FIELD", ".1", "No field `coment` on `ticket`.", "Did you mean `comment`?"),
        (["owner", "customer.acount"], "FIELD", ".1", "No field `acount` on `customer`.", "Did you mean `account`?"),
        (["comment.ticket"], "FIELD", ".0", NO_REFERENCE.format("comment"), BY_FIELD),
        ([["customer"]], "FIELD", ".0", "No field `list` on `ticket`.", None),
        (["subject"], "FIELD", ".0", NO_REFERENCE.format("subject"), None),
        ([""], "FIELD", ".0", "No field `` on `ticket`.", None),
        (["customer."], "FIELD", ".0", "No field `` on `customer`.", None),
        (["customer.account.manager.ticket"], "QUERY", ".0", TOO_DEEP, None),
        ({"customer.account": {}}, "FIELD", ".customer.account", "No field `customer.account` on `ticket`.", "Did you mean `customer`?"),
        ({"customer": ["name"]}, "QUERY", ".customer", NO_OBJECT, FORM),
        ({"customer": {"field": []}}, "QUERY", ".customer.field", "An expansion has no key `field`.", "Did you mean `fields`?"),
        ({"customer": {"offset": 1}}, "QUERY", ".customer.offset", "An expansion has no key `offset`.", None),
        ({"customer": {"limit": 1}}, "QUERY", ".customer.limit", NO_LIST.format("limit"), None),
        ({"customer": {"orderBy": "name"}}, "QUERY", ".customer.orderBy", NO_LIST.format("orderBy"), None),
        ({"customer": {"fields": ["name"], "select": ["id"]}}, "QUERY", ".customer.select", DIFFER, None),
        ({"customer": {"fields": ["nam"]}}, "FIELD", ".customer.fields.0", "No field `nam` on `customer`.", "Did you mean `name`?"),
        ({"customer": {"where": {"name": 1}}}, "FILTER", ".customer.where.name", "`name` is compared with a text.", None),
        ({"ticket": {"orderBy": "comnt"}}, "SORT", ".ticket.orderBy", "No field `comnt` on `ticket`.", "Did you mean `comment`?"),
        ({"ticket": {"limit": 0}}, "QUERY", ".ticket.limit", NO_LIMIT, None),
        ({"ticket": {"limit": True}}, "QUERY", ".ticket.limit", NO_LIMIT, None),
        (THIRD, "FIELD", ".customer.expand.account.expand.0", "No field `no` on `account`.", None),
        (FOURTH, "QUERY", ".customer.expand.account.expand.manager.expand", TOO_DEEP, None),
        ({"customer": {"expand": ["account.manager.ticket"]}}, "QUERY", ".customer.expand.0", TOO_DEEP, None),
    ],
)  # fmt: skip
def test_an_expansion_is_refused(expand: Any, code: str, path: str, message: str, hint: str | None) -> None:
    assert refusal(expand) == (f"INVALID_{code}", f"expand{path}", message, hint)


@pytest.mark.parametrize("expand", [["account"], {"account": {}}])
def test_a_list_by_several_fields_is_refused_with_their_names(expand: Any) -> None:
    reason, _, message, hint = refusal(expand, of="person")
    assert reason == "INVALID_FIELD"
    assert message == "`account` refers to `person` by `manager`, `deputy` and `founder`."
    assert hint == 'Name one, in the map form: {"account.manager": {}}.'


def test_names_are_counted_over_all_levels() -> None:
    parsed(["customer.account"], limits=Limits(expand_names=2))
    for expand in (["customer.account", "owner"], {"customer": {"expand": ["account"]}, "owner": {}}, ["owner"] * 3):
        with pytest.raises(Invalid, match="at most 2 names"):
            parsed(expand, limits=Limits(expand_names=2))


def nested(depth: int) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for _ in range(depth):
        asked = {"expand": {"above": asked}}
    return asked["expand"]


HOSTILE: dict[str, Any] = {
    "deep": nested(10_000),
    "a deep name": ["above" + ".above" * 10_000],
    "one level too deep": ["above.above.above.above"],
    "many names": [f"x{index}" for index in range(10_000)],
    "one name many times": ["customer"] * 10_000,
    "many keys": {f"x{index}": {} for index in range(10_000)},
    "a long name": ["x" * 1_000_000],
    "a surrogate name": {"\ud800": {}},
    "a name of zeros": ["\0" * 100_000],
    "a number": [1e308],
    "many keys within": {"customer": {f"x{index}": 1 for index in range(10_000)}},
    "a wide where within": {"customer": {"where": {"$and": [{"name": "x"}] * 100_000}}},
    "many fields within": {"customer": {"fields": ["name"] * 10_000 + ["x"]}},
}


@pytest.mark.parametrize("expand", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expansion_is_refused_quickly_and_can_be_told(expand: Any) -> None:
    with within(0.25):
        reason, path, message, hint = refusal(expand)
    assert len(message) + len(hint or "") + len(path) < 1000
    (reason + path + message + (hint or "")).encode()


def test_a_circle_ends_where_the_levels_do() -> None:
    assert tree(parsed(["above.above.above"]).expand) == {"above": {"above": {"above": {}}}}
    assert tree(parsed(["comment"], of="person").expand) == {"comment": {}}
    assert tree(parsed(["ticket.customer.ticket"], of="customer").expand) == {"ticket": {"customer": {"ticket": {}}}}
