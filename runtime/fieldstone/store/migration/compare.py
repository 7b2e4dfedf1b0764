"""Comparing what is there with what is wanted: the steps from one to the other, before anybody has looked at records."""

from collections.abc import Iterator

from fieldstone.errors import Place
from fieldstone.registry.system_fields import CREATED_AT, UPDATED_AT
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.conversion import is_converted
from fieldstone.store.migration.step import Action, Step
from fieldstone.store.schema import TENANT, ColumnSchema, IndexSchema, ReferenceSchema, TableSchema

OWNER = "owner_id"
ALWAYS_FILLED = (TENANT, OWNER, CREATED_AT, UPDATED_AT)
"""System fields that records get a value of when they come to be there."""

NOWHERE = Place("", 0, 0)


def steps_of(change: Change, going: frozenset[str] = frozenset()) -> Iterator[Step]:
    """Yields the steps of a change, not in their order; `going` are objects that are dropped."""
    if change.wanted is None:
        yield _step(change, Action.KEEP_OBJECT, what="is no longer declared, and stays")
        return
    if change.stored is None:
        yield _step(change, Action.ADD_OBJECT, what=f"is new: {_counted(change.wanted)}")
        if change.linked is not None and change.linked.history_of is not None:
            yield _step(change, Action.BEGIN_HISTORY, what="begins with every record as it is")
        return
    if change.former is not None:
        yield _step(change, Action.RENAME_OBJECT, what=f"was `{change.former}`")
    for old, new in change.renames.items():
        yield _step(change, Action.RENAME_FIELD, field=new, what=f"was `{old}`")
    for column in change.wanted.columns:
        yield from _column_steps(change, change.stored, column)
    yield from _left_steps(change, change.stored, change.wanted)
    yield from _reference_steps(change, change.stored, change.wanted, going)
    for column in change.wanted.columns:
        yield from _filling_steps(change, change.stored, column)
    yield from _index_steps(change, change.stored, change.wanted)
    yield from _upkeep_steps(change, change.stored, change.wanted)
    if change.resumed:
        yield _step(change, Action.BEGIN_HISTORY, what="goes on with every record as it is")


def _column_steps(change: Change, stored: TableSchema, column: ColumnSchema) -> Iterator[Step]:
    before = stored.column(column.name)
    if before is None:
        yield _step(change, Action.ADD_FIELD, column=column, what=f"is new: {column.declared}")
    elif is_converted(before, column):
        yield _step(change, Action.CONVERT, column=column, before=before, what=_from_to(before, column))
    if column.required and (before is None or not before.required):
        yield _step(change, Action.REQUIRE, column=column, what="always has a value now")
    elif before is not None and before.required and not column.required:
        yield _step(change, Action.RELAX, column=column, what="may have no value now")


def _filling_steps(change: Change, stored: TableSchema, column: ColumnSchema) -> Iterator[Step]:
    """Yields a step for a field of which records may lack the value that it always has: new, required now, or with values that go."""
    before = stored.column(column.name)
    added = before is None or column.name in stored.left
    if added and column.name in ALWAYS_FILLED:
        yield _step(change, Action.FILL, column=column)
        return
    history = change.linked is not None and change.linked.history_of is not None
    if not column.mandatory or history:
        return
    required = before is not None and _was_optional(before) and not added
    emptied = before is not None and (is_converted(before, column) or _is_retargeted(change, stored, column.name))
    if added or required or emptied:
        yield _step(change, Action.FILL, column=column, what="becomes required" if required else "is required")


def _is_retargeted(change: Change, stored: TableSchema, name: str) -> bool:
    target = change.schema.target(name)
    return target is not None and target != stored.target(name)


def _was_optional(before: ColumnSchema) -> bool:
    """Tells whether records may lack a value; a ledger of old does not know."""
    return bool(before.declared) and not before.mandatory


def _left_steps(change: Change, stored: TableSchema, wanted: TableSchema) -> Iterator[Step]:
    for column in stored.columns:
        if wanted.column(column.name) is not None:
            continue
        if column.required:
            what = "has a value in every record, and new ones will have none"
            yield _step(change, Action.RELAX, column=column, what=what)
        yield _step(change, Action.KEEP_FIELD, column=column, what="is no longer declared, and stays")


def _reference_steps(change: Change, stored: TableSchema, wanted: TableSchema, going: frozenset[str]) -> Iterator[Step]:
    for reference in stored.references:
        declared = wanted.column(reference.column) is not None
        if reference not in wanted.references and (declared or reference.object in going):
            what = f"loses its foreign key to `{reference.object}`"
            yield _step(change, Action.DROP_REFERENCE, reference=reference, what=what)
    for reference in wanted.references:
        if stored.column(reference.column) is not None and reference not in stored.references:
            what = f"refers to `{reference.object}`"
            yield _step(change, Action.CLEAR, reference=reference, what=what)
            what = f"gets a foreign key to `{reference.object}`"
            yield _step(change, Action.ADD_REFERENCE, reference=reference, what=what)


def _index_steps(change: Change, stored: TableSchema, wanted: TableSchema) -> Iterator[Step]:
    for index in stored.indexes:
        if index not in wanted.indexes:
            yield _step(change, Action.DROP_INDEX, index=index, what=f"loses {_key_told(index)}")
    for index in wanted.indexes:
        if index not in stored.indexes:
            yield _step(change, Action.ADD_INDEX, index=index, what=f"gets {_key_told(index)}")


def _upkeep_steps(change: Change, stored: TableSchema, wanted: TableSchema) -> Iterator[Step]:
    for numbering in change.new_numbers:
        yield _step(change, Action.NUMBER, field=numbering.field, what="numbers every record that has no number")
    if wanted.search != stored.search:
        words = (
            "is no longer searched"
            if wanted.search is None
            else f"is searched by the words of {_listed(wanted.search.fields)}"
        )
        yield _step(change, Action.SEARCH, what=words)
    for summary in change.new_summaries:
        yield _step(change, Action.SUMMARIZE, field=summary.field, what="is computed")


def _step(
    change: Change,
    action: Action,
    *,
    what: str = "",
    field: str | None = None,
    column: ColumnSchema | None = None,
    before: ColumnSchema | None = None,
    index: IndexSchema | None = None,
    reference: ReferenceSchema | None = None,
) -> Step:
    """Returns a step on an object, or on the `field`; a column or a reference names it itself."""
    field = column.name if column is not None else reference.column if reference is not None else field
    linked = change.linked
    shown = change.name if linked is None else linked.history_of or linked.name
    declared = None if linked is None or field is None else linked.fields.get(field)
    place = NOWHERE if linked is None else linked.place if declared is None else declared.place
    return Step(
        action=action,
        object=change.name,
        name=shown if field is None else f"{shown}.{field}",
        place=place,
        field=field,
        what=what,
        column=column,
        before=before,
        index=index,
        reference=reference,
    )


def _from_to(before: ColumnSchema, column: ColumnSchema) -> str:
    old, new = before.declared or before.holds, column.declared
    return f"changes from {before.holds} to {column.holds}" if old == new else f"changes from {old} to {new}"


def _key_told(index: IndexSchema) -> str:
    return f"{'a unique key' if index.unique else 'an index'} over {_listed(index.columns)}"


def _counted(schema: TableSchema) -> str:
    return f"{len(schema.columns)} columns, {len(schema.indexes)} indexes"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
