"""Writing down what a table is made from once its steps are taken; columns that are no longer declared are there still."""

import msgspec

from fieldstone.store.database import Session
from fieldstone.store.dialects import Dialect
from fieldstone.store.migration.change import Change
from fieldstone.store.migration.ledger import write_entry
from fieldstone.store.migration.plan import ObjectPlan
from fieldstone.store.migration.step import Action
from fieldstone.store.schema import ColumnSchema, TableSchema, fingerprint


async def remember(item: ObjectPlan, session: Session, dialect: Dialect, *, referring: bool, summed: bool) -> None:
    """Writes the entry of a table. `referring` and `summed` say that its new foreign keys are made and its new summaries computed.

    It is done when nothing is left to do.
    """
    wanted, stored = item.change.schema, item.change.stored or TableSchema(item.name, ())
    dropped, unreferred = item.fields(Action.DROP_FIELD), item.fields(Action.DROP_REFERENCE)
    left = tuple(_left(column) for column in left_columns(item.change) if column.name not in dropped)
    names = {column.name for column in left}
    pointing = tuple(r for r in stored.references if r.column in names and r.column not in unreferred)
    made = wanted.references if referring else tuple(r for r in wanted.references if r in stored.references)
    summaries = wanted.summaries if summed else tuple(s for s in wanted.summaries if s in stored.summaries)
    schema = msgspec.structs.replace(
        wanted,
        columns=wanted.columns + left,
        references=made + pointing,
        summaries=summaries,
        left=tuple(column.name for column in left),
    )
    complete = made == wanted.references and summaries == wanted.summaries
    await write_entry(session, dialect, schema, fingerprint(wanted) if complete else "")


def left_columns(change: Change) -> tuple[ColumnSchema, ...]:
    """Returns the columns that are there though nothing declares them."""
    if change.stored is None:
        return ()
    return tuple(column for column in change.stored.columns if change.schema.column(column.name) is None)


def _left(column: ColumnSchema) -> ColumnSchema:
    """Returns a column as it is kept: whoever changes it lets it hold no value."""
    return msgspec.structs.replace(column, required=False)
