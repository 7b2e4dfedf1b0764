"""Shapes: what becomes of a table as a whole, made of its steps. A column of another type stands beside the old one until that goes."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldstone.store.columns import DialectName
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.step import Action, Step
from fieldstone.store.migration.survey import in_place
from fieldstone.store.schema import ColumnSchema, ReferenceSchema, TableSchema

BESIDE = ".new"
"""What stands behind a column's name until it takes the place of the old one; no declared field can have such a name."""


class Shape(msgspec.Struct, frozen=True):
    """What becomes of a table: columns that go, the new names of others, which may hold nulls or not, foreign keys that go or come.

    `table` is the table as it is with its `added` columns. `keys` are the names of foreign keys by their columns, as the database has them.
    """

    table: TableSchema
    added: tuple[ColumnSchema, ...] = ()
    dropped: tuple[str, ...] = ()
    renamed: Mapping[str, str] = {}
    relaxed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    unreferred: tuple[str, ...] = ()
    referred: tuple[ReferenceSchema, ...] = ()
    keys: Mapping[str, str] = {}

    def __bool__(self) -> bool:
        """Tells whether more is done than adding."""
        return any((self.dropped, self.renamed, self.relaxed, self.required, self.unreferred, self.referred))

    @property
    def replaced(self) -> frozenset[str]:
        """The columns that another takes the place of."""
        return frozenset(self.renamed.values())

    def standing(self, name: str) -> str:
        """Returns the column in which the new values of a field stand until the table has its shape."""
        return f"{name}{BESIDE}" if name in self.replaced else name


def shape_of(change: Change, steps: Sequence[Step], dialect: DialectName) -> Shape:
    """Returns the shape that steps give to a table that is there."""
    stored = change.stored or TableSchema(change.name, ())
    converted = [
        step.column
        for step in _of(steps, Action.CONVERT)
        if step.column and step.before and not in_place(step.before, step.column)
    ]
    new = [step.column for step in _of(steps, Action.ADD_FIELD) if step.column]
    beside = [msgspec.structs.replace(column, name=f"{column.name}{BESIDE}") for column in converted]
    added = tuple(msgspec.structs.replace(column, required=False) for column in (*new, *beside))
    inline = dialect == "sqlite"
    names = {column.name for column in new}
    referring = tuple(reference for reference in change.schema.references if reference.column in names and inline)
    dropped = (*(column.name for column in converted), *_fields(steps, Action.DROP_FIELD))
    going = {step.reference.column for step in _of(steps, Action.DROP_REFERENCE) if step.reference}
    going |= {reference.column for reference in stored.references if reference.column in dropped}
    return Shape(
        table=msgspec.structs.replace(stored, columns=stored.columns + added, references=stored.references + referring),
        added=added,
        dropped=dropped,
        renamed={f"{column.name}{BESIDE}": column.name for column in converted},
        relaxed=tuple(_fields(steps, Action.RELAX)),
        required=tuple(_fields(steps, Action.REQUIRE)),
        unreferred=tuple(sorted(going)),
        referred=tuple(step.reference for step in _of(steps, Action.ADD_REFERENCE) if step.reference and inline),
    )


def _of(steps: Iterable[Step], action: Action) -> Iterable[Step]:
    return (step for step in steps if step.action == action)


def _fields(steps: Iterable[Step], action: Action) -> Iterable[str]:
    return (step.field for step in _of(steps, action) if step.field is not None)
