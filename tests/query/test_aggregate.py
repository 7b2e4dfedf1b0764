"""Documents that ask for groups: what they become, and every refusal with its text, path and hint."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from fieldstone.errors import Invalid
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.ast import (
    EVERYTHING,
    Aggregation,
    And,
    FieldValue,
    GroupKey,
    GroupQuery,
    Hop,
    Literal,
    Measure,
    OrderKey,
    Slot,
    Term,
)
from fieldstone.query.document import QueryDocument
from fieldstone.query.storage import FieldShape, ObjectShape, Storage, StorageClass
from fieldstone.query.text_forms import read_body, read_parameters
from fieldstone.query.viewpoint import NOWHERE, Related
from fieldstone.settings import Limits

TEXT = Storage(StorageClass.TEXT)
OPEN = Term("region", "ne", Literal("hidden"))
CUSTOMER = ObjectShape("customer", {name: FieldShape(name, TEXT, "text") for name in ("id", "name", "region")})
FIELDS = (
    FieldShape("id", TEXT, "text", nullable=False),
    FieldShape("status", TEXT, "text"),
    FieldShape("priority", Storage(StorageClass.INTEGER), "number"),
    FieldShape("amount", Storage(StorageClass.DECIMAL, precision=18, scale=2, fixed=True), "number"),
    FieldShape("weight", Storage(StorageClass.DOUBLE), "number"),
    FieldShape("created_at", Storage(StorageClass.INSTANT), "instant", nullable=False),
    FieldShape("due", Storage(StorageClass.DAY), "day"),
    FieldShape("starts", TEXT, "time"),
    FieldShape("urgent", Storage(StorageClass.BOOLEAN), "boolean"),
    FieldShape("tags", Storage(StorageClass.JSON), "list"),
    FieldShape("payload", Storage(StorageClass.JSON), "json"),
    FieldShape("customer", TEXT, "text", reference="customer"),
)
SHAPE = ObjectShape("ticket", {field.name: field for field in FIELDS})
COUNT = {"function": "count", "alias": "n"}
SUM = {"function": "sum", "field": "amount", "alias": "total"}


def related(name: str) -> Related | None:
    """Stands for the policies: customers can be seen, and nothing else."""
    return Related(CUSTOMER, OPEN, 200) if name == "customer" else None


def parsed(caller: Mapping[str, Any] | None = None, **keys: Any) -> GroupQuery:
    asker = msgspec.structs.replace(NOWHERE, related=related, caller=caller or {})
    return parse_groups(QueryDocument(**keys), SHAPE, Limits(), asker, max_page=200, default_page=50)


def refusal(**keys: Any) -> tuple[str, str, str, str | None]:
    with pytest.raises(Invalid) as caught:
        parsed(**keys)
    error = caught.value
    return error.details["reason"], error.details["path"], error.message, error.details.get("hint")


def test_groups_and_measures_take_the_order_of_the_document_and_the_groups_end_every_order() -> None:
    query = parsed(group_by=["status", {"field": "due", "alias": "day"}], aggregations=[COUNT, SUM], order_by="-total")
    assert query == GroupQuery(
        aggregation=Aggregation(
            object="ticket",
            groups=(GroupKey("status", "status"), GroupKey("day", "due")),
            measures=(Measure("n", "count"), Measure("total", "sum", "amount")),
            order=(OrderKey("total", descending=True), OrderKey("status"), OrderKey("day")),
        ),
        values=(),
        targets={},
        limit=50,
    )
    assert query.aggregation.names == ("status", "day", "n", "total")


def test_values_stand_outside_of_the_shape_and_the_zone_is_one_of_them() -> None:
    def asked(status: str, least: int, timezone: str) -> GroupQuery:
        return parsed(
            where={"status": status},
            group_by=[{"field": "created_at", "dateGranularity": "month", "alias": "month"}],
            aggregations=[COUNT | {"filter": {"priority": {"$gt": 3}}}],
            having={"n": {"$gte": least}},
            timezone=timezone,
        )

    query, other = asked("open", 2, "Europe/Paris"), asked("closed", 5, "Asia/Tokyo")
    assert query.values == ("open", "Europe/Paris", 3, 2)
    assert query.aggregation.groups == (GroupKey("month", "created_at", "month", Slot(1)),)
    assert query.aggregation.measures == (Measure("n", "count", None, Term("priority", "gt", Slot(2))),)
    assert query.aggregation.having == Term("n", "gte", Slot(3))
    assert (query.aggregation, hash(query.aggregation)) == (other.aggregation, hash(other.aggregation))


def test_days_begin_in_the_zone_of_the_organisation_and_only_those_of_instants() -> None:
    month = {"field": "created_at", "dateGranularity": "month"}
    assert parsed(group_by=[month]).values == ()
    assert parsed(group_by=[month], timezone="UTC").aggregation == parsed(group_by=[month]).aggregation
    assert parsed({"timezone": "Asia/Tokyo"}, group_by=[month, month | {"alias": "m"}]).values == ("Asia/Tokyo",)
    assert parsed({"timezone": "Asia/Tokyo"}, group_by=[{"field": "due", "dateGranularity": "year"}]).values == ()


def test_a_path_goes_through_the_policy_of_what_it_leads_to_and_its_end_may_be_absent() -> None:
    query = parsed(
        group_by=["customer.region"], aggregations=[{"function": "max", "field": "customer.id", "alias": "c"}]
    )
    hops = (Hop("customer", "customer", OPEN),)
    assert query.aggregation.groups == (GroupKey("customer.region", FieldValue("region", hops)),)
    assert query.aggregation.measures == (Measure("c", "max", FieldValue("id", hops)),)
    assert query.targets == {"c": "customer"}


def test_ids_are_known_for_what_they_point_to() -> None:
    query = parsed(
        group_by=["id", {"field": "customer", "alias": "who"}],
        aggregations=[
            {"function": "array_agg", "field": "customer", "alias": "all"},
            {"function": "count", "field": "customer", "alias": "n"},
        ],
    )
    assert query.targets == {"id": "ticket", "who": "customer", "all": "customer"}


def test_distinct_groups_by_the_fields() -> None:
    assert parsed(distinct=True, fields=["status", "customer"]) == parsed(group_by=["status", "customer"])


def test_a_page_of_groups_is_bounded_as_any_page() -> None:
    query = parsed(aggregations=[COUNT], limit=1000, offset=7, count=False)
    assert (query.limit, query.offset, query.count, query.aggregation.shifted) == (200, 7, False, True)


REFUSALS: tuple[tuple[dict[str, Any], tuple[str, str, str, str | None]], ...] = (
    (
        {"group_by": ["stats"]},
        ("INVALID_FIELD", "groupBy.0", "No field `stats` on `ticket`.", "Did you mean `status`?"),
    ),
    (
        {"group_by": [{"field": "owner.name"}]},
        ("INVALID_FIELD", "groupBy.0.field", "No field `owner.name` on `ticket`.", None),
    ),
    (
        {"group_by": [7]},
        ("INVALID_QUERY", "groupBy.0", "This is an object of `field`, `dateGranularity`, `alias`.", None),
    ),
    ({"group_by": "status"}, ("INVALID_QUERY", "groupBy", "`groupBy` is a list.", None)),
    (
        {"group_by": []},
        ("INVALID_QUERY", "groupBy", "A query for groups names fields in `groupBy`, or `aggregations`.", None),
    ),
    (
        {"having": {"n": 1}},
        ("INVALID_QUERY", "groupBy", "A query for groups names fields in `groupBy`, or `aggregations`.", None),
    ),
    (
        {"group_by": [{"feild": "status"}]},
        ("INVALID_QUERY", "groupBy.0.feild", "There is no key `feild`.", "Did you mean `field`?"),
    ),
    ({"group_by": [{"alias": "a"}]}, ("INVALID_QUERY", "groupBy.0", "`field` is missing.", None)),
    ({"group_by": ["tags"]}, ("INVALID_QUERY", "groupBy.0", "`tags` holds a list, and cannot be grouped by.", None)),
    (
        {"group_by": ["status", "status"]},
        ("INVALID_QUERY", "groupBy.1", "`status` is the name of two things.", "Give one of them another `alias`."),
    ),
    (
        {"group_by": ["status"], "aggregations": [COUNT | {"alias": "status"}]},
        ("INVALID_QUERY", "aggregations.0", "`status` is the name of two things.", "Give one of them another `alias`."),
    ),
    (
        {"group_by": [{"field": "due", "dateGranularity": "weak"}]},
        ("INVALID_QUERY", "groupBy.0.dateGranularity", "`weak` is no granularity.", "Did you mean `week`?"),
    ),
    (
        {"group_by": [{"field": "due", "dateGranularity": None}]},
        (
            "INVALID_QUERY",
            "groupBy.0.dateGranularity",
            "`None` is no granularity.",
            "There are `day`, `week`, `month`, `quarter`, `year`.",
        ),
    ),
    (
        {"group_by": [{"field": "status", "dateGranularity": "day"}]},
        ("INVALID_QUERY", "groupBy.0.field", "`status` holds a text, and no days.", None),
    ),
    (
        {"aggregations": [{"function": "summe", "alias": "n"}]},
        ("INVALID_QUERY", "aggregations.0.function", "No function `summe`.", "Did you mean `sum`?"),
    ),
    (
        {"aggregations": [{"function": ["sum"], "alias": "n"}]},
        (
            "INVALID_QUERY",
            "aggregations.0.function",
            "No function `list`.",
            "There are `count`, `count_distinct`, `sum`, `avg`, `min`, `max`, `array_agg`, `string_agg`.",
        ),
    ),
    ({"aggregations": [{"function": "count"}]}, ("INVALID_QUERY", "aggregations.0", "`alias` is missing.", None)),
    (
        {"aggregations": [{"function": "sum", "alias": "n"}]},
        ("INVALID_QUERY", "aggregations.0", "`sum` needs a `field`.", None),
    ),
    (
        {"aggregations": [{"function": "sum", "field": "status", "alias": "n"}]},
        (
            "INVALID_QUERY",
            "aggregations.0.field",
            "`sum` does not fit `status`, which holds a text.",
            "It takes fields that hold a number.",
        ),
    ),
    (
        {"aggregations": [{"function": "avg", "field": "created_at", "alias": "n"}]},
        (
            "INVALID_QUERY",
            "aggregations.0.field",
            "`avg` does not fit `created_at`, which holds an instant.",
            "It takes fields that hold a number.",
        ),
    ),
    (
        {"aggregations": [{"function": "max", "field": "urgent", "alias": "n"}]},
        (
            "INVALID_QUERY",
            "aggregations.0.field",
            "`max` does not fit `urgent`, which holds true or false.",
            "It takes fields that hold a day, an instant, a number, a text or a time of day.",
        ),
    ),
    (
        {"aggregations": [{"function": "sum", "field": "amout", "alias": "n"}]},
        ("INVALID_FIELD", "aggregations.0.field", "No field `amout` on `ticket`.", "Did you mean `amount`?"),
    ),
    *(
        (
            {"aggregations": [{"function": "count", "alias": alias}]},
            (
                "INVALID_QUERY",
                "aggregations.0.alias",
                "An alias is a name of letters, digits and underscores, 64 characters at most.",
                None,
            ),
        )
        for alias in ("", "a b", "a.b", "$n", "1st", "é", "x" * 65, 7, None, ["n"])
    ),
    (
        {"aggregations": [COUNT | {"filter": {"statuss": 1}}]},
        ("INVALID_FIELD", "aggregations.0.filter.statuss", "No field `statuss` on `ticket`.", "Did you mean `status`?"),
    ),
    (
        {"aggregations": [COUNT | {"filters": {}}]},
        ("INVALID_QUERY", "aggregations.0.filters", "There is no key `filters`.", "Did you mean `filter`?"),
    ),
    ({"aggregations": {"n": "count"}}, ("INVALID_QUERY", "aggregations", "`aggregations` is a list.", None)),
    (
        {"aggregations": [COUNT, SUM], "having": {"status": "open"}},
        ("INVALID_FIELD", "having.status", "No field `status` on `groups`.", None),
    ),
    (
        {"aggregations": [COUNT, SUM], "having": {"totals": 1}},
        ("INVALID_FIELD", "having.totals", "No field `totals` on `groups`.", "Did you mean `total`?"),
    ),
    (
        {"group_by": ["customer"], "having": {"customer.region": "x"}},
        (
            "INVALID_FIELD",
            "having.customer.region",
            "No field `customer.region` on `groups`.",
            None,
        ),
    ),
    (
        {"aggregations": [COUNT], "having": {"n": "many"}},
        ("INVALID_FILTER", "having.n", "`n` is compared with a number.", None),
    ),
    (
        {"aggregations": [COUNT], "order_by": "amount"},
        ("INVALID_SORT", "orderBy", "No field `amount` on `groups`.", None),
    ),
    (
        {"aggregations": [COUNT], "order_by": "n,-n"},
        ("INVALID_SORT", "orderBy", "`n` is named twice.", None),
    ),
    (
        {"aggregations": [{"function": "array_agg", "field": "amount", "alias": "all"}], "order_by": "all"},
        ("INVALID_SORT", "orderBy", "`all` holds nothing that can be sorted.", None),
    ),
    (
        {"aggregations": [COUNT], "cursor": "x"},
        ("INVALID_QUERY", "cursor", "Groups have no cursor.", "Page them by `offset`."),
    ),
    (
        {"aggregations": [COUNT], "offset": 1_000_001},
        (
            "INVALID_QUERY",
            "offset",
            "`offset` is at most 1000000.",
            "Order the groups the other way, or ask for fewer of them by `where` or `having`.",
        ),
    ),
    (
        {"aggregations": [COUNT], "expand": ["customer"]},
        ("INVALID_QUERY", "expand", "Groups have nothing to expand.", "Group by a path such as `customer.name`."),
    ),
    (
        {"aggregations": [COUNT], "fields": ["status"]},
        (
            "INVALID_QUERY",
            "fields",
            "Groups answer what `groupBy` and `aggregations` name.",
            "Leave `fields` out.",
        ),
    ),
    (
        {"distinct": "yes", "fields": ["status"]},
        ("INVALID_QUERY", "distinct", "`distinct` is `true` or `false`.", None),
    ),
    ({"distinct": None}, ("INVALID_QUERY", "distinct", "`distinct` is `true` or `false`.", None)),
    (
        {"distinct": True},
        ("INVALID_QUERY", "fields", "`distinct` needs `fields`, whose different values are answered.", None),
    ),
    (
        {"distinct": True, "fields": ["status"], "group_by": ["status"]},
        ("INVALID_QUERY", "distinct", "`distinct` stands for a `groupBy` of its `fields`.", "Send one of the two."),
    ),
    (
        {"distinct": True, "fields": ["tags"]},
        ("INVALID_QUERY", "fields.0", "`tags` holds a list, and cannot be grouped by.", None),
    ),
    (
        {"group_by": [{"field": "created_at", "dateGranularity": "day"}], "timezone": "Europe/Pari"},
        ("INVALID_QUERY", "timezone", "No time zone `Europe/Pari`.", "Did you mean `Europe/Paris`?"),
    ),
    (
        {"group_by": [{"field": "created_at", "dateGranularity": "day"}], "timezone": "../../etc/passwd"},
        ("INVALID_QUERY", "timezone", "No time zone `../../etc/passwd`.", "It is a name such as `Europe/Paris`."),
    ),
    (
        {"group_by": [{"field": "due", "dateGranularity": "day"}], "timezone": "UTC"},
        (
            "INVALID_QUERY",
            "timezone",
            "`timezone` tells when days begin, and nothing is grouped by days of instants.",
            None,
        ),
    ),
)


@pytest.mark.parametrize(("document", "expected"), REFUSALS)
def test_what_cannot_be_applied_is_refused(
    document: dict[str, Any], expected: tuple[str, str, str, str | None]
) -> None:
    assert refusal(**document) == expected


def test_bare_fields_narrow_what_is_grouped() -> None:
    query = parsed(aggregations=[COUNT], equals={"status": "open"}, where={"priority": 3})
    assert query.aggregation.where == And((Term("priority", "eq", Slot(0)), Term("status", "eq", Slot(1))))
    assert query.values == (3, "open")


def test_there_is_a_most_of_everything() -> None:
    names = ("id", "status", "priority", "amount", "weight", "created_at", "due", "starts")
    assert len(parsed(group_by=list(names)).aggregation.groups) == 8
    assert refusal(group_by=[*names, "urgent"]) == (
        "INVALID_QUERY",
        "groupBy",
        "At most 8 names can be grouped by.",
        None,
    )
    measures = [COUNT | {"alias": f"n{number}"} for number in range(21)]
    assert len(parsed(aggregations=measures[:20]).aggregation.measures) == 20
    assert refusal(aggregations=measures)[1:3] == ("aggregations", "`aggregations` holds at most 20.")
    half = {"$and": [{"priority": number} for number in range(100)]}
    assert parsed(where=half, aggregations=[COUNT | {"filter": half}]).aggregation.where != EVERYTHING
    refused = refusal(where=half, aggregations=[COUNT | {"filter": {"$and": [half, {"priority": 0}]}}])
    assert refused[2] == "A where holds at most 200 comparisons."


def test_a_list_takes_no_keys_of_groups_and_a_body_no_joins() -> None:
    for name in ("groupBy", "aggregations", "having", "distinct"):
        with pytest.raises(Invalid) as refused:
            read_parameters([(name, "x")])
        assert refused.value.message == f"`{name}` is no parameter of a list."
        assert refused.value.details["hint"] == "Send it in the body of a POST to `.../query`."
    with pytest.raises(Invalid) as refused:
        read_body({"joins": []}, "ticket")
    assert (refused.value.message, refused.value.details["path"]) == ("A query has no key `joins`.", "joins")
    body = {"groupBy": ["status"], "aggregations": [COUNT], "having": {}, "timezone": "UTC", "distinct": False}
    document = read_body(body, "ticket")
    assert document.asks_for_groups
    assert not read_body({"distinct": False}, "ticket").asks_for_groups
