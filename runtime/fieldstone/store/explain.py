"""Explaining: how the database would run a prepared read. No value of the request is in what comes out."""

from decimal import Decimal
from typing import Any

from fieldstone.store.binds import Binds
from fieldstone.store.database import Database
from fieldstone.store.plan import StatementPlan
from fieldstone.store.postgres_explain import read_postgres_plan
from fieldstone.store.sqlite_explain import read_sqlite_plan
from fieldstone.store.statement import ReadStatement

_TYPES = {str: "text", bool: "boolean", int: "integer", float: "double", Decimal: "decimal", list: "list"}


async def explain_statement(database: Database, statement: ReadStatement, binds: Binds) -> StatementPlan:
    """Returns how a read would be run with these binds."""
    text, parameters = statement.sql.text, statement.sql.parameters(binds)
    if database.dialect.name == "postgresql":
        reading = await read_postgres_plan(database, text, parameters)
    else:
        reading = await read_sqlite_plan(database, text, len(parameters), statement.tested)
    return StatementPlan(text, tuple(map(_type, parameters)), reading)


def _type(value: Any) -> str:
    return "null" if value is None else _TYPES.get(type(value), "value")
