"""What asks for a capability: the refusal names what is missing, and a field that asks for one is not there without it."""

from collections.abc import Awaitable
from typing import Any

import pytest

from fieldstone.errors import FieldstoneError, Invalid, NotFound, PermissionDenied
from tests.engine.office import Office, codes, record_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refusal(asked: Awaitable[Any]) -> tuple[str, dict[str, Any]]:
    """Returns the code of a refusal, and what it tells."""
    with pytest.raises(FieldstoneError) as refused:
        await asked
    return str(refused.value.code), dict(refused.value.details)


async def test_a_missing_capability_is_named_before_a_missing_right(office: Office) -> None:
    worker, nobody = office.caller("ann", "ledger_worker"), office.caller("ann")
    ledger = await office.make("ledger", title="a ledger")
    missing = ("PERMISSION_DENIED", {"permission": "close_books", "subject": office.ids["ann"]})
    assert await refusal(office.update(worker, "ledger", ledger, title="changed")) == missing
    assert await refusal(office.update(nobody, "ledger", ledger, title="changed")) == missing
    assert (await refusal(office.page(nobody, "ledger")))[1] == {"permission": "ledger:read"}
    assert (await refusal(office.page(worker, "dossier")))[1]["permission"] == "see_prices"
    wiper = office.caller("ann", "ledger_worker", "bookkeeper")
    assert (await refusal(office.delete(wiper, "ledger", ledger)))[1]["permission"] == "wipe"
    await office.delete(office.caller("ann", "ledger_worker", "bookkeeper", "wiper"), "ledger", ledger)


async def test_a_field_that_asks_for_a_capability_is_unknown_without_it(office: Office) -> None:
    worker, seer = office.caller("ann", "ledger_worker"), office.caller("ann", "ledger_worker", "price_seer")
    with pytest.raises(Invalid) as refused:
        await office.create(worker, "ledger", {"title": "new", "price": 1})
    assert codes(refused.value) == {"price": "unknown_field"}
    made = record_of(await office.create(seer, "ledger", {"title": "new", "price": 1}))
    assert "price" in made
    assert "price" not in await office.get(worker, "ledger", made["id"])
    with pytest.raises(Invalid):
        await office.page(worker, "ledger", where={"price": 1})


async def test_the_parts_of_what_asks_for_a_capability_go_with_it(office: Office) -> None:
    dossier = await office.make("dossier", title="a dossier")
    leaf = await office.make("leaf", dossier=dossier)
    worker, seer = office.caller("ann", "ledger_worker"), office.caller("ann", "ledger_worker", "price_seer")
    with pytest.raises(NotFound):
        await office.get(worker, "leaf", leaf)
    with pytest.raises((PermissionDenied, Invalid)):
        await office.create(worker, "leaf", {"dossier": dossier})
    assert (await office.get(seer, "leaf", leaf))["id"] == leaf
    await office.create(seer, "leaf", {"dossier": dossier})
