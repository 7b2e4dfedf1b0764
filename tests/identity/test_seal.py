"""Sealed secrets: opened by the key that sealed them, and sealed anew when the key changes."""

from pathlib import Path

import pytest

from fieldstone.errors import SettingsError
from fieldstone.identity.seal import Seal
from fieldstone.keyring import Keyring
from fieldstone.query.ast import EVERYTHING, Select
from fieldstone.store.binds import Binds
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

FIRST, SECOND = "the first secret of the tests", "the second secret of the tests"


async def test_a_sealed_text_is_another_each_time_and_opens_to_the_same() -> None:
    seal = Seal(Keyring(FIRST))
    texts = [await seal.seal("a key, ä 😀") for _ in range(2)]
    assert texts[0] != texts[1]
    assert [seal.open(text) for text in texts] == ["a key, ä 😀"] * 2
    assert "key" not in texts[0]


async def test_a_new_secret_opens_what_the_old_one_sealed_and_seals_it_anew() -> None:
    old, both, new = Seal(Keyring(FIRST)), Seal(Keyring(SECOND, FIRST)), Seal(Keyring(SECOND))
    sealed = await old.seal("a key")
    renewed = both.renew(sealed)
    assert (both.open(sealed), new.open(renewed)) == ("a key", "a key")
    assert both.renew(renewed) == renewed
    for text in (sealed, renewed[:-8] + "AAAAAAA=", "nonsense"):
        with pytest.raises(SettingsError):
            new.open(text)


async def test_every_stored_secret_is_renewed_and_nothing_else_changes(tmp_path: Path, database_url: str) -> None:
    catalog = catalog_of(
        tmp_path, "name: door\nownership: none\nfields:\n  key: {type: secret}\n  code: {type: text}\n"
    )
    old, both = Seal(Keyring(FIRST)), Seal(Keyring(SECOND, FIRST))
    async with store_of(catalog, database_url) as store:
        async with store.transaction() as transaction:
            rows = [(*system_values("a"), await old.seal("one"), "x"), (*system_values("b"), None, "y")]
            await transaction.insert("door", (*SYSTEM, "key", "code"), rows)
        assert await store.renew_sealed(both.renew) == 1
        assert await store.renew_sealed(Seal(Keyring(SECOND)).renew) == 0
        select = Select("door", ("key", "code", "version"), EVERYTHING)
        found = await store.fetch(store.prepare(select), Binds())
        assert sorted(found, key=lambda row: row[1]) == [("\N{BULLET}" * 8, "x", 1), (None, "y", 1)]
