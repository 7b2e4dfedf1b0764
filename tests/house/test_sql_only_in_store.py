"""SQL stays in one room: nothing outside of `store` imports SQLAlchemy or a database driver."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import RUNTIME, imports_of, modules_in

ROOM = "fieldstone.store"
OF_THE_STORE = frozenset({"sqlalchemy", "alembic", "sqlite3", "aiosqlite", "asyncpg", "psycopg", "apsw"})


def sql_faults(root: Path) -> Iterator[str]:
    """Yields one line for every import of a database library outside of the store."""
    known = modules_in(root)
    for module in known.values():
        if module.name == ROOM or module.name.startswith(f"{ROOM}."):
            continue
        for found in imports_of(module, known):
            if found.target.split(".")[0] in OF_THE_STORE:
                yield f"{module.path}:{found.line}: {module.name} imports {found.target}"


def test_only_the_store_imports_a_database_library() -> None:
    assert list(sql_faults(RUNTIME)) == []


@pytest.mark.parametrize(
    "line", ["import sqlite3", "from sqlalchemy.sql import text", "def late():\n    import asyncpg"]
)
@pytest.mark.parametrize(("room", "faults"), [("engine", 1), ("storefront", 1), ("store", 0)])
def test_a_database_library_is_found_wherever_it_is_imported(tmp_path: Path, line: str, room: str, faults: int) -> None:
    folder = tmp_path / "fieldstone" / room
    folder.mkdir(parents=True)
    (folder / "read.py").write_text(line + "\n")
    assert len(list(sql_faults(tmp_path))) == faults
