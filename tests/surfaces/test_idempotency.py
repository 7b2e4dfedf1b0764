"""Idempotency keys over HTTP: one request, one write, one answer, however often it is sent."""

import asyncio
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.once import KEYS
from fieldstone.engine.operation import Delete, Read, Update
from fieldstone.engine.sweep import sweep_past
from fieldstone.query.document import QueryDocument
from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
CUSTOMERS = f"{DATA}/customer"
TICKETS = f"{DATA}/ticket"
NUMBERS = iter(range(1000, 9999))
REPLAYED = "idempotency-replayed"
PAST = "2001-01-01T00:00:00.000Z"


def _new() -> tuple[str, dict[str, str]]:
    number = next(NUMBERS)
    return f"Once {number}", {"Idempotency-Key": f"once-{number}"}


async def _count(person: Person, name: str) -> int:
    answer = await person.ask("POST", f"{CUSTOMERS}/query", {"where": {"name": name}})
    total: int = answer.json()["total"]
    return total


async def _ticket(mia: Person) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the body of a new ticket, and a new key."""
    name, headers = _new()
    return {"subject": name, "customer": (await mia.make("customer", name=name))["id"]}, headers


async def _tickets(mia: Person, subject: str) -> int:
    answer = await mia.ask("POST", f"{TICKETS}/query", {"where": {"subject": subject}})
    total: int = answer.json()["total"]
    return total


async def _keys(world: World) -> list[dict[str, Any]]:
    page = await world.runtime.door.execute(Read(KEYS, QueryDocument(limit=200)), SYSTEM)
    return page.records()


async def test_fifty_equal_posts_at_once_make_one_record_and_one_answer(mia: Person) -> None:
    name, headers = _new()
    sent = (mia.ask("POST", CUSTOMERS, {"name": name, "credit_limit": 10.5}, headers=headers) for _ in range(50))
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({(answer.headers["etag"], answer.headers["location"]) for answer in answers}) == 1
    assert sum(REPLAYED in answer.headers for answer in answers) == 49
    assert await _count(mia, name) == 1


async def test_the_same_key_with_another_request_is_refused(mia: Person) -> None:
    name, headers = _new()
    made = await mia.ask("POST", CUSTOMERS, {"name": name}, headers=headers)
    record = f"{CUSTOMERS}/{made.json()['id']}"
    for method, path, body in (
        ("POST", CUSTOMERS, {"name": name + "!"}),
        ("POST", f"{CUSTOMERS}/createMany", [{"name": name}]),
        ("PATCH", record, {"name": name}),
        ("DELETE", record, None),
    ):
        error_of(await mia.ask(method, path, body, headers=headers), 409, "IDEMPOTENCY_KEY_REUSED")
    again = await mia.ask("POST", CUSTOMERS, {"name": name}, headers=headers)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")


async def test_the_order_of_members_does_not_tell_requests_apart(mia: Person) -> None:
    name, headers = _new()
    texts = (f'{{"name": "{name}", "credit_limit": 1}}', f'{{"credit_limit":1,"name":"{name}"}}')
    more = headers | {"Content-Type": "application/json"}
    first, second = [await mia.ask("POST", CUSTOMERS, content=text, headers=more) for text in texts]
    assert first.content == second.content
    assert REPLAYED in second.headers


async def test_keys_belong_to_their_caller(mia: Person, admin: Person) -> None:
    body, headers = await _ticket(mia)
    answers = [await person.ask("POST", TICKETS, body, headers=headers) for person in (mia, admin)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_changes_deletions_and_batches_are_done_once(mia: Person) -> None:
    body, _ = await _ticket(mia)
    path = f"{TICKETS}/{(await mia.make('ticket', **body))['id']}"
    operation = {"object": "ticket", "action": "create", "data": body}
    steps: list[tuple[str, str, Any]] = [
        ("PATCH", path, {"hours": 2.5, "expectedVersion": 1}),
        ("POST", f"{TICKETS}/batch", {"operation": "create", "records": [{"data": body}, {"data": {}}]}),
        (
            "POST",
            f"{TICKETS}/batch",
            {"operation": "create", "records": [{"data": body}], "options": {"returnRecords": True}},
        ),
        ("POST", f"{TICKETS}/createMany", [body, body]),
        ("POST", f"{path}/clone", {"overrides": {"hours": 1}}),
        ("POST", "/api/v1/batch", {"operations": [operation]}),
        ("DELETE", path, None),
    ]
    for method, route, sent in steps:
        _, headers = _new()
        first, second = [await mia.ask(method, route, sent, headers=headers) for _ in range(2)]
        assert first.status_code in (200, 201), first.text
        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert (REPLAYED in first.headers, REPLAYED in second.headers) == (False, True)
    assert await _tickets(mia, body["subject"]) == 6


async def test_a_refusal_leaves_the_key_free(mia: Person) -> None:
    name, headers = _new()
    path = f"{CUSTOMERS}/{(await mia.make('customer', name=name))['id']}"
    error_of(
        await mia.ask("PATCH", path, {"name": "x", "expectedVersion": 9}, headers=headers), 409, "CONCURRENT_UPDATE"
    )
    done = await mia.ask("PATCH", path, {"name": "x", "expectedVersion": 1}, headers=headers)
    assert (done.status_code, REPLAYED in done.headers) == (200, False)


async def test_a_replay_shows_no_record_that_is_not_seen_any_more(world: World, mia: Person) -> None:
    name, headers = _new()
    body = {"name": name}
    made = (await mia.ask("POST", CUSTOMERS, body, headers=headers)).json()
    await world.runtime.door.execute(Delete("customer", made["id"]), SYSTEM)
    again = await mia.ask("POST", CUSTOMERS, body, headers=headers)
    assert (again.status_code, again.json(), again.headers[REPLAYED]) == (201, {"id": made["id"]}, "true")
    assert "etag" not in again.headers


async def test_a_key_is_new_when_its_time_is_over_and_is_swept(world: World, mia: Person) -> None:
    body, headers = await _ticket(mia)
    await mia.ask("POST", TICKETS, body, headers=headers)
    for key in await _keys(world):
        await world.runtime.door.execute(Update(KEYS, key["id"], {"expires_at": PAST}), SYSTEM)
    again = await mia.ask("POST", TICKETS, body, headers=headers)
    assert (again.status_code, REPLAYED in again.headers) == (201, False)
    assert await _tickets(mia, body["subject"]) == 2
    await sweep_past(world.runtime.door, KEYS)
    assert [key["expires_at"] > PAST for key in await _keys(world)] == [True]


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "tab\there", "é"])
async def test_what_is_no_key_is_refused(mia: Person, key: str) -> None:
    answer = await mia.ask("POST", CUSTOMERS, {"name": "x"}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert error_of(answer, 400, "VALIDATION_ERROR")["details"]["reason"] == "INVALID_IDEMPOTENCY_KEY"


async def test_a_route_that_could_keep_no_answer_refuses_a_key(mia: Person) -> None:
    _, headers = _new()
    error_of(await mia.ask("POST", "/api/v1/keys", {"name": "k"}, headers=headers), 400, "VALIDATION_ERROR")
    assert (await mia.get(CUSTOMERS, headers=headers)).status_code == 200


async def test_another_dialect_has_headers_of_its_own(world: World, mia: Person) -> None:
    key = (await mia.ask("POST", "/api/v1/keys", {"name": "p", "scopes": ["tickets:read", "tickets:write"]})).json()
    customer = await mia.make("customer", name=_new()[0])
    headers = {"X-Partner-Key": key["key"], "X-Request-Key": f"partner-{customer['id']}"}
    body = {"subject": "Done once", "customer": f"client_{customer['id']}"}
    dry = await world.nobody.ask("POST", "/partner/v2/tickets?dryRun=true", body, headers=headers)
    assert dry.status_code == 201
    first, second = [await world.nobody.ask("POST", "/partner/v2/tickets", body, headers=headers) for _ in range(2)]
    assert first.json()["data"] == second.json()["data"]
    assert "x-request-repeated" not in first.headers
    assert second.headers["x-request-repeated"] == "true"
