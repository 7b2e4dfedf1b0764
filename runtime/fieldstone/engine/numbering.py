"""Numbering: new records get their autonumbers, reserved in their Unit just before they are inserted.

One statement for each counter, however many records it numbers. Days are those of the organisation in which a record is made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.door import Door
from fieldstone.engine.operation import Operation
from fieldstone.engine.outcome import Outcome
from fieldstone.engine.records import read_records
from fieldstone.engine.unit import Unit
from fieldstone.query.relative_dates import day_in
from fieldstone.query.viewpoint import UTC, timezone_of
from fieldstone.registry.catalog import Numbering, Object
from fieldstone.store.counter import Counter, counter_of

ORGANIZATION = "sys_organization"


async def number_rows(door: Door, unit: Unit, caller: Caller, subject: Object, rows: Sequence[dict[str, Any]]) -> None:
    """Gives rows that are about to be inserted their numbers, in their order."""
    if not subject.numbers:
        return
    dated = any(numbering.format.dated for numbering in subject.numbers)
    zones = await _zones(door, unit, caller, subject, rows) if dated else {}
    for numbering in subject.numbers:
        await _number(unit, subject, numbering, rows, zones)


async def _number(
    unit: Unit, subject: Object, numbering: Numbering, rows: Sequence[dict[str, Any]], zones: Mapping[str | None, str]
) -> None:
    counters: list[Counter] = []
    for row in rows:
        organization = row.get("organization_id")
        frame = numbering.format.frame(row, day_in(unit.now, zones.get(organization, UTC)))
        counters.append(counter_of(subject.name, numbering.field, organization, frame))
    counts: dict[Counter, int] = {}
    for counter in counters:
        counts[counter] = counts.get(counter, 0) + 1
    following: dict[Counter, int] = {}
    # In order, so that two Units which number the same things wait for each other, and not both.
    for counter in sorted(counts):
        following[counter] = await unit.transaction.reserve(counter, counts[counter], numbering.start)
    for row, counter in zip(rows, counters, strict=True):
        row[numbering.field] = numbering.format.number(counter.frame, following[counter])
        following[counter] += 1


async def _zones(
    door: Door, unit: Unit, caller: Caller, subject: Object, rows: Sequence[Mapping[str, Any]]
) -> dict[str | None, str]:
    """Returns the time zones of the organisations that rows are in; only the system writes to others than its own."""
    if not caller.system:
        return {caller.organization_id: timezone_of(caller.values)}
    ids = {row["organization_id"] for row in rows} - {None} if subject.walled else set()
    if not ids or "timezone" not in door.catalog.objects[ORGANIZATION].fields:
        return {}

    async def execute(operation: Operation, reader: Caller) -> Outcome:
        return await door.execute(operation, reader, unit=unit)

    found = await read_records(execute, ORGANIZATION, {"id": {"$in": sorted(ids)}}, ("id", "timezone"), SYSTEM)
    return {record["id"]: record["timezone"] or UTC for record in found}
