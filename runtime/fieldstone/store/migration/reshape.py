"""Reshaping: what makes of a table more than its additions, in Alembic's operations, as texts. SQLite's tables are made anew and copied.

Texts, because a transaction of ours also converts values and writes the ledger; `docs/decisions/0014` tells more.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from sqlalchemy.types import UserDefinedType

from fieldstone.store.columns import DialectName
from fieldstone.store.migration.shape import Shape
from fieldstone.store.schema import ID, TableSchema


def reshape(table: TableSchema, shape: Shape, dialect: DialectName) -> list[str]:
    """Returns the statements that give a table another shape; its indexes must be gone on SQLite."""
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer, "transactional_ddl": False}
    operations = Operations(MigrationContext.configure(dialect_name=dialect, opts=options))
    anew = dialect == "sqlite"
    more: dict[str, Any] = {"copy_from": _table(table), "recreate": "always"} if anew else {"recreate": "never"}
    with operations.batch_alter_table(table.name, **more, table_kwargs={"sqlite_strict": True}) as batch:
        _alter(batch, shape, _key_names(table) | dict(shape.keys))
    return [text for part in buffer.getvalue().split(";\n") if (text := part.strip())]


def reference_name(column: str) -> str:
    """Returns the name of a foreign key of a table that was reshaped."""
    return f"fk.{column}"


def _alter(batch: BatchOperations, shape: Shape, keys: Mapping[str, str]) -> None:
    for column in shape.unreferred:
        batch.drop_constraint(keys[column], type_="foreignkey")
    for column in shape.dropped:
        batch.drop_column(column)
    for old, new in shape.renamed.items():
        batch.alter_column(old, new_column_name=new)
    for column in shape.relaxed:
        batch.alter_column(column, nullable=True)
    for column in shape.required:
        batch.alter_column(column, nullable=False)
    for reference in shape.referred:
        batch.create_foreign_key(
            reference_name(reference.column),
            reference.object,
            [shape.standing(reference.column)],
            [ID],
            deferrable=True,
            initially="DEFERRED",
        )


def _key_names(table: TableSchema) -> dict[str, str]:
    return {reference.column: reference_name(reference.column) for reference in table.references}


def _table(schema: TableSchema) -> sa.Table:
    """Returns a table as SQLite has it."""
    columns: Iterable[sa.Column[Any]] = (
        sa.Column(
            column.name,
            _Given(column.type),
            primary_key=schema.keyed and column.name == ID,
            nullable=not column.required,
        )
        for column in schema.columns
    )
    keys = (
        sa.ForeignKeyConstraint(
            [reference.column],
            [f"{reference.object}.{ID}"],
            name=reference_name(reference.column),
            deferrable=True,
            initially="DEFERRED",
        )
        for reference in schema.references
    )
    return sa.Table(schema.name, sa.MetaData(), *columns, *keys, sqlite_strict=True)


class _Given(UserDefinedType[Any]):
    """A type by its name in the database."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_options: Any) -> str:
        return self.name
