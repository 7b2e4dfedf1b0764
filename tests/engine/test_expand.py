"""Records within records, over the door: what is answered, to whom, and by how many statements.

The oracle of most tests is the plain read: an expanded list holds what a list under the same conditions would, record by record.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest import mock

import msgspec
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.errors import Invalid
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore
from tests.engine.office import Office
from tests.worlds import load_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEVELS = (3, None, 1, 2, None, 1, 0, 3, 2, 1)


class Shop:
    """An office with a shop in it: two regions, three customers, and purchases of ann and bob, each with lines."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.ids: dict[str, str] = {}

    async def make(self, object_name: str, key: str, owner: str | None = None, **values: Any) -> str:
        """Makes a record called by a key, and returns its id; values that are keys stand for their ids."""
        known = {name: self.ids.get(value, value) if type(value) is str else value for name, value in values.items()}
        values = {"title": key, **known}
        if owner is not None:
            values["owner_id"] = self.office.ids[owner]
        self.ids[key] = await self.office.make(object_name, None, **values)
        return self.ids[key]

    async def filled(self) -> "Shop":
        """Makes everything."""
        for key, above in (("world", None), ("north", "world"), ("dark", "world")):
            await self.make("region", key, above=above)
        for key, region in (("ada", "north"), ("bea", "dark"), ("cem", None)):
            await self.make("customer", key, region=region, credit=Decimal("10.50"))
        for key in ("nut", "bolt"):
            await self.make("product", key)
        for place, level in enumerate(LEVELS):
            customer = ("ada", "ada", "bea")[place % 3]
            agent = self.office.ids[("ann", "bob", "eve")[place % 3]]
            await self.make(
                "purchase",
                f"p{place}",
                owner=("ann", "bob")[place % 2],
                customer=customer,
                level=level,
                amount=Decimal(place) + Decimal("0.25"),
                day=f"2026-03-0{place % 9 + 1}",
                opened_at=f"2026-03-05T10:00:0{place}.000Z",
                urgent=place % 2 == 0,
                extra={"n": place},
                agent=agent,
            )
        for place in range(6):
            await self.make("line", f"l{place}", purchase=f"p{place % 3}", product=("nut", "bolt")[place % 2])
        await self.make("transfer", "gift", giver="ada", taker="bea")
        for object_name in ("complaint", "audit", "stamp"):
            await self.make(object_name, f"a {object_name}", customer="ada")
        return self

    def caller(self, name: str, *sets: str) -> Caller:
        """Returns one of the people with sets."""
        return self.office.caller(name, *sets)

    async def records(self, caller: Caller, object_name: str, **query: Any) -> list[dict[str, Any]]:
        """Returns a page of records by name, in the order of their titles unless said."""
        return (await self.office.page(caller, object_name, **{"order_by": "title", **query})).records()

    async def record(self, caller: Caller, object_name: str, key: str, **query: Any) -> dict[str, Any]:
        """Returns one record by name."""
        return await self.office.get(caller, object_name, self.ids[key], **query)

    @contextmanager
    def counted(self) -> Iterator[list[Any]]:
        """Counts the statements that are run within the block."""
        run: list[Any] = []
        fetch = self.office.store.fetch

        async def counting(statement: Any, binds: Any) -> Any:
            run.append(statement)
            return await fetch(statement, binds)

        with mock.patch.object(self.office.store, "fetch", counting):
            yield run


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop_store(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SqlStore]:
    catalog = load_world("shop", tmp_path_factory.mktemp("shop"))
    opened = await open_store(catalog, store_url, synchronous="normal", limits=Limits())
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(shop_store: SqlStore) -> Shop:
    return await Shop(await Office.founded(shop_store)).filled()


def titles(records: list[dict[str, Any]]) -> list[str]:
    return [record["title"] for record in records]


async def test_references_are_followed_three_levels_deep_by_one_statement_each(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    expand = ["purchase.customer.region", "product"]
    with shop.counted() as statements:
        lines = await shop.records(manager, "line", expand=expand, count=False)
    assert len(statements) == 5
    region = lines[0]["purchase"]["customer"]["region"]
    assert (region["title"], region["above"]) == ("north", shop.ids["world"])
    assert [line["product"]["title"] for line in lines] == ["nut", "bolt"] * 3
    assert await shop.record(manager, "line", "l0", expand=expand) == lines[0]


async def test_lists_take_one_statement_each_however_many_records_they_hang_on(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    expand = {
        "purchase": {"expand": {"line": {"expand": ["product"]}, "agent": {}}},
        "region": {"expand": {"region": {"fields": ["title"]}}},
        "transfer.giver": {},
    }
    with shop.counted() as statements:
        page = await shop.office.page(manager, "customer", order_by="title", expand=expand, count=False)
    assert len(statements) == 8
    ada, bea, cem = page.records()
    assert page.columns[-2:] == ("purchase", "transfer.giver")
    assert [line["product"]["title"] for line in ada["purchase"][0]["line"]] == ["nut", "bolt"]
    assert (titles(ada["transfer.giver"]), bea["transfer.giver"], cem["purchase"]) == (["gift"], [], [])
    assert (ada["region"]["region"], cem["region"]) == ([], None)
    with shop.counted() as statements:
        assert await shop.record(manager, "customer", "ada", expand=expand) == ada
    assert len(statements) == 8


async def test_nothing_is_asked_where_nothing_is_to_be_found(shop: Shop) -> None:
    with shop.counted() as statements:
        found = await shop.record(
            shop.caller("ann", "manager"), "customer", "cem", expand=["region.above", "purchase.line"]
        )
    assert (len(statements), found["region"], found["purchase"]) == (2, None, [])


async def test_each_list_has_its_own_limit_and_order_with_absent_values_in_one_place(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    for order, first in (("level,title", ["p6", "p9", "p3"]), ("-level,title", ["p1", "p4", "p0"])):
        expand = {"purchase": {"fields": ["title", "level"], "orderBy": order, "limit": 3}}
        ada, bea, _ = await shop.records(manager, "customer", expand=expand)
        assert titles(ada["purchase"]) == first
        alone = await shop.records(manager, "purchase", where={"customer": shop.ids["bea"]}, order_by=order)
        assert titles(bea["purchase"]) == titles(alone)
        assert bea["purchase"][0].keys() == {"title", "level"}


async def test_an_order_along_a_path_sorts_a_list(shop: Shop) -> None:
    expand = {"line": {"orderBy": "-product.title,title"}}
    purchase = await shop.record(shop.caller("ann", "manager"), "purchase", "p0", expand=expand)
    assert titles(purchase["line"]) == ["l0", "l3"]


async def test_values_within_a_list_are_the_same_as_elsewhere(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    (customer,) = await shop.records(manager, "customer", where={"title": "bea"}, expand=["purchase"])
    alone = await shop.records(manager, "purchase", where={"customer": shop.ids["bea"]}, order_by="id")
    assert customer["purchase"] == alone
    assert alone[0]["amount"] == Decimal("2.25")


async def test_lists_hold_fifty_records_unless_said_and_no_more_than_a_page(shop: Shop) -> None:
    maker = system_in(shop.office.here)
    dee = await shop.office.make("customer", None, title="dee")
    rows = ({"title": f"d{place:03}", "customer": dee, "owner_id": shop.office.ids["eve"]} for place in range(70))
    await shop.office.create(maker, "purchase", *rows)
    for asked, most in (({}, 50), ({"limit": 7}, 7), ({"limit": 1000}, 60)):
        found = await shop.office.get(SYSTEM, "customer", dee, expand={"purchase": asked})
        assert len(found["purchase"]) == most
    await shop.office.delete(maker, "customer", dee)


async def test_a_filtered_out_absent_or_invisible_target_leaves_the_id(shop: Shop) -> None:
    manager, clerk = shop.caller("ann", "manager"), shop.caller("ann", "clerk")
    ids = [shop.ids["north"], shop.ids["dark"], None]
    some = await shop.records(manager, "customer", expand={"region": {"where": {"title": "north"}}})
    assert [some[0]["region"]["title"], some[1]["region"], some[2]["region"]] == ["north", *ids[1:]]
    seen = await shop.records(clerk, "customer", expand={"region": {"fields": ["title"], "expand": ["above"]}})
    assert seen[0]["region"]["above"]["title"] == "world"
    assert [seen[1]["region"], seen[2]["region"]] == ids[1:]
    foreign = await shop.record(manager, "purchase", "p2", expand=["agent"])
    assert foreign["agent"] == shop.office.ids["eve"]


async def test_records_that_are_there_stand_in_the_place_of_several_ids(shop: Shop) -> None:
    manager, clerk = shop.caller("ann", "manager"), shop.caller("ann", "clerk")
    markets = [shop.ids[name] for name in ("dark", "north")]
    made = await shop.make("purchase", "wide", owner="ann", markets=markets)
    with shop.counted() as statements:
        seen = await shop.record(
            manager, "purchase", "wide", expand={"markets": {"fields": ["title"], "expand": ["above"]}}
        )
    assert len(statements) == 3
    assert [(each["title"], each["above"]["title"]) for each in seen["markets"]] == [
        ("dark", "world"),
        ("north", "world"),
    ]
    [north] = (await shop.record(clerk, "purchase", "wide", expand=["markets"]))["markets"]
    assert north["title"] == "north"
    first, wide = await shop.records(manager, "purchase", where={"title": {"$in": ["p0", "wide"]}}, expand=["markets"])
    assert (first["markets"], titles(wide["markets"])) == (None, ["dark", "north"])
    asked: Any
    for asked in ({"markets": {"limit": 1}}, {"markets": {"expand": {"purchase.markets": {}}}}):
        with pytest.raises(Invalid):
            await shop.record(manager, "purchase", "wide", expand=asked)
    await shop.office.delete(SYSTEM, "purchase", made)


async def test_every_level_is_under_the_policy_and_masks_of_its_object(shop: Shop) -> None:
    ann, bob = shop.caller("ann", "clerk"), shop.caller("bob", "clerk")
    expand: Any = {"purchase": {"expand": ["customer", "line.product"]}}
    (ada,) = await shop.records(ann, "customer", where={"title": "ada"}, expand=expand)
    assert titles(ada["purchase"]) == ["p0", "p4", "p6"]
    assert not {"extra", "credit"} & (ada["purchase"][0].keys() | ada["purchase"][0]["customer"].keys() | ada.keys())
    assert ada["purchase"][0]["line"][0]["product"] == shop.ids["nut"]
    (other,) = await shop.records(bob, "customer", where={"title": "ada"}, expand=expand)
    assert titles(other["purchase"]) == ["p1", "p3", "p7", "p9"]
    (line,) = await shop.records(bob, "line", where={"title": "l1"}, expand=["purchase.customer.purchase"])
    assert titles(line["purchase"]["customer"]["purchase"]) == titles(other["purchase"])


async def test_another_organization_stays_behind_its_wall(shop: Shop) -> None:
    eve = shop.caller("eve", "manager")
    theirs = await shop.office.make(
        "customer", system_in(shop.office.elsewhere), title="theirs", region=shop.ids["north"]
    )
    await shop.office.make("complaint", system_in(shop.office.here), title="ours", customer=theirs)
    expand: Any = {"region": {}, "complaint.customer": {}, "purchase": {}}
    found = await shop.office.get(eve, "customer", theirs, expand=expand)
    assert (found["region"], found["complaint.customer"], found["purchase"]) == (shop.ids["north"], [], [])


HIDDEN = (
    ('["{}"]', "product"),
    ('["{}"]', "audit"),
    ('{"{}": {}}', "stamp"),
    ('{"transfer.{}": {}}', "taker"),
    ('{"purchase": {"fields": ["{}"]}}', "extra"),
    ('{"purchase": {"where": {"{}": null}}}', "extra"),
    ('{"purchase": {"where": {"customer.{}": 1}}}', "credit"),
    ('{"purchase": {"orderBy": "customer.{}"}}', "credit"),
    ('{"purchase": {"expand": ["{}"]}}', "audit"),
    ('{"purchase": {"expand": {"line": {"where": {"product.{}": "a"}}}}}', "title"),
    ('{"purchase": {"expand": {"line": {"expand": {"product": {"fields": ["{}"]}}}}}}', "title"),
)
"""Expansions with a name left open, and a name that is hidden there from a clerk, or means nothing to anybody."""


@pytest.mark.parametrize(("expand", "name"), HIDDEN)
async def test_what_is_hidden_is_refused_as_what_does_not_exist(shop: Shop, expand: str, name: str) -> None:
    refusals = []
    for sent in (name, f"{name}q"):
        asked = msgspec.json.decode(expand.replace("{}", sent, 1))
        with pytest.raises(Invalid) as refused:
            await shop.records(shop.caller("ann", "clerk"), "customer", expand=asked)
        refusals.append((refused.value.message.replace(sent, ""), str(refused.value.details).replace(sent, "")))
    assert refusals[0] == refusals[1]


async def test_a_hidden_field_does_not_make_a_list_ambiguous(shop: Shop) -> None:
    (ada,) = await shop.records(shop.caller("ann", "clerk"), "customer", where={"title": "ada"}, expand=["transfer"])
    assert titles(ada["transfer"]) == ["gift"]
    with pytest.raises(Invalid) as refused:
        await shop.records(shop.caller("ann", "manager"), "customer", expand=["transfer"])
    assert refused.value.message == "`transfer` refers to `customer` by `giver` and `taker`."


async def test_a_field_of_the_same_name_goes_before_a_list(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    with pytest.raises(Invalid, match="does not refer"):
        await shop.records(manager, "customer", expand=["complaint"])
    ada = await shop.record(manager, "customer", "ada", expand={"complaint.customer": {}})
    assert (titles(ada["complaint.customer"]), ada["complaint"]) == (["a complaint"], None)


async def test_the_reference_is_among_the_fields_and_what_carries_a_list_is_not(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    expand = {"region": {"fields": ["title"]}, "purchase": {"fields": ["title"], "expand": ["line"]}}
    ada = await shop.record(manager, "customer", "ada", fields=["credit"], expand=expand)
    assert ada.keys() == {"credit", "region", "purchase"}
    assert ada["region"] == {"title": "north"}
    assert ada["purchase"][0].keys() == {"title", "line"}


async def test_pages_carry_their_lists(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    query = {"order_by": "-title", "fields": ["title"], "expand": {"purchase": {"fields": ["title"], "limit": 2}}}
    whole = await shop.records(manager, "customer", **query)
    page = await shop.office.page(manager, "customer", limit=2, **query)
    following = await shop.office.page(manager, "customer", limit=2, cursor=page.cursor, **query)
    assert page.records() + following.records() == whole


async def test_the_lists_of_an_answer_are_bounded_together(shop: Shop) -> None:
    bounded = Shop(shop.office.rebuilt(limits=Limits(expand_rows=16)))
    bounded.ids = shop.ids
    manager = shop.caller("ann", "manager")
    assert len(await bounded.records(manager, "customer", expand=["purchase.line"])) == 3
    with pytest.raises(Invalid) as refused:
        await bounded.records(manager, "customer", expand={"purchase": {}, "purchase.customer": {}})
    assert refused.value.message == "The lists of an answer hold at most 16 records together."


async def test_statements_are_made_once_for_each_shape(shop: Shop) -> None:
    manager = shop.caller("ann", "manager")
    for turn, (title, limit) in enumerate((("p0", 1), ("p1", 2), ("p2", 3))):
        expand = {"purchase": {"where": {"title": {"$gte": title}}, "limit": limit}}
        with mock.patch.object(shop.office.store, "prepare", wraps=shop.office.store.prepare) as prepare:
            await shop.records(manager, "customer", expand=expand, count=False)
        assert turn == 0 or not prepare.called


WHERES: list[Any] = [
    {},
    {"level": {"$gte": 1}},
    {"level": {"$ne": 1}},
    {"$not": {"urgent": True}},
    {"amount": {"$lt": Decimal("4.5")}},
    {"customer.region.title": "north"},
    {"agent.name": {"$nin": ["ann"]}},
]
ORDERS = ["id", "level", "-level,amount", "day,-title", "customer.region.title,-amount"]
PEOPLE = [("ann", "manager"), ("ann", "clerk"), ("bob", "clerk"), ("eve", "manager")]


@settings(max_examples=30)
@given(
    person=st.sampled_from(PEOPLE),
    where=st.sampled_from(WHERES),
    order=st.sampled_from(ORDERS),
    limit=st.integers(1, 6),
)
async def test_a_list_holds_what_a_read_of_its_own_would(
    shop: Shop, person: tuple[str, str], where: Any, order: str, limit: int
) -> None:
    caller = shop.caller(*person)
    expand = {"purchase": {"where": where, "orderBy": order, "limit": limit}}
    for customer in await shop.records(caller, "customer", expand=expand):
        alone = await shop.records(
            caller, "purchase", where={"$and": [where, {"customer": customer["id"]}]}, order_by=order, limit=limit
        )
        assert customer["purchase"] == alone
