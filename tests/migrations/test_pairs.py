"""What `fieldstone migrate` tells and does, pair by pair, on both databases. Read the plans aloud: each must say what will happen."""

from pathlib import Path

import pytest

from fieldstone.cli.migrate import outcome_of
from fieldstone.errors import DeclarationError
from tests.migrations.pairs import Pair, catalog, fill, held, pairs, planned, store_at, told

PAIRS = pairs()


@pytest.mark.parametrize("pair", [pytest.param(pair, id=name) for name, pair in PAIRS.items()])
async def test_a_database_is_brought_from_one_declaration_to_the_other(
    pair: Pair, tmp_path: Path, database_url: str
) -> None:
    async with store_at(catalog(tmp_path, pair.before), database_url) as store:
        await fill(store, pair.rows)
    after = catalog(tmp_path, pair.after)
    plan = await planned(after, database_url, pair.allow)
    assert told(plan) == pair.plan
    if pair.starts:
        await _start(pair, tmp_path, database_url)
        assert pair.allow or (await planned(after, database_url)).steps == ()
    else:
        with pytest.raises(DeclarationError):
            await _start(pair, tmp_path, database_url)
    applied = await planned(after, database_url, pair.allow, apply=True)
    if pair.result is None:
        assert outcome_of(applied, applied=True) == "refused"
        assert told(await planned(after, database_url, pair.allow)) == pair.plan
        return
    async with store_at(after, database_url) as store:
        assert await held(store, pair.result) == pair.result
    assert (await planned(after, database_url)).steps == ()


async def _start(pair: Pair, folder: Path, url: str) -> None:
    async with store_at(catalog(folder, pair.after), url):
        pass
