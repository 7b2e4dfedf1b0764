"""What a start and a reload do, counted: nothing twice, and nothing of an object that nobody has changed or asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldstone.late import AtFirstUse
from fieldstone.registry import load
from fieldstone.store import search_fill, sqlite
from tests.live.living import Files, Live, living

OTHERS = tuple(f"other_{number}" for number in range(12))


def many(folder: Path) -> Files:
    """Returns the files of an app of more objects than anybody changes, each with a formula."""
    files = Files(folder)
    for name in OTHERS:
        formula = "double: {type: formula, returnType: number, expression: record.size * 2.0}"
        fields = ("title: {type: text, searchable: true}", "size: {type: number, scale: 2}", formula)
        lines = "".join(f"  {field}\n" for field in fields)
        files.write(f"{name}.object", f"name: {name}\nfields:\n{lines}")
    return files


def counting(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> list[str]:
    """Returns a list that grows by a name each time that its function is called."""
    calls: list[str] = []
    original: Callable[..., Any] = getattr(where, name)

    def counted(*given: Any, **named: Any) -> Any:
        calls.append(name)
        return original(*given, **named)

    monkeypatch.setattr(where, name, counted)
    return calls


def faces_made(live: Live) -> set[str]:
    """Returns the objects whose faces were made since the generation of today took its place."""
    faces = live.runtime.tables["v1"].dialect.objects
    assert isinstance(faces, AtFirstUse)
    return set(faces.made)


async def test_a_reload_keeps_what_is_the_same_and_makes_no_face_before_it_is_asked_for(
    tmp_path: Path, database_url: str
) -> None:
    files = many(tmp_path / "app")
    async with living(files.folder, database_url) as live:
        assert (await live.ask("GET", "/data/other_3")).status_code == 200
        before = live.runtime.catalog.objects
        files.mark(1)
        assert (await live.ask("POST", "/meta/_reload")).json()["changed"] == [{"type": "object", "name": "note"}]
        after = live.runtime.catalog.objects
        assert {name for name in after if after[name] is not before[name]} == {"note"}
        assert faces_made(live).isdisjoint(OTHERS)
        assert (await live.ask("GET", "/data/other_7")).status_code == 200
        assert faces_made(live) & set(OTHERS) == {"other_7"}


async def test_a_start_links_once_and_opens_one_connection_to_write_and_one_to_read(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = many(tmp_path / "app")
    async with living(files.folder, sqlite_url):
        pass
    linked = counting(monkeypatch, load, "link")
    opened = counting(monkeypatch, sqlite, "SqliteConnection")
    async with living(files.folder, sqlite_url) as live:
        assert linked == ["link"]
        assert opened == ["SqliteConnection"] * 2
        assert (await live.ask("GET", "/data/other_3")).status_code == 200


async def test_a_table_that_is_made_is_not_looked_through_for_words(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = many(tmp_path / "app")
    filled = counting(monkeypatch, search_fill, "_fill")
    async with living(files.folder, database_url) as live:
        assert filled == []
        await live.ask("POST", "/data/note", {"title": "a plain word"})
        files.write("note.object", "name: note\nfields: {title: {type: text, searchable: true}}\n")
        assert (await live.ask("POST", "/meta/_reload")).status_code == 200
        assert filled == ["_fill"]
