"""What `fieldstone migrate` tells and does, pair by pair, on both databases. Read the plans aloud: each must say what will happen."""

from pathlib import Path

import pytest

from fieldstone.cli.migrate import outcome_of
from fieldstone.errors import DeclarationError
from tests.migrations.pairs import Pair, catalog, database_at, fill, held, pairs, planned, started, told

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
