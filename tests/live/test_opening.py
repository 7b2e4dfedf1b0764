"""Declarations and database are read and opened side by side: what is refused leaves no database, and none open."""

from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from tests.databases import sqlite_address
from tests.live.living import Files, living

WRONG = "name: note\nfields: {title: {type: txet}}\n"


async def test_refused_declarations_make_no_database(tmp_path: Path) -> None:
    files = Files(tmp_path / "app")
    files.write("note.object", WRONG)
    with pytest.raises(DeclarationError, match="UNKNOWN_FIELD_TYPE"):
        async with living(files.folder, sqlite_address(tmp_path / "live.db")):
            pytest.fail("It was opened.")
    assert not (tmp_path / "live.db").exists()


async def test_refused_declarations_leave_a_database_closed(tmp_path: Path) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, sqlite_address(tmp_path / "live.db")):
        assert (tmp_path / "live.db-wal").exists()
    files.write("note.object", WRONG)
    with pytest.raises(DeclarationError, match="UNKNOWN_FIELD_TYPE"):
        async with living(files.folder, sqlite_address(tmp_path / "live.db")):
            pytest.fail("It was opened.")
    assert not (tmp_path / "live.db-wal").exists()
    files.mark(0)
    async with living(files.folder, sqlite_address(tmp_path / "live.db")) as live:
        assert (await live.client.get("/ready")).status_code == 200
