"""Fields with a new name: which columns are renamed when a database is opened, and what its tables are called like after that."""

from collections.abc import Mapping

import msgspec

from fieldstone.registry.catalog import Object
from fieldstone.store.schema import TableSchema


def renames_of(linked: Object, stored: TableSchema | None) -> dict[str, str]:
    """Returns the new names of columns by their old ones; a column that bears the new name already stays as it is."""
    names = set() if stored is None else {column.name for column in stored.columns}
    return {
        old: name
        for name, field in linked.fields.items()
        if (old := field.declaration.renamed_from) is not None and old in names and name not in names
    }


def renamed(schema: TableSchema, renames: Mapping[str, str]) -> TableSchema:
    """Returns a schema whose columns bear their new names; its indexes keep their own."""

    def new(name: str) -> str:
        return renames.get(name, name)

    replace = msgspec.structs.replace
    return replace(
        schema,
        columns=tuple(replace(column, name=new(column.name)) for column in schema.columns),
        indexes=tuple(replace(index, columns=tuple(map(new, index.columns))) for index in schema.indexes),
        references=tuple(replace(reference, column=new(reference.column)) for reference in schema.references),
        numbers=tuple(replace(number, field=new(number.field)) for number in schema.numbers),
        left=tuple(map(new, schema.left)),
    )
