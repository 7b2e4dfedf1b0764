"""Units that begin again: what is slow is done while none is open, and what two of them break together is tried once more."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.hooks import Change, Context, Hook
from fieldstone.engine.operation import Across, Create, Update
from fieldstone.engine.unit import Preparer
from fieldstone.errors import Internal
from fieldstone.ids import new_id
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Limits, Settings
from fieldstone.store.open import open_store
from tests.engine.office import Office, mark

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_hooks_password_is_hashed_while_no_unit_is_open(office: Office) -> None:
    prepared: list[str] = []
    runs: list[int] = []

    async def hash_slowly(value: str) -> str:
        async with asyncio.timeout(5):
            await office.create(SYSTEM, "wiki", {"title": "beside", "region": office.here})
        prepared.append(value)
        return await mark(value)

    async def another(context: Context, change: Change) -> None:
        runs.append(1)
        if change.values["title"] == "first":
            await context.execute(Create("note", ({"title": "second", "hashed": "a secret"},)))

    hook = Hook("another", "note", "after_create", another)
    office.door = _door(office, hook, preparer=hash_slowly)
    ann = office.caller("ann", "note_writer")
    await office.create(ann, "note", {"title": "first", "hashed": "another secret"})
    assert prepared == ["another secret", "a secret"]
    assert len(runs) == 3
    assert await office.count("note") == 2
    stored = (await office.page(SYSTEM, "note", where={"title": "second", "created_by": ann.id})).records()
    assert [record["hashed"] for record in stored] == ["hashed:a secret"]


async def test_what_never_ends_to_want_preparation_is_given_up(office: Office) -> None:
    async def random(context: Context, change: Change) -> None:
        if change.values["title"] == "first":
            await context.execute(Create("note", ({"title": "second", "hashed": new_id()},)))

    office.door = _door(office, Hook("random", "note", "after_create", random))
    with pytest.raises(Internal):
        await office.create(office.caller("ann", "note_writer"), "note", {"title": "first"})
    assert await office.count("note") == 0


async def test_operations_across_objects_have_their_passwords_hashed_before(office: Office) -> None:
    prepared: list[str] = []

    async def note_it(value: str) -> str:
        prepared.append(value)
        return await mark(value)

    office.door = _door(office, preparer=note_it)
    data = {"title": "a", "hashed": "a secret"}
    steps = tuple({"object": "note", "action": "create", "data": data} for _ in range(2))
    result = await office.door.execute(Across(steps), office.caller("ann", "note_writer"))
    assert [row.error for row in result.rows] == [None, None]
    assert prepared == ["a secret", "a secret"]


async def test_two_units_that_lock_each_other_out_both_end_well(office: Office, store_url: str) -> None:
    first, second = [await office.make("wiki", title=title, region=office.here) for title in "ab"]
    one_writer = store_url.startswith("sqlite")
    met: set[str] = set()
    tries: list[str] = []

    async def meet(context: Context, change: Change) -> None:
        if change.values.get("title") not in ("x", "y"):
            return
        tries.append(change.id)
        met.add(change.id)
        for _ in range(100):
            if len(met) == 2 or one_writer:
                break
            await asyncio.sleep(0.002)
        other = second if change.id == first else first
        await context.execute(Update("wiki", other, {"region": change.values["title"]}), SYSTEM)

    hooked = office.rebuilt(Hook("meet", "wiki", "after_update", meet))
    await asyncio.gather(
        hooked.update(SYSTEM, "wiki", first, title="x"), hooked.update(SYSTEM, "wiki", second, title="y")
    )
    for record_id, title, region in ((first, "x", "y"), (second, "y", "x")):
        stored = await office.stored("wiki", record_id)
        assert (stored["title"], stored["region"]) == (title, region)
    assert one_writer or len(tries) > 2


@pytest_asyncio.fixture(loop_scope="session")
async def hurried(catalog: Catalog, store_url: str) -> AsyncIterator[Office]:
    """An office whose statements may take a second."""
    store = await open_store(catalog, store_url, synchronous="normal", limits=Limits(statement_seconds=1))
    yield await Office.founded(store)
    await store.close()


async def test_a_write_that_waits_too_long_fails_and_the_next_one_is_served(hurried: Office) -> None:
    page = await hurried.make("wiki", title="a", region=hurried.here)
    failures: list[BaseException] = []
    async with hurried.store.transaction() as held:
        await held.raise_epoch()
        async with asyncio.timeout(15):
            sets = ("note_reader", "note_writer", "note_clerk")
            bob = hurried.ids["bob"]
            waiting = [hurried.make("sys_user_permission_set", user_id=bob, permission_set=name) for name in sets]
            for result in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(result, BaseException)
                failures.append(result)
    assert {type(failure).__name__ for failure in failures} <= {"Timeout", "Unavailable"}
    await asyncio.gather(*(hurried.update(SYSTEM, "wiki", page, title=f"{number}") for number in range(20)))
    assert (await hurried.stored("wiki", page))["version"] == 21


def _door(office: Office, *hooks: Hook, preparer: Preparer = mark) -> Door:
    return Door(
        office.store,
        DATA_HANDLERS,
        Settings(secret="secret of the tests", limits=Limits()),
        hooks=hooks,
        preparers={"password": preparer},
        clock=office.door.clock,
        new_id=new_id,
    )
