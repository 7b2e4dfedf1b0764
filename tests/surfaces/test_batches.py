"""Writes in number over HTTP: batches, upserts, many at once, several objects, clones, each for real and dry (contract 3.8)."""

from typing import Any

import pytest

from tests.surfaces.running import DATA, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
CUSTOMERS = f"{DATA}/customer"
NUMBERS = iter(range(1000, 9999))
FAR = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def _name() -> str:
    return f"Batch customer {next(NUMBERS)}"


async def _named(mia: Person, *names: str) -> list[dict[str, Any]]:
    where = {"name": {"$in": list(names)}}
    answer = await mia.ask("POST", f"{CUSTOMERS}/query", {"where": where, "orderBy": [{"field": "name"}]})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_many_are_created_all_or_none(mia: Person) -> None:
    names = sorted(_name() for _ in range(3))
    answer = await mia.ask("POST", f"{CUSTOMERS}/createMany", [{"name": name} for name in names])
    body = answer.json()
    assert (answer.status_code, body["object"], body["count"]) == (201, "customer", 3)
    assert [record["name"] for record in body["records"]] == names
    wrong = await mia.ask("POST", f"{CUSTOMERS}/createMany", [{"name": names[0] + "!"}, {"nonsense": 1}])
    faults = {fault["field"] for fault in error_of(wrong, 400, "VALIDATION_ERROR")["details"]["fields"]}
    assert faults >= {"rows[1].nonsense", "rows[1].name"}
    assert [item["name"] for item in await _named(mia, *names, names[0] + "!")] == names
    error_of(await mia.ask("POST", f"{CUSTOMERS}/createMany", {"name": "x"}), 400, "VALIDATION_ERROR")


async def test_many_are_changed_and_deleted_each_with_its_version(mia: Person) -> None:
    first, second = [await mia.make("customer", name=_name()) for _ in range(2)]
    records = [
        {"id": first["id"], "data": {"name": first["name"] + "!"}, "expectedVersion": 1},
        {"id": second["id"], "data": {"name": second["name"] + "!"}, "expectedVersion": 7},
    ]
    changed = (await mia.ask("POST", f"{CUSTOMERS}/updateMany", {"records": records})).json()
    assert [row["success"] for row in changed["results"]] == [True, False]
    refused = changed["results"][1]["errors"][0]
    assert (refused["code"], refused["details"]["currentVersion"]) == ("CONCURRENT_UPDATE", 1)
    assert refused["details"]["record"]["name"] == second["name"]
    gone = (await mia.ask("POST", f"{CUSTOMERS}/deleteMany", {"ids": [first["id"], second["id"], FAR]})).json()
    assert [row["success"] for row in gone["results"]] == [True, True, False]
    assert (gone["succeeded"], gone["failed"]) == (2, 1)


async def test_a_batch_may_end_at_the_first_row_that_fails(mia: Person) -> None:
    names = [_name() for _ in range(3)]
    rows = [{"data": {"name": names[0]}}, {"data": {"name": None}}, {"data": {"name": names[2]}}]
    options = {"continueOnError": False}
    body = {"operation": "create", "records": rows, "options": options}
    results = (await mia.ask("POST", f"{CUSTOMERS}/batch", body)).json()["results"]
    assert [row["errors"][0]["code"] if "errors" in row else "ok" for row in results] == [
        "ok",
        "VALIDATION_ERROR",
        "NOT_ATTEMPTED",
    ]
    assert [item["name"] for item in await _named(mia, *names)] == [names[0]]
    both = await mia.ask("POST", f"{CUSTOMERS}/batch", body | {"options": {"atomic": True, "continueOnError": True}})
    error_of(both, 400, "VALIDATION_ERROR")


async def test_operations_across_objects_name_what_earlier_ones_made(mia: Person) -> None:
    name = _name()
    operations = [
        {"object": "customer", "action": "create", "data": {"name": name}},
        {"object": "ticket", "action": "create", "data": {"subject": "A leak", "customer": {"$ref": 0}}},
        {"object": "ticket", "action": "update", "id": {"$ref": 1}, "data": {"hours": 2}, "expectedVersion": 1},
    ]
    body = (await mia.ask("POST", "/api/v1/batch", {"operations": operations})).json()
    assert (body["success"], body["total"], body["succeeded"], body["failed"]) == (True, 3, 3, 0)
    ticket = (await mia.get(f"{DATA}/ticket/{body['results'][1]['id']}")).json()
    assert (ticket["customer"], float(ticket["hours"])) == (body["results"][0]["id"], 2)
    assert [row["object"] for row in body["results"]] == ["customer", "ticket", "ticket"]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (
            {"object": "ticket", "action": "create", "data": {"subject": "x", "customer": {"$ref": 1}}},
            "VALIDATION_ERROR",
        ),
        ({"object": "ticket", "action": "update", "id": FAR, "data": {}}, "NOT_FOUND"),
        ({"object": "sys_idempotency_key", "action": "delete", "id": FAR}, "NOT_FOUND"),
        ({"object": "nothing", "action": "delete", "id": FAR}, "NOT_FOUND"),
        ({"object": "ticket", "action": "drop", "id": FAR}, "VALIDATION_ERROR"),
        ({"object": "ticket", "action": "create", "data": {"subject": "x"}, "more": 1}, "VALIDATION_ERROR"),
    ],
)
async def test_the_first_operation_that_fails_undoes_the_others(mia: Person, step: dict[str, Any], code: str) -> None:
    name = _name()
    operations = [{"object": "customer", "action": "create", "data": {"name": name}}, step]
    body = (await mia.ask("POST", "/api/v1/batch", {"operations": operations})).json()
    first, second = (row["errors"][0]["code"] for row in body["results"])
    assert (first in ("ROLLED_BACK", "NOT_ATTEMPTED"), second) == (True, code)
    assert await _named(mia, name) == []
    apart = (await mia.ask("POST", "/api/v1/batch", {"operations": operations, "atomic": False})).json()
    assert [row["success"] for row in apart["results"]] == [True, False]
    assert len(await _named(mia, name)) == 1


async def test_a_clone_takes_along_what_may_be_set(mia: Person) -> None:
    customer = (await mia.make("customer", name=_name()))["id"]
    ticket = await mia.make("ticket", subject="A leak", customer=customer, hours=1.5)
    answer = await mia.ask("POST", f"{DATA}/ticket/{ticket['id']}/clone", {"overrides": {"subject": "Another"}})
    clone = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{DATA}/ticket/{clone['id']}"
    assert (clone["subject"], clone["customer"], clone["hours"]) == ("Another", customer, ticket["hours"])
    assert clone["id"] != ticket["id"]
    error_of(await mia.ask("POST", f"{DATA}/ticket/{FAR}/clone"), 404, "NOT_FOUND")
    wrong = await mia.ask("POST", f"{DATA}/ticket/{ticket['id']}/clone", {"overrides": {"nonsense": 1}})
    error_of(wrong, 400, "VALIDATION_ERROR")


async def test_every_write_may_be_tried_and_nothing_of_it_stays(world: World, mia: Person) -> None:
    made = await mia.make("customer", name=_name())
    name = _name()
    before = await world.runtime.store.epoch()
    tries = [
        ("POST", CUSTOMERS, {"name": name}, 201),
        ("PATCH", f"{CUSTOMERS}/{made['id']}", {"name": name}, 200),
        ("DELETE", f"{CUSTOMERS}/{made['id']}", None, 200),
        ("POST", f"{CUSTOMERS}/{made['id']}/clone", {"overrides": {"name": name}}, 201),
        ("POST", f"{CUSTOMERS}/createMany", [{"name": name}], 201),
        ("POST", f"{CUSTOMERS}/batch", {"operation": "create", "records": [{"data": {"name": name}}]}, 200),
        ("POST", f"{CUSTOMERS}/updateMany", {"records": [{"id": made["id"], "data": {"name": name}}]}, 200),
        ("POST", f"{CUSTOMERS}/deleteMany", {"ids": [made["id"]]}, 200),
        (
            "POST",
            "/api/v1/batch",
            {"operations": [{"object": "customer", "action": "create", "data": {"name": name}}]},
            200,
        ),
    ]
    for method, path, body, status in tries:
        answer = await mia.ask(method, f"{path}?dryRun=true", body, headers={"Idempotency-Key": f"{method} {path}"})
        assert answer.status_code == status, answer.text
        assert answer.json().get("success", True) is True
        assert await _named(mia, name) == []
        assert (await mia.get(f"{CUSTOMERS}/{made['id']}")).json() == made
    assert await world.runtime.store.epoch() == before
    for method, path, body, status in tries[:1]:
        real = await mia.ask(method, path, body, headers={"Idempotency-Key": f"{method} {path}"})
        assert (real.status_code, "idempotency-replayed" in real.headers) == (status, False)
    error_of(await mia.ask("POST", f"{CUSTOMERS}?dryRun=maybe", {"name": name}), 400, "VALIDATION_ERROR")
    error_of(await mia.get(f"{CUSTOMERS}?dryRun=true"), 400, "VALIDATION_ERROR")
    error_of(await mia.ask("POST", "/api/v1/keys?dryRun=true", {"name": "k"}), 400, "VALIDATION_ERROR")
