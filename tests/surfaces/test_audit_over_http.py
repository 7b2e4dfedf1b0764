"""The audit log: who granted what, who was refused, who signed in; without secrets, for its readers alone, changed by nobody."""

from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.audit import AUDIT
from fieldstone.engine.operation import Update
from fieldstone.engine.records import read_first, read_records
from fieldstone.errors import PermissionDenied
from tests.surfaces.running import DATA, PASSWORD, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOG = f"{DATA}/{AUDIT}"


async def id_of(person: Person) -> str:
    return str((await person.get("/api/v1/auth/get-session")).json()["user"]["id"])


async def told(admin: Person, **where: Any) -> list[dict[str, Any]]:
    """Returns the entries of a condition, the newest first."""
    answer = await admin.ask("POST", f"{LOG}/query", {"where": where, "orderBy": "-id", "limit": 50})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_grant_is_told_with_giver_holder_and_set(admin: Person, ann: Person) -> None:
    holder = await id_of(ann)
    grant = await admin.make("sys_user_permission_set", user_id=holder, permission_set="viewer_readonly")
    (given, *_) = await told(admin, action="grant.given", record_id=grant["id"])
    assert (given["actor"], given["concerned"], given["outcome"]) == (await id_of(admin), holder, "done")
    assert given["details"] == {"permission_set": "viewer_readonly"}
    assert given["request"]
    assert (await admin.ask("DELETE", f"{DATA}/sys_user_permission_set/{grant['id']}")).status_code == 200
    assert [entry["action"] for entry in await told(admin, record_id=grant["id"])] == ["grant.taken", "grant.given"]


async def test_what_is_only_tried_or_undone_leaves_no_entry(admin: Person, ann: Person) -> None:
    body = {"user_id": await id_of(ann), "permission_set": "viewer_readonly"}
    before = len(await told(admin, action="grant.given"))
    dry = await admin.ask("POST", f"{DATA}/sys_user_permission_set?dryRun=true", body)
    assert dry.status_code == 201
    steps = [
        {"object": "sys_user_permission_set", "action": "create", "data": body},
        {"object": "sys_user_permission_set", "action": "create", "data": {**body, "permission_set": "nothing"}},
    ]
    undone = await admin.ask("POST", "/api/v1/batch", {"operations": steps})
    assert undone.json()["success"] is False, undone.text
    assert len(await told(admin, action="grant.given")) == before


async def test_sign_ins_are_told_and_those_that_fail_without_what_was_typed(admin: Person, world: World) -> None:
    error_of(
        await Person(world.client).ask(
            "POST", "/api/v1/auth/sign-in", {"email": "ann@world.example", "password": "a wrong guess"}
        ),
        401,
        "UNAUTHENTICATED",
    )
    await world.runtime.room.means.errands.settled()
    ann = await world.person("ann@world.example")
    (failed, *_) = await told(admin, action="sign_in.failed", concerned=await id_of(ann))
    assert (failed["outcome"], failed["actor"], failed["details"]) == ("failed", None, None)
    (opened, *_) = await told(admin, action="session.given", concerned=await id_of(ann))
    assert opened["address"]
    assert (await ann.ask("POST", "/api/v1/auth/sign-out")).status_code == 200
    assert await told(admin, action="session.taken", record_id=opened["record_id"])


async def test_no_entry_holds_a_secret(admin: Person, world: World) -> None:
    made = (await admin.ask("POST", "/api/v1/keys", {"name": "A robot"})).json()
    user = await admin.make("sys_user", name="New One", email="new-one@world.example", password="a first password")
    changed = await admin.ask("PATCH", f"{DATA}/sys_user/{user['id']}", {"password": "a second password"})
    assert changed.status_code == 200
    assert await told(admin, action="account.password_changed", concerned=user["id"])
    rows = await read_records(world.runtime.door.execute, AUDIT, {}, ("action", "details"))
    text = str(rows)
    assert "key.given" in text
    for secret in (made["key"], "a first password", "a second password", PASSWORD, "$argon2"):
        assert secret not in text


async def test_a_refusal_at_an_administrators_route_is_told_once_a_minute(admin: Person, ann: Person) -> None:
    for _ in range(3):
        answer = await ann.ask("POST", "/api/v1/security/explain", {"object": "ticket", "operation": "read"})
        error_of(answer, 403, "PERMISSION_DENIED")
    error_of(await ann.ask("POST", f"{DATA}/sys_position", {"name": "boss"}), 403, "PERMISSION_DENIED")
    entries = await told(admin, action="access.denied", actor=await id_of(ann))
    routes = [entry["details"]["route"] for entry in entries]
    assert routes.count("POST /api/v1/security/explain") == 1
    assert "POST /api/v1/data/{object}" in routes
    assert {entry["outcome"] for entry in entries} == {"denied"}


async def test_the_log_is_read_by_who_may_and_changed_by_nobody(admin: Person, ann: Person, world: World) -> None:
    refusal = error_of(await ann.get(LOG), 403, "PERMISSION_DENIED")
    assert refusal["details"]["permission"] == "audit:read"
    execute = world.runtime.door.execute
    entry = await read_first(execute, AUDIT, {}, ("id",))
    assert entry is not None
    for method, path in (("PATCH", f"{LOG}/{entry['id']}"), ("DELETE", f"{LOG}/{entry['id']}"), ("POST", LOG)):
        error_of(await admin.ask(method, path, {"action": "nothing"}), 405, "METHOD_NOT_ALLOWED")
    with pytest.raises(PermissionDenied):
        await execute(Update(AUDIT, entry["id"], {"action": "nothing"}), SYSTEM)
