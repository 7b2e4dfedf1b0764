"""Tables: the objects of a catalog as SQLAlchemy sees them, made when first asked for."""

from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from fieldstone.errors import Internal
from fieldstone.query.formula import Formula
from fieldstone.query.storage import FieldShape, StorageClass
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.store.dialects import Dialect
from fieldstone.store.expression_value import SqlColumn
from fieldstone.store.shape_cache import ShapeCache

ALIASES_KEPT = 1024
"""How many aliases are kept: each has a copy of every column of its table."""


class Columns(Protocol):
    """What a filter is asked of: the rows of an object, or groups of them."""

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """Returns the column of a name."""

    def shape(self, name: str) -> FieldShape:
        """Returns the shape of what a name holds."""

    def formula(self, name: str) -> Formula | None:
        """Returns how a field is computed that has no column; None for all others."""

    def expression_column(self, path: tuple[str, ...]) -> SqlColumn:
        """Returns the column that an expression names."""


class Source(msgspec.Struct, frozen=True, eq=False):
    """The rows of one object within a statement: its table, or an alias of it."""

    object: Object
    table: sa.FromClause

    def column(self, name: str) -> sa.ColumnElement[Any]:
        """Returns the column of a field."""
        return self.table.c[name]

    def shape(self, name: str) -> FieldShape:
        """Returns the shape of a field."""
        return self.object.shape.fields[name]

    def formula(self, name: str) -> Formula | None:
        """Returns how a field is computed that has no column."""
        return self.object.shape.fields[name].formula

    def expression_column(self, path: tuple[str, ...]) -> SqlColumn:
        """Returns the column that an expression names as `record.<field>`; for a formula, NULL in its place."""
        field = self.object.fields[path[1]]
        kind = field.type.expression_type(field.declaration)
        storage = field.shape.storage
        scale = storage.scale if storage.kind == StorageClass.DECIMAL else None
        element = sa.null() if field.shape.formula is not None else self.table.c[field.name]
        return SqlColumn(element, kind, field.shape.nullable, scale)


class Tables:
    """The tables of one catalog; `summaries` are all that there are, as (object, field)."""

    def __init__(self, catalog: Catalog, dialect: Dialect) -> None:
        """Makes nothing yet: a catalog may hold a thousand objects, a process seldom asks for all of them."""
        self._catalog = catalog
        self._dialect = dialect
        self._tables: dict[str, sa.TableClause] = {}
        self._aliases: ShapeCache[tuple[str, str], sa.FromClause] = ShapeCache(ALIASES_KEPT)
        self.summaries = frozenset((group.parent, name) for group in catalog.rollups for name in group.fields)

    def source(self, object_name: str, alias: str | None = None) -> Source:
        """Returns the rows of an object."""
        linked = self._catalog.objects.get(object_name) or self._catalog.histories.get(object_name)
        if linked is None:
            raise Internal(f"No object `{object_name}` is in the catalog.")
        table = self.table(linked)
        if alias is None:
            return Source(linked, table)
        return Source(linked, self._aliases.get((object_name, alias), lambda: table.alias(alias)))

    def table(self, linked: Object) -> sa.TableClause:
        """Returns the table of an object."""
        table = self._tables.get(linked.name)
        if table is None:
            columns = (
                sa.column(name, self._dialect.column(linked.shape.fields[name].storage).sql_type)
                for name in linked.stored
            )
            table = self._tables[linked.name] = sa.table(linked.name, *columns)
        return table
