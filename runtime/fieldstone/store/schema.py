"""The schema that an object needs: its columns, indexes and references, as one value that can be stored and compared.

Indexes name the organisation where there is a wall, for every query of a caller does: first, or second on a reference, where the checks of
foreign keys look for the reference alone. Those that are not unique end with `id`, as every order does. A history has one: by it a
write finds the version that it ends, however many there are.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b

import msgspec

from fieldstone.query.search import RULES
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Field, Object, RollupGroup
from fieldstone.registry.history import VALID_TO
from fieldstone.store.dialects import Dialect

TENANT = "organization_id"
ID = "id"
LONGEST_NAME = 63
"""PostgreSQL cuts names at so many bytes."""


class ColumnSchema(msgspec.Struct, frozen=True):
    """One column: what is kept in it, and the database's type for it (on SQLite several kinds of value share one).

    `required` columns never hold null. `declared` is the type of the field, with `[]` where it holds several values; a field that is
    `mandatory` has a value in every record, which the column itself does not know.
    """

    name: str
    holds: str
    type: str
    required: bool = False
    declared: str = ""
    mandatory: bool = False


class IndexSchema(msgspec.Struct, frozen=True):
    """One index; the name has dots in it, which no object's name can have."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


class ReferenceSchema(msgspec.Struct, frozen=True):
    """A foreign key: `column` holds an id of `object`."""

    column: str
    object: str


class SearchSchema(msgspec.Struct, frozen=True):
    """A search index: the fields whose words it holds, and the rules by which texts were split into words."""

    fields: tuple[str, ...]
    rules: int


class NumberSchema(msgspec.Struct, frozen=True):
    """An autonumber that every record has: its field, and how numbers are written."""

    field: str
    format: str


class SummarySchema(msgspec.Struct, frozen=True):
    """A summary that is current in every record: its field, and a text that changes with what it is computed from."""

    field: str
    computed: str


class TableSchema(msgspec.Struct, frozen=True):
    """One table; `keyed` says that `id` is its primary key: a history holds an id many times.

    `left` names the columns that are there still though nothing declares them any more.
    """

    name: str
    columns: tuple[ColumnSchema, ...]
    indexes: tuple[IndexSchema, ...] = ()
    references: tuple[ReferenceSchema, ...] = ()
    search: SearchSchema | None = None
    keyed: bool = True
    numbers: tuple[NumberSchema, ...] = ()
    summaries: tuple[SummarySchema, ...] = ()
    left: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnSchema | None:
        """Returns the column of a name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def target(self, name: str) -> str | None:
        """Returns the object that a column refers to, if it does."""
        return next((reference.object for reference in self.references if reference.column == name), None)


def schema_of(linked: Object, dialect: Dialect, summaries: tuple[SummarySchema, ...] = ()) -> TableSchema:
    """Returns the schema that an object needs, whose summaries are given."""
    stored = [linked.fields[name] for name in linked.stored]
    columns = tuple(
        ColumnSchema(
            field.name,
            _holds(field.shape.storage),
            dialect.column(field.shape.storage).ddl,
            required=not field.shape.nullable,
            declared=_declared(field),
            mandatory=field.required,
        )
        for field in stored
    )
    if linked.history_of is not None:
        return TableSchema(linked.name, columns, (_index(linked, (ID, VALID_TO)),), keyed=False)
    references = tuple(
        ReferenceSchema(field.name, field.reference)
        for field in stored
        if field.reference is not None and field.delete_behavior is not None and not field.multiple
    )
    searched = tuple(field.name for field in stored if field.shape.searchable)
    search = SearchSchema(searched, RULES) if searched else None
    return TableSchema(
        name=linked.name,
        columns=columns,
        indexes=tuple(_distinct(_indexes(linked, stored))),
        references=references,
        search=search,
        numbers=tuple(NumberSchema(item.field, repr(item.format)) for item in linked.numbers),
        summaries=summaries,
    )


def summaries_of(groups: Iterable[RollupGroup]) -> dict[str, tuple[SummarySchema, ...]]:
    """Returns the summaries of each object; one over summaries changes when these do."""
    texts: dict[tuple[str, str], str] = {}
    found: dict[str, tuple[SummarySchema, ...]] = {}
    for group in groups:
        below = sorted(texts[group.child, name] for name in group.watched if (group.child, name) in texts)
        for rollup in group.rollups:
            whole = repr((group.child, group.reference, rollup, below))
            text = blake2b(whole.encode(), digest_size=16).hexdigest()
            texts[group.parent, rollup.field] = text
            found[group.parent] = (*found.get(group.parent, ()), SummarySchema(rollup.field, text))
    return found


def unique_keys_of(schema: TableSchema) -> dict[str, tuple[str, ...]]:
    """Returns the declared fields of a table's unique keys, by the name of the key's index."""
    return {index.name: index.columns for index in schema.indexes if index.unique}


def fingerprint(schema: TableSchema) -> str:
    """Returns a text that changes when a schema does."""
    return blake2b(msgspec.json.encode(schema), digest_size=16).hexdigest()


def index_name(table: str, parts: Iterable[str], *, unique: bool) -> str:
    """Returns the name of an index, shortened where it would be cut."""
    return shortened(".".join(["uq" if unique else "ix", table, "-".join(parts)]))


def shortened(name: str) -> str:
    """Returns a name, or one of its own in its place where it would be cut."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}.{blake2b(name.encode(), digest_size=4).hexdigest()}"


@cache
def _holds(storage: Storage) -> str:
    if storage.kind == StorageClass.DECIMAL:
        return f"decimal({storage.precision},{storage.scale})"
    return str(storage.kind)


def _declared(field: Field) -> str:
    """Returns the type of a field, with `[]` where its declaration says that it holds several values."""
    chosen = getattr(field.declaration, "multiple", False) and "multiple" in field.declaration.__struct_fields__
    return f"{field.type.name}[]" if chosen else field.type.name


def _indexes(linked: Object, stored: list[Field]) -> Iterator[IndexSchema]:
    wall = (TENANT,) if linked.walled else ()
    if linked.walled:
        yield _index(linked, (TENANT, ID))
    for field in stored:
        if field.unique is not None:
            yield _index(linked, (*(wall if field.unique == "organization" else ()), field.name), unique=True)
        elif field.declaration.index:
            yield _index(linked, (*wall, field.name, ID))
        if field.delete_behavior is not None and not field.multiple:
            yield _index(linked, (field.name, *wall, ID))
    for declared in linked.declaration.indexes:
        columns = (*wall, *(name for name in declared.fields if name not in wall))
        ending = () if declared.unique or ID in columns else (ID,)
        yield _index(linked, (*columns, *ending), unique=declared.unique, name=declared.name)


def _index(linked: Object, columns: tuple[str, ...], *, unique: bool = False, name: str | None = None) -> IndexSchema:
    parts = (name,) if name is not None else columns
    return IndexSchema(index_name(linked.name, parts, unique=unique), columns, unique)


def _distinct(indexes: Iterable[IndexSchema]) -> Iterator[IndexSchema]:
    seen: set[str] = set()
    for index in indexes:
        if index.name not in seen:
            seen.add(index.name)
            yield index
