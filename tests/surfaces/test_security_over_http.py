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


async def explained(admin: Person, person: Person, operation: str, **asked: Any) -> dict[str, Any]:
    """Returns why a person may write a body to a ticket, or not."""
    question = {"object": "ticket", "operation": operation, "userId": await id_of(person), **asked}
    answer = await admin.ask("POST", EXPLAIN, question)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_of_a_change_it_is_told_whether_its_row_may_stand_and_nothing_is_written(
    admin: Person, ann: Person
) -> None:
    ticket = await ticket_of(ann)
    before = (await ann.get(f"/api/v1/data/ticket/{ticket}")).json()
    good = await explained(admin, ann, "update", recordId=ticket, body={"subject": "Better"})
    assert (good["allowed"], verdicts(good)["check"], good["smallestGrant"]) == (True, "grants", None)
    check = good["layers"][-1]
    (rule,) = (each for each in check["contributors"] if each["what"] == "open_tickets_change")
    assert rule["holds"] == 1
    assert rule["place"].startswith("desk/permissions/support_agent.permission.yaml:")
    assert (await ann.get(f"/api/v1/data/ticket/{ticket}")).json() == before


async def test_a_field_of_a_body_that_may_not_be_set_is_told_with_its_place(admin: Person, ann: Person) -> None:
    ticket = await ticket_of(ann)
    told = await explained(admin, ann, "update", recordId=ticket, body={"internal_rating": 3})
    assert (told["allowed"], verdicts(told)["fls"]) == (False, "denies")
    (kept,) = next(layer for layer in told["layers"] if layer["layer"] == "fls")["contributors"]
    assert (kept["what"], kept["permissionSet"]) == ("ticket.internal_rating", "support_agent")
    assert "check" not in verdicts(told)


async def test_a_body_that_comes_to_no_row_is_refused_with_its_faults(admin: Person, ann: Person) -> None:
    asked = {"object": "ticket", "operation": "create", "userId": await id_of(ann)}
    refusal = error_of(await admin.ask("POST", EXPLAIN, asked | {"body": {}}), 400, "VALIDATION_ERROR")
    assert "body.subject" in {fault["field"] for fault in refusal["details"]["fields"]}
    others: tuple[dict[str, Any], ...] = ({"operation": "read"}, {"operation": "update"}, {"where": {}})
    for wrong in others:
        error_of(await admin.ask("POST", EXPLAIN, asked | {"body": {"subject": "x"}} | wrong), 400, "VALIDATION_ERROR")
    nowhere = asked | {"body": {"subject": "x", "customer": "01HZZZZZZZZZZZZZZZZZZZZZZZ", "subjekt": "y"}}
    refusal = error_of(await admin.ask("POST", EXPLAIN, nowhere), 400, "VALIDATION_ERROR")
    faults = {fault["field"]: fault["code"] for fault in refusal["details"]["fields"]}
    assert faults == {"customer": "reference_not_found", "subjekt": "unknown_field"}


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
