"""Writes that are all that their Unit does: one trip to PostgreSQL, and step by step where more hangs on them."""

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Create
from tests.engine.office import Office
from tests.statements import noted_statements

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of the statements within transactions, in their order."""
    return noted_statements(monkeypatch)


async def look_on(_context: Context, _change: Change) -> None:
    """A hook that does nothing."""


async def test_a_create_and_a_change_are_a_look_and_one_statement(office: Office, statements: list[str]) -> None:
    ann, one_trip = office.caller("ann", "note_writer"), office.store.dialect.name == "postgresql"
    note = (await office.create(ann, "note", {"title": "a"})).ids[0]
    assert ([text.split()[0] for text in statements] == ["SELECT", "WITH"]) is one_trip
    statements.clear()
    await office.update(ann, "note", note, at=1, title="b")
    assert ([text.split()[0] for text in statements] == ["SELECT", "WITH"]) is one_trip


async def test_what_more_hangs_on_is_done_step_by_step(office: Office, statements: list[str]) -> None:
    hooked = office.rebuilt(Hook("look_on", "note", "after_create", look_on))
    ann = office.caller("ann", "note_writer", "folder_worker")
    for place, object_name in ((hooked, "note"), (office, "folder")):
        statements.clear()
        await place.create(ann, object_name, {"title": "a"})
        assert len(statements) > 2
    statements.clear()
    await office.door.execute(Create("note", ({"title": "dry"},)), ann, dry=True)
    assert len(statements) > 2
    assert await office.count("note") == 1


async def test_what_feeds_policies_raises_the_epoch_as_ever(office: Office) -> None:
    before = await office.store.epoch()
    await office.make("sys_member", SYSTEM, organization_id=office.elsewhere, user_id=office.ids["ann"], role="member")
    assert await office.store.epoch() == before + 1
