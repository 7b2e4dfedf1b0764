"""A table of every kind of column with random rows, and expressions run over it in memory, on SQLite and on PostgreSQL."""

import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple, Protocol

import asyncpg
import sqlalchemy as sa

from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import EvaluationError, evaluator
from fieldstone.query.cel.ir import Node
from fieldstone.query.cel.types import (
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    optional,
    struct_of,
)
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.binds import Binds
from fieldstone.store.columns import DialectName, column_of
from fieldstone.store.dialects import Dialect, SqliteDialect
from fieldstone.store.expression import compile_predicate, compile_value
from fieldstone.store.expression_value import SqlColumn
from fieldstone.store.parameters import Parameters
from fieldstone.store.postgres_dialect import PostgresDialect
from fieldstone.store.statement import Sql, compiled


class FieldOf(NamedTuple):
    """A column of the table: its type in expressions, how it is stored, and what its rows may hold."""

    type: Type
    storage: Storage
    values: Sequence[Any]


def _decimals(scale: int, *numbers: int) -> list[Decimal]:
    return [Decimal(number).scaleb(-scale) for number in numbers]


_TEXTS = ["Ann", "ann", "a%b_c[d]*?", "é", "É", "straße", " \t", "", " Zoë\r\n", "x" * 30, "😀 a", "b", "a"]
_INSTANTS = [
    "2026-07-01T12:00:00.000Z",
    "2026-07-01T12:00:00.001Z",
    "2026-06-30T23:59:59.999Z",
    "1969-12-31T23:00:00.500Z",
    "2024-02-29T06:07:08.090Z",
    "2026-07-05T00:00:00.000Z",
]
_DAYS = ["2026-07-01", "2026-07-05", "2024-02-29", "1969-12-31", "9999-12-30", "0001-01-02"]
_LISTS = [[], ["a"], ["a", "b"], ["é", "Ann", "a"]]
_TEXT, _JSON = Storage(StorageClass.TEXT), Storage(StorageClass.JSON)
_CENTS, _MILLS = (Storage(StorageClass.DECIMAL, precision=12, scale=scale) for scale in (2, 3))

FIELDS: Mapping[str, FieldOf] = {
    "id": FieldOf(INT, Storage(StorageClass.INTEGER), []),
    "name": FieldOf(optional(STRING), _TEXT, _TEXTS),
    "code": FieldOf(STRING, _TEXT, _TEXTS),
    "amount": FieldOf(optional(DECIMAL), _CENTS, _decimals(2, 0, 1049, 1050, 1051, -1050, 999, 1000, 1001, 250, 30)),
    "price": FieldOf(optional(DECIMAL), _MILLS, _decimals(3, 0, 10500, -10500, 9990, 1, 2500)),
    "total": FieldOf(DECIMAL, _CENTS, _decimals(2, 0, 1, -250, 1050, 10000)),
    "qty": FieldOf(optional(INT), Storage(StorageClass.INTEGER), [0, 1, -1, 2, 7, -7, 10, 2**63 - 1, -(2**63)]),
    "count": FieldOf(INT, Storage(StorageClass.INTEGER), [0, 1, 2, 3, 10, -10]),
    "ratio": FieldOf(
        optional(DOUBLE), Storage(StorageClass.DOUBLE), [0.0, 0.5, 10.5, -0.25, 2.0, 1e10, 1e200, -1e308, 1e-200]
    ),
    "active": FieldOf(optional(BOOL), Storage(StorageClass.BOOLEAN), [True, False]),
    "flag": FieldOf(BOOL, Storage(StorageClass.BOOLEAN), [True, False]),
    "at": FieldOf(optional(TIMESTAMP), Storage(StorageClass.INSTANT), _INSTANTS),
    "since": FieldOf(TIMESTAMP, Storage(StorageClass.INSTANT), _INSTANTS),
    "due": FieldOf(optional(DATE), Storage(StorageClass.DAY), _DAYS),
    "born": FieldOf(DATE, Storage(StorageClass.DAY), _DAYS),
    "tags": FieldOf(optional(list_of(STRING)), _JSON, _LISTS),
    "labels": FieldOf(list_of(STRING), _JSON, _LISTS),
    "data": FieldOf(DYN, _JSON, [{"a": 1}, [1], "x"]),
}
CALLER_TYPE = struct_of(
    {
        "id": STRING,
        "name": optional(STRING),
        "nobody": optional(STRING),
        "level": INT,
        "budget": DECIMAL,
        "ratio": DOUBLE,
        "started": TIMESTAMP,
        "roles": list_of(STRING),
        "none": list_of(STRING),
        "absent": optional(list_of(STRING)),
        "levels": list_of(INT),
        "prices": list_of(optional(DECIMAL)),
        "admin": BOOL,
    }
)
CALLER: Mapping[str, Any] = {
    "id": "a",
    "name": "Ann",
    "nobody": None,
    "level": 2,
    "budget": Decimal("10.505"),
    "ratio": 0.5,
    "started": "2026-07-01T12:00:00.000Z",
    "roles": ["a", "é", "Ann"],
    "none": [],
    "absent": None,
    "levels": [0, 2, 7],
    "prices": [Decimal("10.5"), Decimal("0.001"), None],
    "admin": True,
    "timezone": "Europe/Berlin",
}
BINDS = Binds(caller=CALLER, now="2026-07-01T22:30:00.000Z")
ENVIRONMENT = Environment(
    {"record": struct_of({name: field.type for name, field in FIELDS.items()}), "current_user": CALLER_TYPE},
    bare="record",
)

Row = Mapping[str, Any]


def random_rows(random: Random, count: int) -> list[Row]:
    """Returns rows in wire form; a fifth of the values that may be null are."""
    return [
        {
            name: number if name == "id" else None if _null(random, field.type) else random.choice(field.values)
            for name, field in FIELDS.items()
        }
        for number in range(count)
    ]


def _null(random: Random, kind: Type) -> bool:
    return kind.nullable and random.random() < 0.2


def in_memory(node: Node, rows: Sequence[Row]) -> list[Any]:
    """Returns the value of an expression on each row; None where it is null or cannot be computed."""
    compute, values = evaluator(node), []
    for row in rows:
        try:
            values.append(
                compute({"record": row, "current_user": CALLER, "now": BINDS.now, "timezone": BINDS.timezone})
            )
        except EvaluationError:
            values.append(None)
    return values


class Table(Protocol):
    """The table on one database."""

    dialect: Dialect

    async def fetch(self, sql: Sql) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""


async def values_in_sql(table: Table, node: Node) -> list[Any]:
    """Returns the value of an expression on each row, in wire form."""
    parameters = Parameters()
    found = compile_value(node, column=_column, bind=parameters.computed, dialect=table.dialect.name)
    clause = sa.select(found.element).select_from(_TABLE).order_by(_TABLE.c.id)
    rows = await table.fetch(compiled(clause, parameters, table.dialect))
    return [_wire(row[0], node.type.name, found.scale or 0) for row in rows]


async def selected_in_sql(table: Table, node: Node) -> list[int]:
    """Returns the ids of the rows that a predicate selects."""
    parameters = Parameters()
    condition = compile_predicate(node, column=_column, bind=parameters.computed, dialect=table.dialect.name)
    clause = sa.select(_TABLE.c.id).select_from(_TABLE).where(condition).order_by(_TABLE.c.id)
    return [row[0] for row in await table.fetch(compiled(clause, parameters, table.dialect))]


def sql_of(node: Node, dialect: Dialect) -> str:
    """Returns the text of a predicate's SQL."""
    parameters = Parameters()
    condition = compile_predicate(node, column=_column, bind=parameters.computed, dialect=dialect.name)
    return compiled(condition, parameters, dialect).text


class SqliteTable:
    """The table in an SQLite database in memory."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Makes and fills the table."""
        self.dialect: Dialect = SqliteDialect()
        self.connection = sqlite3.connect(":memory:")
        self.connection.create_function("fs_upper", 1, lambda text: text and text.upper(), deterministic=True)
        self.connection.create_function("fs_lower", 1, lambda text: text and text.lower(), deterministic=True)
        self.connection.execute(f"{_ddl('sqlite')} STRICT")
        marks = ", ".join("?" * len(FIELDS))
        self.connection.executemany(f"INSERT INTO item VALUES ({marks})", _driver_rows("sqlite", rows))

    async def fetch(self, sql: Sql) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""
        return self.connection.execute(sql.text, sql.parameters(BINDS)).fetchall()


class PostgresTable:
    """The table in a PostgreSQL database."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        """Takes an open connection."""
        self.dialect: Dialect = PostgresDialect()
        self.connection = connection

    async def fetch(self, sql: Sql) -> list[tuple[Any, ...]]:
        """Returns the rows of a query."""
        return [tuple(row) for row in await self.connection.fetch(sql.text, *sql.parameters(BINDS))]


@asynccontextmanager
async def postgres_table(url: str, rows: Sequence[Row]) -> AsyncIterator[PostgresTable]:
    """Makes and fills the table, and closes the connection at the end."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_ddl("postgresql"))
        kept = [column_of("postgresql", field.storage) for field in FIELDS.values()]
        marks = ", ".join(PostgresDialect().placeholder(number, column) for number, column in enumerate(kept, start=1))
        await connection.executemany(f"INSERT INTO item VALUES ({marks})", _driver_rows("postgresql", rows))
        yield PostgresTable(connection)
    finally:
        await connection.close()


def _ddl(dialect: DialectName) -> str:
    columns = [
        f"{name} {column_of(dialect, field.storage).ddl}{'' if field.type.nullable else ' NOT NULL'}"
        for name, field in FIELDS.items()
    ]
    return f"CREATE TABLE item ({', '.join(columns)})"


def _driver_rows(dialect: DialectName, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        converted = []
        for name, field in FIELDS.items():
            convert, value = column_of(dialect, field.storage).to_driver, row[name]
            converted.append(value if value is None or convert is None else convert(value))
        yield tuple(converted)


_TABLE = sa.table("item", *(sa.column(name) for name in FIELDS))


def _column(path: tuple[str, ...]) -> SqlColumn:
    field = FIELDS[path[1]]
    return SqlColumn(_TABLE.c[path[1]], field.type, field.type.nullable, field.storage.scale)


def _wire(value: Any, kind: str, scale: int) -> Any:
    if value is None:
        return None
    match kind:
        case "bool":
            return bool(value)
        case "int":
            return int(value)
        case "decimal":
            return Decimal(value).scaleb(-scale)
        case "double":
            return float(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")[:23] + "Z"
    return value.isoformat() if isinstance(value, date) else value
