"""Records within records over HTTP: the spellings of `expand`, and ids that keep their prefixes at every depth."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import pytest_asyncio

from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
DRESSED = "/dressed/v1"
EXPAND: dict[str, Any] = {
    "ticket": {
        "fields": ["id", "subject"],
        "orderBy": "-subject",
        "limit": 2,
        "expand": {"customer": {"fields": ["id"], "expand": ["contact"]}, "contact": {}, "created_by": {}},
    }
}


class Made:
    """A customer with a contact and three tickets, by their ids."""

    def __init__(self, customer: str, contact: str, tickets: list[str]) -> None:
        self.customer, self.contact, self.tickets = customer, contact, tickets


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(world: World, mia: Person) -> Made:
    customer = (await mia.make("customer", name=f"Nested {id(world)}"))["id"]
    contact = (await mia.make("contact", name="Cem", customer=customer))["id"]
    rows = [{"subject": f"Nested {place}", "customer": customer, "contact": contact} for place in range(3)]
    return Made(customer, contact, [(await mia.make("ticket", **row))["id"] for row in rows])


def as_text(expand: Any) -> str:
    return quote(msgspec.json.encode(expand))


async def asked(person: Person, path: str) -> Any:
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_spelling_is_answered_alike(mia: Person, made: Made) -> None:
    one = await asked(mia, f"{DATA}/customer/{made.customer}?expand={as_text(EXPAND)}")
    assert [ticket["subject"] for ticket in one["ticket"]] == ["Nested 2", "Nested 1"]
    assert one["ticket"][0]["customer"]["contact"][0]["id"] == made.contact
    where = as_text({"id": made.customer})
    assert (await asked(mia, f"{DATA}/customer?where={where}&expand={as_text(EXPAND)}"))["items"] == [one]
    body = {"where": {"id": made.customer}, "expand": EXPAND}
    assert (await mia.ask("POST", f"{DATA}/customer/query", body)).json()["items"] == [one]
    listed = await asked(mia, f"{DATA}/ticket/{made.tickets[0]}?expand=contact,customer.contact&select=subject")
    assert listed.keys() == {"subject", "contact", "customer"}
    assert listed["customer"]["contact"][0]["id"] == listed["contact"]["id"] == made.contact


async def test_ids_have_their_prefixes_at_every_depth(mia: Person, made: Made) -> None:
    client = f"client_{made.customer}"
    plain = await asked(mia, f"{DATA}/customer/{made.customer}?expand={as_text(EXPAND)}")
    dressed = await asked(mia, f"{DRESSED}/customer/{client}?expand={as_text(EXPAND)}")
    (ticket, _), (bare, _) = dressed["ticket"], plain["ticket"]
    assert (dressed["id"], ticket["id"]) == (client, f"tic_{bare['id']}")
    assert ticket["customer"]["id"] == client
    assert ticket["customer"]["contact"][0]["id"] == f"con_{made.contact}"
    assert ticket["customer"]["contact"][0]["customer"] == client
    assert ticket["contact"]["customer"] == client
    assert ticket["created_by"]["id"] == f"usr_{bare['created_by']['id']}"
    where = as_text({"id": client})
    assert (await asked(mia, f"{DRESSED}/customer?where={where}&expand={as_text(EXPAND)}"))["items"] == [dressed]


async def test_ids_in_conditions_have_their_prefixes_at_every_depth(mia: Person, made: Made) -> None:
    client, ticket, contact = f"client_{made.customer}", f"tic_{made.tickets[0]}", f"con_{made.contact}"
    expand = {
        "ticket": {
            "where": {"id": ticket, "contact.customer": {"$in": [client]}},
            "expand": {"contact": {"where": {"id": contact}}, "customer": {"where": {"id": {"$ne": client}}}},
        }
    }
    found = await asked(mia, f"{DRESSED}/customer/{client}?expand={as_text(expand)}")
    (only,) = found["ticket"]
    assert (only["id"], only["contact"]["id"], only["customer"]) == (ticket, contact, client)
    bare = {"ticket": {"expand": {"contact": {"where": {"id": made.contact}}}}}
    error = error_of(await mia.get(f"{DRESSED}/customer/{client}?expand={as_text(bare)}"), 400, "VALIDATION_ERROR")
    assert error["message"] == "The ids of `id` begin with `con_`."


REFUSED = {
    "a list that refers no further": "ticket.ticket.ticket.ticket",
    "no reference": "name",
    "too deep": "a.b.c.d",
    "no JSON": "{",
    "no object": '{"ticket":[]}',
    "an unknown key": '{"ticket":{"offset":1}}',
    "a limit of one record": '{"owner_id":{"limit":1}}',
    "deep JSON": '{"ticket":{"expand":' * 300 + "{}" + "}}" * 300,
    "10,000 names": ",".join(["x"] * 10_000),
    "a list in a list": "[[]]",
    "no condition": '{"ticket":{"where":[[]]}}',
}


@pytest.mark.parametrize("base", [DATA, DRESSED])
@pytest.mark.parametrize("expand", REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_expanded_is_refused_on_every_surface(mia: Person, base: str, expand: str) -> None:
    error_of(await mia.get(f"{base}/customer?expand={quote(expand, safe=',')}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("base", [DATA, DRESSED])
async def test_a_deep_body_is_refused_on_every_surface(mia: Person, base: str) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"expand": {"ticket": deep}}
    error_of(await mia.ask("POST", f"{base}/customer/query", deep), 400, "VALIDATION_ERROR")
