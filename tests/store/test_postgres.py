"""PostgreSQL alone: connections that run out or are lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from fieldstone.errors import Unavailable
from fieldstone.query.ast import EVERYTHING, Select
from fieldstone.settings import Limits
from fieldstone.store import postgres
from fieldstone.store.binds import Binds
from fieldstone.store.postgres_failures import POSTGRES_FAILURES, postgres_failure
from fieldstone.store.sql_store import SqlStore
from tests.store.catalogs import SYSTEM, catalog_of, store_of, system_values

ITEM = "name: item\nownership: none\nfields: {note: {type: text}}\n"
ALL = Select("item", ("id",), EVERYTHING)


@pytest.fixture
async def store(tmp_path: Path, postgres_url: str) -> AsyncIterator[SqlStore]:
    async with store_of(catalog_of(tmp_path, ITEM), postgres_url, Limits(statement_seconds=1)) as opened:
        yield opened


async def test_a_reader_waits_for_a_connection_and_gives_up_in_time(store: SqlStore) -> None:
    statement = store.prepare(ALL)
    async with AsyncExitStack() as transactions:
        for _ in range(postgres.MOST_CONNECTIONS):
            await transactions.enter_async_context(store.transaction())
        with pytest.raises(Unavailable):
            await store.fetch(statement, Binds())
    assert await store.fetch(statement, Binds()) == []


async def test_a_lost_connection_is_replaced_and_its_transaction_is_gone(store: SqlStore, postgres_url: str) -> None:
    async def lose() -> None:
        async with store.transaction() as transaction:
            await transaction.insert("item", SYSTEM, [system_values("a")])
            await end_others(postgres_url)
            await transaction.insert("item", SYSTEM, [system_values("b")])

    with pytest.raises(Unavailable):
        await lose()
    await asyncio.sleep(0.1)
    assert await store.fetch(store.prepare(ALL), Binds()) == []


@pytest.mark.parametrize("raised", [asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionResetError])
def test_whatever_the_driver_says_of_a_connection_that_is_being_lost_the_database_is_not_to_be_reached(
    raised: type[Exception],
) -> None:
    assert issubclass(raised, POSTGRES_FAILURES)
    assert isinstance(postgres_failure(raised("cannot switch to state 12"), {}), Unavailable)


async def end_others(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
