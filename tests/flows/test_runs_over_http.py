"""Runs over HTTP: how they are started, looked at and steered, and that nobody learns of those of others."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fieldstone.app_process import Seams
from fieldstone.settings import Limits, Settings
from tests.surfaces.running import Person, World, decoded, error_of, running

FLOWS = "/api/v1/flows"
FILES = {
    "package.yaml": "name: shifts\nlabel: Shifts\nversion: 0.1.0\ncapabilities: [{name: pay}]\n",
    "shift.object.yaml": "name: shift\nsharingModel: private\nfields:\n  title: {type: text}\n  hours: {type: number, scale: 0}\n",
    "shift_worker.permission.yaml": (
        "name: shift_worker\nobjects: {shift: {allowRead: true, allowCreate: true, allowEdit: true}}\n"
    ),
    "plan.flow.yaml": """
name: plan
version: 3
inputs:
  title: {type: text, required: true}
  hours: {type: number, scale: 0}
  code: {type: secret}
steps:
  - {name: made, type: create, object: shift, fields: {title: '{!inputs.title}', hours: '{!inputs.hours}'}}
  - name: long
    type: condition
    when: inputs.hours != null && inputs.hours > 8
    then: [{name: named, type: update, object: shift, id: '{!step.made.output.id}', fields: {title: 'long {!inputs.code}'}}]
outputs: {shift: '{!step.made.output.id}'}
""",
    "retired.flow.yaml": "name: retired\nstatus: obsolete\nsteps: [{type: create, object: shift}]\n",
    "payroll.flow.yaml": (
        "name: payroll\nrunAs: system\nrequiredPermissions: [pay]\n"
        "steps: [{name: made, type: create, object: shift, fields: {title: paid}}]\n"
    ),
    "payer.permission.yaml": "name: payer\nsystemPermissions: [pay]\n",
    "nightly.flow.yaml": "name: nightly\nschedule: {cron: '0 3 * * *'}\nsteps: [{type: create, object: shift}]\n",
}


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    app = tmp_path / "app"
    (app / "shifts").mkdir(parents=True)
    (app / "app.yaml").write_text("name: shifts_app\npackages: [./shifts]\nsurfaces: {apis: [v1]}\n")
    for name, text in FILES.items():
        (app / "shifts" / name).write_text(text)
    settings = Settings(limits=Limits(sign_ins=10_000))
    async with running(app, database_url, settings, Seams(runs="here")) as world:
        yield world


async def test_runs_are_started_told_of_and_steered_over_http(world: World) -> None:
    admin = await world.person("admin@world.example")
    ann, bob = await worker(world, admin, "ann"), await worker(world, admin, "bob")

    answer = await ann.ask("POST", f"{FLOWS}/plan/start", {"title": "day", "hours": 9, "code": "sesame!"})
    assert answer.status_code == 200, answer.text
    run = decoded(answer)
    assert run.keys() == {"runId", "flow", "status", "startedAt", "completedAt", "output"}
    assert (run["flow"], run["status"]) == ("plan", "completed")
    path = f"{FLOWS}/plan/runs/{run['runId']}"

    document = decoded(await ann.get(path))
    assert (document["flowName"], document["flowVersion"], document["trigger"]["type"]) == ("plan", 3, "api")
    assert document["output"] == run["output"]
    assert [step["key"] for step in document["steps"]][:2] == ["made", "long.then.named"]
    assert document["steps"][1]["parentNodeId"] == "then"
    assert "sesame!" not in (await ann.get(path)).text
    shift = decoded(await ann.get(f"/api/v1/data/shift/{run['output']['shift']}"))
    assert shift["title"] == "long sesame!"

    await ann.ask("POST", f"{FLOWS}/plan/start", {"title": "night"})
    listed = decoded(await ann.get(f"{FLOWS}/plan/runs", params={"limit": "1", "status": "completed"}))
    assert (len(listed["items"]), listed["total"]) == (1, 2)
    rest = decoded(
        await ann.get(
            f"{FLOWS}/plan/runs", params={"limit": "1", "status": "completed", "cursor": listed["nextCursor"]}
        )
    )
    assert rest["items"][0]["id"] == run["runId"]
    assert decoded(await ann.get(f"{FLOWS}/plan/runs", params={"status": "failed"}))["total"] == 0
    assert decoded(await bob.get(f"{FLOWS}/plan/runs"))["total"] == 0
    assert decoded(await admin.get(f"{FLOWS}/plan/runs"))["total"] == 2
    assert decoded(await admin.get(path))["id"] == run["runId"]

    absent = f"{FLOWS}/plan/runs/01HZZZZZZZZZZZZZZZZZZZZZZZ"
    for way in ("GET {}", "POST {}/cancel", "POST {}/resume", "POST {}/replay", "GET {}/screen"):
        method, template = way.split()
        hidden = error_of(await bob.ask(method, template.format(path)), 404, "NOT_FOUND")
        missing = error_of(await bob.ask(method, template.format(absent)), 404, "NOT_FOUND")
        assert hidden["message"].replace(run["runId"], "X") == missing["message"].replace(absent[-26:], "X")
        error_of(await world.nobody.ask(method, template.format(path)), 401, "UNAUTHENTICATED")
    error_of(await ann.get(path.replace("/plan/", "/retired/")), 404, "NOT_FOUND")

    error_of(await ann.ask("POST", f"{path}/cancel"), 409, "INVALID_STATE")
    error_of(await ann.ask("POST", f"{path}/resume"), 409, "INVALID_STATE")
    error_of(await ann.get(f"{path}/screen"), 409, "INVALID_STATE")
    again = decoded(await ann.ask("POST", f"{path}/replay", {"step": "long.then.named"}))
    assert (again["status"], again["output"]) == ("completed", run["output"])
    assert decoded(await ann.get(f"{FLOWS}/plan/runs/{again['runId']}"))["replayOf"] == run["runId"]
    error_of(await ann.ask("POST", f"{path}/replay", {"step": "lon"}), 400, "VALIDATION_ERROR")


async def test_what_cannot_be_started_leaves_no_run(world: World) -> None:
    admin = await world.person("admin@world.example")
    ann = await worker(world, admin, "ann")
    error_of(await ann.ask("POST", f"{FLOWS}/plann/start", {}), 404, "NOT_FOUND")
    error_of(await ann.ask("POST", f"{FLOWS}/retired/start", {}), 409, "FLOW_DISABLED")
    error_of(await ann.ask("POST", f"{FLOWS}/nightly/start", {}), 422, "FLOW_NO_START_NODE")
    faults = error_of(
        await ann.ask("POST", f"{FLOWS}/plan/start", {"tittle": "x", "hours": "many"}), 400, "VALIDATION_ERROR"
    )
    assert {fault["field"] for fault in faults["details"]["fields"]} == {"tittle", "title", "hours"}
    error_of(await ann.ask("POST", f"{FLOWS}/plan/start", [1]), 400, "VALIDATION_ERROR")
    error_of(await ann.get(f"{FLOWS}/plan/runs", params={"state": "x"}), 400, "VALIDATION_ERROR")
    error_of(await ann.get(f"{FLOWS}/none/runs"), 404, "NOT_FOUND")
    assert decoded(await admin.get("/api/v1/data/sys_automation_run"))["total"] == 0


async def test_a_flow_asks_its_starter_for_capabilities(world: World) -> None:
    admin = await world.person("admin@world.example")
    ann = await worker(world, admin, "ann")
    pay = await worker(world, admin, "pay", sets=("payer",))
    refused = error_of(await ann.ask("POST", f"{FLOWS}/payroll/start", {}), 403, "PERMISSION_DENIED")
    assert refused["details"]["permission"] == "pay"
    known = decoded(await ann.get("/api/v1/meta/flow"))["items"]
    assert [(flow["name"], [*flow.get("inputs", {})]) for flow in known] == [("plan", ["title", "hours", "code"])]
    assert not {"steps", "outputs", "runAs"} & known[0].keys()
    error_of(await ann.get("/api/v1/meta/flow/payroll"), 404, "NOT_FOUND")
    assert {flow["name"] for flow in decoded(await pay.get("/api/v1/meta/flow"))["items"]} == {"plan", "payroll"}
    assert "steps" in decoded(await admin.get("/api/v1/meta/flow/nightly"))["item"]
    assert decoded(await admin.get("/api/v1/data/sys_automation_run"))["total"] == 0
    assert decoded(await pay.ask("POST", f"{FLOWS}/payroll/start", {}))["status"] == "completed"
    assert decoded(await admin.get("/api/v1/data/shift"))["items"][0]["title"] == "paid"


async def test_a_failed_run_is_told_of_as_one_that_was_there(world: World) -> None:
    admin = await world.person("admin@world.example")
    bare = await worker(world, admin, "cay", sets=())
    answer = await bare.ask("POST", f"{FLOWS}/plan/start", {"title": "day"})
    run = decoded(answer)
    assert (answer.status_code, run["status"]) == (200, "failed")
    assert (run["error"]["code"], run["error"]["nodeId"]) == ("PERMISSION_DENIED", "made")
    assert decoded(await admin.get("/api/v1/data/shift"))["total"] == 0


async def worker(world: World, admin: Person, name: str, sets: tuple[str, ...] = ("shift_worker",)) -> Person:
    """Makes somebody who holds permission sets, and signs him in."""
    user = await admin.make("sys_user", name=name, email=f"{name}@world.example", password="fieldstone-world")
    await asyncio.gather(
        *(admin.make("sys_user_permission_set", user_id=user["id"], permission_set=held) for held in sets)
    )
    return await world.person(f"{name}@world.example")
