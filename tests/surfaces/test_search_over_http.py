"""Searching and explaining over HTTP, natively in all spellings and on the second dialect by a parameter of its own."""

from typing import Any

import pytest
import pytest_asyncio

from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
CUSTOMERS = f"{DATA}/customer"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def customers(mia: Person) -> None:
    for name in ("Quarzwerk Nord", "Quarzwerk Süd", "Nordlicht Quarzuhren"):
        await mia.make("customer", name=name)


async def names(person: Person, path: str = CUSTOMERS, body: Any = None, **parameters: str) -> list[str]:
    """Returns the names of the customers that are answered."""
    answer = await person.ask("GET" if body is None else "POST", path, body, params=parameters)
    assert answer.status_code == 200, answer.text
    return sorted(item["name"] for item in decoded(answer)["items"])


@pytest.mark.usefixtures("customers")
async def test_a_list_is_searched_in_every_spelling(mia: Person) -> None:
    found = ["Quarzwerk Nord", "Quarzwerk Süd"]
    assert await names(mia, search="QUARZWERK") == found
    assert await names(mia, **{"$search": "quarzw"}) == found
    assert await names(mia, search="quarzwerk", searchFields="name") == found
    assert await names(mia, search="quarz nord") == ["Nordlicht Quarzuhren", "Quarzwerk Nord"]
    assert await names(mia, search='"quarzwerk nord"', limit="1") == ["Quarzwerk Nord"]
    query = f"{CUSTOMERS}/query"
    assert await names(mia, query, {"search": "SÜD", "searchFields": ["name"]}) == ["Quarzwerk Süd"]
    assert await names(mia, query, {"search": {"query": "süd", "fields": ["name"]}}) == ["Quarzwerk Süd"]


async def test_a_search_that_cannot_be_done_is_refused(mia: Person) -> None:
    for parameters, path in (
        ({"search": ""}, "search"),
        ({"search": "a", "$search": "b"}, "$search"),
        ({"searchFields": "name"}, "searchFields"),
        ({"search": "a", "searchFields": "credit_limit"}, "searchFields.0"),
        ({"serch": "a"}, "serch"),
    ):
        error = error_of(await mia.get(CUSTOMERS, params=parameters), 400, "VALIDATION_ERROR")
        assert error["details"]["path"] == path
    error = error_of(await mia.ask("POST", f"{CUSTOMERS}/query", {"serch": "a"}), 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Did you mean `search`?"


@pytest.mark.usefixtures("customers")
async def test_the_second_dialect_searches_by_a_parameter_of_its_own(world: World, mia: Person) -> None:
    customer = decoded(await mia.get(CUSTOMERS, params={"search": "Nordlicht"}))["items"][0]["id"]
    for subject in ("Zifferblatt klemmt", "Zeiger klemmt"):
        await mia.make("ticket", subject=subject, customer=customer)
    key = (await mia.ask("POST", "/api/v1/keys", {"name": "search", "scopes": ["tickets:read"]})).json()["key"]

    async def subjects(**parameters: str) -> list[str]:
        answer = await world.client.get("/partner/v2/tickets", params=parameters, headers={"X-Partner-Key": key})
        assert answer.status_code == 200, answer.text
        return [item["subject"] for item in decoded(answer)["data"]]

    assert await subjects(words="KLEMMT ziffer") == ["Zifferblatt klemmt"]
    assert await subjects(words="klemmt", state="closed") == []
    assert len(await subjects(words="", client=f"client_{customer}")) == 2
    answer = await world.client.get("/partner/v2/tickets?search=a&explain=true", headers={"X-Partner-Key": key})
    assert answer.status_code == 400


@pytest.mark.usefixtures("customers")
async def test_an_explanation_is_for_those_who_may(admin: Person, mia: Person) -> None:
    parameters = {"explain": "true", "search": "quarzwerk", "where": '{"active": true}', "orderBy": "-name"}
    answer = await admin.get(CUSTOMERS, params=parameters)
    assert answer.status_code == 200, answer.text
    told = decoded(answer)
    assert told.keys() == {"shape", "statements", "rules"}
    assert told["shape"]["orderBy"] == ["-name", "id"]
    for statement in told["statements"]:
        assert statement.keys() == {"purpose", "sql", "binds", "plan", "estimatedRows"}
        assert "quarzwerk" not in str(statement)
    rules = {(rule["rule"], rule["permissionSet"]): rule["place"] for rule in told["rules"]}
    assert rules["organization_wall", None].startswith("desk/objects/customer.object.yaml:")
    assert rules["all_records", "admin_full_access"].rpartition(":")[0].endswith("admin_full_access.permission.yaml")
    posted = await admin.ask("POST", f"{CUSTOMERS}/query?explain=true", {"groupBy": ["active"]})
    assert decoded(posted)["shape"]["groups"] == ["active"]
    error = error_of(await mia.get(CUSTOMERS, params={"explain": "true"}), 403, "PERMISSION_DENIED")
    assert error["details"]["permission"] == "query:explain"
    assert "items" in decoded(await mia.get(CUSTOMERS, params={"explain": "false"}))
    error_of(await admin.get(CUSTOMERS, params={"explain": "yes"}), 400, "VALIDATION_ERROR")
