"""History: every version kept, shown to whoever may see it now and might have seen it then, and brought back as a change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.clock import instant
from fieldstone.engine.operation import Delete, Get, Read, ReadHistory, Restore
from fieldstone.engine.outcome import History
from fieldstone.errors import ConcurrentUpdate, Invalid, NotFound, PermissionDenied, Unavailable
from fieldstone.query.document import QueryDocument
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> str:
        return instant(self.moment)

    def go(self, hours: int = 1) -> str:
        """Moves on and returns the instant half an hour before."""
        self.moment += timedelta(hours=hours)
        return instant(self.moment - timedelta(minutes=30))


@pytest.fixture
def clock(office: Office) -> Clock:
    made = Clock()
    office.door.clock = made
    return made


async def told(office: Office, caller: Caller, record_id: str, **page: int) -> History:
    return await office.door.execute(ReadHistory("folder", record_id, **page), caller)


def changes(history: History) -> list[dict[str, tuple[Any, Any]]]:
    """Returns what each version changed, by field."""
    return [{change.field: (change.before, change.after) for change in version.changes} for version in history.versions]


async def titles_at(office: Office, caller: Caller, moment: str, **query: Any) -> list[str]:
    document = QueryDocument(order_by="title", fields=["title"], **query)
    page = await office.door.execute(Read("folder", document, as_of=moment), caller)
    assert page.total == len(page.rows)
    return [row[0] for row in page.rows]


async def test_a_history_says_who_changed_what_and_when(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    made = await office.make("folder", ann, title="a", price=Decimal("1.50"), extra={"k": [1, Decimal("2.5")]})
    clock.go()
    await office.update(ann, "folder", made, title="b", extra={"k": []})
    clock.go()
    await office.update(office.caller("bob", "everything"), "folder", made, price=None)
    await office.update(ann, "folder", made, title="b")
    history = await told(office, ann, made)
    assert [(version.version, version.by) for version in history.versions] == [
        (3, office.ids["bob"]),
        (2, office.ids["ann"]),
        (1, office.ids["ann"]),
    ]
    assert [version.at[11:13] for version in history.versions] == ["02", "01", "00"]
    newest, middle, first = changes(history)
    assert newest == {"price": (Decimal("1.50"), None)}
    assert middle["title"] == ("a", "b")
    assert middle.keys() == {"title", "extra"}
    assert first["title"] == (None, "a")
    pages = [await told(office, ann, made, limit=1, before=before) for before in (4, 3, 2)]
    assert [changes(page)[0] for page in pages] == [newest, middle, first]
    assert [page.before for page in pages] == [3, 2, None]


async def test_records_are_read_as_they_stood_at_an_instant(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    before = clock.go()
    first = await office.make("folder", ann, title="a")
    one = clock.go()
    await office.update(ann, "folder", first, title="b")
    second = await office.make("folder", ann, title="c")
    two = clock.go()
    await office.delete(ann, "folder", second)
    three = clock.go()
    assert [await titles_at(office, ann, moment) for moment in (before, one, two, three)] == [[], ["a"], ["b"], ["b"]]
    assert await titles_at(office, ann, one, where={"title": "a"}) == ["a"]
    assert await titles_at(office, ann, two, where={"title": "a"}) == []
    then = await office.door.execute(Get("folder", first, as_of=one), ann)
    assert (dict(zip(then.columns, then.row, strict=True))["title"], then.version) == ("a", 1)
    for record_id, moment in ((first, before), (second, two)):
        with pytest.raises(NotFound):
            await office.door.execute(Get("folder", record_id, as_of=moment), ann)
    await office.door.execute(Restore("folder", second), office.caller("ann", "folder_keeper"))
    clock.go()
    assert [await titles_at(office, ann, moment) for moment in (two, three)] == [["b", "c"], ["b"]]


async def test_pages_of_the_past_go_on_where_they_ended(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    made = [await office.make("folder", ann, title=title) for title in "abc"]
    moment = clock.go()
    for record_id in made:
        await office.update(ann, "folder", record_id, title="now")
    seen: list[str] = []
    cursor: Any = None
    while cursor is not None or not seen:
        query = QueryDocument(order_by="title", fields=["title"], limit=2, **({"cursor": cursor} if cursor else {}))
        page = await office.door.execute(Read("folder", query, as_of=moment), ann)
        seen += [row[0] for row in page.rows]
        cursor = page.cursor
    assert seen == ["a", "b", "c"]


async def test_a_version_is_shown_only_where_it_and_the_record_now_are_the_readers(
    office: Office, clock: Clock
) -> None:
    ann, reader = office.caller("ann", "folder_worker"), office.caller("ann", "folder_reader")
    made = await office.make("folder", ann, title="open", secret="hush")
    one = clock.go()
    await office.update(ann, "folder", made, state="closed", title="while closed", secret="hush again")
    two = clock.go()
    assert await titles_at(office, reader, one) == []
    with pytest.raises(NotFound):
        await told(office, reader, made)
    await office.update(ann, "folder", made, state="open", title="open again")
    clock.go()
    assert [await titles_at(office, reader, moment) for moment in (one, two)] == [["open"], []]
    history = await told(office, reader, made)
    assert [version.version for version in history.versions] == [3, 1]
    assert changes(history)[0] == {"title": ("open", "open again")}
    assert "hush" not in str(history)
    with pytest.raises(NotFound):
        await office.door.execute(Restore("folder", made, version=2), reader)
    with pytest.raises(Invalid, match="secret"):
        await titles_at(office, reader, one, where={"secret": "hush"})
    for stranger in (office.caller("bob", "folder_worker"), office.caller("eve", "folder_worker")):
        with pytest.raises(NotFound):
            await told(office, stranger, made)
        assert await titles_at(office, stranger, one) == []


async def test_a_version_comes_back_as_an_ordinary_update(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    made = await office.make("folder", ann, title="a", price=Decimal("1.50"), extra={"k": [Decimal("2.5")]}, secret="x")
    clock.go()
    await office.update(ann, "folder", made, title="b", price=None, extra=None)
    with pytest.raises(ConcurrentUpdate):
        await office.door.execute(Restore("folder", made, version=1, expected_version=1), ann)
    with pytest.raises(NotFound, match="No version 9"):
        await office.door.execute(Restore("folder", made, version=9), ann)
    with pytest.raises(PermissionDenied):
        await office.door.execute(Restore("folder", made, version=1), office.caller("ann", "folder_reader"))
    written = await office.door.execute(Restore("folder", made, version=1, expected_version=2), ann)
    now = await office.stored("folder", made)
    assert (written.versions, now["title"], now["price"]) == ((3,), "a", Decimal("1.50"))
    assert (await told(office, ann, made)).versions[0].version == 3


async def test_one_unit_leaves_one_version_and_an_undone_one_none(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    made = await office.make("folder", ann, title="a")
    clock.go()
    records = [{"id": made, "data": {"title": title}} for title in ("b", "c")]
    await office.batch(ann, "folder", "update", records)
    await office.batch(ann, "folder", "update", [*records, {"id": made, "data": {"nothing": 1}}], atomic=True)
    await office.batch(ann, "folder", "update", [{"id": made, "data": {"title": None}}])
    assert [version.version for version in (await told(office, ann, made)).versions] == [3, 1]


async def test_a_purge_takes_the_history_along(office: Office, clock: Clock) -> None:
    ann = office.caller("ann", "folder_worker")
    made = await office.make("folder", ann, title="a")
    clock.go()
    await office.delete(ann, "folder", made)
    clock.go()
    await office.door.execute(Delete("folder", made, purge=True), office.caller("ann", "folder_keeper"))
    again = await office.make("folder", id=made, title="a new one", owner_id=ann.id)
    history = await told(office, ann, again)
    assert [(version.version, version.at[11:13]) for version in history.versions] == [(1, "02")]


async def test_an_instant_that_is_over_for_a_record_is_not_written_into_its_history(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldstone.engine.door.PAUSES", ())
    ann = office.caller("ann", "folder_worker")
    made = await office.make("folder", ann, title="a")
    clock.go(-1)
    with pytest.raises(Unavailable):
        await office.update(ann, "folder", made, title="b")
    assert (await office.stored("folder", made))["title"] == "a"


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda moment: Read("note", QueryDocument(), as_of=moment), "HISTORY_NOT_TRACKED"),
        (lambda moment: Get("note", "0" * 26, as_of=moment), "HISTORY_NOT_TRACKED"),
        (lambda _moment: ReadHistory("note", "0" * 26), "HISTORY_NOT_TRACKED"),
        (lambda _moment: Restore("note", "0" * 26, version=1), "HISTORY_NOT_TRACKED"),
        (lambda moment: Read("folder", QueryDocument(expand=["above"]), as_of=moment), "INVALID_QUERY"),
        (lambda moment: Get("folder", "0" * 26, expand=["above"], as_of=moment), "INVALID_QUERY"),
    ],
)
async def test_what_has_no_past_is_refused(office: Office, ask: Callable[[str], Any], why: str) -> None:
    with pytest.raises(Invalid) as refused:
        await office.door.execute(ask(office.door.clock()), SYSTEM)
    assert refused.value.details["reason"] == why
