"""Altering one table, in one transaction: names, then columns and what they hold, then its shape, indexes and all that follows records.

A start adds; reshaping, by Alembic's operations, is handed in by `fieldstone migrate` alone.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from fieldstone.errors import Conflict, DeclarationError, Fault, Internal, SettingsError
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.store import ddl
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Session
from fieldstone.store.dialects import Dialect
from fieldstone.store.migration.conversion import conversion, storage_of
from fieldstone.store.migration.fill import fill
from fieldstone.store.migration.follow import follow_field, follow_object
from fieldstone.store.migration.history_fill import begin_history
from fieldstone.store.migration.plan import ObjectPlan
from fieldstone.store.migration.records import Records
from fieldstone.store.migration.remember import remember
from fieldstone.store.migration.shape import Shape, shape_of
from fieldstone.store.migration.step import Action, Step
from fieldstone.store.migration.survey import in_place
from fieldstone.store.number_fill import NumberFill
from fieldstone.store.schema import ID, ColumnSchema, IndexSchema, TableSchema
from fieldstone.store.search_fill import make_search

Reshape: TypeAlias = Callable[[TableSchema, Shape, DialectName], list[str]]
"""Returns the statements that give a table, as it is, another shape."""

MENDING = "Mend the records, then run `fieldstone migrate` again."


async def alter(
    item: ObjectPlan, catalog: Catalog, session: Session, dialect: Dialect, reshape: Reshape | None
) -> None:
    """Takes all steps of an object but for PostgreSQL's new foreign keys and summaries, and writes down what its table is now."""
    await _Alteration(item, catalog, session, dialect).run(reshape)


class _Alteration:
    """The alteration of one table."""

    def __init__(self, item: ObjectPlan, catalog: Catalog, session: Session, dialect: Dialect) -> None:
        self._item = item
        self._change = item.change
        self._steps = item.pending
        self._reshapes = item.reshapes
        self._catalog = catalog
        self._session = session
        self._dialect = dialect
        self._records = Records(session, dialect)

    async def run(self, reshape: Reshape | None) -> None:
        change, session, dialect = self._change, self._session, self._dialect
        if change.stored is None:
            await self._create()
            gone: frozenset[IndexSchema] = frozenset()
        else:
            await self._rename(change.stored)
            shape = shape_of(change, self._steps, dialect.name)
            gone = self._indexes_gone(change.stored, shape)
            for index in change.stored.indexes:
                if index in gone:
                    await session.define(ddl.drop_index(index.name))
            await self._write_columns(shape)
            await self._reshape(shape, reshape)
        await self._make_indexes(gone)
        await self._keep_up()
        inline = dialect.name == "sqlite"
        await remember(self._item, session, dialect, referring=inline, summed=False)

    async def _create(self) -> None:
        try:
            await self._session.define(ddl.create_table(self._change.schema, self._dialect.name))
        except Internal as error:
            raise SettingsError(
                f"The table `{self._change.name}` cannot be made.",
                hint="The database holds one that Fieldstone did not make: give it a database of its own.",
            ) from error

    async def _rename(self, stored: TableSchema) -> None:
        change, session = self._change, self._session
        if change.former is not None:
            await follow_object(change, stored.search is not None, self._catalog, session, self._dialect)
        if self._reshapes and self._dialect.name == "postgresql":
            await session.command(f"LOCK TABLE {ddl.quoted(change.name)} IN ACCESS EXCLUSIVE MODE")
        for old, new in change.renames.items():
            await session.define(ddl.rename_column(change.name, old, new))
            await follow_field(change, old, new, session, self._dialect)

    def _indexes_gone(self, stored: TableSchema, shape: Shape) -> frozenset[IndexSchema]:
        """Returns the indexes that go, for good or because their table or one of their columns is made anew."""
        anew = bool(shape) and self._dialect.name == "sqlite"
        gone = {step.index for step in self._of(Action.DROP_INDEX) if step.index is not None}
        return frozenset(
            index for index in stored.indexes if index in gone or anew or not shape.replaced.isdisjoint(index.columns)
        )

    async def _write_columns(self, shape: Shape) -> None:
        """Adds columns, and writes all that they are to hold."""
        change = self._change
        references = {reference.column: reference for reference in change.schema.references}
        for column in shape.added:
            optional = msgspec.structs.replace(column, required=False)
            text = ddl.add_column(change.name, optional, references.get(column.name), self._dialect.name)
            await self._session.define(text)
        for step in self._of(Action.CONVERT):
            await self._convert(step, shape)
        for step in self._of(Action.CLEAR):
            if step.reference is not None:
                name = ddl.quoted(shape.standing(step.reference.column))
                dangling = f"{name} NOT IN (SELECT {ddl.quoted(ID)} FROM {ddl.quoted(step.reference.object)})"
                await self._session.write(f"UPDATE {ddl.quoted(change.name)} SET {name} = NULL WHERE {dangling}")
        for step in self._of(Action.FILL):
            if step.column is not None and step.filling is not None:
                storage = self._storage(step.column)
                target = shape.standing(step.column.name)
                await fill(self._records, change.name, target, storage, step.filling)

    async def _convert(self, step: Step, shape: Shape) -> None:
        change, before, column = self._change, step.before, step.column
        if change.linked is None or before is None or column is None:
            return
        convert = conversion(before, column, change.linked.fields[column.name])
        target, storage, anew = shape.standing(column.name), self._storage(column), not in_place(before, column)
        async for found in self._records.values(change.name, column.name, storage_of(before)):
            converted = [(at, value, convert(value)[0]) for at, _, value in found]
            changes = [(at, made) for at, value, made in converted if made != value]
            await self._records.write(
                change.name, target, storage, [(at, made) for at, _, made in converted] if anew else changes
            )

    async def _reshape(self, shape: Shape, reshape: Reshape | None) -> None:
        if not shape:
            return
        if reshape is None:
            raise Internal(f"A start does not reshape `{self._change.name}`.")
        keys = await self._key_names() if self._dialect.name == "postgresql" else {}
        for text in reshape(shape.table, msgspec.structs.replace(shape, keys=keys), self._dialect.name):
            await self._session.define(text)
        if self._dialect.name == "sqlite":
            check = f"PRAGMA foreign_key_check({ddl.quoted(self._change.name)})"
            if [*await self._session.read(check, (), bounded=False)]:
                raise self._clash("holds ids of which there is no record any more")

    async def _key_names(self) -> dict[str, str]:
        """Returns the names of the foreign keys by their columns."""
        place = self._dialect.placeholder(1, self._dialect.column(Storage(StorageClass.TEXT)))
        text = (
            "SELECT a.attname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]"
            f" WHERE c.contype = 'f' AND t.relname = {place} AND t.relnamespace = current_schema()::regnamespace"
        )
        rows = await self._session.read(text, (self._change.name,), bounded=False)
        return {str(column): str(name) for column, name in map(tuple, rows)}

    async def _make_indexes(self, gone: frozenset[IndexSchema]) -> None:
        stored = () if self._change.stored is None else self._change.stored.indexes
        for index in self._change.schema.indexes:
            if index in stored and index not in gone:
                continue
            try:
                await self._session.define(ddl.create_index(self._change.name, index))
            except Conflict as error:
                fields = ", ".join(f"`{name}`" for name in index.columns)
                raise self._clash(f"clash on the unique key over {fields}") from error

    async def _keep_up(self) -> None:
        """Numbers the records that lack a number, makes the search index, which may hold the numbers, and begins a history."""
        change, session, dialect = self._change, self._session, self._dialect
        if change.linked is None:
            return
        fill_in = NumberFill(self._catalog, change.linked, session, dialect)
        numbered = {numbering.field for numbering in change.new_numbers if await fill_in.fill(numbering)}
        written = {step.field for step in self._steps if step.action in (Action.CONVERT, Action.FILL, Action.CLEAR)}
        before = None if change.stored is None or change.former is not None else change.stored.search
        if before is not None and not (numbered | written).isdisjoint(before.fields):
            before = msgspec.structs.replace(before, rules=0)
        await make_search(change.schema, before, session, dialect, new=change.stored is None)
        if change.linked.history_of is not None and any(self._of(Action.BEGIN_HISTORY)):
            await begin_history(change.linked.history_of, change.schema, session)

    def _of(self, action: Action) -> Iterator[Step]:
        return (step for step in self._steps if step.action == action)

    def _storage(self, column: ColumnSchema) -> Storage:
        linked = self._change.linked
        return storage_of(column) if linked is None else linked.fields[column.name].shape.storage

    def _clash(self, what: str) -> DeclarationError:
        linked = self._change.linked
        message = f"Stored records of `{self._change.name}` {what}."
        return DeclarationError([] if linked is None else [Fault(linked.place, Code.NEEDS_MIGRATION, message, MENDING)])
