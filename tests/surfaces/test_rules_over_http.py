"""Rules over HTTP: how a refusal names them, how a warning stands beside the record, and what `/meta` serves of them to whom."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from openapi_schema_validator import OAS30ReadValidator

from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
EXPENSE = f"{DATA}/expense"
DEAR = {
    "field": "_record",
    "code": "rule_violation",
    "message": "That is a lot.",
    "constraint": {"rule": "dear"},
    "severity": "info",
}
THIN = {**DEAR, "message": "The margin is thin.", "constraint": {"rule": "thin"}, "severity": "warning"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ivo(world: World) -> Person:
    """Somebody who does not see margins."""
    return await world.person("ivo@world.example")


def _fields(answer: httpx.Response) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
    return fields


async def test_a_refusal_names_every_field_with_its_rule(ivo: Person) -> None:
    assert _fields(await ivo.ask("POST", EXPENSE, {"asked": 5, "granted": 6})) == [
        {"field": "title", "code": "required", "message": "Title is required", "label": "Title"},
        {
            "field": "granted",
            "code": "rule_violation",
            "message": "No more is granted than was asked for.",
            "label": "Granted",
            "constraint": {"rule": "not_more", "fields": ["granted", "asked"]},
        },
    ]


async def test_a_field_is_read_only_and_required_as_its_conditions_say(ivo: Person) -> None:
    made = await ivo.make("expense", title="a")
    path = f"{EXPENSE}/{made['id']}"
    refused = _fields(await ivo.ask("PATCH", path, {"granted": 1}))
    read_only = {"field": "granted", "code": "invalid_value", "message": "Granted is read-only", "label": "Granted"}
    assert read_only in refused
    assert (await ivo.ask("PATCH", path, {"asked": 1})).status_code == 200
    assert (await ivo.ask("PATCH", path, {"granted": 1})).status_code == 200
    (fault,) = _fields(await ivo.ask("PATCH", path, {"asked": 5001}))
    assert (fault["field"], fault["code"]) == ("note", "required")
    assert (await ivo.ask("PATCH", path, {"asked": 5001, "note": "why"})).status_code == 200


async def test_warnings_stand_beside_the_record_that_was_written(ivo: Person, admin: Person) -> None:
    answer = await ivo.ask("POST", EXPENSE, {"title": "a", "asked": 2001})
    record = decoded(answer)
    assert (answer.status_code, record.pop("_warnings")) == (201, [DEAR])
    path = f"{EXPENSE}/{record['id']}"
    read = await ivo.get(path)
    assert decoded(read) == record
    assert read.headers["etag"] == answer.headers["etag"]
    assert decoded(await ivo.ask("PATCH", path, {"title": "b", "asked": 1})).keys() == record.keys()
    assert decoded(await admin.ask("PATCH", path, {"margin": 1}))["_warnings"] == [THIN]
    assert decoded(await ivo.ask("PATCH", path, {"title": "c"}))["_warnings"] == [THIN]
    assert "_warnings" not in decoded(await ivo.ask("PATCH", path, {"title": "c"}))
    assert decoded(await ivo.ask("POST", f"{path}/clone", {"overrides": {"asked": 2001}}))["_warnings"] == [DEAR]


async def test_warnings_are_told_with_each_row_of_many(ivo: Person) -> None:
    rows = [{"title": "a"}, {"title": "b", "asked": 2001}, {"title": "c", "asked": 1, "granted": 2}]
    batch = {"operation": "create", "records": [{"data": row} for row in rows]}
    results = decoded(await ivo.ask("POST", f"{EXPENSE}/batch", batch))["results"]
    assert [result.get("warnings") for result in results] == [None, [DEAR], None]
    assert [result["success"] for result in results] == [True, True, False]
    made = decoded(await ivo.ask("POST", f"{EXPENSE}/createMany", rows[:2]))["records"]
    assert [record.get("_warnings") for record in made] == [None, [DEAR]]
    steps = [{"object": "expense", "action": "create", "data": row} for row in rows[:2]]
    done = decoded(await ivo.ask("POST", "/api/v1/batch", {"operations": steps}))["results"]
    assert [step.get("warnings") for step in done] == [None, [DEAR]]


async def test_a_replay_tells_the_same_warnings(ivo: Person) -> None:
    key = {"Idempotency-Key": "warned"}
    answers = [await ivo.ask("POST", EXPENSE, {"title": "a", "asked": 2001}, headers=key) for _ in range(2)]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[0].content == answers[1].content
    assert decoded(answers[0])["_warnings"] == [DEAR]


async def test_meta_serves_rules_and_conditions_to_whoever_sees_what_they_look_at(admin: Person, ivo: Person) -> None:
    whole = decoded(await admin.get("/api/v1/meta/object/expense"))["item"]
    assert [rule["name"] for rule in whole["validations"]] == ["not_more", "thin", "dear"]
    assert whole["fields"]["note"]["visibleWhen"] == "record.margin > 5"
    cut = await ivo.get("/api/v1/meta/object/expense")
    assert "margin" not in cut.text
    item = decoded(cut)["item"]
    assert [rule["name"] for rule in item["validations"]] == ["not_more", "dear"]
    assert item["fields"]["note"] == {"type": "text", "requiredWhen": "record.asked != null && record.asked > 5000"}


async def test_the_document_tells_of_warnings_where_rules_can_give_them(ivo: Person) -> None:
    document = decoded(await ivo.get("/api/v1/openapi.json"))
    paths = document["paths"]
    schema = paths[EXPENSE]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    answer = decoded(await ivo.ask("POST", EXPENSE, {"title": "a", "asked": 2001}))
    OAS30ReadValidator(schema | {"components": document["components"]}).validate(answer)
    assert "_warnings" in str(schema)
    assert "_warnings" not in str(paths[EXPENSE]["get"])
