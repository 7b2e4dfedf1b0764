"""What goes in comes out, orders and compares the same; what does not fit is refused, all of it at once."""

from collections.abc import Mapping
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.query.values import exact_number
from tests.every_type.values import BULLETS, MORE_REFUSED, REFUSED, VALUES
from tests.surfaces.running import DATA, Person, World, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 12
COMPUTED = FIELD_TYPES.keys() & {"formula", "summary", "autonumber"}
PRIMITIVES: Mapping[str, Any] = {"string": "17", "number": 17, "boolean": True, "array": [17], "object": {"a": 17}}
NUMERIC = {"number": "integer"}
EXACT = msgspec.json.Decoder(float_hook=exact_number)


async def send(person: Person, method: str, path: str, body: Any) -> httpx.Response:
    """Sends a body whose decimals keep all their digits."""
    return await person.ask(method, path, content=_encoded(body), headers={"Content-Type": "application/json"})


def _encoded(body: Any) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(body)


async def test_every_type_of_the_world_has_its_values(types: World) -> None:
    fields = [field for field in types.runtime.catalog.objects["sample"].fields.values() if not field.system]
    names = {field.name for field in fields}
    assert names == VALUES.keys() | {"password"}
    assert names == REFUSED.keys()
    kinds = {field.type.name for field in fields}
    assert kinds | {"lookup", "master_detail", "tree", "user"} | COMPUTED == FIELD_TYPES.keys()


@pytest.mark.parametrize("name", VALUES)
async def test_what_went_in_comes_out_and_orders_and_compares_the_same(admin: Person, name: str) -> None:
    values = VALUES[name]
    random = Random(name)
    sent = [values.make(random) for _ in range(COUNT)]
    answer = await send(admin, "POST", f"{DATA}/sample/createMany", [{name: value} for value in sent])
    assert answer.status_code in (200, 201), answer.text
    made = EXACT.decode(answer.content)["records"]
    shown = [_number(values.shown(value)) for value in sent]
    assert [record[name] for record in made] == shown
    ids = [record["id"] for record in made]
    query = {"where": {"id": {"$in": ids}}, "fields": [name], "limit": COUNT}
    if values.key is None:
        return
    ordered = EXACT.decode((await send(admin, "POST", f"{DATA}/sample/query", query | {"orderBy": name})).content)
    assert [record[name] for record in ordered["items"]] == sorted(shown, key=values.key)
    where = {"$and": [query["where"], {name: shown[0]}]}
    equal = EXACT.decode(
        (await send(admin, "POST", f"{DATA}/sample/query", query | {"where": where, "orderBy": "id"})).content
    )
    assert [record[name] for record in equal["items"]] == [value for value in shown if value == shown[0]]


def _number(value: Any) -> Any:
    return EXACT.decode(_encoded(value)) if isinstance(value, float | list | dict) else value


@pytest.mark.parametrize("kind", PRIMITIVES)
async def test_a_value_of_another_json_type_is_refused_and_never_turned_into_the_right_one(
    admin: Person, types: World, kind: str
) -> None:
    body = {}
    for field in types.runtime.catalog.objects["sample"].fields.values():
        schema = field.type.schema(field.declaration)
        taken = {each.get("type") for each in schema.get("anyOf", [schema])}
        if not (field.system or field.type.computed) and taken.isdisjoint({kind, NUMERIC.get(kind), None}):
            body[field.name] = PRIMITIVES[kind]
    faults = error_of(await send(admin, "POST", f"{DATA}/sample", body), 400, "VALIDATION_ERROR")["details"]["fields"]
    assert {fault["field"]: fault["code"] for fault in faults} == dict.fromkeys(body, "invalid_type")
    assert len(body) > COUNT


async def test_every_wrong_value_of_a_body_is_named_at_once(admin: Person) -> None:
    places = max(len(REFUSED[name]) for name in REFUSED)
    for place in range(places):
        chosen = {name: refused[place] for name, refused in REFUSED.items() if place < len(refused)}
        answer = await send(admin, "POST", f"{DATA}/sample", {name: value for name, (value, _) in chosen.items()})
        fields = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
        assert {fault["field"]: fault["code"] for fault in fields} == {name: code for name, (_, code) in chosen.items()}


@pytest.mark.parametrize("name", MORE_REFUSED)
async def test_values_out_of_bounds_are_refused_with_their_code(admin: Person, name: str) -> None:
    for value, code in MORE_REFUSED[name]:
        answer = await send(admin, "POST", f"{DATA}/sample", {name: value})
        (fault,) = error_of(answer, 400, "VALIDATION_ERROR")["details"]["fields"]
        assert (fault["field"], fault["code"]) == (name, code), value


async def test_a_fault_within_a_value_is_told_with_its_path_and_all_of_them_together(admin: Person) -> None:
    body = {
        "location": {"lat": 91, "height": 2},
        "composite": {"width": "wide", "due": "2026-02-30"},
        "repeater": [{"amount": 1}, {"note": 3}, {"amount": 1, "colour": "red"}],
        "groups": {"de": {"amount": 0.001}},
    }
    fields = error_of(await send(admin, "POST", f"{DATA}/sample", body), 400, "VALIDATION_ERROR")["details"]["fields"]
    assert {fault["field"]: fault["code"] for fault in fields} == {
        "location.lat": "max_value",
        "location.height": "unknown_field",
        "location.lng": "required",
        "composite.width": "invalid_type",
        "composite.due": "invalid_date",
        "repeater[1].amount": "required",
        "repeater[1].note": "invalid_type",
        "repeater[2].colour": "unknown_field",
        "groups.de.amount": "max_scale",
    }


async def test_html_is_cleaned_wherever_it_is_written(admin: Person) -> None:
    attack = '<a href="javascript:x()" onclick="x()">a</a><img src=x onerror=x()><script>x()</script>'
    record = await admin.make("sample", html=attack, richtext=attack)
    for shown in (record["html"], record["richtext"]):
        assert not any(word in shown for word in ("script", "onclick", "onerror"))
        assert ">a</a>" in shown


async def test_a_secret_is_sealed_masked_and_kept_when_its_mask_comes_back(admin: Person, types: World) -> None:
    record = await admin.make("sample", secret="a key of theirs", text="one")
    assert record["secret"] == BULLETS
    path = f"{DATA}/sample/{record['id']}"
    before = await stored_secret(types, record["id"])
    assert "key" not in before
    changed = decoded(await admin.ask("PATCH", path, {"secret": BULLETS, "text": "two"}))
    assert (changed["secret"], changed["text"]) == (BULLETS, "two")
    assert await stored_secret(types, record["id"]) == before
    assert decoded(await admin.ask("PATCH", path, {"secret": "another"}))["secret"] == BULLETS
    assert await stored_secret(types, record["id"]) != before
    assert decoded(await admin.ask("PATCH", path, {"secret": None}))["secret"] is None


@pytest.mark.parametrize("where", [{"secret": "a"}, {"secret": {"$startsWith": "a"}}, {"secret": {"$null": False}}])
async def test_no_question_reaches_a_secret(admin: Person, where: Any) -> None:
    answer = await send(admin, "POST", f"{DATA}/sample/query", {"where": where})
    error_of(answer, 400, "VALIDATION_ERROR")
    ordered = await send(admin, "POST", f"{DATA}/sample/query", {"orderBy": "secret"})
    error_of(ordered, 400, "VALIDATION_ERROR")


async def stored_secret(types: World, record_id: str) -> str:
    """Returns what the database holds."""
    database = types.runtime.store._database
    marker = "$1" if database.dialect.name == "postgresql" else "?"
    text = f'SELECT "secret" FROM "sample" WHERE "id" = {marker}'
    return str(next(iter([tuple(row) for row in await database.read(text, (record_id,), bounded=False)]))[0])
