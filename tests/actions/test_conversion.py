"""The conversion of leads (contract 3.9), on its own route and as an action: what is made, by whose rights, and that it happens once."""

import asyncio
from typing import Any

import pytest

from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAD = {
    "company": "Acme Tools",
    "first_name": "Ada",
    "last_name": "Adams",
    "title": "Buyer",
    "email": "ada@acme.example",
    "phone": "+4930123456",
    "website": "https://acme.example",
    "annual_revenue": 1234567.89,
}


async def convert(person: Person, lead: dict[str, Any], status: int, **body: Any) -> Any:
    answer = await person.ask("POST", f"{DATA}/lead/{lead['id']}/convert", body)
    assert answer.status_code == status, answer.text
    return decoded(answer)


async def fetched(person: Person, object_name: str, record_id: str) -> dict[str, Any]:
    return decoded(await person.get(f"{DATA}/{object_name}/{record_id}"))


async def totals(person: Person) -> list[int]:
    """Returns how many accounts, contacts and opportunities somebody sees."""
    names = ("account", "contact", "opportunity")
    return [decoded(await person.get(f"{DATA}/{name}"))["total"] for name in names]


async def test_a_lead_becomes_an_account_a_contact_and_an_opportunity(rob: Person) -> None:
    lead = await rob.make("lead", **LEAD)
    made = await convert(rob, lead, 200)
    assert made.keys() == {"leadId", "accountId", "contactId", "opportunityId"}
    account = await fetched(rob, "account", made["accountId"])
    contact = await fetched(rob, "contact", made["contactId"])
    deal = await fetched(rob, "opportunity", made["opportunityId"])
    assert (account["name"], account["website"]) == ("Acme Tools", "https://acme.example")
    assert (contact["last_name"], contact["email"], contact["account"]) == ("Adams", "ada@acme.example", account["id"])
    assert (deal["name"], deal["stage"], deal["amount"]) == ("Acme Tools - Deal", "prospecting", 123456.79)
    assert (deal["account"], deal["contact"], deal["owner_id"]) == (account["id"], contact["id"], lead["owner_id"])
    changed = await fetched(rob, "lead", lead["id"])
    assert (changed["status"], changed["is_converted"]) == ("converted", True)
    assert [changed[f"converted_{name}_id"] for name in ("account", "contact", "opportunity")] == [
        account["id"],
        contact["id"],
        deal["id"],
    ]
    assert changed["converted_date"] is not None


async def test_a_lead_joins_what_is_there_already_and_makes_no_opportunity_when_told_so(rob: Person) -> None:
    account = await rob.make("account", name="Known Works")
    contact = await rob.make("contact", last_name="Known", account=account["id"])
    before = await totals(rob)
    lead = await rob.make("lead", **LEAD)
    sent = {"accountId": account["id"], "contactId": contact["id"], "createOpportunity": False}
    made = await convert(rob, lead, 200, **sent)
    assert made == {"leadId": lead["id"], "opportunityId": None, "accountId": account["id"], "contactId": contact["id"]}
    assert await totals(rob) == before


async def test_the_action_answers_the_same_in_its_envelope(rob: Person) -> None:
    lead = await rob.make("lead", **LEAD)
    answer = decoded(await rob.ask("POST", "/api/v1/actions/convert", {"recordId": lead["id"]}))
    assert (answer["success"], answer["data"]["leadId"]) == (True, lead["id"])


async def test_a_lead_is_converted_once_and_by_its_conversion_alone(rob: Person) -> None:
    lead = await rob.make("lead", **LEAD)
    error_of(await rob.ask("PATCH", f"{DATA}/lead/{lead['id']}", {"status": "converted"}), 400, "VALIDATION_ERROR")
    error_of(await rob.ask("PATCH", f"{DATA}/lead/{lead['id']}", {"is_converted": True}), 400, "VALIDATION_ERROR")
    await convert(rob, lead, 200)
    before = await totals(rob)
    assert (await convert(rob, lead, 409))["error"]["code"] == "CONFLICT"
    assert await totals(rob) == before


async def test_of_conversions_at_the_same_time_one_takes_effect(rob: Person) -> None:
    lead = await rob.make("lead", **LEAD)
    before = await totals(rob)
    path = f"{DATA}/lead/{lead['id']}/convert"
    answers = await asyncio.gather(*(rob.ask("POST", path, {}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await totals(rob) == [count + 1 for count in before]


async def test_who_may_not_make_all_of_it_converts_nothing(sales: World, rob: Person) -> None:
    pia, lea = await sales.person("pia@world.example"), await sales.person("lea@world.example")
    before = await totals(rob)
    own = await pia.make("lead", **LEAD)
    assert (await convert(pia, own, 403))["error"]["details"]["permission"] == "contact:create"
    assert (await fetched(pia, "lead", own["id"]))["status"] == "new"
    await convert(lea, own, 403)
    await convert(rob, own, 404)
    assert await totals(rob) == before
    boss = await sales.person("max@world.example")
    assert (await convert(boss, own, 200))["leadId"] == own["id"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"accountId": "01J00000000000000000000000"}, "accountId", "reference_not_found"),
        ({"createOpportunity": "no"}, "createOpportunity", "invalid_type"),
        ({"account": "x"}, "account", "unknown_field"),
    ],
)
async def test_what_the_conversion_is_told_is_checked(rob: Person, body: Any, field: str, code: str) -> None:
    lead = await rob.make("lead", **LEAD)
    error = (await convert(rob, lead, 400, **body))["error"]
    assert [(fault["field"], fault["code"]) for fault in error["details"]["fields"]] == [(field, code)]
