"""A second dialect over the same objects, unlike the native one in every part that can differ: the mechanism bends."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.surfaces.running import DATA, Person, World, decoded

pytestmark = pytest.mark.asyncio(loop_scope="session")
BASE = "/partner/v2"
ALL_SCOPES = ["tickets:read", "tickets:write", "contacts:read", "everything:read"]


class Partner:
    """A program that talks to the second surface with a key of its own."""

    def __init__(self, world: World, key: str | None) -> None:
        self._client = world.client
        self._headers = {} if key is None else {"X-Partner-Key": key}

    async def ask(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """Sends one request."""
        more = {} if json is None else {"json": json}
        return await self._client.request(method, f"{BASE}{path}", headers=self._headers | headers, **more)

    async def get(self, path: str) -> Any:
        """Returns the answer to a GET, which must succeed."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return decoded(answer)


async def _key(person: Person, scopes: list[str] | None) -> str:
    answer = await person.ask(
        "POST", "/api/v1/keys", {"name": "partner"} | ({} if scopes is None else {"scopes": scopes})
    )
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["key"]
    return key


def _flat(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()
    assert error.keys() == {"code", "message", "details", "request_id"}
    assert (error["code"], error["request_id"]) == (code, answer.headers["x-request-id"])
    return error


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def partner(world: World, mia: Person) -> Partner:
    return Partner(world, await _key(mia, ALL_SCOPES))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def customer(mia: Person) -> str:
    return (await mia.make("customer", name="Partner's customer"))["id"]


async def _ticket(partner: Partner, customer: str, **more: Any) -> dict[str, Any]:
    body = {"subject": "From outside", "customer": f"client_{customer}"} | more
    answer = await partner.ask("POST", "/tickets", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = decoded(answer)["data"]
    return made


async def test_a_record_is_wrapped_and_its_ids_are_prefixed_everywhere(
    partner: Partner, customer: str, mia: Person
) -> None:
    answer = await partner.ask("POST", "/tickets", {"subject": "From outside", "customer": f"client_{customer}"})
    body = answer.json()
    assert body.keys() == {"data", "request_id"}
    assert body["request_id"] == answer.headers["x-request-id"]
    record = body["data"]
    assert record["id"].startswith("tic_")
    assert record["customer"] == f"client_{customer}"
    assert record["owner_id"].startswith("usr_")
    assert record["created_by"] == record["owner_id"]
    assert answer.headers["location"] == f"{BASE}/tickets/{record['id']}"
    native = (await mia.get(f"{DATA}/ticket/{record['id'].removeprefix('tic_')}")).json()
    assert (native["customer"], native["subject"]) == (customer, "From outside")
    assert (await partner.get(f"/tickets/{record['id']}"))["data"] == record


async def test_a_page_ends_with_a_cursor_under_the_names_of_the_dialect(
    partner: Partner, customer: str, mia: Person
) -> None:
    own = (await mia.make("customer", name="With pages"))["id"]
    made = [(await _ticket(partner, own, subject=f"Number {index}"))["id"] for index in range(5)]
    first = await partner.get(f"/tickets?client=client_{own}")
    assert first.keys() == {"data", "request_id", "next_cursor"}
    assert len(first["data"]) == 2
    second = await partner.get(f"/tickets?client=client_{own}&page_size=99&after={first['next_cursor']}")
    assert len(second["data"]) == 3
    assert second["next_cursor"] is None
    assert [record["id"] for record in first["data"] + second["data"]] == made


async def test_only_declared_parameters_are_taken(partner: Partner) -> None:
    for query in ("status=open", "where={}", "limit=1", "cursor=x", "orderBy=id", "offset=1", "select=id"):
        _flat(await partner.ask("GET", f"/tickets?{query}"), 400, "VALIDATION_ERROR")
    error = _flat(await partner.ask("GET", "/tickets?stat=open"), 400, "VALIDATION_ERROR")
    assert error["details"]["hint"] == "Did you mean `state`?"


async def test_each_declared_parameter_filters_by_its_field_and_operator(partner: Partner, mia: Person) -> None:
    own = (await mia.make("customer", name="With parameters"))["id"]
    early = await _ticket(partner, own, opened_at="2026-01-01T00:00:00Z", hours=0.1)
    late = await _ticket(partner, own, opened_at="2026-02-01T00:00:00Z", hours=2, due_on="2026-03-01", status="closed")
    for query, found in {
        "state=open": [early],
        "state=closed": [late],
        f"any_of={early['number']},{late['number']}": [early, late],
        f"any_of={late['number']},T-0": [late],
        "opened_after=2026-01-15": [late],
        "most_hours=0.1": [early],
        "most_hours=1.99": [early],
        "settled=true": [late],
        "settled=false": [early],
        "state=open&most_hours=0.05": [],
    }.items():
        page = await partner.get(f"/tickets?client=client_{own}&{query}")
        assert [record["id"] for record in page["data"]] == [record["id"] for record in found], query
    for query in ("most_hours=few", "settled=perhaps", "opened_after=soon"):
        _flat(await partner.ask("GET", f"/tickets?{query}"), 400, "VALIDATION_ERROR")


async def test_a_required_parameter_is_asked_for(partner: Partner, customer: str) -> None:
    error = _flat(await partner.ask("GET", "/contacts"), 400, "VALIDATION_ERROR")
    assert error["details"]["path"] == "client"
    assert (await partner.get(f"/contacts?client=client_{customer}"))["data"] == []


async def test_an_id_without_its_prefix_is_no_id(partner: Partner, customer: str) -> None:
    ticket = (await _ticket(partner, customer))["id"]
    bare = ticket.removeprefix("tic_")
    for wrong in (bare, f"client_{bare}", "tic_"):
        _flat(await partner.ask("GET", f"/tickets/{wrong}"), 404, "NOT_FOUND")
    _flat(await partner.ask("GET", f"/tickets?client={customer}"), 400, "VALIDATION_ERROR")
    error = _flat(
        await partner.ask("POST", "/tickets", {"subject": "x", "customer": customer}), 400, "VALIDATION_ERROR"
    )
    assert error["details"]["fields"][0]["field"] == "customer"


async def test_changes_deletes_and_batches_bend_too(partner: Partner, customer: str) -> None:
    ticket = (await _ticket(partner, customer))["id"]
    changed = await partner.ask("PUT", f"/tickets/{ticket}", {"subject": "Changed"}, **{"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["data"]["version"]) == (200, 2)
    _flat(
        await partner.ask("PUT", f"/tickets/{ticket}", {"subject": "Lost"}, **{"If-Match": '"1"'}),
        409,
        "CONCURRENT_UPDATE",
    )
    body = {
        "operation": "update",
        "records": [{"id": ticket, "data": {"subject": "Many"}}],
        "options": {"returnRecords": True},
    }
    many = (await partner.ask("POST", "/tickets/many", body)).json()["data"]
    assert (many["success"], many["results"][0]["id"], many["results"][0]["data"]["id"]) == (True, ticket, ticket)
    gone = (await partner.ask("DELETE", f"/tickets/{ticket}")).json()
    assert gone["data"] == {"object": "ticket", "id": ticket, "success": True}
    _flat(await partner.ask("DELETE", f"/tickets/{ticket}"), 404, "NOT_FOUND")


async def test_one_route_may_serve_every_object(partner: Partner, customer: str) -> None:
    record = (await partner.get(f"/anything/customer/client_{customer}"))["data"]
    assert record["id"] == f"client_{customer}"
    _flat(await partner.ask("GET", "/anything/unicorn/x"), 404, "NOT_FOUND")


async def test_a_key_reaches_no_further_than_its_scopes(world: World, mia: Person, customer: str) -> None:
    reader = Partner(world, await _key(mia, ["tickets:read"]))
    assert (await reader.ask("GET", "/tickets")).status_code == 200
    for method, path in (
        ("POST", "/tickets"),
        ("GET", f"/contacts?client=client_{customer}"),
        ("GET", "/whole/tickets"),
    ):
        error = _flat(await reader.ask(method, path, {} if method == "POST" else None), 403, "PERMISSION_DENIED")
        assert "scopes" in error["details"]
    unlimited = Partner(world, await _key(mia, None))
    assert (await unlimited.ask("GET", "/whole/tickets")).status_code == 200


async def test_a_limited_key_does_not_reach_the_routes_that_name_no_scope(world: World, mia: Person) -> None:
    limited, whole = await _key(mia, ["tickets:read"]), await _key(mia, None)
    assert (await Person(world.client, limited).get(f"{DATA}/ticket")).status_code == 403
    assert (await Person(world.client, whole).get(f"{DATA}/ticket")).status_code == 200


async def test_a_capability_is_asked_for_where_the_route_says_so(world: World, mia: Person, admin: Person) -> None:
    error = _flat(await Partner(world, await _key(mia, None)).ask("GET", "/capable/tickets"), 403, "PERMISSION_DENIED")
    assert error["details"]["permission"] == "export_everything"
    user = await admin.make("sys_user", email="eve@world.example", name="Eve", password="fieldstone-world")
    for name in ("support_agent", "exporter"):
        await admin.make("sys_user_permission_set", user_id=user["id"], permission_set=name)
    eve = await world.person("eve@world.example")
    assert (await Partner(world, await _key(eve, None)).ask("GET", "/capable/tickets")).status_code == 200


async def test_only_the_header_of_the_dialect_shows_who_asks(world: World, mia: Person) -> None:
    key = await _key(mia, ALL_SCOPES)
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}, {"X-Partner-Key": mia.token or ""}, {}):
        answer = await world.client.get(f"{BASE}/tickets", headers=headers)
        _flat(answer, 401, "UNAUTHENTICATED")
    assert (await world.client.get(f"{BASE}/tickets", headers={"X-Partner-Key": key})).status_code == 200


async def test_its_errors_are_flat_wherever_they_come_from(partner: Partner) -> None:
    _flat(await partner.ask("GET", "/nothing"), 404, "NOT_FOUND")
    _flat(await partner.ask("PATCH", "/tickets"), 405, "METHOD_NOT_ALLOWED")
    _flat(await partner.ask("POST", "/tickets", **{"Content-Type": "text/plain"}), 400, "VALIDATION_ERROR")
    _flat(await partner.ask("GET", "/tickets?state=open&state=closed"), 400, "VALIDATION_ERROR")
