"""`/security/explain` and `/auth/me/permissions`: why somebody may do something, and all that one may do."""

from typing import Any

import pytest

from tests.surfaces.running import Person, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
EXPLAIN = "/api/v1/security/explain"


async def id_of(person: Person) -> str:
    return str((await person.get("/api/v1/auth/get-session")).json()["user"]["id"])


async def ticket_of(person: Person, **values: Any) -> str:
    customer = (await person.get("/api/v1/data/customer?limit=1")).json()["items"][0]["id"]
    return str((await person.make("ticket", subject="To be explained", customer=customer, **values))["id"])


def verdicts(answer: Any) -> dict[str, str]:
    return {layer["layer"]: layer["verdict"] for layer in answer["layers"]}


async def test_a_refusal_is_explained_layer_by_layer_with_the_smallest_grant(
    admin: Person, ann: Person, mia: Person
) -> None:
    ticket = await ticket_of(mia)
    question = {"object": "ticket", "operation": "read", "userId": await id_of(ann), "recordId": ticket}
    answer = (await admin.ask("POST", EXPLAIN, question)).json()
    assert (answer["allowed"], answer["examined"], answer["reached"]) == (False, 1, 0)
    assert list(verdicts(answer)) == [
        *("principal", "organization_wall", "required_permissions", "object_crud", "fls"),
        *("owd_baseline", "depth", "sharing", "vama_bypass", "rls"),
    ]
    told = verdicts(answer)
    assert (told["organization_wall"], told["object_crud"], told["fls"]) == ("grants", "grants", "narrows")
    assert (told["owd_baseline"], told["sharing"], told["vama_bypass"]) == ("denies", "neutral", "not_applicable")
    assert answer["smallestGrant"] == {
        "kind": "share",
        "grant": "a share of this record, level `read`",
        "opensActions": [],
        "opensFields": [],
    }
    share = {"recipientId": question["userId"], "accessLevel": "read"}
    assert (await mia.ask("POST", f"/api/v1/data/ticket/{ticket}/shares", share)).status_code == 201
    answer = (await admin.ask("POST", EXPLAIN, question)).json()
    assert (answer["allowed"], verdicts(answer)["sharing"], answer["smallestGrant"]) == (True, "widens", None)


async def test_rules_are_told_with_their_places_within_packages(admin: Person, ann: Person) -> None:
    ticket = await ticket_of(ann)
    assert (
        await admin.ask("PATCH", f"/api/v1/data/ticket/{ticket}", {"status": "closed", "hours": 1})
    ).status_code == 200
    parameters = f"object=ticket&operation=update&userId={await id_of(ann)}&recordId={ticket}"
    text = (await admin.get(f"{EXPLAIN}?{parameters}")).text
    assert '"desk/permissions/support_agent.permission.yaml:' in text
    assert "/packages/" not in text
    answer = (await admin.get(f"{EXPLAIN}?{parameters}")).json()
    assert (answer["allowed"], verdicts(answer)["rls"]) == (False, "denies")
    (rule,) = next(layer for layer in answer["layers"] if layer["layer"] == "rls")["contributors"]
    assert (rule["what"], rule["permissionSet"], rule["holds"]) == ("open_tickets_change", "support_agent", 0)


async def test_a_right_that_is_lacking_names_what_would_give_it_and_what_else_that_opens(
    admin: Person, ann: Person
) -> None:
    question = {"object": "customer", "operation": "create", "userId": await id_of(ann)}
    answer = (await admin.ask("POST", EXPLAIN, question)).json()
    assert (answer["allowed"], verdicts(answer)["object_crud"]) == (False, "denies")
    assert answer["smallestGrant"] == {
        "kind": "object_right",
        "grant": "`allowCreate: true` for `customer` in `support_agent`",
        "opensActions": ["customer:create"],
        "opensFields": [],
    }


async def test_a_condition_is_explained_over_the_records_that_the_asker_sees(
    admin: Person, ann: Person, mia: Person
) -> None:
    for person in (ann, mia):
        await ticket_of(person)
    question = {"object": "ticket", "operation": "read", "userId": await id_of(ann), "where": {"status": "open"}}
    answer = (await admin.ask("POST", EXPLAIN, question)).json()
    assert 0 < answer["reached"] < answer["examined"]
    assert verdicts(answer)["owd_baseline"] == "narrows"


async def test_only_holders_of_the_capability_ask_and_nobody_beyond_the_wall(admin: Person, ann: Person) -> None:
    refusal = error_of(
        await ann.ask("POST", EXPLAIN, {"object": "ticket", "operation": "read"}), 403, "PERMISSION_DENIED"
    )
    assert refusal["details"]["permission"] == "security:explain"
    unknown = {"object": "ticket", "operation": "read", "userId": "01HZZZZZZZZZZZZZZZZZZZZZZZ"}
    error_of(await admin.ask("POST", EXPLAIN, unknown), 404, "NOT_FOUND")
    error_of(await admin.ask("POST", EXPLAIN, {"object": "ticket", "operation": "raed"}), 400, "VALIDATION_ERROR")
    error_of(await admin.ask("POST", EXPLAIN, {"object": "tickett", "operation": "read"}), 404, "NOT_FOUND")


async def test_one_is_told_all_that_one_may_do_and_nothing_of_the_rest(ann: Person) -> None:
    answer = await ann.get("/api/v1/auth/me/permissions")
    told = answer.json()
    assert "support_agent" in told["permissionSets"]
    assert (told["objects"]["ticket"]["allowEdit"], told["objects"]["ticket"]["allowDelete"]) == (True, False)
    assert "internal_rating" not in told["objects"]["ticket"]["fields"]
    assert told["objects"]["ticket"]["fields"]["subject"] == {"readable": True, "editable": True}
    assert "sys_member" not in told["objects"]
    again = await ann.get("/api/v1/auth/me/permissions", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
