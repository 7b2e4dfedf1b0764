"""Explaining: how the database would run a statement. No value of the request is in what comes out."""

import re
from decimal import Decimal
from typing import Any

from fieldstone.store.binds import Binds
from fieldstone.store.database import Database
from fieldstone.store.plan import StatementPlan
from fieldstone.store.postgres_explain import read_generic_plan, read_postgres_plan
from fieldstone.store.sqlite_explain import read_sqlite_plan
from fieldstone.store.statement import ReadStatement

_PLACES = re.compile(r"""'[^']*'|"[^"]*"|\?""")
"""The places of SQLite's parameters, and what only looks like one."""

_TYPES = {str: "text", bool: "boolean", int: "integer", float: "double", Decimal: "decimal", list: "list"}


async def explain_statement(database: Database, statement: ReadStatement, binds: Binds) -> StatementPlan:
    """Returns how a read would be run with these binds."""
    text, parameters = statement.sql.text, statement.sql.parameters(binds)
    if database.dialect.name == "postgresql":
        reading = await read_postgres_plan(database, text, parameters)
    else:
        reading = await read_sqlite_plan(database, text, len(parameters), statement.tested)
    return StatementPlan(text, tuple(map(_type, parameters)), reading)


async def explain_text(database: Database, text: str) -> Any:
    """Returns how a statement would be run whatever its parameters are, as a JSON value."""
    if database.dialect.name == "postgresql":
        return await read_generic_plan(database, text)
    count = sum(found[0] == "?" for found in _PLACES.finditer(text))
    return (await read_sqlite_plan(database, text, count, None)).plan


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), "value")
