"""Batches: each row by itself, or all or none, and an answer for each."""

from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.outcome import BatchResult
from fieldstone.errors import BatchTooLarge, Invalid, MethodNotAllowed, NotFound, PermissionDenied
from fieldstone.settings import Limits
from tests.engine.office import Office, codes

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def outcome(result: BatchResult) -> list[str]:
    """Returns the code of each row's error, `ok` where there is none."""
    assert [row.index for row in result.rows] == list(range(len(result.rows)))
    return ["ok" if row.error is None else row.error.code for row in result.rows]


def data(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"data": body} for body in bodies]


async def test_good_rows_are_created_and_bad_ones_say_why(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    await office.make("note", title="x", code="taken")
    result = await office.batch(
        clerk,
        "note",
        "create",
        data(
            {"title": "a", "level": 2},
            {"level": "many", "nonsense": 1},
            {"title": "b", "level": 2, "code": "taken"},
            {"title": "c", "level": 9},
            {"title": "d", "price": 1},
            {"title": "e", "level": 2, "wiki": NOWHERE},
            {"title": "f", "level": 3, "code": "f"},
            {"title": "g", "level": 3, "code": "f"},
            {"title": "h", "level": 4},
        ),
    )
    bad, denied = "VALIDATION_ERROR", "PERMISSION_DENIED"
    assert outcome(result) == ["ok", bad, "UNIQUE_VIOLATION", denied, denied, bad, "ok", "UNIQUE_VIOLATION", "ok"]
    faults = codes(result.rows[1].error)
    assert (faults["title"], faults["nonsense"]) == ("required", "unknown_field")
    assert codes(result.rows[5].error) == {"wiki": "reference_not_found"}
    assert await office.titles(clerk, "note") == ["a", "f", "h"]
    for row in result.rows:
        assert (row.id is None) is (row.error is not None)
        assert (row.record, row.columns) == (None, ())


async def test_records_come_back_when_they_are_asked_for(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    rows = (
        await office.batch(
            clerk, "note", "create", data({"title": "a", "level": 2}, {"title": "b", "level": 1}), return_records=True
        )
    ).rows
    assert rows[0].record is not None
    assert dict(zip(rows[0].columns, rows[0].record, strict=True))["title"] == "a"
    assert "secret" not in rows[0].columns
    assert rows[1].record is None


@pytest.mark.parametrize(
    "fault", [{}, {"title": "b", "code": "taken"}, {"title": "b", "wiki": NOWHERE}, {"title": "b", "nonsense": 1}]
)
async def test_an_atomic_batch_with_a_fault_leaves_nothing(office: Office, fault: dict[str, Any]) -> None:
    ann = office.caller("ann", "note_writer")
    await office.make("note", title="x", code="taken")
    result = await office.batch(ann, "note", "create", data({"title": "a"}, fault, {"title": "c"}), atomic=True)
    first, second, third = outcome(result)
    assert second in ("VALIDATION_ERROR", "UNIQUE_VIOLATION")
    assert (first, third) in (("ROLLED_BACK", "ROLLED_BACK"), ("NOT_ATTEMPTED", "NOT_ATTEMPTED"))
    assert await office.count("note") == 1
    assert (
        outcome(await office.batch(ann, "note", "create", data({"title": "a"}, {"title": "c"}), atomic=True))
        == ["ok"] * 2
    )
    assert await office.count("note") == 3


async def test_rows_are_changed_one_by_one(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    a, b, c = [await office.make("note", ann, title=title) for title in "abc"]
    theirs = await office.make("note", bob, title="theirs")
    records: list[dict[str, Any]] = [
        {"id": a, "data": {"title": "A"}},
        {"id": theirs, "data": {"title": "mine"}},
        {"id": b, "data": {"title": None}},
        {"id": b, "data": {"title": "B"}, "expectedVersion": 7},
        {"id": c, "data": {"title": "C"}, "expectedVersion": 1},
        {"id": c, "data": {"level": 3}},
    ]
    result = await office.batch(ann, "note", "update", records)
    assert outcome(result) == ["ok", "NOT_FOUND", "VALIDATION_ERROR", "CONCURRENT_UPDATE", "ok", "ok"]
    assert [row.id for row in result.rows] == [record["id"] for record in records]
    assert await office.titles(ann, "note") == ["A", "C", "b"]
    assert (await office.stored("note", c))["version"] == 3


async def test_an_atomic_change_ends_at_the_first_row_that_cannot_be(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    a, b, c = [await office.make("note", ann, title=title, code=title) for title in "abc"]
    records = [{"id": a, "data": {"title": "A"}}, {"id": b, "data": {"code": "a"}}, {"id": c, "data": {"title": "C"}}]
    result = await office.batch(ann, "note", "update", records, atomic=True)
    assert outcome(result) == ["ROLLED_BACK", "UNIQUE_VIOLATION", "NOT_ATTEMPTED"]
    assert await office.titles(ann, "note") == ["a", "b", "c"]


async def test_rows_are_deleted_one_by_one(office: Office) -> None:
    ann, bob = office.caller("ann", "note_writer"), office.caller("bob", "note_writer")
    a, b = [await office.make("note", ann, title=title) for title in "ab"]
    theirs = await office.make("note", bob, title="theirs")
    result = await office.batch(
        ann, "note", "delete", [{"id": a}, {"id": theirs}, {"id": a}, {"id": b, "expectedVersion": 2}]
    )
    assert outcome(result) == ["ok", "NOT_FOUND", "NOT_FOUND", "CONCURRENT_UPDATE"]
    assert await office.titles(SYSTEM, "note", where={"organization_id": office.here}) == ["b", "theirs"]
    again = await office.batch(ann, "note", "delete", [{"id": b}, {"id": theirs}], atomic=True)
    assert outcome(again) == ["ROLLED_BACK", "NOT_FOUND"]
    assert await office.count("note") == 2


async def test_a_batch_takes_so_many_records_and_no_more(office: Office) -> None:
    narrow = office.rebuilt(limits=Limits(batch_rows=3))
    ann = office.caller("ann", "note_writer")
    with pytest.raises(BatchTooLarge) as refused:
        await narrow.batch(ann, "note", "create", data(*({"title": "a"} for _ in range(4))))
    assert refused.value.details == {"limit": 3}
    assert await office.count("note") == 0
    assert outcome(await narrow.batch(ann, "note", "create", data(*({"title": "a"} for _ in range(3))))) == ["ok"] * 3
    assert (await narrow.batch(ann, "note", "create", [])).rows == ()


async def test_what_befalls_all_rows_befalls_the_batch(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        await office.batch(office.caller("ann", "note_reader"), "note", "create", data({"title": "a"}))
    with pytest.raises(MethodNotAllowed):
        await office.batch(office.caller("ann", "public_worker"), "journal", "create", data({"title": "a"}))
    with pytest.raises(NotFound):
        await office.batch(office.caller("ann", "public_worker"), "engine_room", "create", data({"title": "a"}))
    assert outcome(await office.batch(SYSTEM, "rate", "create", data({"title": "a"}))) == ["ok"]


@pytest.mark.parametrize(
    ("operation", "record"),
    [
        ("create", {"title": "a"}),
        ("create", {"data": [1]}),
        ("create", {"id": NOWHERE, "data": {"title": "a"}}),
        ("create", "title"),
        ("update", {"data": {}}),
        ("update", {"id": 7, "data": {}}),
        ("update", {"id": NOWHERE, "data": {}, "expectedVersion": "1"}),
        ("delete", {"id": NOWHERE, "data": {}}),
        ("delete", {}),
    ],
)
async def test_a_record_of_another_form_is_refused_by_itself(office: Office, operation: str, record: Any) -> None:
    result = await office.batch(office.caller("ann", "note_writer"), "note", operation, [record])
    (row,) = result.rows
    assert isinstance(row.error, Invalid)
    assert row.error.details["reason"] == "INVALID_BATCH"


async def test_a_hook_that_refuses_a_row_refuses_that_row_alone(office: Office) -> None:
    async def refuse(_context: Context, change: Change) -> None:
        if change.values["title"] == "no":
            raise PermissionDenied("Not this one.")

    watched = office.rebuilt(Hook("refuse", "note", "after_create", refuse))
    titles = ["a", "b", "no", "c", "no", "d"]
    result = await watched.batch(
        office.caller("ann", "note_writer"), "note", "create", data(*({"title": t} for t in titles))
    )
    assert outcome(result) == ["PERMISSION_DENIED" if title == "no" else "ok" for title in titles]
    assert await office.count("note") == 4


async def test_five_thousand_rows_go_in_together_in_spite_of_bad_ones(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    bodies = [{"title": f"n{number}", "code": str(number % 4998), "level": number} for number in range(5000)]
    bodies[17] = {"level": -1}
    result = await office.batch(ann, "note", "create", data(*bodies))
    refused = [place for place, code in enumerate(outcome(result)) if code != "ok"]
    assert refused == [17, 4998, 4999]
    assert await office.count("note") == 4997
