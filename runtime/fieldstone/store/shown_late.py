"""What is shown late: a database that computes what it shows, as PostgreSQL writes instants, does so before it sorts and passes over rows.

Where it has to do either for many rows, a statement finds the rows of its page first, and shows those alone. Where an index has them in
their order from the first one on, it shows what it finds: a statement within another one costs the planner more than that saves.
"""

from collections.abc import Iterator

from fieldstone.query.ast import And, Filter, Select, Term
from fieldstone.store.dialects import Dialect, Value
from fieldstone.store.schema import ID, schema_of
from fieldstone.store.tables import Source


def is_shown_late(select: Select, kept: list[Value], shown: list[Value], source: Source, dialect: Dialect) -> bool:
    """Tells whether a Select shows its page behind all else; `kept` are its columns, `shown` what is computed from them."""
    if not select.limited or all(column is value for column, value in zip(kept, shown, strict=True)):
        return False
    return select.shifted or not _is_in_order(select, source, dialect)


def _is_in_order(select: Select, source: Source, dialect: Dialect) -> bool:
    """Tells whether an index leads through the rows in their order, at least by the first sort key."""
    first = select.order[0] if select.order else None
    if first is None or first.through:
        return first is None
    if first.field == ID:
        return True
    same = frozenset(_same(select.where))
    return any(
        first.field in index.columns and same.issuperset(index.columns[: index.columns.index(first.field)])
        for index in schema_of(source.object, dialect).indexes
    )


def _same(where: Filter) -> Iterator[str]:
    """Yields the columns that have one value in all rows of a filter."""
    if isinstance(where, And):
        for item in where.items:
            yield from _same(item)
    elif isinstance(where, Term) and where.operator == "eq":
        yield where.field
