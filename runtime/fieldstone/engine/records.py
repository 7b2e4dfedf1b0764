"""A few records by name: what code above the door, and hooks within it, use to read and make the platform's own records."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.operation import Create, Operation, Read, Work
from fieldstone.engine.outcome import Outcome, Page, Worked, Written
from fieldstone.errors import Internal
from fieldstone.query.document import QueryDocument

Execute = Callable[[Operation, Caller], Awaitable[Outcome]]
"""Runs an Operation: the door's `execute`, or that of a hook's context."""


PAGE = 5000
"""The longest page that is asked for; an object's own longest cuts it."""


async def read_records(
    execute: Execute,
    object_name: str,
    where: Mapping[str, Any],
    fields: Sequence[str],
    caller: Caller = SYSTEM,
    *,
    trash: bool = False,
) -> list[dict[str, Any]]:
    """Returns the named fields of every record that satisfies a condition, in order of their making, page after page."""
    records: list[dict[str, Any]] = []
    cursor: str | msgspec.UnsetType | None = msgspec.UNSET
    while cursor is not None:
        query = QueryDocument(where=dict(where), fields=list(fields), limit=PAGE, cursor=cursor, count=False)
        page = _page(await execute(Read(object_name, query, trash=trash), caller))
        records += page.records()
        cursor = page.cursor
    return records


async def read_first(
    execute: Execute, object_name: str, where: Mapping[str, Any], fields: Sequence[str], caller: Caller = SYSTEM
) -> dict[str, Any] | None:
    """Returns the named fields of the oldest record that satisfies a condition; None when there is none."""
    query = QueryDocument(where=dict(where), fields=list(fields), limit=1, count=False)
    records = _page(await execute(Read(object_name, query), caller)).records()
    return records[0] if records else None


async def count_records(execute: Execute, object_name: str, where: Mapping[str, Any]) -> int:
    """Returns how many records satisfy a condition."""
    query = QueryDocument(where=dict(where), fields=["id"], limit=1)
    return _page(await execute(Read(object_name, query), SYSTEM)).total or 0


async def create_records(
    execute: Execute, object_name: str, rows: Sequence[Mapping[str, Any]], caller: Caller
) -> tuple[str, ...]:
    """Creates records, all or none, and returns their ids in the order of the rows."""
    written = await execute(Create(object_name, tuple(rows)), caller)
    if not isinstance(written, Written):
        raise Internal(f"A create answered with {type(written).__name__}.")
    return written.ids


async def in_one_unit(execute: Execute, do: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    """Does work in one Unit, as `Work` says, and returns what came of it."""
    worked = await execute(Work(do), SYSTEM)
    if not isinstance(worked, Worked):
        raise Internal(f"Work answered with {type(worked).__name__}.")
    return worked.value


def _page(outcome: Outcome) -> Page:
    if not isinstance(outcome, Page):
        raise Internal(f"A read answered with {type(outcome).__name__}.")
    return outcome
