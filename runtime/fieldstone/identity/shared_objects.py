"""Shared objects: of which objects any record is shared with somebody, so that all others are read without a thought of shares."""

from collections.abc import Sequence

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Aggregate
from fieldstone.engine.outcome import Groups
from fieldstone.engine.records import Execute
from fieldstone.errors import Internal
from fieldstone.query.document import QueryDocument
from fieldstone.registry.record_share import SHARES

MOST = 100
"""How many objects are told apart; beyond that, any may be shared."""


async def load_shared_objects(
    execute: Execute, organization_id: str, recipient_ids: Sequence[str]
) -> frozenset[str] | None:
    """Returns the objects of which a record is shared with any of these recipients in an organisation; None when there are too many."""
    where = {"organization_id": organization_id, "recipient_id": {"$in": list(recipient_ids)}}
    query = QueryDocument(where=where, fields=["object_name"], distinct=True, limit=MOST, count=False)
    groups = await execute(Aggregate(SHARES, query), SYSTEM)
    if not isinstance(groups, Groups):
        raise Internal(f"An aggregate answered with {type(groups).__name__}.")
    names = frozenset(row[0] for row in groups.rows)
    return None if len(names) == MOST else names
