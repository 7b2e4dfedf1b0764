"""Generations: the files of a running app are read again, and what is built beside takes the place of what was there."""

import asyncio
import gc
import shutil
from pathlib import Path

import httpx
import pytest

from fieldstone.engine.door import Door
from fieldstone.engine.unit import Unit
from fieldstone.errors import ConcurrentUpdate, DeclarationError
from fieldstone.registry.catalog import Catalog
from tests.live.living import Files, living

NOTES = "/data/note"


async def test_a_new_field_is_there_after_a_reload_and_what_was_stored_still_is(
    tmp_path: Path, database_url: str
) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, database_url) as live:
        made = (await live.ask("POST", NOTES, {"title": "one", "mark_0": "old"})).json()
        refused = await live.ask("POST", NOTES, {"title": "two", "mark_1": "new"})
        assert refused.status_code == httpx.codes.BAD_REQUEST
        files.mark(1, "mark_0: {type: text}")
        await live.runtime.generations.reload()
        assert await live.fields() == {"mark_0", "mark_1"}
        record_id = made["id"]
        answer = await live.ask("PATCH", f"{NOTES}/{record_id}", {"mark_1": "new"})
        assert answer.status_code == httpx.codes.OK, answer.text
        found = (await live.ask("GET", f"{NOTES}?select=mark_0,mark_1")).json()
        assert [(row["mark_0"], row["mark_1"]) for row in found["items"]] == [("old", "new")]


async def test_faulty_files_leave_the_old_generation_running_and_are_told_all_together(
    tmp_path: Path, sqlite_url: str
) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, sqlite_url) as live:
        before = live.runtime.current
        files.write("note.object", "name: note\nfields: {title: {type: text, requird: true}, other: {type: txet}}\n")
        with pytest.raises(DeclarationError) as refused:
            await live.runtime.generations.reload()
        assert len(refused.value.faults) == 2
        assert live.runtime.current is before
        assert (await live.ask("GET", NOTES)).status_code == httpx.codes.OK


async def test_files_that_say_nothing_new_make_no_new_generation(tmp_path: Path, sqlite_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, sqlite_url) as live:
        before = live.runtime.current
        await live.runtime.generations.reload()
        assert live.runtime.current is before


async def test_a_change_that_needs_a_migration_is_refused_and_makes_nothing(tmp_path: Path, database_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, database_url) as live:
        files.write(
            "note.object", "name: note\nfields: {title: {type: number}, mark_0: {type: text}, mark_2: {type: text}}\n"
        )
        with pytest.raises(DeclarationError) as refused:
            await live.runtime.generations.reload()
        assert [fault.code for fault in refused.value.faults] == ["NEEDS_MIGRATION"]
        assert await live.fields() == {"mark_0"}
        files.mark(2)
        await live.runtime.generations.reload()
        assert await live.fields() == {"mark_2"}


async def test_an_old_generation_is_garbage_once_nothing_goes_on_in_it(tmp_path: Path, sqlite_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, sqlite_url) as live:
        await live.fields()
        before = _catalogs()
        for number in (1, 2):
            files.mark(number)
            await live.runtime.generations.reload()
            await live.fields()
        assert _catalogs() == before


async def test_another_process_follows_what_one_has_put_in_force(tmp_path: Path, postgres_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, postgres_url) as one, living(files.folder, postgres_url) as other:
        files.mark(1)
        await one.runtime.generations.reload()
        assert (await one.fields(), await other.fields()) == ({"mark_1"}, {"mark_0"})
        await other.runtime.generations.catch_up()
        assert await other.fields() == {"mark_1"}
        assert one.runtime.current.known == other.runtime.current.known


async def test_a_process_of_older_files_serves_these_and_changes_nothing_in_the_database(
    tmp_path: Path, postgres_url: str
) -> None:
    newer = Files(tmp_path / "newer" / "app")
    shutil.copytree(newer.folder, tmp_path / "older" / "app")
    newer.mark(1, "wanted: {type: text, index: true}")
    async with living(tmp_path / "older" / "app", postgres_url) as running, living(newer.folder, postgres_url) as one:
        in_force = one.runtime.current.known
        assert in_force.files == one.runtime.catalog.files_version
        await running.runtime.generations.catch_up()
        assert await running.fields() == {"mark_0"}
        async with living(tmp_path / "older" / "app", postgres_url) as restarted:
            assert await restarted.fields() == {"mark_0"}
            assert restarted.runtime.current.known == in_force
            await one.runtime.generations.catch_up()
            assert await one.fields() == {"mark_1"}
        assert [line["event"] for line in running.log if line["event"] == "older_declarations"]


async def test_of_two_changes_at_once_one_is_refused_whole(tmp_path: Path, postgres_url: str) -> None:
    files = Files(tmp_path / "app")
    written: list[str] = []

    async def record(_door: Door, _unit: Unit) -> None:
        written.append("once")

    async with living(files.folder, postgres_url) as one, living(files.folder, postgres_url) as other:
        bases = [live.runtime.current for live in (one, other)]
        changes = (
            live.runtime.generations.change(base, base.catalog, record)
            for live, base in zip((one, other), bases, strict=True)
        )
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [ConcurrentUpdate]
        assert written == ["once"]


def _catalogs() -> int:
    gc.collect()
    return sum(isinstance(found, Catalog) for found in gc.get_objects())
