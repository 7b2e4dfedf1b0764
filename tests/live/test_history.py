"""A history that is kept, not kept for a while, and kept again: what stands is what the records are, and nothing stands twice."""

from pathlib import Path
from typing import Any

import httpx

from tests.live.living import Files, Live, living

NOTES = "/data/note"


def declare(files: Files, *, tracked: bool) -> None:
    """Declares the object, whose history is kept or not."""
    enable = f"enable: {{trackHistory: {str(tracked).lower()}}}"
    files.write("note.object", f"name: note\n{enable}\nfields: {{title: {{type: text}}, mark_0: {{type: text}}}}\n")


async def made(live: Live, title: str) -> dict[str, Any]:
    """Makes a note."""
    answer = await live.ask("POST", NOTES, {"title": title})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def renamed(live: Live, note: dict[str, Any], title: str) -> dict[str, Any]:
    """Gives a note another title."""
    answer = await live.ask("PATCH", f"{NOTES}/{note['id']}", {"title": title})
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def titles(live: Live, at: str) -> list[str]:
    """Returns what the notes were called at an instant."""
    answer = await live.ask("GET", f"{NOTES}?asOf={at}&select=title&orderBy=id")
    assert answer.status_code == httpx.codes.OK, answer.text
    return [note["title"] for note in answer.json()["items"]]


async def versions(live: Live, note: dict[str, Any]) -> list[int]:
    """Returns the versions that there are of a note, the newest first."""
    events = (await live.ask("GET", f"{NOTES}/{note['id']}/history")).json()["items"]
    return [event["version"] for event in events]


async def test_a_history_that_was_not_kept_for_a_while_goes_on_with_every_record_as_it_is(
    tmp_path: Path, database_url: str
) -> None:
    files = Files(tmp_path / "app")
    declare(files, tracked=True)
    async with living(files.folder, database_url) as live:
        left, changed, gone = [await made(live, title) for title in ("left", "changed", "gone")]
    declare(files, tracked=False)
    async with living(files.folder, database_url) as live:
        await renamed(live, changed, "between")
        then = (await renamed(live, changed, "changed again"))["updated_at"]
        new = await made(live, "new")
        await live.ask("DELETE", f"{NOTES}/{gone['id']}")
        declare(files, tracked=True)
        assert (await live.ask("POST", "/meta/_reload")).json()["reloaded"] is True
        assert await titles(live, new["created_at"]) == ["left", "changed again", "new"]
        assert (await titles(live, then))[:2] == ["left", "changed again"]
        assert await titles(live, gone["created_at"]) == ["left", "changed"]
        assert await versions(live, changed) == [3, 1]
        later = await renamed(live, new, "newer")
        assert await titles(live, later["updated_at"]) == ["left", "changed again", "newer"]
        assert await titles(live, new["created_at"]) == ["left", "changed again", "new"]
        assert await versions(live, new) == [2, 1]
        await renamed(live, left, "left again")
        assert await versions(live, left) == [2, 1]


async def test_one_that_is_kept_all_the_while_is_left_alone_at_a_start(tmp_path: Path, sqlite_url: str) -> None:
    files = Files(tmp_path / "app")
    declare(files, tracked=True)
    async with living(files.folder, sqlite_url) as live:
        note = await renamed(live, await made(live, "one"), "two")
    async with living(files.folder, sqlite_url) as live:
        assert await versions(live, note) == [2, 1]
        assert await titles(live, note["updated_at"]) == ["two"]
