"""A migration that is broken off, at every moment at which it can be: run again, it comes to what it would have come to."""

import asyncio
import shutil
from pathlib import Path
from typing import cast

import pytest

from fieldstone.registry.catalog import Catalog
from fieldstone.store.database import Database
from fieldstone.store.migration.migrate import migrate
from tests.databases import PostgresServer, sqlite_address
from tests.migrations.interrupting import Interrupted, Interrupting, Moments, whole
from tests.migrations.pairs import NOW, Pair, catalog, database_at, fill, pairs, planned, started

PAIR = pairs()["objects: much at once"]


async def prepare(pair: Pair, folder: Path, url: str) -> Catalog:
    """Fills a database, and returns what it is to become."""
    async with database_at(url) as database:
        await fill(await started(catalog(folder / "before", pair.before), database), pair.rows)
    return catalog(folder / "after", pair.after)


async def broken_off(after: Catalog, url: str, moments: Moments) -> None:
    async with database_at(url) as database:
        breaking = cast("Database", Interrupting(database, moments))
        await migrate(after, breaking, frozenset(PAIR.allow), apply=True, clock=lambda: NOW)


async def outcome(after: Catalog, url: str) -> dict[str, list[str]]:
    """Migrates to the end, and returns all that is there then."""
    async with database_at(url) as database:
        await planned(after, database, PAIR.allow, apply=True)
        assert (await planned(after, database)).steps == ()
        return await whole(database)


def test_on_sqlite_it_goes_on_from_every_statement_and_every_commit(tmp_path: Path) -> None:
    before, copy = tmp_path / "before.db", tmp_path / "copy.db"
    after = asyncio.run(prepare(PAIR, tmp_path, sqlite_address(before)))
    moments = Moments()
    shutil.copy(before, copy)
    asyncio.run(broken_off(after, sqlite_address(copy), moments))
    expected = asyncio.run(outcome(after, sqlite_address(copy)))
    assert len(moments.commits) > 10
    for moment in range(1, moments.count + 1):
        shutil.copy(before, copy)
        with pytest.raises(Interrupted):
            asyncio.run(broken_off(after, sqlite_address(copy), Moments(moment)))
        assert asyncio.run(outcome(after, sqlite_address(copy))) == expected, moment


def test_on_postgresql_it_goes_on_from_every_commit(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    after = asyncio.run(prepare(PAIR, tmp_path, postgres_url))
    moments = Moments()
    with postgres.fresh_database(like=postgres_url) as url:
        asyncio.run(broken_off(after, url, moments))
        expected = asyncio.run(outcome(after, url))
    for moment in moments.commits[1::2]:
        with postgres.fresh_database(like=postgres_url) as url:
            with pytest.raises(Interrupted):
                asyncio.run(broken_off(after, url, Moments(moment)))
            assert asyncio.run(outcome(after, url)) == expected, moment
