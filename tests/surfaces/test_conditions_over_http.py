"""Conditions and orders over HTTP: paths under the policy of every object, the array form, and what stands for a value."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import pytest_asyncio

from docs.generator.conditions import EXAMPLES
from fieldstone.query.operators import OPERATORS
from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
DRESSED = "/dressed/v1"


class Desk:
    """Four tickets of ann: of a visible customer, of one that is invisible to her, of a visible one with a contact, and mia's own."""

    def __init__(self, tickets: dict[str, str], customers: dict[str, str], contact: str, mark: str) -> None:
        self.tickets, self.customers, self.contact, self.mark = tickets, customers, contact, mark

    async def found(self, person: Person, where: Any, base: str = DATA, **more: str) -> str:
        """Returns the subjects of the tickets that a person finds, in order, one letter each."""
        marked = {"$and": [{"description": {"$startsWith": f"{self.mark}-"}}, where]}
        parameters = {"orderBy": "subject", **more, "where": msgspec.json.encode(marked).decode()}
        answer = await person.get(f"{base}/ticket", params=parameters)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["total"] == len(body["items"])
        return "".join(item["subject"] for item in body["items"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(world: World, mia: Person, ann: Person) -> Desk:
    mark = f"d{id(world)}"
    ann_id = (await ann.get("/api/v1/auth/get-session")).json()["user"]["id"]
    plans = {"plus": ("plus", True, 900), "away": ("plus", False, 100), "basic": ("basic", True, 500)}
    customers = {}
    for name, (tier, active, limit) in plans.items():
        made = await mia.make("customer", name=f"{mark} {name}", tier=tier, active=active, credit_limit=limit)
        customers[name] = made["id"]
    contact = (await mia.make("contact", name="Cem", customer=customers["basic"]))["id"]
    tickets = {}
    for subject, customer, more in (
        ("a", "plus", {}),
        ("b", "away", {}),
        ("c", "basic", {"contact": contact}),
        ("d", "plus", {"internal_rating": 3}),
    ):
        row = {"subject": subject, "description": f"{mark}-{subject}", "customer": customers[customer], **more}
        tickets[subject] = (await mia.make("ticket", **row))["id"]
        if subject != "d":
            changed = await mia.ask("PATCH", f"{DATA}/ticket/{tickets[subject]}", {"owner_id": ann_id})
            assert changed.status_code == 200, changed.text
    return Desk(tickets, customers, contact, mark)


@pytest.mark.parametrize(
    ("where", "for_mia", "for_ann"),
    [
        ({"customer.tier": "plus"}, "abd", "a"),
        ({"customer.tier": {"$ne": "plus"}}, "c", "bc"),
        ({"$not": {"customer.tier": "plus"}}, "c", "bc"),
        ({"$not": {"customer.tier": {"$ne": "plus"}}}, "abd", "a"),
        ({"customer.tier": None}, "", "b"),
        ({"customer.id": {"$exists": True}}, "abcd", "ac"),
        ({"contact.customer.tier": {"$in": ["basic"]}}, "c", "c"),
        ({"contact.customer.tier": {"$nin": ["basic"]}}, "abd", "ab"),
        ({"contact.name": {"$ilike": "c_m"}}, "c", "c"),
        ({"owner_id.name": {"$like": "%"}}, "abcd", "abc"),
        (["customer.tier", "=", "basic"], "c", "c"),
        (["or", ["customer.tier", "=", "basic"], ["subject", "in", ["a", "b"]]], "abc", "abc"),
        ({"owner_id": "{current_user_id}"}, "d", "abc"),
        ({"owner_id": {"$ne": {"$cel": "os.user.id"}}}, "abc", ""),
        ({"opened_at": {"$between": ["{today}", {"$cel": "now()"}]}}, "abcd", "abc"),
        ({"opened_at": {"$lt": "{1_hour_ago}"}}, "", ""),
    ],
)
async def test_a_path_sees_what_the_caller_would_see(
    desk: Desk, mia: Person, ann: Person, where: Any, for_mia: str, for_ann: str
) -> None:
    assert await desk.found(mia, where) == for_mia
    assert await desk.found(ann, where) == for_ann


async def test_an_order_over_a_path_puts_the_invisible_with_the_absent(desk: Desk, mia: Person, ann: Person) -> None:
    assert await desk.found(mia, {}, orderBy="-customer.credit_limit,subject") == "adcb"
    assert await desk.found(mia, {}, orderBy="customer.name,-subject") == "bcda"
    assert await desk.found(ann, {}, orderBy="customer.name,-subject") == "cab"
    assert await desk.found(ann, {}, orderBy="-customer.name,-subject") == "bac"
    assert await desk.found(ann, {}, orderBy="-contact.customer.tier,subject") == "abc"


async def test_hidden_is_told_in_the_words_for_unknown(desk: Desk, mia: Person, ann: Person) -> None:
    assert await desk.found(mia, {"customer.credit_limit": {"$gt": 400}}) == "acd"
    for name in ("customer.credit_limit", "customer.credit_lamp", "contact.customer.credit_limit", "owner_id.email"):
        for query in (
            {"where": msgspec.json.encode({name: {"$gt": 400}}).decode()},
            {"where": msgspec.json.encode({"hours": {"$gt": {"$field": name}}}).decode()},
            {name: "400"},
            {"orderBy": f"-{name}"},
        ):
            error = error_of(await ann.get(f"{DATA}/ticket", params=query), 400, "VALIDATION_ERROR")
            assert error["message"] == f"No field `{name}` on `ticket`."
            assert "hint" not in error["details"]


async def test_a_bare_parameter_may_be_a_path(desk: Desk, mia: Person) -> None:
    query = {"customer.tier": "basic", "description": f"{desk.mark}-c"}
    assert (await mia.get(f"{DATA}/ticket", params=query)).json()["total"] == 1
    query["customer.tier"] = "plus"
    assert (await mia.get(f"{DATA}/ticket", params=query)).json()["total"] == 0


async def test_pages_go_on_over_a_path_and_under_a_moving_clock(desk: Desk, mia: Person) -> None:
    where = {"description": {"$startsWith": f"{desk.mark}-"}, "opened_at": {"$lte": {"$cel": "now()"}}}
    body = {"where": where, "orderBy": "-customer.name,subject", "limit": 1}
    page = (await mia.ask("POST", f"{DATA}/ticket/query", body)).json()
    seen, cursors = page["items"][0]["subject"], [page["nextCursor"]]
    while cursors[-1] is not None:
        answer = await mia.ask("POST", f"{DATA}/ticket/query", body | {"cursor": cursors[-1]})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["total"] == 4
        seen += page["items"][0]["subject"]
        cursors.append(page["nextCursor"])
    assert seen == "adcb"
    others: tuple[dict[str, Any], ...] = (
        {"orderBy": "-customer.name"},
        {"orderBy": "-customer.tier,subject"},
        {"where": {}},
    )
    for other in others:
        error = error_of(
            await mia.ask("POST", f"{DATA}/ticket/query", body | {"cursor": cursors[0]} | other),
            400,
            "VALIDATION_ERROR",
        )
        assert error["details"]["reason"] == "INVALID_CURSOR"


async def test_prefixed_ids_are_read_in_every_form_of_a_condition(desk: Desk, mia: Person) -> None:
    plus = f"client_{desk.customers['plus']}"
    for where in (
        ["customer", "=", plus],
        [["customer", "in", [plus]], ["id", "!=", "tic_x"]],
        {"$or": [["customer", "=", plus]]},
        ["customer.id", "=", plus],
    ):
        assert await desk.found(mia, where, DRESSED) == "ad"
    assert await desk.found(mia, ["contact.customer", "=", f"client_{desk.customers['basic']}"], DRESSED) == "c"
    assert await desk.found(mia, {"owner_id": "{current_user_id}"}, DRESSED) == "d"
    assert await desk.found(mia, {"owner_id": {"$cel": "os.user.id"}}, DRESSED) == "d"
    sent = quote(msgspec.json.encode(["customer", "=", desk.customers["plus"]]))
    error = error_of(await mia.get(f"{DRESSED}/ticket?where={sent}"), 400, "VALIDATION_ERROR")
    assert error["message"] == "The ids of `customer` begin with `client_`."


async def test_the_deepest_and_longest_conditions_over_paths_are_answered(desk: Desk, mia: Person, ann: Person) -> None:
    deepest: Any = {"ticket.contact.customer.tier": {"$ne": "plus"}}
    for _ in range(4):
        deepest = {"$not": {"$or": [deepest, {"ticket.customer.name": "x"}]}}
    longest = {"$or": [{"ticket.contact.customer.tier": {"$ne": str(number)}} for number in range(50)]}
    for person in (mia, ann):
        for where in (deepest, longest):
            answer = await person.ask(
                "POST", f"{DATA}/comment/query", {"where": where, "orderBy": "-ticket.customer.name"}
            )
            assert answer.status_code == 200, answer.text


REFERENCE = [
    *(operator.example for operator in OPERATORS.values()),
    *(text for each in EXAMPLES.values() for text in each),
]


@pytest.mark.parametrize("example", REFERENCE)
async def test_every_example_of_the_reference_is_answered(mia: Person, ann: Person, example: str) -> None:
    for person in (mia, ann):
        answer = await person.get(f"{DATA}/ticket", params={"where": example, "limit": "1"})
        assert answer.status_code == 200, answer.text
