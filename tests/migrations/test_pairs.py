"""What `fieldstone migrate` tells and does, pair by pair, on both databases. Read the plans aloud: each must say what will happen."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fieldstone.cli.migrate import outcome_of
from fieldstone.errors import DeclarationError
from tests.databases import PostgresServer, sqlite_address
from tests.migrations.pairs import Pair, catalog, database_at, fill, held, pairs, planned, started, told
from tests.migrations.structure import structure

PAIRS = pairs()


@pytest.mark.parametrize("pair", [pytest.param(pair, id=name) for name, pair in PAIRS.items()])
async def test_a_database_is_brought_from_one_declaration_to_the_other(
    pair: Pair, tmp_path: Path, database_url: str
) -> None:
    before = catalog(tmp_path / "before", pair.before)
    after = catalog(tmp_path / "after", pair.after)
    async with database_at(database_url) as database:
        await fill(await started(before, database), pair.rows)
        assert told(await planned(after, database, pair.allow)) == pair.plan
        if pair.starts:
            await started(after, database)
            assert pair.allow or (await planned(after, database)).steps == ()
        else:
            with pytest.raises(DeclarationError):
                await started(after, database)
        applied = await planned(after, database, pair.allow, apply=True)
        if pair.result is None:
            assert outcome_of(applied, applied=True) == "refused"
            assert told(await planned(after, database, pair.allow)) == pair.plan
            return
        assert await held(await started(after, database), pair.result) == pair.result
        assert (await planned(after, database)).steps == ()


@pytest.mark.parametrize(
    "pair", [pytest.param(pair, id=name) for name, pair in PAIRS.items() if pair.result is not None]
)
async def test_its_tables_are_what_they_were_if_they_had_been_made_so(pair: Pair, tmp_path: Path) -> None:
    after = catalog(tmp_path / "after", pair.after)
    async with (
        database_at(sqlite_address(tmp_path / "old")) as old,
        database_at(sqlite_address(tmp_path / "new")) as new,
    ):
        await fill(await started(catalog(tmp_path / "before", pair.before), old), pair.rows)
        plan = await planned(after, old)
        names = tuple(step.name for step in plan.losing)
        await planned(after, old, names, apply=True)
        await started(after, new)
        assert await structure(old) == await structure(new)


def test_so_they_are_on_postgresql_after_much_at_once(tmp_path: Path, postgres: PostgresServer) -> None:
    pair = PAIRS["objects: much at once"]
    after = catalog(tmp_path / "after", pair.after)

    async def migrated(url: str) -> dict[str, list[Any]]:
        async with database_at(url) as database:
            await fill(await started(catalog(tmp_path / "before", pair.before), database), pair.rows)
            await planned(after, database, pair.allow, apply=True)
            return await structure(database)

    async def made(url: str) -> dict[str, list[Any]]:
        async with database_at(url) as database:
            await started(after, database)
            return await structure(database)

    with postgres.fresh_database() as old, postgres.fresh_database() as new:
        assert asyncio.run(migrated(old)) == asyncio.run(made(new))
