"""The past and the trash over HTTP: what is asked, how it is answered, and what is refused."""

import asyncio

import httpx
import pytest

from fieldstone.clock import system_clock
from tests.surfaces.running import DATA, Person

pytestmark = pytest.mark.asyncio(loop_scope="session")
DRAFT = f"{DATA}/draft"


async def _made(person: Person, **values: object) -> str:
    answer = await person.ask("POST", DRAFT, json=values)
    assert answer.status_code == 201
    record_id: str = answer.json()["id"]
    return record_id


def _why(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json()["error"]["details"].get("reason")


async def test_versions_are_told_and_brought_back(admin: Person) -> None:
    made = await _made(admin, title="one", price=1.5)
    instant = system_clock()
    await asyncio.sleep(0.002)
    assert (await admin.ask("PATCH", f"{DRAFT}/{made}", json={"title": "two", "price": None})).status_code == 200
    history = (await admin.get(f"{DRAFT}/{made}/history", params={"limit": "1"})).json()
    (newest,) = history["items"]
    assert (history["object"], history["id"], history["before"]) == ("draft", made, 2)
    assert newest["changes"] == [
        {"field": "title", "from": "one", "to": "two"},
        {"field": "price", "from": 1.5, "to": None},
    ]
    assert len((await admin.get(f"{DRAFT}/{made}/history", params={"before": "2"})).json()["items"]) == 1
    then = await admin.get(f"{DRAFT}/{made}", params={"asOf": instant})
    assert (then.json()["title"], then.json()["version"]) == ("one", 1)
    for path, sent in (("/query", {"where": {"id": made}, "asOf": instant}), ("", None)):
        ask = (
            admin.ask("POST", DRAFT + path, json=sent)
            if sent
            else admin.get(DRAFT, params={"id": made, "asOf": instant})
        )
        assert [record["title"] for record in (await ask).json()["items"]] == ["one"]
    stale = await admin.ask("POST", f"{DRAFT}/{made}/restore", json={"version": 1}, headers={"If-Match": '"1"'})
    assert stale.status_code == 409
    back = await admin.ask("POST", f"{DRAFT}/{made}/restore", json={"version": 1, "expectedVersion": 2})
    assert (back.json()["title"], back.json()["price"], back.json()["version"]) == ("one", 1.5, 3)
    assert back.headers["etag"].startswith('"3-')


async def test_a_restore_under_a_key_is_done_once(admin: Person) -> None:
    made = await _made(admin, title="one")
    await admin.ask("PATCH", f"{DRAFT}/{made}", json={"title": "two"})
    key = {"Idempotency-Key": f"restore-{made}"}
    first = await admin.ask("POST", f"{DRAFT}/{made}/restore", json={"version": 1}, headers=key)
    assert (first.status_code, first.json()["title"], first.json()["version"]) == (200, "one", 3)
    await admin.ask("PATCH", f"{DRAFT}/{made}", json={"title": "three"})
    again = await admin.ask("POST", f"{DRAFT}/{made}/restore", json={"version": 1}, headers=key)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (await admin.get(f"{DRAFT}/{made}")).json()["title"] == "three"
    other = await admin.ask("POST", f"{DRAFT}/{made}/restore", json={"version": 2}, headers=key)
    assert other.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_the_trash_is_looked_into_restored_from_and_purged(admin: Person) -> None:
    made = await _made(admin, title="gone")
    assert (await admin.ask("DELETE", f"{DRAFT}/{made}")).json() == {"object": "draft", "id": made, "success": True}
    assert (await admin.get(f"{DRAFT}/{made}")).status_code == 404
    assert (await admin.get(f"{DRAFT}/{made}/history")).status_code == 404
    assert (await admin.get(DRAFT, params={"id": made})).json()["total"] == 0
    for found in (
        await admin.get(DRAFT, params={"id": made, "trash": "true"}),
        await admin.ask("POST", f"{DRAFT}/query", json={"where": {"id": made}, "trash": True}),
    ):
        (record,) = found.json()["items"]
        assert record["deleted_at"] is not None
        assert "deleted_with" not in record
    dry = await admin.ask("POST", f"{DRAFT}/{made}/restore", params={"dryRun": "true"})
    assert (dry.status_code, (await admin.get(f"{DRAFT}/{made}")).status_code) == (200, 404)
    back = await admin.ask("POST", f"{DRAFT}/{made}/restore")
    assert (back.status_code, back.json()["deleted_at"]) == (200, None)
    assert (await admin.ask("DELETE", f"{DRAFT}/{made}", params={"purge": "true"})).status_code == 404
    await admin.ask("DELETE", f"{DRAFT}/{made}")
    assert (await admin.ask("DELETE", f"{DRAFT}/{made}", params={"purge": "true"})).status_code == 200
    assert (await admin.ask("POST", f"{DRAFT}/{made}/restore")).status_code == 404


@pytest.mark.parametrize(
    ("path", "parameters", "why"),
    [
        ("/customer", {"asOf": "2026-03-05T14:30:00Z"}, "HISTORY_NOT_TRACKED"),
        ("/customer", {"trash": "true"}, "NO_TRASH"),
        ("/draft", {"asOf": "2026-03-05"}, "INVALID_QUERY"),
        ("/draft", {"asOf": "now"}, "INVALID_QUERY"),
        ("/draft", {"trash": "yes"}, "INVALID_QUERY"),
        ("/draft", {"trash": "true", "asOf": "2026-03-05T14:30:00Z"}, "INVALID_QUERY"),
        ("/draft", {"groupBy": "title", "asOf": "2026-03-05T14:30:00Z"}, "INVALID_QUERY"),
    ],
)
async def test_what_cannot_be_asked_of_the_past_is_refused(
    admin: Person, path: str, parameters: dict[str, str], why: str
) -> None:
    assert _why(await admin.get(DATA + path, params=parameters)) == (400, why)


async def test_a_restore_takes_its_own_keys_alone(admin: Person) -> None:
    made = await _made(admin, title="a")
    for body in ({"versoin": 1}, {"version": "1"}, {"version": 0}, {"expectedVersion": "x"}):
        assert (await admin.ask("POST", f"{DRAFT}/{made}/restore", json=body)).status_code == 400
    assert _why(await admin.get(f"{DRAFT}/{made}/history", params={"before": "x"})) == (400, "INVALID_QUERY")


async def test_a_history_is_in_the_document_of_the_objects_that_keep_one(admin: Person) -> None:
    paths = (await admin.get("/api/v1/openapi.json")).json()["paths"]
    told = {path for path in paths if path.endswith(("/history", "/restore"))}
    assert {f"{DRAFT}/{{id}}/history", f"{DRAFT}/{{id}}/restore"} <= told
    assert f"{DATA}/customer/{{id}}/history" not in told
    names = {parameter["name"] for parameter in paths[f"{DRAFT}/{{id}}"]["delete"]["parameters"]}
    assert {"purge", "expectedVersion"} <= names
