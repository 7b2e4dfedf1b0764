"""What is told of actions: `/meta` and the OpenAPI document, to whoever may call them, without what is hidden from him."""

from typing import Any

import pytest

from tests.surfaces.running import Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
META = "/api/v1/meta/action"


async def actions(person: Person) -> dict[str, dict[str, Any]]:
    """Returns the actions that `/meta` tells somebody of, by object and name."""
    items = decoded(await person.get(META))["items"]
    return {f"{item.get('objectName', 'global')}.{item['name']}": item for item in items}


async def paths(person: Person) -> dict[str, Any]:
    """Returns the paths of the OpenAPI document that lead to actions."""
    found = decoded(await person.get("/api/v1/openapi.json"))["paths"]
    return {path: found[path]["post"] for path in found if "/actions/" in path or path.endswith("/quote")}


async def test_each_is_told_of_what_he_may_call(wim: Person, sue: Person, ned: Person, admin: Person) -> None:
    assert {"job.close", "client.close", "global.ping", "global.visit"} <= (await actions(wim)).keys()
    assert "job.stamp" not in await actions(wim)
    assert "job.stamp" in await actions(sue)
    assert {name.partition(".")[0] for name in await actions(ned)} == {"global"}
    error_of(await wim.get(f"{META}/job.stamp"), 404, "NOT_FOUND")
    assert decoded(await wim.get(f"{META}/job.quote"))["item"]["name"] == "quote"
    assert decoded(await wim.get(f"{META}/quote"))["item"]["objectName"] == "job"
    error_of(await wim.get(f"{META}/close"), 404, "NOT_FOUND")


async def test_how_an_action_is_done_is_for_administrators(wim: Person, admin: Person) -> None:
    told, whole = await actions(wim), await actions(admin)
    assert whole["job.quote"]["body"] == "coalesce(record.hours, 0) * input.rate"
    assert whole["job.close"]["handler"] == "close_job"
    assert {"body", "handler", "steps", "runAs"}.isdisjoint(key for item in told.values() for key in item)
    assert told["global.visit"]["target"] == "https://example.org/"
    assert "target" not in told["job.retitle"]
    assert told["job.close"]["disabled"] == 'record.status == "closed"'


async def test_what_names_a_hidden_field_is_left_out(wim: Person, admin: Person) -> None:
    assert [param.get("field") for param in (await actions(admin))["job.price"]["params"]] == ["hours", "margin"]
    told = (await actions(wim))["job.price"]
    assert [param.get("field") for param in told["params"]] == ["hours"]
    assert "visible" not in told
    assert "margin" not in str(await paths(wim))
    assert "margin" in str((await paths(admin))["/api/v1/actions/job/price"])
    answer = await wim.ask("POST", "/api/v1/actions/job/price", {"margin": 3})
    assert "No parameter `margin`" in error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"][0]["message"]


async def test_each_address_of_an_action_is_in_the_document(wim: Person) -> None:
    told = await paths(wim)
    assert {
        "/api/v1/actions/ping",
        "/api/v1/actions/global/ping",
        "/api/v1/actions/job/quote/{record_id}",
    } <= told.keys()
    assert "/api/v1/actions/close" not in told
    assert told["/api/v1/actions/job.close"]["operationId"] == "call_action_job_close"
    schema = told["/api/v1/actions/quote"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["rate", "recordId"]
    assert schema["properties"]["rate"]["minimum"] == 1
    bound = told["/api/v1/data/job/{id}/quote"]
    assert (bound["operationId"], bound["summary"]) == ("quote_job", "What a job would cost")
    assert "recordId" not in bound["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert "/api/v1/actions/visit" not in told
