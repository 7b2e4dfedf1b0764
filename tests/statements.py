"""The statements that databases are asked while a test goes on: costs are counted, for a clock tells of the machine, too."""

from collections.abc import Sequence
from typing import Any

import pytest

from fieldstone.store.postgres import PostgresDatabase, PostgresSession
from fieldstone.store.sqlite import SqliteDatabase, SqliteSession

DATABASES = (SqliteDatabase, PostgresDatabase)
SESSIONS = (SqliteSession, PostgresSession)
WITHIN = ("read", "look", "write", "write_and_tell", "write_many", "run_alone")
"""What transactions ask."""


def noted_statements(
    monkeypatch: pytest.MonkeyPatch, *, within: Sequence[str] = WITHIN, outside: bool = False
) -> list[str]:
    """Returns a list to which the texts of statements are added as they are run, in their order; those `outside` transactions, too."""
    texts: list[str] = []

    def noting(method: Any) -> Any:
        async def noted(self: Any, text: str, *arguments: Any, **more: Any) -> Any:
            texts.append(text)
            return await method(self, text, *arguments, **more)

        return noted

    for database in DATABASES if outside else ():
        monkeypatch.setattr(database, "read", noting(database.read))
    for session in SESSIONS:
        for name in within:
            monkeypatch.setattr(session, name, noting(getattr(session, name)))
    return texts
