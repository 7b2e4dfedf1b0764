"""DDL: the texts that make tables, columns and indexes. Names are of declared forms, and quoted all the same."""

from collections.abc import Iterable

from fieldstone.store.columns import DialectName
from fieldstone.store.schema import ID, ColumnSchema, IndexSchema, ReferenceSchema, TableSchema


def create_table(schema: TableSchema, dialect: DialectName) -> str:
    """Returns the statement that makes a table; on SQLite with its references, which cannot be added later."""
    references = {reference.column: reference for reference in schema.references} if dialect == "sqlite" else {}
    lines = [
        _column(column, references.get(column.name), key=schema.keyed and column.name == ID)
        for column in schema.columns
    ]
    ending = " STRICT" if dialect == "sqlite" else ""
    return f"CREATE TABLE {quoted(schema.name)} ({', '.join(lines)}){ending}"


def add_column(table: str, column: ColumnSchema, reference: ReferenceSchema | None, dialect: DialectName) -> str:
    """Returns the statement that adds a column; on SQLite with its reference."""
    line = _column(column, reference if dialect == "sqlite" else None)
    return f"ALTER TABLE {quoted(table)} ADD COLUMN {line}"


def rename_column(table: str, old: str, new: str) -> str:
    """Returns the statement that gives a column another name."""
    return f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(old)} TO {quoted(new)}"


def rename_table(old: str, new: str) -> str:
    """Returns the statement that gives a table another name; what refers to it does so by the new one."""
    return f"ALTER TABLE {quoted(old)} RENAME TO {quoted(new)}"


def drop_table(name: str) -> str:
    """Returns the statement that drops a table."""
    return f"DROP TABLE {quoted(name)}"


def add_reference(table: str, reference: ReferenceSchema) -> str:
    """Returns PostgreSQL's statement that adds a foreign key."""
    column = quoted(reference.column)
    return f"ALTER TABLE {quoted(table)} ADD FOREIGN KEY ({column}) {_target(reference)}"


def create_index(table: str, index: IndexSchema) -> str:
    """Returns the statement that makes an index."""
    unique = "UNIQUE " if index.unique else ""
    return f"CREATE {unique}INDEX {quoted(index.name)} ON {quoted(table)} ({_names(index.columns)})"


def drop_index(name: str) -> str:
    """Returns the statement that drops an index."""
    return f"DROP INDEX {quoted(name)}"


def quoted(name: str) -> str:
    """Returns a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _column(column: ColumnSchema, reference: ReferenceSchema | None, *, key: bool = False) -> str:
    primary = " PRIMARY KEY" if key else ""
    required = " NOT NULL" if column.required else ""
    target = "" if reference is None else f" {_target(reference)}"
    return f"{quoted(column.name)} {column.type}{required}{primary}{target}"


def _target(reference: ReferenceSchema) -> str:
    # Checked at commit, so that records which refer to each other can be written and deleted in any order.
    return f"REFERENCES {quoted(reference.object)} ({quoted(ID)}) DEFERRABLE INITIALLY DEFERRED"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
