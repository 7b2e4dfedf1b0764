"""The databases that tests are given: empty, of their own, and both kinds real."""

import sqlite3

import asyncpg
import pytest


async def test_postgres_is_a_real_server_of_a_current_version(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert int(await connection.fetchval("SHOW server_version_num")) >= 180000
        await connection.execute("CREATE TABLE note (id text)")
    finally:
        await connection.close()


async def test_each_test_is_given_an_empty_postgres_database(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    finally:
        await connection.close()


async def test_a_connection_left_open_does_not_keep_a_database(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE TABLE note (id text)")
    connection.terminate()


def test_sqlite_is_given_as_a_file_in_this_tests_folder(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    try:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    finally:
        connection.close()


def test_a_test_of_both_kinds_is_run_on_each(database_url: str, request: pytest.FixtureRequest) -> None:
    assert database_url.startswith(f"{request.node.callspec.params['database_url']}://")
