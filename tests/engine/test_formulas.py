"""Formulas: computed wherever a record is shown, asked for in conditions, orders and groups, hidden by their own rule alone, never set."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Across, Aggregate, Clone, Get, Read, ReadHistory, Restore
from fieldstone.errors import Invalid
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office, codes, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAMP = {"title": "lamp", "cost": Decimal("6.10"), "price": Decimal("10.05"), "quantity": 3, "until": "2026-03-05"}
FORMULAS = ("total", "margin", "gain", "name", "late", "reminder", "first_part", "internal_cost")
COMPUTED = {
    "total": Decimal("30.15"),
    "margin": Decimal("11.85"),
    "gain": Decimal("39.3"),
    "name": "lamp (3)",
    "late": True,
    "reminder": "2026-03-04T00:00:00.000Z",
    "first_part": "bulb",
    "internal_cost": Decimal("12.2"),
}
AT = "2026-03-05T23:30:00.000Z"


@pytest.fixture
def seller(office: Office) -> Caller:
    office.door.clock = lambda: AT
    return office.caller("ann", "quote_seller")


@pytest.fixture
def chief(office: Office) -> Caller:
    office.door.clock = lambda: AT
    return office.caller("bob", "everything")


def in_berlin(caller: Caller) -> Caller:
    return msgspec.structs.replace(caller, values={**caller.values, "timezone": "Europe/Berlin"})


def computed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the formulas of a record."""
    return {name: record[name] for name in FORMULAS if name in record}


async def lamp(office: Office, chief: Caller, **values: Any) -> str:
    return await office.make("quote", chief, **{**LAMP, "parts": ["bulb", "foot"], **values})


async def test_every_answer_that_shows_a_record_shows_what_its_formulas_come_to(office: Office, chief: Caller) -> None:
    berlin = in_berlin(chief)
    made = await office.create(berlin, "quote", {**LAMP, "parts": ["bulb"]})
    [record_id] = made.ids
    assert computed(record_of(made)) == COMPUTED
    assert computed(await office.get(berlin, "quote", record_id)) == COMPUTED
    where = {"id": record_id}
    [listed] = (await office.page(berlin, "quote", where=where)).records()
    assert computed(listed) == COMPUTED
    [chosen] = (await office.page(berlin, "quote", where=where, fields=["gain", "title"])).records()
    assert chosen == {"gain": COMPUTED["gain"], "title": "lamp"}
    changed = record_of(await office.update(berlin, "quote", record_id, quantity=2))
    assert (changed["total"], changed["name"], changed["gain"]) == (Decimal("20.1"), "lamp (2)", COMPUTED["gain"])
    clone = record_of(await office.door.execute(Clone("quote", record_id, {"quantity": 4}), berlin))
    assert (clone["total"], clone["name"]) == (Decimal("40.2"), "lamp (4)")
    child = await office.make("quote", berlin, title="shade", before=record_id)
    expanded = await office.get(berlin, "quote", child, expand={"before": {"fields": ["margin", "late"]}})
    assert expanded["before"] == {"margin": Decimal("7.9"), "late": True}
    rows = await office.batch(berlin, "quote", "create", [{"data": {**LAMP, "quantity": 1}}], return_records=True)
    [row] = rows.rows
    assert dict(zip(row.columns, row.record or (), strict=True))["total"] == Decimal("10.05")
    step = {"object": "quote", "action": "update", "id": child, "data": {"price": 2, "quantity": 2}}
    await office.door.execute(Across((step,)), berlin)
    assert (await office.get(berlin, "quote", child))["total"] == 4


async def test_the_past_is_computed_from_what_it_was(office: Office, chief: Caller) -> None:
    record_id = await lamp(office, chief)
    office.door.clock = lambda: "2026-03-08T00:00:00.000Z"
    await office.update(chief, "quote", record_id, quantity=5)
    before = Get("quote", record_id, fields=["total", "late"], as_of="2026-03-07T00:00:00.000Z")
    assert (await office.door.execute(before, chief)).row == (Decimal("30.15"), True)
    document = QueryDocument(where={"id": record_id, "total": {"$lt": 31}}, fields=["name"], order_by="gain")
    page = await office.door.execute(Read("quote", document, as_of="2026-03-07T00:00:00.000Z"), chief)
    assert (page.rows, page.total) == ([("lamp (3)",)], 1)
    newest, _ = (await office.door.execute(ReadHistory("quote", record_id), chief)).versions
    changes = {change.field: (change.before, change.after) for change in newest.changes}
    assert changes["total"] == (Decimal("30.15"), Decimal("50.25"))
    assert changes.keys() == {"quantity", "total", "margin", "name"}
    restored = record_of(await office.door.execute(Restore("quote", record_id, version=1), chief))
    assert (restored["quantity"], restored["total"], restored["version"]) == (3, Decimal("30.15"), 3)


async def test_days_begin_in_the_time_zone_of_the_organisation(office: Office, chief: Caller) -> None:
    record_id = await lamp(office, chief)
    query = {"where": {"id": record_id, "late": True}, "fields": ["late"]}
    assert (await office.page(chief, "quote", **query)).rows == []
    assert (await office.get(chief, "quote", record_id))["late"] is False
    assert (await office.page(in_berlin(chief), "quote", **query)).rows == [(True,)]


async def test_formulas_are_asked_for_in_conditions_orders_and_groups(office: Office, chief: Caller) -> None:
    for quantity, price in ((1, "5.00"), (2, "2.50"), (3, "9.99"), (None, "1.00")):
        await lamp(office, chief, quantity=quantity, price=Decimal(price), title=f"q{quantity}")
    assert await office.titles(chief, "quote", where={"total": 5}) == ["q1", "q2"]
    assert await office.titles(chief, "quote", where={"total": {"$null": True}}) == ["qNone"]
    assert await office.titles(chief, "quote", where={"total": {"$gt": {"$field": "price"}}}) == ["q2", "q3"]
    assert await office.titles(chief, "quote", where={"price": {"$lt": {"$field": "total"}}}) == ["q2", "q3"]
    assert await office.titles(chief, "quote", where={"reminder": {"$lte": "2026-03-04"}}) == [
        "q1",
        "q2",
        "q3",
        "qNone",
    ]
    page = await office.page(chief, "quote", order_by="-total,title", fields=["title"], limit=2)
    assert page.rows == [("qNone",), ("q3",)]
    rest = await office.page(chief, "quote", order_by="-total,title", fields=["title"], limit=2, cursor=page.cursor)
    assert (rest.rows, rest.cursor) == ([("q1",), ("q2",)], None)
    groups = QueryDocument(
        group_by=["total"],
        aggregations=[
            {"function": "count", "alias": "n"},
            {"function": "sum", "field": "margin", "alias": "won", "filter": {"total": {"$gte": 5}}},
        ],
        order_by="total",
    )
    found = await office.door.execute(Aggregate("quote", groups), chief)
    assert found.rows == [
        (Decimal("5"), 2, Decimal("-8.3")),
        (Decimal("29.97"), 1, Decimal("11.67")),
        (None, 1, 0),
    ]
    by_path = {"where": {"before.total": 5}, "order_by": "before.total"}
    first = (await office.page(chief, "quote", where={"title": "q1"})).records()[0]["id"]
    await office.make("quote", chief, title="after", before=first)
    assert await office.titles(chief, "quote", where=by_path["where"]) == ["after"]
    assert (await office.page(chief, "quote", **by_path, fields=["title"])).rows == [("after",)]


async def test_policies_may_ask_for_formulas(office: Office, chief: Caller) -> None:
    await lamp(office, chief, title="late", until="2020-01-01")
    await lamp(office, chief, title="dear", until=None, price=Decimal(999))
    await lamp(office, chief, title="neither", until="2027-01-01")
    watcher = office.caller("bob", "quote_late")
    assert await office.titles(watcher, "quote") == ["dear", "late"]


@pytest.mark.parametrize(
    "query",
    [
        {"where": {"name": "lamp (3)"}},
        {"where": {"title": {"$eq": {"$field": "name"}}}},
        {"where": {"before.name": {"$null": True}}},
        {"equals": {"name": "lamp"}},
        {"order_by": "-name"},
        {"group_by": ["name"]},
        {"aggregations": [{"function": "max", "field": "name", "alias": "last"}]},
        {"fields": ["name"], "distinct": True},
        {"expand": {"quote": {"orderBy": "name"}}},
    ],
    ids=str,
)
async def test_what_the_database_cannot_compute_is_refused_in_one_text(
    office: Office, seller: Caller, query: dict[str, Any]
) -> None:
    document = QueryDocument(**query)
    operation = Aggregate("quote", document) if document.asks_for_groups else Read("quote", document)
    with pytest.raises(Invalid) as refused:
        await office.door.execute(operation, seller)
    reason = "`name` is computed after records are read: `string` of (int) cannot be computed in the database."
    assert (refused.value.message, refused.value.details["hint"]) == (reason, "Ask by fields that it is computed from.")


async def test_a_formula_sees_what_its_reader_does_not_and_is_hidden_by_its_own_rule(
    office: Office, chief: Caller, seller: Caller
) -> None:
    mine = await office.make("quote", seller, **{name: value for name, value in LAMP.items() if name != "cost"})
    await office.update(SYSTEM, "quote", mine, cost=Decimal("6.10"))
    record = await office.get(seller, "quote", mine)
    assert record.keys().isdisjoint({"cost", "internal_cost"})
    assert (record["margin"], record["gain"]) == (COMPUTED["margin"], COMPUTED["gain"])
    assert await office.titles(seller, "quote", where={"margin": {"$gt": 11}}) == ["lamp"]
    for name in ("cost", "internal_cost", "nothing"):
        for query in ({"where": {name: 1}}, {"order_by": name}, {"fields": [name]}):
            with pytest.raises(Invalid) as refused:
                await office.page(seller, "quote", **query)
            assert refused.value.message == f"No field `{name}` on `quote`."


async def test_a_body_that_sets_a_formula_is_refused(office: Office, chief: Caller, seller: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await office.create(seller, "quote", {"title": "lamp", "total": 3, "internal_cost": 1})
    assert codes(refused.value) == {"total": "invalid_value", "internal_cost": "unknown_field"}
    record_id = await lamp(office, chief)
    for caller in (chief, SYSTEM):
        with pytest.raises(Invalid) as refused:
            await office.update(caller, "quote", record_id, late=True)
        assert codes(refused.value) == {"late": "invalid_value"}


async def test_rules_look_at_what_formulas_come_to_on_the_record_as_it_will_be(office: Office, chief: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await office.create(chief, "quote", {**LAMP, "cost": 99})
    assert codes(refused.value) == {"_record": "rule_violation"}
    record_id = await lamp(office, chief)
    with pytest.raises(Invalid):
        await office.update(office.caller("ann", "everything"), "quote", record_id, quantity=-60)
    changed = await office.update(chief, "quote", record_id, until="2026-03-01")
    assert [note.message for note in changed.remarks_at(0)] == ["It is late now."]
    with pytest.raises(Invalid) as refused:
        await office.update(chief, "quote", record_id, quantity="many", cost=99)
    assert codes(refused.value) == {"quantity": "invalid_type"}
