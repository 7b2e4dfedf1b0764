"""The routes of shares: what is sent, what is answered, and that a share that is over is over for caches too."""

from typing import Any

import pytest
import pytest_asyncio

from fieldstone.ids import new_id
from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True

KEYS = {
    "id",
    "object_name",
    "record_id",
    "recipient_type",
    "recipient_id",
    "access_level",
    "source",
    "source_id",
    "granted_by",
    "reason",
    "created_at",
    "updated_at",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mia(world: World) -> Person:
    """The manager of the desk, in a session of these tests alone."""
    return await world.person("mia@world.example")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ann(world: World) -> Person:
    """An agent of the desk, in a session of these tests alone."""
    return await world.person("ann@world.example")


async def user_of(person: Person) -> str:
    """Returns somebody's id."""
    found: str = (await person.get("/api/v1/auth/get-session")).json()["user"]["id"]
    return found


async def ticket_of(person: Person) -> str:
    """Returns the path of a new ticket of somebody."""
    customer = await person.make("customer", name=f"Customer {new_id()}")
    made = await person.make("ticket", subject="to be shared", customer=customer["id"])
    return f"{DATA}/ticket/{made['id']}"


async def share(person: Person, path: str, **sent: Any) -> dict[str, Any]:
    answer = await person.ask("POST", f"{path}/shares", sent)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = decoded(answer)
    return made


async def test_a_share_is_granted_told_of_and_revoked(mia: Person, ann: Person) -> None:
    path, recipient = await ticket_of(mia), await user_of(ann)
    assert (await ann.get(path)).status_code == 404
    made = await share(mia, path, recipientId=recipient, reason="she knows the customer")
    assert made.keys() == KEYS
    assert made["record_id"] == path.rpartition("/")[2]
    told = {name: made[name] for name in ("object_name", "recipient_type", "recipient_id", "access_level", "source")}
    assert told == {
        "object_name": "ticket",
        "recipient_type": "user",
        "recipient_id": recipient,
        "access_level": "read",
        "source": "manual",
    }
    assert (made["granted_by"], made["reason"]) == (await user_of(mia), "she knows the customer")
    page = decoded(await mia.get(f"{path}/shares"))
    assert page == {"items": [made], "limit": 50, "nextCursor": None, "total": 1}
    assert (await ann.get(path)).status_code == 200
    gone = await mia.ask("DELETE", f"{path}/shares/{made['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await ann.get(path)).status_code == 404
    error_of(await mia.ask("DELETE", f"{path}/shares/{made['id']}"), 404, "NOT_FOUND")


async def test_a_share_is_read_in_snake_case_too_and_changed_by_granting_again(mia: Person, ann: Person) -> None:
    path, recipient = await ticket_of(mia), await user_of(ann)
    first = await share(mia, path, recipient_type="user", recipient_id=recipient, access_level="read")
    again = await share(mia, path, recipientType="user", recipientId=recipient, accessLevel="edit")
    assert (again["id"], again["access_level"]) == (first["id"], "edit")
    assert decoded(await mia.get(f"{path}/shares"))["total"] == 1


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({}, "recipientId", "required"),
        ({"recipientId": "x", "level": "edit"}, "level", "unknown_field"),
        ({"recipientId": "x", "recipient_id": "y"}, "recipient_id", "unknown_field"),
        ({"recipientId": 7}, "recipientId", "invalid_type"),
        ({"recipientId": "x", "accessLevel": "own"}, "access_level", "invalid_value"),
        ({"recipientId": "x", "recipientType": "guest"}, "recipient_type", "invalid_value"),
        ({"recipientId": "x", "recipientType": "group"}, "recipient_id", "reference_not_found"),
    ],
)
async def test_what_is_no_share_is_refused(mia: Person, sent: dict[str, Any], field: str, code: str) -> None:
    error = error_of(await mia.ask("POST", f"{await ticket_of(mia)}/shares", sent), 400, "VALIDATION_ERROR")
    assert [(fault["field"], fault["code"]) for fault in error["details"]["fields"]] == [(field, code)]


async def test_an_object_that_is_not_shared_says_so(mia: Person) -> None:
    customer = await mia.make("customer", name=f"Customer {new_id()}")
    asked = await mia.ask("POST", f"{DATA}/customer/{customer['id']}/shares", {"recipientId": "x"})
    assert error_of(asked, 400, "VALIDATION_ERROR")["details"]["reason"] == "NOT_SHAREABLE"


async def test_shares_are_told_page_by_page(mia: Person, ann: Person, admin: Person) -> None:
    path = await ticket_of(mia)
    made = [(await share(mia, path, recipientId=await user_of(person)))["id"] for person in (ann, admin, mia)]
    first = decoded(await mia.get(f"{path}/shares?limit=2"))
    rest = decoded(await mia.get(f"{path}/shares?limit=2&cursor={first['nextCursor']}"))
    assert [item["id"] for page in (first, rest) for item in page["items"]] == made
    assert (first["total"], rest["nextCursor"]) == (3, None)
    error_of(await mia.get(f"{path}/shares?where={{}}"), 400, "VALIDATION_ERROR")


async def test_a_share_can_be_tried_and_be_granted_once(mia: Person, ann: Person) -> None:
    path, body = await ticket_of(mia), {"recipientId": await user_of(ann)}
    tried = await mia.ask("POST", f"{path}/shares?dryRun=true", body)
    assert tried.status_code == 201
    assert (await ann.get(path)).status_code == 404
    once = {"Idempotency-Key": new_id()}
    first = await mia.ask("POST", f"{path}/shares", body, headers=once)
    again = await mia.ask("POST", f"{path}/shares", body, headers=once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert decoded(again) == {"id": decoded(first)["id"]}
    revoked = f"{path}/shares/{decoded(first)['id']}"
    assert (await mia.ask("DELETE", f"{revoked}?dryRun=true")).status_code == 204
    assert (await ann.get(path)).status_code == 200
    once = {"Idempotency-Key": new_id()}
    assert [(await mia.ask("DELETE", revoked, headers=once)).status_code for _ in range(2)] == [204, 204]


async def test_a_tag_opens_nothing_once_the_share_is_over(mia: Person, ann: Person) -> None:
    path = await ticket_of(mia)
    made = await share(mia, path, recipientId=await user_of(ann))
    tag = (await ann.get(path)).headers["etag"]
    assert (await ann.get(path, headers={"If-None-Match": tag})).status_code == 304
    await mia.ask("DELETE", f"{path}/shares/{made['id']}")
    for sent in (tag, "*"):
        error_of(await ann.get(path, headers={"If-None-Match": sent}), 404, "NOT_FOUND")


async def test_a_shared_record_is_changed_as_far_as_the_policies_of_the_set_let_it(mia: Person, ann: Person) -> None:
    """An agent's tickets must be his own after a change, so that a share lets him read and no more."""
    path = await ticket_of(mia)
    await share(mia, path, recipientId=await user_of(ann), accessLevel="edit")
    error_of(await ann.ask("PATCH", path, {"subject": "changed"}), 403, "PERMISSION_DENIED")
    assert decoded(await ann.get(path))["subject"] == "to be shared"


async def test_the_document_tells_of_shares_where_there_can_be_some(world: World, admin: Person) -> None:
    document = decoded(await admin.get("/api/v1/openapi.json"))
    shares = document["paths"][f"{DATA}/ticket/{{id}}/shares"]
    assert shares["get"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["items"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/ShareAnswer"},
    }
    assert {parameter["name"] for parameter in shares["get"]["parameters"]} == {"id", "limit", "cursor"}
    assert "201" in shares["post"]["responses"]
    revoking = document["paths"][f"{DATA}/ticket/{{id}}/shares/{{share}}"]["delete"]
    assert "content" not in revoking["responses"]["204"]
    assert f"{DATA}/customer/{{id}}/shares" not in document["paths"]
    assert world.runtime.catalog.objects["customer"].sharing_model == "public_read_write"
