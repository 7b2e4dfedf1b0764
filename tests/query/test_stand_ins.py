"""Comparands that stand for something: expressions, relative dates, and what the caller is."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest

from fieldstone.errors import Invalid
from fieldstone.query.ast import And, Not, Slot, Term
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.query.viewpoint import NOWHERE, Viewpoint
from fieldstone.settings import Limits
from tests.query.quickly import within

TEXT = Storage(StorageClass.TEXT)
FIELDS = (
    FieldShape("id", TEXT, "text", nullable=False),
    FieldShape("organization_id", TEXT, "text"),
    FieldShape("owner_id", TEXT, "text", reference="sys_user"),
    FieldShape("title", TEXT, "text"),
    FieldShape("amount", Storage(StorageClass.DECIMAL, precision=18, scale=2, fixed=True), "number"),
    FieldShape("level", Storage(StorageClass.INTEGER), "number"),
    FieldShape("due", Storage(StorageClass.DAY), "day"),
    FieldShape("at", Storage(StorageClass.INSTANT), "instant"),
    FieldShape("starts", TEXT, "time"),
    FieldShape("done", Storage(StorageClass.BOOLEAN), "boolean"),
    FieldShape("tags", Storage(StorageClass.JSON), "list"),
)
SHAPE = ObjectShape("ticket", {field.name: field for field in FIELDS})
ANN = {
    "id": "ann",
    "email": "ann@example.org",
    "organization_id": "here",
    "roles": ("clerk", "chief"),
    "positions": (),
    "permissions": ("everyone",),
    "timezone": "Europe/Berlin",
}
VIEWPOINT = Viewpoint(lambda _name: None, ANN, "2026-03-31T23:30:00.000Z")
"""In Berlin, half past one on the first of April."""


def parsed(where: Any, viewpoint: Viewpoint = VIEWPOINT, limits: Limits | None = None) -> Any:
    document = QueryDocument(where=where)
    return parse_query(document, SHAPE, limits or Limits(), max_page=200, default_page=50, viewpoint=viewpoint)


def refusal(where: Any, viewpoint: Viewpoint = VIEWPOINT, limits: Limits | None = None) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parsed(where, viewpoint, limits)
    assert caught.value.details["reason"] == "INVALID_FILTER"
    return caught.value


DUE_BETWEEN = And((Term("due", "gte", Slot(0)), Term("due", "lte", Slot(1))))


def cel(source: str) -> dict[str, str]:
    return {"$cel": source}


@pytest.mark.parametrize(
    ("where", "tree", "values"),
    [
        ({"at": {"$lt": cel("now()")}}, Term("at", "lt", Slot(0)), ("2026-03-31T23:30:00.000Z",)),
        ({"at": {"$gte": cel("daysAgo(7)")}}, Term("at", "gte", Slot(0)), ("2026-03-24T23:30:00.000Z",)),
        ({"at": {"$lte": cel("today()")}}, Term("at", "lt", Slot(0)), ("2026-04-02T00:00:00.000Z",)),
        ({"due": cel("today()")}, Term("due", "eq", Slot(0)), ("2026-04-01",)),
        ({"due": {"$gt": cel("addMonths(today(), -1)")}}, Term("due", "gt", Slot(0)), ("2026-03-01",)),
        ({"owner_id": cel("os.user.id")}, Term("owner_id", "eq", Slot(0)), ("ann",)),
        ({"owner_id": {"$ne": cel("current_user.id")}}, Term("owner_id", "ne", Slot(0)), ("ann",)),
        ({"organization_id": cel("os.org.id")}, Term("organization_id", "eq", Slot(0)), ("here",)),
        ({"title": cel("user.email + ' in ' + os.org.timezone")}, Term("title", "eq", Slot(0)), ("ann@example.org in Europe/Berlin",)),
        ({"title": {"$contains": cel("lower('OPEN')")}}, Term("title", "contains", Slot(0)), ("open",)),
        ({"title": {"$like": cel("'a%'")}}, Term("title", "like", Slot(0)), ("a%",)),
        ({"title": {"$in": cel("os.user.roles")}}, Term("title", "in", Slot(0)), (["clerk", "chief"],)),
        ({"title": {"$in": ["x", cel("'y' + 'z'")]}}, Term("title", "in", Slot(0)), (["x", "yz"],)),
        ({"level": {"$gt": cel("1 + 2")}}, Term("level", "gt", Slot(0)), (3,)),
        ({"level": {"$gte": cel("2.5")}}, Term("level", "gt", Slot(0)), (2,)),
        ({"amount": cel("0.1 + 0.2")}, And(()), None),
        ({"amount": cel("10.5")}, Term("amount", "eq", Slot(0)), (Decimal("10.50"),)),
        ({"done": cel("'chief' in os.user.roles")}, Term("done", "eq", Slot(0)), (True,)),
        ({"tags": cel("os.user.roles")}, Term("tags", "eq", Slot(0)), (["clerk", "chief"],)),
        ({"at": {"$between": [cel("daysAgo(1)"), cel("now()")]}}, And((Term("at", "gte", Slot(0)), Term("at", "lte", Slot(1)))), None),
        ({"due": {"$between": cel("[date('2026-01-01'), today()]")}}, DUE_BETWEEN, ("2026-01-01", "2026-04-01")),
    ],
)  # fmt: skip
def test_an_expression_is_computed_and_bound(where: Any, tree: Any, values: tuple[Any, ...] | None) -> None:
    if tree == And(()):
        assert parsed(where).values == ()
        return
    query = parsed(where)
    assert query.where == tree
    assert values is None or query.values == values


def test_expressions_stand_outside_of_the_tree_so_that_statements_are_shared() -> None:
    later = Viewpoint(VIEWPOINT.related, {**ANN, "id": "bob"}, "2027-01-01T00:00:00.000Z")
    where = {"at": {"$lt": cel("now()")}, "owner_id": cel("os.user.id"), "due": {"$gte": "{today}"}}
    one, other = parsed(where), parsed(where, later)
    assert (one.where, hash(one.where)) == (other.where, hash(other.where))
    assert one.values != other.values


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nwo()", "There is no function `nwo` (line 1, column 1 of the expression)."),
        ("1 +\n  nobody", "There is no `nobody` here (line 2, column 3 of the expression)."),
        ("record.owner_id", "There is no `record` here (line 1, column 1 of the expression)."),
        ("owner_id", "There is no `owner_id` here (line 1, column 1 of the expression)."),
        ("os.user.password", "`current_user` has no field `password` (line 1, column 9 of the expression)."),
        ("os.env", "`os` has no field `env` (line 1, column 4 of the expression)."),
        ("now() +", None),
        ("", None),
        ("'" + "x" * 600 + "'", "An expression in a where has at most 500 characters."),
        ("os.user.roles.exists(r, r == 'a')", "Macros and `matches` have no place in a comparand (line 1, column 15 of the expression)."),
        ("'a'.matches('a+')", None),
        ("1 / 0", "A number is divided by zero (line 1, column 3 of the expression)."),
        ("null", "The expression has no value to compare with."),
        (5, "`$cel` takes the text of an expression."),
        (None, "`$cel` takes the text of an expression."),
        (["now()"], "`$cel` takes the text of an expression."),
    ],
)  # fmt: skip
def test_an_expression_is_refused_with_its_place(source: Any, message: str | None) -> None:
    error = refusal({"title": {"$eq": {"$cel": source}}})
    assert error.details["path"] == "where.title.$eq.$cel"
    assert message is None or error.message == message


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"level": cel("'three'")}, "`level` is compared with a number."),
        ({"level": cel("now()")}, "`level` is compared with a number."),
        ({"title": cel("3")}, "`title` is compared with a text."),
        ({"title": {"$in": cel("'x'")}}, "`$in` takes a list of values."),
        ({"title": {"$eq": {"$cel": "'x'", "y": 1}}}, "`title` is compared with a text."),
        ({"title": {"$null": cel("true")}}, "`$null` takes `true` or `false`."),
        ({"due": cel("duration('3d')")}, "`due` is compared with a day such as `2026-03-05`."),
    ],
)
def test_what_an_expression_gives_is_checked_as_if_it_was_sent(where: Any, message: str) -> None:
    assert refusal(where).message == message


def test_an_absent_value_of_the_caller_is_refused_and_not_taken_for_null() -> None:
    for where in ({"owner_id": cel("os.user.id")}, {"owner_id": "{current_user_id}"}):
        assert parsed(where).values == ("ann",)
        assert "no value" in refusal(where, NOWHERE).message


def test_expressions_are_few() -> None:
    where = {"$and": [{"level": {"$gt": cel("1")}}] * 20}
    assert len(parsed(where).values) == 20
    where["$and"].append({"level": {"$gt": cel("1")}})
    assert refusal(where).message == "A where holds at most 20 expressions."
    assert parsed({"level": cel("1")}, limits=Limits(where_expressions=1, expression_characters=1)).values == (1,)
    assert "at most 1 char" in refusal({"level": cel("12")}, limits=Limits(expression_characters=1)).message


@pytest.mark.parametrize(
    "source", ["(" * 249 + "1" + ")" * 249, "-" * 499 + "1", "[" * 250, "1" + "+1" * 249, "'" * 500]
)
def test_the_worst_expressions_are_over_at_once(source: str) -> None:
    with within(0.05), contextlib.suppress(Invalid):
        parsed({"level": cel(source)})


@pytest.mark.parametrize(
    ("where", "tree", "values"),
    [
        ({"due": "{today}"}, Term("due", "eq", Slot(0)), ("2026-04-01",)),
        ({"due": {"$in": ["{today}", "{tomorrow}"]}}, Term("due", "in", Slot(0)), (["2026-04-01", "2026-04-02"],)),
        ({"due": {"$ne": "{now}"}}, Term("due", "ne", Slot(0)), ("2026-04-01",)),
        ({"at": "{today}"}, Term("at", "eq", Slot(0)), ("2026-03-31T22:00:00.000Z",)),
        ({"at": {"$gte": "{today}"}}, Term("at", "gte", Slot(0)), ("2026-03-31T22:00:00.000Z",)),
        ({"at": {"$gt": "{yesterday}"}}, Term("at", "gt", Slot(0)), ("2026-03-30T22:00:00.000Z",)),
        ({"at": {"$lt": "{today}"}}, Term("at", "lt", Slot(0)), ("2026-03-31T22:00:00.000Z",)),
        ({"at": {"$lte": "{today}"}}, Term("at", "lt", Slot(0)), ("2026-04-01T22:00:00.000Z",)),
        ({"at": {"$lte": "{2_hours_ago}"}}, Term("at", "lte", Slot(0)), ("2026-03-31T21:30:00.000Z",)),
        (
            {"at": {"$in": ["{today}", "{now}"]}},
            Term("at", "in", Slot(0)),
            (["2026-03-31T22:00:00.000Z", VIEWPOINT.now],),
        ),
        (
            {"at": {"$between": ["{last_month_start}", "{last_month_end}"]}},
            And((Term("at", "gte", Slot(0)), Term("at", "lt", Slot(1)))),
            ("2026-02-28T23:00:00.000Z", "2026-03-31T22:00:00.000Z"),
        ),
        ({"owner_id": "{current_user_id}"}, Term("owner_id", "eq", Slot(0)), ("ann",)),
        ({"id": {"$in": ["{current_user_id}", "x"]}}, Term("id", "in", Slot(0)), (["ann", "x"],)),
        ({"organization_id": "{current_organization_id}"}, Term("organization_id", "eq", Slot(0)), ("here",)),
        ({"$not": {"owner_id": "{current_user_id}"}}, Not(Term("owner_id", "eq", Slot(0))), ("ann",)),
        ({"title": "{today}"}, Term("title", "eq", Slot(0)), ("{today}",)),
        ({"title": "{anything}"}, Term("title", "eq", Slot(0)), ("{anything}",)),
    ],
)
def test_a_text_in_braces_stands_for_a_value_where_none_could_look_like_it(
    where: Any, tree: Any, values: tuple[Any, ...]
) -> None:
    query = parsed(where)
    assert (query.where, query.values) == (tree, values)


@pytest.mark.parametrize(
    ("where", "message", "hint"),
    [
        ({"due": "{toady}"}, "`{toady}` stands for nothing here.", "Did you mean `{today}`?"),
        ({"at": {"$gt": "{5_dys_ago}"}}, "`{5_dys_ago}` stands for nothing here.", "Did you mean `{3_days_ago}`?"),
        ({"due": "{999999_years_ago}"}, "`{999999_years_ago}` stands for nothing here.", None),
        ({"owner_id": "{me}"}, "`{me}` stands for nothing here.", None),
        ({"owner_id": "{today}"}, "`{today}` stands for nothing here.", None),
        ({"starts": "{now}"}, "`starts` is compared with a time of day such as `14:30`.", None),
        ({"level": "{today}"}, "`level` is compared with a number.", None),
    ],
)
def test_what_stands_for_nothing_is_refused(where: Any, message: str, hint: str | None) -> None:
    error = refusal(where)
    assert error.message == message
    assert hint is None or error.details["hint"] == hint
