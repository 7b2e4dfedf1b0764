"""Upserts: records found by a unique field are changed, the others made, each by the rights of its caller."""

from typing import Any

import pytest

from fieldstone.errors import Invalid, PermissionDenied
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _outcome(result: Any) -> list[str]:
    return ["ok" if row.error is None else row.error.code for row in result.rows]


async def test_what_is_there_is_changed_and_what_is_not_is_made(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    a = await office.make("note", ann, title="a", code="A", level=1)
    records: list[dict[str, Any]] = [
        {"externalId": "A", "data": {"title": "a2"}},
        {"externalId": "B", "data": {"title": "b"}},
        {"data": {"code": "C", "title": "c"}},
        {"externalId": "B", "data": {"title": "b2"}},
        {"id": a, "data": {"level": 7}},
        {"data": {"title": "without"}},
        {"externalId": "D", "data": {}},
        {"externalId": "A", "data": {"title": "late"}, "expectedVersion": 9},
        {"externalId": "E", "data": {"title": "e"}, "expectedVersion": 1},
    ]
    result = await office.batch(ann, "note", "upsert", records, return_records=True)
    bad = "VALIDATION_ERROR"
    assert _outcome(result) == ["ok", "ok", "ok", "ok", "ok", bad, bad, "CONCURRENT_UPDATE", "NOT_FOUND"]
    assert (result.rows[0].id, result.rows[1].id) == (a, result.rows[3].id)
    assert await office.titles(ann, "note") == ["a2", "b2", "c"]
    stored = await office.stored("note", a)
    assert (stored["title"], stored["level"], stored["code"], stored["version"]) == ("a2", 7, "A", 3)


async def test_a_record_that_is_not_seen_makes_a_clash_of_its_key(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    theirs = await office.make("note", bob, title="theirs", code="A")
    result = await office.batch(ann, "note", "upsert", [{"externalId": "A", "data": {"title": "mine"}}])
    assert _outcome(result) == ["UNIQUE_VIOLATION"]
    assert (await office.stored("note", theirs))["title"] == "theirs"


async def test_an_atomic_upsert_with_a_fault_leaves_nothing(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    a = await office.make("note", ann, title="a", code="A")
    records = [
        {"externalId": "B", "data": {"title": "b"}},
        {"externalId": "A", "data": {"title": "a2"}},
        {"id": a, "data": {"title": None}},
    ]
    result = await office.batch(ann, "note", "upsert", records, atomic=True)
    assert _outcome(result) == ["ROLLED_BACK", "ROLLED_BACK", "VALIDATION_ERROR"]
    assert await office.titles(ann, "note") == ["a"]


async def test_rows_end_at_the_first_that_fails_when_that_is_asked_for(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    records = [{"externalId": "A", "data": {"title": "a"}}, {"externalId": "B", "data": {}}, {"id": "x", "data": {}}]
    result = await office.batch(ann, "note", "upsert", records, continue_on_error=False)
    assert _outcome(result) == ["ok", "VALIDATION_ERROR", "NOT_ATTEMPTED"]
    assert await office.titles(ann, "note") == ["a"]


@pytest.mark.parametrize("field", ["title", "secret", "id", "nothing"])
async def test_a_field_that_cannot_tell_records_apart_is_refused(office: Office, field: str) -> None:
    ann = office.caller("ann", "note_writer")
    with pytest.raises(Invalid) as refused:
        await office.batch(ann, "note", "upsert", [{"data": {"title": "a"}}], external_id_field=field)
    assert refused.value.details["path"] == "options.externalIdField"


async def test_an_object_without_a_unique_field_takes_ids_alone(office: Office) -> None:
    bob = office.caller("bob", "public_worker")
    page = await office.make("wiki", bob, title="w")
    with pytest.raises(Invalid):
        await office.batch(bob, "wiki", "upsert", [{"externalId": "w", "data": {}}])
    assert _outcome(await office.batch(bob, "wiki", "upsert", [{"id": page, "data": {"title": "x"}}])) == ["ok"]


async def test_who_may_only_read_upserts_nothing(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        await office.batch(office.caller("ann", "note_reader"), "note", "upsert", [{"externalId": "A", "data": {}}])
