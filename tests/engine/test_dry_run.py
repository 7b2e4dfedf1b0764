"""Dry runs: what a write that is only tried answers is what the write answers, and nothing of it stays."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import Across, Batch, Clone, Create, Delete, Operation, Update
from fieldstone.errors import FieldstoneError
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

Action = Literal["create", "update", "delete"]
_IDS = re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")
_INSTANTS = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\b")

VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["a", "b", None, "x" * 41]),
    "code": st.sampled_from(["A", "B", None]),
    "level": st.sampled_from([0, 2, 8, 9, -1, "two"]),
    "price": st.just(1),
    "secret": st.just("s"),
    "hashed": st.just("long enough"),
    "nonsense": st.just(1),
}
BODIES = st.fixed_dictionaries({"title": VALUES["title"]}, optional={k: v for k, v in VALUES.items() if k != "title"})
RECORDS = st.one_of(
    st.tuples(st.just("create"), BODIES.map(lambda body: {"data": body})),
    st.tuples(st.just("update"), BODIES.map(lambda body: {"id": "first", "data": body})),
    st.tuples(st.just("delete"), st.sampled_from(["first", "second"]).map(lambda name: {"id": name})),
)


def _single(record: tuple[str, dict[str, Any]]) -> Operation:
    action, values = record
    if action == "create":
        return Create("note", (values["data"],))
    if action == "update":
        return Update("note", values["id"], values["data"])
    return Delete("note", values["id"])


def _batch(action: str, records: list[tuple[str, dict[str, Any]]], atomic: bool) -> Operation:
    kept = tuple(values for kind, values in records if kind == action)
    return Batch("note", msgspec.convert(action, Action), kept, atomic=atomic, return_records=True)


def _across(records: list[tuple[str, dict[str, Any]]], atomic: bool) -> Operation:
    return Across(tuple({"object": "note", "action": kind, **values} for kind, values in records), atomic)


MANY = st.lists(RECORDS, max_size=4)
OPERATIONS = st.one_of(
    RECORDS.map(_single),
    BODIES.map(lambda body: Clone("note", "first", body)),
    st.builds(_batch, st.sampled_from(["create", "update", "delete"]), MANY, st.booleans()),
    st.builds(_across, MANY, st.booleans()),
)


async def _told(office: Office, operation: Operation, caller: Caller, *, dry: bool) -> str:
    """Returns all that an operation answers, or is refused with, without ids and instants."""
    try:
        outcome = await office.door.execute(operation, caller, dry=dry)
        told = msgspec.json.encode(outcome, enc_hook=_spoken).decode()
    except FieldstoneError as error:
        told = _spoken(error)
    return _INSTANTS.sub("INSTANT", _IDS.sub("ID", told))


def _spoken(value: Any) -> str:
    return f"{type(value).__name__} {value.message} {value.details}"


def _named(value: Any, ids: Mapping[str, str]) -> Any:
    """Returns an operation with ids in the places of their names."""
    if isinstance(value, msgspec.Struct):
        fields = {name: _named(getattr(value, name), ids) for name in value.__struct_fields__}
        return type(value)(**fields)
    if isinstance(value, dict):
        return {key: ids.get(item, item) if key == "id" else _named(item, ids) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_named(item, ids) for item in value)
    return ids.get(value, value) if isinstance(value, str) else value


async def test_a_dry_run_answers_what_the_write_answers_and_leaves_nothing(office: Office) -> None:
    clerk = office.caller("ann", "note_clerk")
    loop = asyncio.get_running_loop()

    async def compare(operation: Operation) -> None:
        ids = {name: await office.make("note", clerk, title=name, level=3) for name in ("first", "second")}
        ready = _named(operation, ids)
        before, epoch = await office.count("note"), await office.store.epoch()
        tried = await _told(office, ready, clerk, dry=True)
        assert (await office.count("note"), await office.store.epoch()) == (before, epoch)
        assert [(await office.stored("note", each))["version"] for each in ids.values()] == [1, 1]
        assert await _told(office, ready, clerk, dry=False) == tried

    @settings(max_examples=60)
    @given(OPERATIONS)
    def hold(operation: Operation) -> None:
        asyncio.run_coroutine_threadsafe(compare(operation), loop).result(30)

    await asyncio.to_thread(hold)


async def test_a_dry_run_tells_of_a_clash_with_what_is_stored(office: Office) -> None:
    ann = office.caller("ann", "note_writer")
    await office.make("note", ann, title="a", code="A")
    told = await _told(office, Create("note", ({"title": "b", "code": "A"},)), ann, dry=True)
    assert told.startswith("UniqueViolation")
    assert await office.titles(ann, "note") == ["a"]
