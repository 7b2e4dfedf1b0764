"""What is to change of one table: what is wanted of it, and what is there, as the ledger has it."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from fieldstone.registry.catalog import Catalog, Numbering, Object
from fieldstone.registry.history import history_name
from fieldstone.store.dialects import Dialect
from fieldstone.store.migration.ledger import Entry, retargeted
from fieldstone.store.rename import renamed, renames_of
from fieldstone.store.schema import (
    ReferenceSchema,
    SummarySchema,
    TableSchema,
    fingerprint,
    schema_of,
    summaries_of,
)


class Change(msgspec.Struct, frozen=True, eq=False):
    """One table that is not what it should be, or that nothing declares any more (`linked` and `wanted` are None).

    `stored`, None when there is none, bears the new names of `renames`; `former` is the name of the table as it is, where that is another.
    `resumed` is a history that was not kept for a while.
    """

    name: str
    linked: Object | None
    wanted: TableSchema | None
    stored: TableSchema | None
    former: str | None = None
    renames: Mapping[str, str] = {}
    resumed: bool = False

    @property
    def table(self) -> str:
        """The name of the table as it is now."""
        return self.former or self.name

    def column_now(self, name: str) -> str:
        """Returns the name of a column as it is now."""
        return next((old for old, new in self.renames.items() if new == name), name)

    @property
    def new_numbers(self) -> tuple[Numbering, ...]:
        """The autonumbers that stored records may lack."""
        if self.linked is None or self.wanted is None or self.stored is None:
            return ()
        lacking = {number.field for number in self.wanted.numbers if number not in self.stored.numbers}
        return tuple(numbering for numbering in self.linked.numbers if numbering.field in lacking)

    @property
    def new_summaries(self) -> tuple[SummarySchema, ...]:
        """The summaries that are not computed yet."""
        made = () if self.stored is None else self.stored.summaries
        return tuple(summary for summary in self.schema.summaries if summary not in made)

    @property
    def new_references(self) -> tuple[ReferenceSchema, ...]:
        """The foreign keys that are not there yet."""
        made = () if self.stored is None else self.stored.references
        return tuple(reference for reference in self.schema.references if reference not in made)

    @property
    def schema(self) -> TableSchema:
        """What is wanted of it; of one that nothing declares, what is there."""
        return self.wanted or self.stored or TableSchema(self.name, ())


def wanted_schemas(catalog: Catalog, dialect: Dialect, known: Catalog | None = None) -> dict[str, TableSchema]:
    """Returns the schemas that a catalog needs, of objects and of their histories; without those that a `known` one has just so."""
    summaries = summaries_of(catalog.rollups)
    tables = {**catalog.objects, **catalog.histories}
    if known is not None:
        before, same = summaries_of(known.rollups), {**known.objects, **known.histories}
        tables = {
            name: linked
            for name, linked in tables.items()
            if same.get(name) is not linked or summaries.get(name) != before.get(name)
        }
    return {name: schema_of(linked, dialect, summaries.get(name, ())) for name, linked in tables.items()}


def renamed_objects(catalog: Catalog, stored: Collection[str]) -> dict[str, str]:
    """Returns the new names of tables by their old ones; where one bears the new name already, both stay as they are."""
    renamed_from = {
        linked.declaration.renamed_from: linked.name
        for linked in catalog.objects.values()
        if linked.declaration.renamed_from is not None
    }
    # A history by itself too: what is broken off may have renamed the object alone.
    histories = {history_name(old): history_name(new) for old, new in renamed_from.items()}
    return {
        old: new
        for old, new in {**renamed_from, **histories}.items()
        if old in stored and new not in stored and (new in catalog.objects or new in catalog.histories)
    }


def histories_left(catalog: Catalog, hashes: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the histories that a catalog keeps no longer, of objects that are there still, where the ledger does not say so yet."""
    names = (history_name(name) for name in catalog.objects)
    return tuple(name for name in names if name not in catalog.histories and hashes.get(name))


def are_as_wanted(wanted: Mapping[str, TableSchema], hashes: Mapping[str, str]) -> bool:
    """Tells whether every table has the hash of what is wanted."""
    return all(hashes.get(name) == fingerprint(schema) for name, schema in wanted.items())


def changes_of(
    catalog: Catalog, wanted: Mapping[str, TableSchema], stored: Mapping[str, Entry], *, lost: bool
) -> Iterator[Change]:
    """Yields a change for every table whose hash is another than that of what is wanted.

    With `lost`, for those also that nothing declares any more, as a whole or some of their columns.
    """
    tables = {**catalog.objects, **catalog.histories}
    names = renamed_objects(catalog, stored)
    former = {new: old for old, new in names.items()}
    for name, schema in wanted.items():
        entry = stored.get(former.get(name, name))
        if entry is not None and entry.hash == fingerprint(schema) and not (lost and entry.schema.left):
            continue
        there = None if entry is None else retargeted(msgspec.structs.replace(entry.schema, name=name), names)
        renames = renames_of(tables[name], there)
        there = None if there is None else renamed(there, renames)
        resumed = entry is not None and not entry.hash and tables[name].history_of is not None
        yield Change(name, tables[name], schema, there, former.get(name), renames, resumed)
    if lost:
        for name, entry in stored.items():
            if name not in wanted and name not in names:
                yield Change(name, None, None, retargeted(entry.schema, names))
