"""Imports that are jobs: they are done portion by portion as their maker, looked at by few, cancelled, and undone (contract 3.6)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fieldstone.app_process import Seams
from fieldstone.settings import Limits, Settings
from tests.surfaces.running import ADMIN, DATA, Person, World, decoded, error_of, running

JOBS = f"{DATA}/import/jobs"
PARTS = f"{DATA}/part/import/jobs"
PORTION = 250
MOST = 300
FILES = {
    "package.yaml": "name: store\nlabel: Store\nversion: 0.1.0\n",
    "part.object.yaml": (
        "name: part\nsharingModel: public_read_write\nfields:\n  code: {type: text, unique: true}\n  title: {type: text, required: true}\n"
        "  price: {type: number, scale: 2}\n  code_word: {type: secret}\n"
    ),
    "keeper.permission.yaml": (
        "name: keeper\nobjects: {part: {allowRead: true, allowCreate: true, allowEdit: true, allowDelete: true, modifyAllRecords: true}}\n"
    ),
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An app in which nothing is carried: a test does each portion itself. All use it, each with names of its own."""
    async with parts(tmp_path_factory.mktemp("jobs"), module_url, Seams(runs="not")) as world:
        yield world


def parts(folder: Path, database_url: str, seams: Seams) -> Any:
    app = folder / "app"
    (app / "store").mkdir(parents=True)
    (app / "app.yaml").write_text("name: store_app\npackages: [./store]\nsurfaces: {apis: [v1]}\n")
    for name, text in FILES.items():
        (app / "store" / name).write_text(text)
    limits = Limits(sign_ins=10_000, import_job_rows=MOST, import_rows=260)
    return running(app, database_url, Settings(limits=limits), seams)


async def keeper(world: World, name: str, *, holds: bool = True) -> tuple[Person, str]:
    """Makes somebody who may import parts; returns him and the id of what gives him the right."""
    admin = await world.person(ADMIN)
    email = f"{name}@world.example"
    user = await admin.make("sys_user", name=name, email=email, password="fieldstone-world")
    held = await admin.make("sys_user_permission_set", user_id=user["id"], permission_set="keeper") if holds else {}
    return await world.person(email), held.get("id", "")


def rows(name: str, count: int) -> list[dict[str, Any]]:
    """Returns rows whose codes begin with a name."""
    return [{"code": f"{name}{number}", "title": f"t{number}"} for number in range(count)]


async def started(person: Person, body: dict[str, Any]) -> str:
    answer = await person.ask("POST", PARTS, body)
    assert answer.status_code == 202, answer.text
    assert decoded(answer).keys() == {"jobId", "object", "status", "total", "createdAt"}
    return str(decoded(answer)["jobId"])


async def portion(world: World, job: str, segment: int = 1) -> bool:
    """Does a portion of a job as whoever carries it does; tells whether there may be more."""
    return await world.runtime.current.works["import"].proceed(job, segment)


async def finish(world: World, job: str) -> None:
    more = True
    while more:
        more = await portion(world, job)


async def look(person: Person, job: str, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = decoded(await person.get(f"{JOBS}/{job}{path}"))
    return found


async def made(person: Person, name: str) -> list[dict[str, Any]]:
    """Returns the parts whose codes begin with a name."""
    where = f'{{"code":{{"$startsWith":"{name}"}}}}'
    found: list[dict[str, Any]] = []
    while True:
        params = {"where": where, "orderBy": "code", "offset": str(len(found))}
        page = decoded(await person.get(f"{DATA}/part", params=params))
        found += page["items"]
        if len(found) == page["total"]:
            return found


async def test_a_job_is_done_portion_by_portion_and_tells_of_every_row(world: World) -> None:
    ann, _ = await keeper(world, "portions")
    sent = [*rows("p", PORTION + 1), {"code": "p_bad"}, {"code": "p1", "title": "twice"}]
    job = await started(ann, {"rows": sent})
    assert (await look(ann, job))["status"] == "pending"
    assert await portion(world, job)
    half = await look(ann, job)
    assert (half["status"], half["done"], half["total"]) == ("running", PORTION, PORTION + 3)
    assert len(await made(ann, "p")) == PORTION
    await finish(world, job)
    over = await look(ann, job)
    counted = {name: over[name] for name in ("done", "created", "updated", "skipped", "errors")}
    assert counted == {"done": PORTION + 3, "created": PORTION + 1, "updated": 0, "skipped": 0, "errors": 2}
    assert (over["status"], over["error"]) == ("succeeded", None)
    assert over["completedAt"] is not None
    assert len(await made(ann, "p")) == PORTION + 1

    seen: list[dict[str, Any]] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = await look(ann, job, f"/results?limit=140&cursor={cursor}")
        seen += page["items"]
        cursor = page["nextCursor"]
    assert [row["row"] for row in seen] == list(range(1, PORTION + 4))
    failed = await look(ann, job, "/results?action=failed&limit=1")
    assert [(row["row"], row["code"], row["field"]) for row in failed["items"]] == [(PORTION + 2, "required", "title")]
    rest = await look(ann, job, f"/results?action=failed&cursor={failed['nextCursor']}")
    assert [(row["row"], row["code"]) for row in rest["items"]] == [(PORTION + 3, "UNIQUE_VIOLATION")]
    assert rest["nextCursor"] is None


async def test_a_job_is_there_for_its_maker_and_for_administrators_alone(world: World) -> None:
    (ann, _), (bob, _) = await keeper(world, "maker"), await keeper(world, "other")
    admin, absent = await world.person(ADMIN), "01HZZZZZZZZZZZZZZZZZZZZZZZ"
    job = await started(ann, {"rows": rows("seen", 2)})
    for way in ("GET {}", "GET {}/results", "POST {}/cancel", "POST {}/undo"):
        method, path = way.split()
        hidden = error_of(await bob.ask(method, path.format(f"{JOBS}/{job}")), 404, "NOT_FOUND")
        missing = error_of(await bob.ask(method, path.format(f"{JOBS}/{absent}")), 404, "NOT_FOUND")
        assert hidden["message"].replace(job, absent) == missing["message"]
        error_of(await world.nobody.ask(method, path.format(f"{JOBS}/{job}")), 401, "UNAUTHENTICATED")
    assert [decoded(await person.get(JOBS))["total"] for person in (ann, bob)] == [1, 0]
    assert job in {listed["jobId"] for listed in decoded(await admin.get(JOBS))["items"]}
    assert decoded(await ann.get(f"{DATA}/sys_import_job"))["items"][0].keys() & {"plan", "segment", "due_at"} == set()
    error_of(await admin.get(f"{DATA}/sys_import_portion"), 404, "NOT_FOUND")
    assert (await look(admin, job))["jobId"] == job
    assert decoded(await ann.get(JOBS, params={"status": "failed"}))["total"] == 0
    assert decoded(await ann.get(JOBS, params={"object": "part", "limit": "1"}))["items"][0]["jobId"] == job
    error_of(await ann.get(JOBS, params={"status": "done"}), 400, "VALIDATION_ERROR")


async def test_a_right_that_is_taken_away_is_missed_at_the_next_portion(world: World) -> None:
    (ann, held), admin = await keeper(world, "losing"), await world.person(ADMIN)
    job = await started(ann, {"rows": rows("lost", PORTION + 1)})
    assert await portion(world, job)
    await admin.ask("DELETE", f"{DATA}/sys_user_permission_set/{held}")
    assert not await portion(world, job)
    over = await look(ann, job)
    assert (over["status"], over["done"], over["error"]["code"]) == ("failed", PORTION, "PERMISSION_DENIED")
    assert len(await made(admin, "lost")) == PORTION
    assert (await look(ann, job, "/results?limit=1"))["total"] == PORTION


async def test_a_maker_who_is_gone_imports_no_more(world: World) -> None:
    (ann, _), admin = await keeper(world, "leaving"), await world.person(ADMIN)
    job = await started(ann, {"rows": rows("gone", 3)})
    user = decoded(await admin.get(f"{DATA}/sys_user", params={"where": '{"name":"leaving"}'}))["items"][0]
    answer = await admin.ask("PATCH", f"{DATA}/sys_user/{user['id']}", {"active": False})
    assert answer.status_code == 200, answer.text
    assert not await portion(world, job)
    assert ((await look(admin, job))["status"], await made(admin, "gone")) == ("failed", [])


async def test_a_job_is_cancelled_between_portions_and_left_alone_by_another_segment(world: World) -> None:
    ann, _ = await keeper(world, "stopping")
    job = await started(ann, {"rows": rows("s", PORTION + 1)})
    assert not await portion(world, job, segment=2)
    assert await portion(world, job)
    answer = await ann.ask("POST", f"{JOBS}/{job}/cancel")
    assert decoded(answer)["status"] == "cancelled"
    assert not await portion(world, job)
    assert ((await look(ann, job))["done"], len(await made(ann, "s"))) == (PORTION, PORTION)
    error_of(await ann.ask("POST", f"{JOBS}/{job}/cancel"), 409, "INVALID_STATE")


async def test_undoing_takes_back_what_nobody_has_changed_since(world: World) -> None:
    ann, _ = await keeper(world, "undoing")
    old = [await ann.make("part", code=f"u_old{number}", title="before", price=1.5) for number in range(3)]
    sent = [*rows("u", PORTION), *({"code": f"u_old{number}", "title": "after", "price": None} for number in range(3))]
    sent += [{"code": "u0", "title": "later"}, {"code": "u_old0", "title": "later"}]
    job = await started(ann, {"rows": sent, "writeMode": "upsert", "matchFields": ["code"]})
    error_of(await ann.ask("POST", f"{JOBS}/{job}/undo"), 409, "INVALID_STATE")
    await finish(world, job)
    assert [(await look(ann, job))[name] for name in ("created", "updated", "errors")] == [PORTION, 5, 0]
    touched = next(part for part in await made(ann, "u") if part["code"] == "u7")
    for record in (touched, old[1]):
        changed = await ann.ask("PATCH", f"{DATA}/part/{record['id']}", {"title": "mine"})
        assert changed.status_code == 200
    answer = decoded(await ann.ask("POST", f"{JOBS}/{job}/undo"))
    assert [answer[name] for name in ("success", "deleted", "restored", "failed")] == [False, PORTION - 1, 2, 2]
    assert {failure["id"] for failure in answer["failures"]} == {touched["id"], old[1]["id"]}
    assert {failure["code"] for failure in answer["failures"]} == {"CONCURRENT_UPDATE"}
    assert [(part["code"], part["title"], part["price"]) for part in await made(ann, "u")] == [
        ("u7", "mine", None),
        ("u_old0", "before", 1.5),
        ("u_old1", "mine", None),
        ("u_old2", "before", 1.5),
    ]
    assert (await look(ann, job))["undoneAt"] is not None
    error_of(await ann.ask("POST", f"{JOBS}/{job}/undo"), 409, "INVALID_STATE")


async def test_undoing_is_done_with_the_rights_of_whoever_asks_and_brings_back_no_secret(world: World) -> None:
    (ann, held), admin = await keeper(world, "asking"), await world.person(ADMIN)
    kept = await ann.make("part", code="x_kept", title="kept", code_word="first")
    sent = [{"code": "x_kept", "title": "new", "code_word": "second"}, {"code": "x_made", "title": "made"}]
    job = await started(ann, {"rows": sent, "writeMode": "upsert", "matchFields": ["code"]})
    await finish(world, job)
    await admin.ask("DELETE", f"{DATA}/sys_user_permission_set/{held}")
    answer = decoded(await ann.ask("POST", f"{JOBS}/{job}/undo"))
    assert (answer["deleted"], answer["restored"], answer["failed"]) == (0, 0, 2)
    assert "PERMISSION_DENIED" in {failure["code"] for failure in answer["failures"]}
    assert [failure["code"] for failure in answer["failures"] if failure["id"] == kept["id"]] == ["INVALID_STATE"]
    assert len(await made(admin, "x_")) == 2


async def test_a_job_that_wrote_more_than_an_import_takes_is_not_undone(world: World) -> None:
    ann, _ = await keeper(world, "writing")
    job = await started(ann, {"rows": rows("many", 261)})
    await finish(world, job)
    error_of(await ann.ask("POST", f"{JOBS}/{job}/undo"), 413, "PAYLOAD_TOO_LARGE")
    assert len(await made(ann, "many")) == 261


async def test_what_no_import_takes_is_no_job(world: World) -> None:
    (ann, _), (bob, _) = await keeper(world, "strict"), await keeper(world, "bare", holds=False)
    one: dict[str, Any] = {"rows": rows("no", 1)}
    for body in ({"rows": rows("no", MOST + 1)}, {"csv": "code,title\n" + "x,y\n" * (MOST + 1)}):
        error_of(await ann.ask("POST", PARTS, body), 413, "PAYLOAD_TOO_LARGE")
    for wrong in ({**one, "dryRun": True}, {"rows": [{"tittle": "x"}]}, {**one, "writeMode": "update"}):
        error_of(await ann.ask("POST", PARTS, wrong), 400, "VALIDATION_ERROR")
    error_of(await ann.ask("POST", f"{PARTS}?atomic=true", one), 400, "VALIDATION_ERROR")
    error_of(await ann.ask("POST", f"{PARTS}?dryRun=true", one), 400, "VALIDATION_ERROR")
    error_of(await ann.ask("POST", f"{DATA}/nothing/import/jobs", one), 404, "NOT_FOUND")
    error_of(await bob.ask("POST", PARTS, one), 403, "PERMISSION_DENIED")
    error_of(await world.nobody.ask("POST", PARTS, one), 401, "UNAUTHENTICATED")
    assert [decoded(await person.get(JOBS))["total"] for person in (ann, bob)] == [0, 0]
    assert await made(ann, "no") == []


async def test_a_job_is_begun_once_under_a_key(world: World) -> None:
    ann, _ = await keeper(world, "sure")
    key = {"Idempotency-Key": "parts-of-today"}
    sent: dict[str, Any] = {"rows": rows("sure", 2)}
    first, again = [await ann.ask("POST", PARTS, sent, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert again.content == first.content
    assert [answer.headers.get("idempotency-replayed") for answer in (first, again)] == [None, "true"]
    error_of(await ann.ask("POST", PARTS, {"rows": rows("sure", 3)}, headers=key), 409, "IDEMPOTENCY_KEY_REUSED")
    other = decoded(await ann.ask("POST", PARTS, {"rows": rows("else", 1)}))["jobId"]
    assert {job["jobId"] for job in decoded(await ann.get(JOBS))["items"]} == {decoded(first)["jobId"], other}
    for job in (decoded(first)["jobId"], other):
        await finish(world, job)
    assert len(await made(ann, "sure")) == 2
    late = await ann.ask("POST", PARTS, sent, headers=key)
    assert late.content == first.content
    csv = {**key, "Idempotency-Key": "parts-as-file", "Content-Type": "text/csv"}
    files = [await ann.ask("POST", PARTS, content=b"code,title\nsure_file,one\n", headers=csv) for _ in range(2)]
    assert files[0].content == files[1].content
    assert decoded(await ann.get(JOBS))["total"] == 3


async def test_a_job_is_carried_like_a_run_to_its_end(tmp_path: Path, sqlite_url: str) -> None:
    async with parts(tmp_path, sqlite_url, Seams(runs="here")) as world:
        ann, _ = await keeper(world, "carried")
        content = "code;title;price\na;Zürich;1,5\n".encode("cp1252")
        answer = await ann.ask("POST", PARTS, content=content, headers={"Content-Type": "text/csv"})
        job = decoded(answer)["jobId"]
        for _ in range(1000):
            if (await look(ann, job))["status"] == "succeeded":
                break
            await asyncio.sleep(0.01)
        part = decoded(await ann.get(f"{DATA}/part"))["items"][0]
        assert (part["title"], part["price"]) == ("Zürich", 1.5)
