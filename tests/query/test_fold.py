"""Ignoring case on PostgreSQL is the same as in Python, for every character there is."""

import asyncpg

from fieldstone.query.operators import fold


async def test_folding_equals_postgresql_for_every_character(postgres_url: str) -> None:
    characters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    connection = await asyncpg.connect(postgres_url)
    try:
        rows = await connection.fetch(
            'SELECT x, lower(upper(x COLLATE "pg_c_utf8")) FROM unnest($1::text[]) AS x', characters
        )
    finally:
        await connection.close()
    assert len(rows) == len(characters)
    assert [(character, folded) for character, folded in rows if fold(character) != folded] == []
