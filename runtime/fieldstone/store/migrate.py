"""Bringing the database to a catalog: missing tables, columns and indexes are made, columns renamed.

What would change stored values is refused, with the place of its declaration. What each table was made from is kept in `sys_schema`,
so that a start with nothing new compares one hash for each object. A field or an object that is no longer declared stays where it is.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fieldstone.errors import Conflict, DeclarationError, Fault, Internal, SettingsError
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Catalog, Numbering, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.history import VALID_FROM, VALID_TO
from fieldstone.store import counter, ddl, outbox, rates
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Database, Session
from fieldstone.store.deployment import DEPLOYMENT_TABLE, EPOCH_TABLE, TABLES, Standing, standing_of
from fieldstone.store.dialects import Dialect
from fieldstone.store.number_fill import NumberFill
from fieldstone.store.rename import renamed, renames_of
from fieldstone.store.schema import (
    ReferenceSchema,
    SummarySchema,
    TableSchema,
    fingerprint,
    schema_of,
    summaries_of,
    unique_keys_of,
)
from fieldstone.store.search_fill import make_search
from fieldstone.store.summary_fill import fill_summaries

SCHEMA_TABLE = "sys_schema"
MIGRATION_HINT = "Changing what is stored belongs to `fieldstone migrate`; take the change back, or give it a new name."
OBJECTS_AT_ONCE = 40
"""How many objects share a transaction: PostgreSQL holds a lock for each table and index in one."""

_OWN_TABLES = (
    *TABLES,
    f"CREATE TABLE IF NOT EXISTS {SCHEMA_TABLE} (name TEXT PRIMARY KEY, hash TEXT NOT NULL, definition TEXT NOT NULL)",
)
_READ = f"SELECT name, hash, definition FROM {SCHEMA_TABLE}"
_FORGET = f"DELETE FROM {SCHEMA_TABLE} WHERE name = {{}}"
_WRITE = f"INSERT INTO {SCHEMA_TABLE} (name, hash, definition) VALUES ({{}}, {{}}, {{}})"


class _Change(msgspec.Struct, frozen=True, eq=False):
    """One object whose table is not what it should be; `stored`, None when there is none, bears the new names of `renames`."""

    linked: Object
    wanted: TableSchema
    stored: TableSchema | None
    renames: Mapping[str, str]

    @property
    def new_numbers(self) -> tuple[Numbering, ...]:
        """The autonumbers that stored records may lack."""
        wanted = () if self.stored is None else self.wanted.numbers
        lacking = {number.field for number in wanted if self.stored is None or number not in self.stored.numbers}
        return tuple(numbering for numbering in self.linked.numbers if numbering.field in lacking)

    @property
    def new_summaries(self) -> tuple[SummarySchema, ...]:
        """The summaries that are not computed yet."""
        made = () if self.stored is None else self.stored.summaries
        return tuple(summary for summary in self.wanted.summaries if summary not in made)

    @property
    def new_references(self) -> tuple[ReferenceSchema, ...]:
        """The foreign keys that are not there yet."""
        made = () if self.stored is None else self.stored.references
        return tuple(reference for reference in self.wanted.references if reference not in made)

    def target(self, column: str) -> str | None:
        """Returns the object that a column shall refer to."""
        return next((reference.object for reference in self.wanted.references if reference.column == column), None)


async def bring_up(
    catalog: Catalog, database: Database, *, yielding: bool = False, running: Catalog | None = None
) -> Standing:
    """Makes what is missing, and returns how the catalog's files stand in the database.

    When `yielding`, files that are older than those in force change nothing. Beside one that is
    `running`, for which the database was brought up, no column is renamed, and objects of both are not looked at. Raises DeclarationError
    with every change that it does not make, before it makes any.
    """
    dialect = database.dialect.name
    tables = {**catalog.objects, **catalog.histories}
    summaries = summaries_of(catalog.rollups)
    if running is not None:
        tables = _beyond(tables, summaries, running)
    wanted = {name: schema_of(linked, database.dialect, summaries.get(name, ())) for name, linked in tables.items()}
    keys = {name: fields for schema in wanted.values() for name, fields in unique_keys_of(schema).items()}
    database.unique_keys = {**database.unique_keys, **keys}
    async with database.schema_change():
        async with database.transaction() as session:
            for text in (
                *_OWN_TABLES,
                outbox.table_text(dialect),
                counter.table_text(dialect),
                rates.table_text(dialect),
            ):
                await session.define(text)
            rows = [tuple(row) for row in await session.read(_READ, (), bounded=False)]
            standing = await standing_of(catalog.files_version, session)
        hashes = {name: text for name, text, _ in rows}
        definitions = {name: text for name, _, text in rows}
        changes = [
            _change(tables[name], schema, _stored(definitions.get(name)))
            for name, schema in wanted.items()
            if hashes.get(name) != fingerprint(schema)
        ]
        yields = yielding and standing.older
        faults = [fault for change in changes for fault in _faults(change, dialect)]
        if yields:
            faults += [fault for change in changes for fault in _outdated_faults(change)]
        elif running is not None:
            faults += [fault for change in changes for fault in _renaming_faults(change)]
        if faults:
            raise DeclarationError(faults)
        if not yields:
            await _apply(changes, catalog, database)
        return standing


def _beyond(
    tables: Mapping[str, Object], summaries: Mapping[str, tuple[SummarySchema, ...]], running: Catalog
) -> dict[str, Object]:
    """Returns the objects that another catalog does not have just so."""
    before = summaries_of(running.rollups)
    same = {**running.objects, **running.histories}
    return {
        name: linked
        for name, linked in tables.items()
        if same.get(name) is not linked or summaries.get(name) != before.get(name)
    }


def _change(linked: Object, wanted: TableSchema, stored: TableSchema | None) -> _Change:
    renames = renames_of(linked, stored)
    return _Change(linked, wanted, None if stored is None else renamed(stored, renames), renames)


async def _apply(changes: Sequence[_Change], catalog: Catalog, database: Database) -> None:
    """Makes tables, columns and indexes first; what needs all tables, or all that they hold, when those are there.

    That are foreign keys, which may go round in circles, and summaries.
    """
    dialect = database.dialect
    for some in _portions(changes):
        async with database.transaction() as session:
            for change in some:
                await _make(change, session, dialect.name)
                await _number(change, catalog, session, dialect)
                await _begin_history(change, session)
                await _remember(change, session, dialect, referring=dialect.name == "sqlite", summed=False)
    if dialect.name != "sqlite":
        for some in _portions([change for change in changes if change.new_references]):
            async with database.transaction() as session:
                for change in some:
                    await _refer(change, session)
                    await _remember(change, session, dialect, referring=True, summed=False)
    unsummed = [change for change in changes if change.new_summaries]
    if unsummed:
        fields = {(change.wanted.name, summary.field) for change in unsummed for summary in change.new_summaries}
        await fill_summaries(catalog, fields, database)
        async with database.transaction() as session:
            for change in unsummed:
                await _remember(change, session, dialect, referring=True, summed=True)


async def _number(change: _Change, catalog: Catalog, session: Session, dialect: Dialect) -> None:
    """Numbers the records that lack a number, and makes the search index, which may hold the numbers."""
    fill = NumberFill(catalog, change.linked, session, dialect)
    numbered = {numbering.field for numbering in change.new_numbers if await fill.fill(numbering)}
    before = None if change.stored is None else change.stored.search
    if before is not None and not numbered.isdisjoint(before.fields):
        before = msgspec.structs.replace(before, rules=0)
    await make_search(change.wanted, before, session, dialect)


def _portions(changes: Sequence[_Change]) -> Iterator[Sequence[_Change]]:
    for start in range(0, len(changes), OBJECTS_AT_ONCE):
        yield changes[start : start + OBJECTS_AT_ONCE]


def _faults(change: _Change, dialect: DialectName) -> Iterator[Fault]:
    name = change.wanted.name
    if name in (
        EPOCH_TABLE,
        DEPLOYMENT_TABLE,
        SCHEMA_TABLE,
        outbox.EVENT_TABLE,
        counter.COUNTER_TABLE,
        rates.RATE_TABLE,
    ):
        yield Fault(
            change.linked.place,
            Code.NAME_RESERVED,
            f"`{name}` is a table of the platform's own.",
            "Choose another name.",
        )
    if change.stored is None:
        return
    before = {column.name: column for column in change.stored.columns}
    targets = {reference.column: reference.object for reference in change.stored.references}
    for column in change.wanted.columns:
        stored = before.get(column.name)
        if stored is None:
            if column.required:
                yield _fault(change, column.name, "is new and always has a value, which the stored records lack")
        elif stored != column:
            yield _fault(change, column.name, f"is stored as {stored.holds}, and is declared as {column.holds} now")
    yield from _dropped_faults(change, change.stored)
    for column in change.wanted.columns:
        target = change.target(column.name)
        if column.name not in before or target == targets.get(column.name):
            continue
        if column.name in targets:
            yield _fault(change, column.name, f"was a reference to `{targets[column.name]}`")
        elif dialect == "sqlite":
            yield _fault(change, column.name, f"was no reference to `{target}` so far")


def _dropped_faults(change: _Change, stored: TableSchema) -> Iterator[Fault]:
    """Yields a fault for each column that holds no nulls and that nobody would fill any more."""
    named = {column.name for column in change.wanted.columns}
    for column in stored.columns:
        if column.required and column.name not in named:
            what = f"`{stored.name}.{column.name}` has a value in every stored record, and new ones would have none."
            yield Fault(change.linked.place, Code.NEEDS_MIGRATION, what, MIGRATION_HINT)


def _outdated_faults(change: _Change) -> Iterator[Fault]:
    """Yields a fault for each column that older files need, and that the newer ones have left no more of."""
    stored = set() if change.stored is None else {column.name for column in change.stored.columns}
    for column in change.wanted.columns:
        if column.name not in stored:
            yield _fault(change, column.name, "is not stored any more: newer declarations have been put in force since")


def _renaming_faults(change: _Change) -> Iterator[Fault]:
    """Yields a fault for each column that would get another name, by which those who run do not know it."""
    for old, new in change.renames.items():
        yield _fault(change, new, f"is stored as `{old}`, and is only renamed at a start")


def _fault(change: _Change, field: str, what: str) -> Fault:
    place = change.linked.fields[field].place
    return Fault(place, Code.NEEDS_MIGRATION, f"`{change.wanted.name}.{field}` {what}.", MIGRATION_HINT)


async def _make(change: _Change, session: Session, dialect: DialectName) -> None:
    wanted, stored = change.wanted, change.stored
    references = {reference.column: reference for reference in wanted.references}
    if stored is None:
        try:
            await session.define(ddl.create_table(wanted, dialect))
        except Internal as error:
            raise SettingsError(
                f"The table `{wanted.name}` cannot be made.",
                hint="The database holds one that Fieldstone did not make: give it a database of its own.",
            ) from error
    else:
        for old, new in change.renames.items():
            await session.define(ddl.rename_column(wanted.name, old, new))
        names = {column.name for column in stored.columns}
        for column in wanted.columns:
            if column.name not in names:
                await session.define(ddl.add_column(wanted.name, column, references.get(column.name), dialect))
        for index in stored.indexes:
            if index not in wanted.indexes:
                await session.define(ddl.drop_index(index.name))
    for index in wanted.indexes:
        if stored is None or index not in stored.indexes:
            try:
                await session.define(ddl.create_index(wanted.name, index))
            except Conflict as error:
                fields = ", ".join(f"`{name}`" for name in index.columns)
                message = f"Stored records of `{wanted.name}` clash on the new unique key over {fields}."
                fault = Fault(change.linked.place, Code.NEEDS_MIGRATION, message, MIGRATION_HINT)
                raise DeclarationError([fault]) from error


async def _begin_history(change: _Change, session: Session) -> None:
    """Takes every record as it is for the first version of a new history, valid since it was last written."""
    of = change.linked.history_of
    if of is None or change.stored is not None:
        return
    names = [column.name for column in change.wanted.columns if column.name not in (VALID_FROM, VALID_TO)]
    await session.define(ddl.copy_rows(of, change.wanted.name, names, {VALID_FROM: "updated_at"}))


async def _refer(change: _Change, session: Session) -> None:
    for reference in change.new_references:
        try:
            await session.define(ddl.add_reference(change.wanted.name, reference))
        except Conflict as error:
            what = f"holds ids of which `{reference.object}` has no record"
            raise DeclarationError([_fault(change, reference.column, what)]) from error


async def _remember(change: _Change, session: Session, dialect: Dialect, *, referring: bool, summed: bool) -> None:
    """Writes down what the table is made from now; columns that are no longer declared are there still.

    `referring` and `summed` say that its new foreign keys are made and its new summaries computed. It is done when nothing is left to do.
    """
    wanted = change.wanted
    names = {column.name for column in wanted.columns}
    stored = change.stored or TableSchema(wanted.name, ())
    left = tuple(column for column in stored.columns if column.name not in names)
    pointing = tuple(reference for reference in stored.references if reference.column not in names)
    made = wanted.references if referring else tuple(r for r in wanted.references if r in stored.references)
    summaries = wanted.summaries if summed else tuple(s for s in wanted.summaries if s in stored.summaries)
    schema = msgspec.structs.replace(
        wanted, columns=wanted.columns + left, references=made + pointing, summaries=summaries
    )
    complete = made == wanted.references and summaries == wanted.summaries
    text = dialect.column(Storage(StorageClass.TEXT))
    places = [dialect.placeholder(number, text) for number in (1, 2, 3)]
    await session.write(_FORGET.format(*places), (wanted.name,))
    digest = fingerprint(wanted) if complete else ""
    await session.write(_WRITE.format(*places), (wanted.name, digest, msgspec.json.encode(schema).decode()))


def _stored(definition: str | None) -> TableSchema | None:
    return None if definition is None else msgspec.json.decode(definition, type=TableSchema)
