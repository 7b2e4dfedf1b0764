"""The pool of connections to PostgreSQL: who gets which connection, who waits, and what becomes of one that was broken off."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest

from fieldstone.errors import Unavailable
from fieldstone.store.postgres_pool import PostgresPool

MOST = 2


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[PostgresPool]:
    opened = PostgresPool(partial(asyncpg.connect, postgres_url), most=MOST, seconds=5)
    yield opened
    await opened.close()


async def test_a_connection_is_used_again_and_no_more_are_opened_than_are_wanted_at_once(pool: PostgresPool) -> None:
    first = await pool.take()
    pool.give_back(first)
    again = await pool.take()
    assert again is first
    assert (pool.open, pool.in_use) == (1, 1)
    pool.give_back(again)
    assert (pool.open, pool.in_use) == (1, 0)


async def test_whoever_waits_gets_what_is_given_back_in_the_order_of_the_line(pool: PostgresPool) -> None:
    taken = [await pool.take() for _ in range(MOST)]
    line = [asyncio.create_task(pool.take()) for _ in range(3)]
    await asyncio.sleep(0)
    assert pool.waiting == len(line)
    line[1].cancel()
    await asyncio.sleep(0)
    for connection in taken:
        pool.give_back(connection)
    assert [await line[0], await line[2]] == taken
    assert pool.open == MOST
    for connection in taken:
        pool.give_back(connection)


async def test_what_is_handed_to_somebody_who_leaves_that_moment_goes_to_the_next(pool: PostgresPool) -> None:
    taken = [await pool.take() for _ in range(MOST)]
    leaving, next_one = (asyncio.create_task(pool.take()) for _ in range(2))
    await asyncio.sleep(0)
    pool.give_back(taken[0])
    leaving.cancel()
    assert await next_one is taken[0]
    for connection in taken:
        pool.give_back(connection)
    assert pool.in_use == 0


async def test_a_statement_that_is_broken_off_leaves_a_connection_that_answers(pool: PostgresPool) -> None:
    connection = await pool.take()
    with pytest.raises(TimeoutError):
        await connection.fetch("SELECT pg_sleep(60)", timeout=0.05)
    pool.mend(connection)
    others = [await pool.take() for _ in range(MOST)]
    assert connection in others
    assert [await other.fetchval("SELECT 7") for other in others] == [7, 7]
    for other in others:
        pool.give_back(other)


async def test_a_connection_that_was_lost_or_left_in_a_transaction_is_replaced(pool: PostgresPool) -> None:
    lost, left = await pool.take(), await pool.take()
    line = [asyncio.create_task(pool.take()) for _ in range(MOST)]
    await asyncio.sleep(0)
    lost.terminate()
    pool.give_back(lost)
    await left.execute("BEGIN")
    pool.mend(left)
    fresh = [await each for each in line]
    assert not {lost, left} & set(fresh)
    assert [await each.fetchval("SELECT 7") for each in fresh] == [7, 7]
    fresh[0].terminate()
    for each in fresh:
        pool.give_back(each)
    assert pool.open == 1


async def test_a_pool_that_closes_waits_for_what_is_in_use_and_serves_nobody_else(postgres_url: str) -> None:
    pool = PostgresPool(partial(asyncpg.connect, postgres_url), most=1, seconds=5)
    connection = await pool.take()
    waiting = asyncio.create_task(pool.take())
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close())
    with pytest.raises(Unavailable):
        await waiting
    assert await connection.fetchval("SELECT 7") == 7
    assert not closing.done()
    pool.give_back(connection)
    await closing
    assert connection.is_closed()
    with pytest.raises(Unavailable):
        await pool.take()


async def test_a_server_that_cannot_be_reached_leaves_the_place_free() -> None:
    async def refused() -> "asyncpg.Connection[asyncpg.Record]":
        raise ConnectionRefusedError

    pool = PostgresPool(refused, most=1, seconds=5)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await pool.take()
    assert pool.open == 0
