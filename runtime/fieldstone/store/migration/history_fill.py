"""Beginning a history: a version stands for every record as it is, be the history new or one that was not kept for a while.

What stood when it was left off stands until the last change of its record, which is where the version of today begins; of a record that is
gone by now nobody knows until when, so that its version ends where it began.
"""

from fieldstone.registry.history import VALID_FROM, VALID_TO
from fieldstone.registry.system_fields import UPDATED_AT
from fieldstone.store.database import Session
from fieldstone.store.ddl import quoted
from fieldstone.store.schema import ID, TableSchema

_VERSION = "version"


async def begin_history(of: str, schema: TableSchema, session: Session) -> None:
    """Lets the history of an object, whose table is there, go on from its records as they are."""
    record, past = quoted(of), quoted(schema.name)
    began, over, key = quoted(VALID_FROM), quoted(VALID_TO), quoted(ID)
    own = f"FROM {record} WHERE {record}.{key} = {past}.{key}"
    version = f"{record}.{quoted(_VERSION)} = {past}.{quoted(_VERSION)}"
    await session.write(
        f"UPDATE {past} SET {over} = COALESCE((SELECT {record}.{quoted(UPDATED_AT)} {own}), {began})"
        f" WHERE {over} IS NULL AND NOT EXISTS (SELECT 1 {own} AND {version})"
    )
    names = [column.name for column in schema.columns if column.name not in (VALID_FROM, VALID_TO)]
    columns = ", ".join(map(quoted, names))
    await session.write(
        f"INSERT INTO {past} ({columns}, {began}) SELECT {columns}, {quoted(UPDATED_AT)} FROM {record}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {past} WHERE {past}.{key} = {record}.{key} AND {over} IS NULL)"
    )
