"""Declared rules: what they refuse and remark on every way by which a record is written, with all other faults beside them."""

from collections.abc import Mapping
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Across, Clone, Create, Once, Restore
from fieldstone.engine.outcome import BatchRow, Written
from fieldstone.errors import DeleteRestricted, FieldFault, Invalid
from tests.engine.office import Office, codes, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOTEL = {"kind": "hotel", "nights": 2}


@pytest.fixture
def ann(office: Office) -> Caller:
    return office.caller("ann", "claim_worker")


async def claim(office: Office, **values: Any) -> str:
    """Returns the id of a new claim, made by the system."""
    return await office.make("claim", **{"title": "a", **values})


NEW: Mapping[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a contradiction": ({"asked": 5, "granted": 6}, {"granted": "rule_violation"}),
    "a predicate that does not hold": ({"asked": 0}, {"_record": "rule_violation"}),
    "a script": ({"title": "old"}, {"_record": "rule_violation"}),
    "a state in which nothing begins": ({"state": "paid"}, {"state": "invalid_initial_state"}),
    "a format by name": ({"contact": "nobody"}, {"contact": "invalid_format"}),
    "a format by pattern": ({"code": "12-AB"}, {"code": "invalid_format"}),
    "a schema": (
        {"extra": {"kind": "boat", "nights": 0, "place": "K9"}},
        {"extra.kind": "json_schema_violation", "extra.nights": "json_schema_violation"}
        | {"extra.place": "json_schema_violation"},
    ),
    "a schema that misses something, and another rule with it": (
        {"extra": {"nights": 1}},
        {"extra": "json_schema_violation", "_record": "rule_not_evaluable"},
    ),
    "a conditional": ({"extra": {"kind": "hotel"}}, {"_record": "rule_violation"}),
    "a field that is required under a condition": (
        {"state": "sent", "asked": 1001},
        {"reason": "required"},
    ),
    "a field that is read-only under a condition": ({"paid_on": "2026-03-06"}, {"paid_on": "invalid_value"}),
    "a rule without an answer": ({"title": "halves", "margin": 0}, {"_record": "rule_not_evaluable"}),
}


@pytest.mark.parametrize(("values", "faults"), NEW.values(), ids=NEW)
async def test_a_new_record_is_refused(
    office: Office, ann: Caller, values: dict[str, Any], faults: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "claim", {"title": "a", **values})
    assert codes(refused.value) == faults
    assert await office.count("claim") == 0


SOUND: Mapping[str, dict[str, Any]] = {
    "nothing at all": {},
    "as much as was asked for": {"asked": 6, "granted": 6},
    "a state in which something begins": {"state": "sent", "asked": 5},
    "a sound format": {"contact": "ann@example.org", "code": "AB-12"},
    "a sound schema": {"extra": {"kind": "train", "place": "kiel", "nights": 1}},
    "what a conditional asks for": {"extra": HOTEL},
    "what is required under a condition": {"state": "sent", "asked": 1001, "reason": "because"},
    "what is inactive": {"title": "gone"},
    "what only an update forbids": {"title": "old times"},
}


@pytest.mark.parametrize("values", SOUND.values(), ids=SOUND)
async def test_a_new_record_that_breaks_no_rule_is_written(office: Office, ann: Caller, values: dict[str, Any]) -> None:
    written = await office.create(ann, "claim", {"title": "a", **values})
    assert written.remarks == ()
    assert await office.count("claim") == 1


CHANGES: Mapping[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "a step that is not there": ({}, {"state": "paid"}, {"state": "invalid_transition"}),
    "a state that is cleared": ({}, {"state": None}, {"state": "invalid_transition"}),
    "what is stored contradicts what is sent": ({"asked": 5}, {"granted": 6}, {"granted": "rule_violation"}),
    "what is sent makes a field required": (
        {"asked": 1001},
        {"state": "sent"},
        {"reason": "required"},
    ),
    "what is sent is read-only in what is stored": ({}, {"paid_on": "2026-03-06"}, {"paid_on": "invalid_value"}),
    "a stored value that is no longer sound": (
        {"extra": {"kind": "train"}},
        {"extra": {"kind": "hotel"}},
        {"_record": "rule_violation"},
    ),
}


@pytest.mark.parametrize(("stored", "values", "faults"), CHANGES.values(), ids=CHANGES)
async def test_a_change_is_refused_by_what_the_record_would_be(
    office: Office, ann: Caller, stored: dict[str, Any], values: dict[str, Any], faults: dict[str, str]
) -> None:
    record_id = await claim(office, **stored)
    before = await office.stored("claim", record_id)
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "claim", record_id, **values)
    assert codes(refused.value) == faults
    assert await office.stored("claim", record_id) == before


async def paid(office: Office, caller: Caller, **values: Any) -> str:
    """Returns the id of a claim that went all its way."""
    record_id = await claim(office, asked=5, **values)
    await office.update(caller, "claim", record_id, state="sent")
    await office.update(caller, "claim", record_id, state="paid", paid_on="2026-03-06")
    return record_id


async def test_a_record_goes_from_state_to_state_and_is_judged_beside_what_it_was(office: Office, ann: Caller) -> None:
    record_id = await paid(office, ann)
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "claim", record_id, title="another")
    assert [fault.message for fault in refused.value.faults] == ["The title of a paid claim stands."]
    assert record_of(await office.update(ann, "claim", record_id, title="a", granted=5))["version"] == 4


async def test_all_faults_come_at_once_by_priority_behind_those_of_the_fields(office: Office, ann: Caller) -> None:
    body = {"asked": -1, "granted": 6, "code": "x", "board": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "claim", body)
    told = [(fault.field, fault.code) for fault in refused.value.faults]
    assert told == [
        ("title", "required"),
        ("board", "reference_not_found"),
        ("granted", "rule_violation"),
        ("_record", "rule_violation"),
        ("code", "invalid_format"),
    ]
    typed = {**body, "title": "old", "extra": 5, "granted": "six", "unheard": 1}
    with pytest.raises(Invalid) as refused:
        await office.create(ann, "claim", typed)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("granted", "invalid_number" if codes(refused.value)["granted"] == "invalid_number" else "invalid_type"),
        ("unheard", "unknown_field"),
        ("board", "reference_not_found"),
        ("_record", "rule_violation"),
        ("_record", "rule_violation"),
        ("code", "invalid_format"),
        ("extra", "json_schema_violation"),
        ("_record", "rule_not_evaluable"),
    ]


async def test_a_change_with_a_wrong_value_is_told_what_rules_refuse_besides(office: Office, ann: Caller) -> None:
    record_id = await claim(office, asked=5)
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "claim", record_id, granted=6, state="paid", margin="thin")
    assert codes(refused.value) == {
        "margin": codes(refused.value)["margin"],
        "granted": "rule_violation",
        "state": "invalid_transition",
    }
    for missing in ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "nothing"):
        with pytest.raises(Invalid) as refused:
            await office.update(ann, "claim", missing, state="paid", margin="thin")
        assert codes(refused.value).keys() == {"margin"}


async def test_a_fault_tells_its_rule_and_what_the_rule_allows(office: Office, ann: Caller) -> None:
    record_id = await claim(office)
    with pytest.raises(Invalid) as refused:
        await office.update(ann, "claim", record_id, state="paid", extra={"kind": "boat", "nights": 0})
    assert refused.value.faults == (
        FieldFault(
            "state",
            "invalid_transition",
            "A claim is not paid before it is sent.",
            "State",
            {"rule": "path", "before": "draft", "allowed": ["sent"]},
        ),
        FieldFault(
            "extra.kind",
            "json_schema_violation",
            "The extra is not of the right shape.",
            "Extra",
            {"rule": "shape", "keyword": "enum"},
        ),
        FieldFault(
            "extra.nights",
            "json_schema_violation",
            "The extra is not of the right shape.",
            "Extra",
            {"rule": "shape", "keyword": "minimum", "wanted": 1},
        ),
    )


async def test_warnings_are_told_beside_what_was_written(office: Office, ann: Caller) -> None:
    written = await office.create(ann, "claim", {"title": "a"}, {"title": "b", "asked": 2001, "margin": 4})
    assert [[(note.severity, note.message) for note in notes] for notes in written.remarks] == [
        [],
        [("warning", "That is a lot."), ("info", "The margin is thin.")],
    ]
    changed = await office.update(ann, "claim", written.ids[0], margin=1)
    assert [note.constraint for note in changed.remarks_at(0)] == [{"rule": "thin"}]
    unchanged = await office.update(ann, "claim", written.ids[0], margin=1)
    assert unchanged.remarks == ()


async def test_what_the_system_writes_is_judged_and_may_be_read_only(office: Office) -> None:
    with pytest.raises(Invalid):
        await claim(office, asked=0)
    assert await claim(office, paid_on="2026-03-06")


async def test_every_row_of_a_batch_is_judged(office: Office, ann: Caller) -> None:
    there = await claim(office, code="AB-1", asked=5)
    result = await office.batch(
        ann, "claim", "create", [{"data": {"title": "a", "asked": asked}} for asked in (1, 0, 2001)]
    )
    assert [row.error is None for row in result.rows] == [True, False, True]
    assert [_messages(row) for row in result.rows] == [[], [], ["That is a lot."]]
    result = await office.batch(ann, "claim", "update", [{"id": there, "data": {"granted": 6}}])
    assert _codes(result.rows[0]) == {"granted": "rule_violation"}
    keyed = [{"externalId": code, "data": {"title": "x", "granted": 6, "asked": 5}} for code in ("AB-1", "AB-2")]
    result = await office.batch(ann, "claim", "upsert", keyed)
    assert [_codes(row) for row in result.rows] == [{"granted": "rule_violation"}] * 2


async def test_operations_of_several_objects_are_judged(office: Office, ann: Caller) -> None:
    steps = (
        {"object": "claim", "action": "create", "data": {"title": "a", "asked": 2001}},
        {"object": "claim", "action": "update", "id": {"$ref": 0}, "data": {"state": "paid"}},
    )
    done = await office.door.execute(Across(steps, atomic=False), ann)
    assert _messages(done.rows[0]) == ["That is a lot."]
    assert _codes(done.rows[1]) == {"state": "invalid_transition", "_record": "rule_violation"}


async def test_a_write_that_is_done_once_tells_its_warnings_again(office: Office, ann: Caller) -> None:
    write = Once("key", "print", Create("claim", ({"title": "a", "asked": 2001},)))
    first, second = [await office.door.execute(write, ann) for _ in range(2)]
    assert (first.replayed, second.replayed) == (False, True)
    assert isinstance(first.outcome, Written)
    assert isinstance(second.outcome, Written)
    assert first.outcome.remarks == second.outcome.remarks != ()


async def test_a_clone_is_judged_as_a_new_record_and_leaves_out_what_is_read_only(office: Office, ann: Caller) -> None:
    there = await paid(office, ann)
    with pytest.raises(Invalid) as refused:
        await office.door.execute(Clone("claim", there, {}), ann)
    assert codes(refused.value) == {"state": "invalid_initial_state"}
    copy = record_of(await office.door.execute(Clone("claim", there, {"state": "draft"}), ann))
    assert (copy["title"], copy["paid_on"]) == ("a", None)
    with pytest.raises(Invalid) as refused:
        await office.door.execute(Clone("claim", there, {"state": "draft", "paid_on": "2026-03-07"}), ann)
    assert codes(refused.value) == {"paid_on": "invalid_value"}


async def test_a_version_that_is_restored_is_judged(office: Office, ann: Caller) -> None:
    there = await paid(office, ann)
    with pytest.raises(Invalid) as refused:
        await office.door.execute(Restore("claim", there, 1), ann)
    assert codes(refused.value) == {"state": "invalid_transition", "paid_on": "invalid_value"}
    assert (await office.door.execute(Restore("claim", there, 3), ann)).versions == (3,)


async def test_a_record_comes_back_from_the_trash_with_what_is_remarked_of_it(office: Office, ann: Caller) -> None:
    there = await claim(office, asked=2001)
    await office.delete(ann, "claim", there)
    back = await office.door.execute(Restore("claim", there), ann)
    assert [note.message for note in back.remarks_at(0)] == ["That is a lot."]


async def test_a_record_that_a_rule_keeps_from_letting_go_keeps_the_other(office: Office, ann: Caller) -> None:
    board, label = await office.make("board", title="b"), await office.make("label", title="l")
    there = await paid(office, ann, board=board, labels=[label])
    for name, kept in (("board", board), ("label", label)):
        with pytest.raises(DeleteRestricted) as refused:
            await office.delete(ann, name, kept)
        assert refused.value.details == {"dependentObject": "claim", "dependentCount": 1}
        with pytest.raises(DeleteRestricted) as told:
            await office.delete(office.caller("ann", "label_remover"), name, kept)
        assert told.value.details == {}
    await office.delete(ann, "claim", there)
    for name, kept in (("board", board), ("label", label)):
        await office.delete(ann, name, kept)
    free = await office.make("board", title="b")
    draft = await claim(office, board=free)
    await office.delete(ann, "board", free)
    assert (await office.stored("claim", draft))["board"] is None


async def test_what_is_hidden_is_told_of_the_record_as_a_whole_where_the_rule_says_so(office: Office) -> None:
    clerk = office.caller("bob", "claim_clerk")
    there = await claim(office, margin=4)
    changed = await office.update(clerk, "claim", there, title="b")
    assert [(note.field, note.message) for note in changed.remarks_at(0)] == [("_record", "The margin is thin.")]
    assert "margin" not in changed.columns
    with pytest.raises(Invalid) as refused:
        await office.update(SYSTEM, "claim", there, title="halves", margin=0)
    assert codes(refused.value) == {"_record": "rule_not_evaluable"}


def _codes(row: BatchRow) -> dict[str, str]:
    return codes(row.error)


def _messages(row: BatchRow) -> list[str]:
    return [note.message for note in row.remarks]
