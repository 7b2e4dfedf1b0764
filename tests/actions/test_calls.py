"""Calls of actions over HTTP: their addresses, their input, who may make them, what comes of them, and what is left behind."""

from typing import Any

import pytest

from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ACTIONS = "/api/v1/actions"
NO_RECORD = "01J00000000000000000000000"


async def call(person: Person, path: str, body: Any = None, **more: Any) -> Any:
    """Returns the data of a call that succeeds."""
    answer = await person.ask("POST", f"{ACTIONS}/{path}", body, **more)
    assert answer.status_code == 200, answer.text
    told = decoded(answer)
    assert told.keys() == {"success", "data"}
    assert told["success"] is True
    return told["data"]


async def refused(person: Person, path: str, body: Any, status: int, code: str) -> dict[str, Any]:
    """Returns the error of a call."""
    return error_of(await person.ask("POST", f"{ACTIONS}/{path}", body), status, code)


async def job(person: Person, **values: Any) -> dict[str, Any]:
    """Makes a job."""
    return await person.make("job", **{"title": "Mend the roof", "rate": 20, **values})


async def fetched(person: Person, record: dict[str, Any]) -> dict[str, Any]:
    return decoded(await person.get(f"{DATA}/job/{record['id']}"))


def bodies(record_id: str) -> list[tuple[str, Any]]:
    """Returns every address and shape in which `quote` takes a record and a rate."""
    return [
        ("quote", {"recordId": record_id, "rate": 3}),
        ("quote", {"id": record_id, "rate": 3}),
        ("quote", {"recordId": record_id, "params": {"rate": 3}}),
        ("job.quote", {"recordId": record_id, "rate": 3}),
        ("job/quote", {"recordId": record_id, "rate": 3}),
        (f"job/quote/{record_id}", {"rate": 3}),
        (f"job/quote/{record_id}", {"params": {"rate": 3}}),
        (f"job/quote/{record_id}", {"recordId": record_id, "params": {"rate": 3}}),
    ]


async def test_an_action_is_called_by_every_address_and_in_every_shape(wim: Person) -> None:
    record = await job(wim, hours=2)
    for path, body in bodies(record["id"]):
        assert await call(wim, path, body) == 6, path


async def test_an_action_of_no_object_is_called_by_its_name_alone_and_as_a_global_one(wim: Person) -> None:
    assert await call(wim, "ping") == "pong twice"
    assert await call(wim, "global/ping", {"word": "once"}) == "pong once"
    await refused(wim, "job/ping", {}, 404, "NOT_FOUND")
    await refused(wim, "global/ping", {"recordId": NO_RECORD}, 400, "VALIDATION_ERROR")


async def test_a_name_that_two_objects_have_is_refused_with_both_and_found_with_its_object(wim: Person) -> None:
    error = await refused(wim, "close", {}, 409, "AMBIGUOUS_ACTION")
    assert error["details"]["actions"] == ["job.close", "client.close"]
    client = await wim.make("client", name="Ambiguous & Sons")
    assert await call(wim, f"client/close/{client['id']}") == "gone: Ambiguous & Sons"


async def test_an_unknown_action_is_not_there_and_a_near_miss_is_told(wim: Person) -> None:
    error = await refused(wim, "job.quot", {}, 404, "NOT_FOUND")
    assert error["details"]["hint"] == "Did you mean `job.quote`?"
    error_of(await wim.get(f"{ACTIONS}/ping"), 405, "METHOD_NOT_ALLOWED")


async def test_a_call_takes_no_idempotency_key_and_does_nothing_under_one(wim: Person) -> None:
    client = await wim.make("client", name="Called twice")
    path, key = f"{ACTIONS}/client/close/{client['id']}", {"Idempotency-Key": "close-it-once"}
    error = error_of(await wim.ask("POST", path, {}, headers=key), 400, "VALIDATION_ERROR")
    assert error["details"]["reason"] == "INVALID_IDEMPOTENCY_KEY"
    assert decoded(await wim.get(f"{DATA}/client/{client['id']}"))["name"] == "Called twice"
    assert await call(wim, f"client/close/{client['id']}") == "gone: Called twice"


async def test_nobody_calls_an_action(workshop: World) -> None:
    await refused(workshop.nobody, "ping", {}, 401, "UNAUTHENTICATED")


BAD: list[tuple[Any, str, str]] = [
    ({}, "rate", "required"),
    ({"rate": None}, "rate", "required"),
    ({"rate": "3"}, "rate", "invalid_type"),
    ({"rate": 0}, "rate", "min_value"),
    ({"rate": 3, "rte": 3}, "rte", "unknown_field"),
    ({"rate": 3, "recordId": 7}, "recordId", "invalid_type"),
    ({"rate": 3, "recordId": NO_RECORD, "id": "another"}, "recordId", "invalid_value"),
    ({"params": [3]}, "params", "invalid_type"),
]


async def test_parameters_are_checked_as_fields_are(wim: Person) -> None:
    record = await job(wim)
    for body, field, code in BAD:
        error = await refused(wim, f"job/quote/{record['id']}", body, 400, "VALIDATION_ERROR")
        assert (field, code) in [(fault["field"], fault["code"]) for fault in error["details"]["fields"]], body
    error = await refused(wim, "quote", {"rate": 3}, 400, "VALIDATION_ERROR")
    assert error["details"]["fields"][0]["field"] == "recordId"
    error_of(await wim.ask("POST", f"{ACTIONS}/ping", [1]), 400, "VALIDATION_ERROR")


async def test_a_parameter_that_points_to_a_record_takes_one_that_its_caller_sees(wim: Person, ned: Person) -> None:
    record = await job(wim)
    assert await call(wim, "ping", {"job": record["id"]}) == "pong twice"
    for person, target in ((ned, record["id"]), (wim, NO_RECORD)):
        error = await refused(person, "ping", {"job": target}, 400, "VALIDATION_ERROR")
        assert error["details"]["fields"][0]["code"] == "reference_not_found"


async def test_a_record_that_the_caller_does_not_see_is_not_there(wim: Person, sue: Person) -> None:
    client = await wim.make("client", name="Private")
    assert await call(wim, f"client/close/{client['id']}") == "gone: Private"
    hidden = await refused(sue, f"client/close/{client['id']}", {}, 404, "NOT_FOUND")
    absent = await refused(sue, f"client/close/{NO_RECORD}", {}, 404, "NOT_FOUND")
    assert hidden["message"].replace(client["id"], NO_RECORD) == absent["message"]


async def test_an_action_looks_at_what_its_caller_may_read(wim: Person, admin: Person) -> None:
    record = await job(admin, margin=30)
    assert await call(admin, f"job/peek/{record['id']}") == 30
    assert await call(wim, f"job/peek/{record['id']}") is None


async def test_a_handler_changes_records_as_its_caller(wim: Person, ned: Person) -> None:
    record = await job(wim)
    told = await call(wim, f"job/close/{record['id']}", {"hours": 1.25, "note": "Done"})
    assert told == {"id": record["id"], "cost": 25, "note": "Done"}
    changed = await fetched(wim, record)
    assert (changed["status"], changed["hours"], changed["version"]) == ("closed", 1.25, 2)
    await refused(ned, f"job/close/{record['id']}", {"hours": 1}, 403, "PERMISSION_DENIED")


async def slips(person: Person) -> list[str]:
    """Returns the texts of all slips that somebody sees, the oldest first."""
    page = decoded(await person.get(f"{DATA}/slip", params={"orderBy": "id", "limit": 200}))
    return [item["text"] for item in page["items"]]


async def test_steps_are_done_one_after_the_other_and_tell_their_outputs(wim: Person) -> None:
    record, before = await job(wim), len(await slips(wim))
    sent = {"hours": 10.5, "words": ["hammer", "nails"]}
    text = "Closed Mend the roof after 10.50 hours by wim@world.example"
    assert await call(wim, f"job/wrap_up/{record['id']}", sent) == {"hours": 10.5, "slip": text}
    assert (await fetched(wim, record))["status"] == "closed"
    assert (await slips(wim))[before:] == [text, "A long one: 10.5", "hammer", "nails"]


async def test_a_step_that_fails_undoes_those_before_it_and_is_the_failure_of_the_call(wim: Person) -> None:
    record, before = await job(wim), await slips(wim)
    error = await refused(
        wim, f"job/wrap_up/{record['id']}", {"hours": 11, "words": ["x" * 90]}, 400, "VALIDATION_ERROR"
    )
    assert (error["details"]["step"], error["details"]["fields"][0]["code"]) == ("create_6", "max_length")
    assert (await fetched(wim, record))["version"] == 1
    assert await slips(wim) == before


async def test_steps_act_as_the_system_where_they_say_so_and_the_last_one_tells_what_came_of_it(wim: Person) -> None:
    record = await job(wim, status="closed")
    marked = await call(wim, f"job/mark/{record['id']}")
    assert (marked["id"], marked["stamped_by"]) == (record["id"], record["created_by"])


async def test_a_disabled_action_is_refused(wim: Person) -> None:
    record = await job(wim)
    await call(wim, f"job/close/{record['id']}", {"hours": 1})
    error = await refused(wim, f"job/close/{record['id']}", {"hours": 1}, 409, "CONFLICT")
    assert error["message"] == "`job.close` is disabled."


async def test_an_action_asks_for_its_capabilities_and_may_act_as_the_system(wim: Person, sue: Person) -> None:
    record = await job(wim, number="J-1", status="closed", title="Closed before")
    denied = await refused(wim, f"job/stamp/{record['id']}", {"secret_word": "open sesame"}, 403, "PERMISSION_DENIED")
    assert denied["details"]["permission"] == "office:stamp"
    error_of(await sue.ask("PATCH", f"{DATA}/job/{record['id']}", {"stamped_by": "sue"}), 403, "PERMISSION_DENIED")
    assert await call(sue, "stamp", {"jobNumber": "J-1", "secret_word": "open sesame"}) == "stamped"
    stamped = await fetched(wim, record)
    assert stamped["stamped_by"] is not None
    assert stamped["updated_by"] == stamped["stamped_by"]
    await refused(sue, "stamp", {"jobNumber": "J-9", "secret_word": "open sesame"}, 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("how", "status", "code"), [("refuse", 409, "CONFLICT"), ("crash", 500, "INTERNAL"), ("babble", 500, "INTERNAL")]
)
async def test_whatever_a_handler_wrote_before_it_failed_is_undone(
    wim: Person, how: str, status: int, code: str
) -> None:
    before = decoded(await wim.get(f"{DATA}/slip"))["total"]
    error = await refused(wim, "break_off", {"how": how}, status, code)
    assert "division" not in error["message"]
    assert decoded(await wim.get(f"{DATA}/slip"))["total"] == before


async def test_a_dry_call_answers_as_a_real_one_and_changes_nothing(wim: Person, admin: Person) -> None:
    record = await job(wim)
    entries = len(await told(admin, record["id"]))
    answer = await call(wim, f"job/close/{record['id']}?dryRun=true", {"hours": 2})
    assert answer["cost"] == 40
    assert (await fetched(wim, record))["status"] == "open"
    assert len(await told(admin, record["id"])) == entries
    error_of(await wim.ask("POST", f"{ACTIONS}/ping?dryrun=true", {}), 400, "VALIDATION_ERROR")


async def test_an_api_action_makes_its_request_as_its_caller(wim: Person, ned: Person) -> None:
    record = await job(wim, hours=1)
    changed = await call(wim, f"job/retitle/{record['id']}", {"title": "Mend the gate"})
    assert (changed["id"], changed["title"], changed["status"]) == (record["id"], "Mend the gate", "open")
    await refused(ned, f"job/retitle/{record['id']}", {"title": "Mine"}, 403, "PERMISSION_DENIED")
    closed = await job(wim, status="closed")
    await refused(wim, f"job/retitle/{closed['id']}", {"title": "Mine"}, 403, "PERMISSION_DENIED")


async def test_an_api_action_may_wrap_its_parameters(wim: Person) -> None:
    record = await job(wim)
    answer = await call(wim, f"job/finish/{record['id']}", {"hours": 3})
    assert answer == {"success": True, "data": {"id": record["id"], "cost": 60, "note": "Finished"}}
    assert (await fetched(wim, record))["status"] == "closed"


async def test_a_flow_action_answers_what_its_flow_comes_to(wim: Person, ned: Person) -> None:
    record = await job(wim, title="Deliver the gate")
    done = await call(wim, f"job/deliver/{record['id']}", {"how": "at_once"})
    slip = decoded(await wim.get(f"{DATA}/slip/{done['slip']}"))
    assert slip["text"] == "Delivered: Deliver the gate"
    paused = await call(wim, f"job/deliver/{record['id']}", {"how": "on_call"})
    assert paused["status"] == "paused"
    run = decoded(await wim.get(f"/api/v1/flows/deliver/runs/{paused['runId']}"))
    assert run["input"] == {"record_id": record["id"], "how": "on_call"}
    failed = await refused(wim, f"job/deliver/{record['id']}", {"how": "never"}, 400, "FLOW_FAILED")
    assert failed["details"]["nodeId"] == "fail"
    await refused(ned, f"job/deliver/{record['id']}", {"how": "at_once"}, 403, "PERMISSION_DENIED")
    await refused(wim, f"job/deliver/{NO_RECORD}", {"how": "at_once"}, 404, "NOT_FOUND")
    await refused(wim, "job/deliver", {"how": "at_once"}, 400, "VALIDATION_ERROR")


async def test_what_faces_open_is_nothing_for_the_server(wim: Person) -> None:
    error = await refused(wim, "visit", {}, 400, "VALIDATION_ERROR")
    assert "https://example.org/" in error["message"]


async def test_a_route_of_its_own_answers_the_bare_result(wim: Person, ned: Person) -> None:
    record = await job(wim, hours=4)
    path = f"{DATA}/job/{record['id']}/quote"
    assert decoded(await wim.ask("POST", path, {"rate": 2.5})) == 10
    error_of(await wim.ask("POST", path, {"rate": 0}), 400, "VALIDATION_ERROR")
    error_of(await ned.ask("POST", path, {"rate": 1}), 403, "PERMISSION_DENIED")
    error_of(await wim.ask("POST", f"{DATA}/client/{record['id']}/quote", {"rate": 1}), 404, "NOT_FOUND")


async def told(admin: Person, record_id: str | None, **where: Any) -> list[dict[str, Any]]:
    """Returns the entries of calls in the audit log."""
    body = {"where": {"action": "action.called", "record_id": record_id, **where}, "orderBy": "-id"}
    return decoded(await admin.ask("POST", f"{DATA}/sys_audit_log/query", body))["items"]


async def test_each_call_is_written_down_without_secrets(sue: Person, wim: Person, admin: Person) -> None:
    record = await job(wim, number="J-2")
    sent = {"secret_word": "open sesame", "jobNumber": "J-2"}
    await call(sue, "stamp", sent)
    await refused(wim, f"job/stamp/{record['id']}", sent, 403, "PERMISSION_DENIED")
    await refused(sue, f"job/close/{record['id']}", {"hours": -1}, 400, "VALIDATION_ERROR")
    entries = await told(admin, record["id"])
    assert [(entry["outcome"], entry["object_name"]) for entry in entries] == [
        ("failed", "job"),
        ("denied", "job"),
        ("done", "job"),
    ]
    failed, denied, done = (entry["details"] for entry in entries)
    assert failed == {"action": "job.close", "input": {"hours": -1}, "code": "VALIDATION_ERROR"}
    assert denied == {"action": "job.stamp", "input": {"secret_word": "***"}, "code": "PERMISSION_DENIED"}
    assert done == {"action": "job.stamp", "input": {"secret_word": "***"}}
    assert entries[0]["actor"] == entries[2]["actor"] != entries[1]["actor"]
    assert all(entry["address"] for entry in entries)
