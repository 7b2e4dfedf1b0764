"""Creating records: a list of rows, all or none; one row is a list of one.

The order of things, top to bottom: gate, bodies, (prepared outside the Unit), defaults, stamps, before-hooks, validation, numbers, insert,
review, after-hooks. Before-hooks may change values, validation may not.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policy import Policy
from fieldstone.engine.activation import activation_of
from fieldstone.engine.batch_record import ROWS_WITHOUT_PAUSE
from fieldstone.engine.body import Draft, invalid, prepare_values, read_body, refuse_forbidden, root_of
from fieldstone.engine.defaults import fields_with_defaults, fill_defaults, stamp_new
from fieldstone.engine.door import Door
from fieldstone.engine.epoch import note_write
from fieldstone.engine.fire import fire
from fieldstone.engine.gate import enter, refuse_many, require_method
from fieldstone.engine.hooks import Change
from fieldstone.engine.journal import note_change
from fieldstone.engine.numbering import number_rows
from fieldstone.engine.operation import Create
from fieldstone.engine.outcome import Remarks, Written
from fieldstone.engine.review import may_not_stand, review
from fieldstone.engine.rules import judge, judge_within
from fieldstone.engine.telling import clash_told, known_fields, refusal
from fieldstone.engine.tree import circles_among
from fieldstone.engine.unit import Fetch, Unit
from fieldstone.engine.validate import find_faults
from fieldstone.engine.whole import write_whole
from fieldstone.errors import FieldFault, FieldstoneError, Invalid
from fieldstone.ids import is_id
from fieldstone.kinds.object import ThroughMembership
from fieldstone.registry.catalog import Field, Object


class NewRows(msgspec.Struct, frozen=True, eq=False):
    """Rows that are ready to be inserted: read, permitted and prepared; of those that need not be `answered` only the ids are told."""

    subject: Object
    policy: Policy
    rows: tuple[dict[str, Any], ...]
    answered: bool = True


class RowsRefused(Exception):
    """Some of the rows cannot be created; `errors` says why, by their place among the rows."""

    def __init__(self, errors: Mapping[int, FieldstoneError]) -> None:
        super().__init__(f"{len(errors)} rows are refused.")
        self.errors = errors


async def prepare_create(door: Door, operation: Create, caller: Caller, unit: Unit | None) -> NewRows:
    """Returns the rows ready to insert; raises Invalid with every fault of every row, PermissionDenied."""
    subject, policy = enter(door, caller, operation.object, "create")
    if len(operation.rows) > 1 and not caller.system:
        require_method(subject, caller, "bulk")
        refuse_many(door, len(operation.rows))
    drafts: list[Draft] = []
    for body in operation.rows:
        drafts.append(read_new(door, subject, policy, caller, body))
        if len(drafts) % ROWS_WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)
    refuse_forbidden(subject, policy, (name for draft in drafts for name in draft.forbidden))
    if any(draft.faults for draft in drafts):
        faults = await all_faults(door, door.fetcher(unit), caller, subject, drafts)
        raise together({place: invalid(found) for place, found in enumerate(faults) if found}, len(drafts))
    preparers = door.preparers(unit)
    rows = [await prepare_values(subject, draft.values, preparers) for draft in drafts]
    return NewRows(subject, policy, tuple(rows))


async def apply_create(door: Door, prepared: NewRows, caller: Caller, unit: Unit) -> Written:
    """Inserts the rows within a Unit; raises one error for all of them."""
    try:
        return await insert_rows(door, unit, caller, prepared)
    except RowsRefused as refused:
        raise together(refused.errors, len(prepared.rows)) from None


def read_new(door: Door, subject: Object, policy: Policy, caller: Caller, body: Mapping[str, Any]) -> Draft:
    """Returns the draft of a new record."""
    draft = read_body(subject, policy, door.policies.policy(caller, subject.name, "read").readable, body)
    if is_id(draft.values.get("id", "0" * 26)):
        return draft
    fault = FieldFault("id", "invalid_value", "An id is a ULID, 26 characters")
    return Draft(draft.values, (*draft.faults, fault), draft.forbidden)


async def all_faults(
    door: Door, fetch: Fetch, caller: Caller, subject: Object, drafts: Sequence[Draft]
) -> list[list[FieldFault]]:
    """Returns the faults of drafts that cannot be written as they are: those of their reading and all that would come after."""
    now = door.clock()
    known = known_fields(door, caller, door.policies.policy(caller, subject.name, "create"))
    rows = [dict(draft.values) for draft in drafts]
    for row in rows:
        fill_defaults(subject.fields, row, caller, now)
    later = await find_faults(door, fetch, caller, now, _own_fields(subject), rows)
    faults = []
    for draft, row, found in zip(drafts, rows, later, strict=True):
        named = {root_of(fault.field) for fault in draft.faults}
        faulty = named.union(root_of(fault.field) for fault in found)
        verdict = judge(subject, caller, now, row, None, sent=_sent(draft.values), faulty=faulty)
        told = (fault for fault in (*found, *verdict.faults(known)) if root_of(fault.field) in known)
        faults.append([*draft.faults, *(fault for fault in told if fault.field not in named)])
    return faults


async def insert_rows(door: Door, unit: Unit, caller: Caller, new: NewRows) -> Written:
    """Inserts rows and returns them as their writer may see them; raises RowsRefused, or what the database or a hook raises."""
    subject = new.subject
    changes: list[Change] = []
    defaults = fields_with_defaults(subject.fields)
    for row in new.rows:
        changes.append(_change(door, unit, caller, subject, defaults, row))
        if len(changes) % ROWS_WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)
    await fire(door, unit, caller, subject.name, "before_create", changes)
    rows = [change.values for change in changes]
    own = _own_fields(subject)
    faults = await find_faults(door, unit.transaction.fetch, caller, unit.now, own, rows)
    faults = [[*found, *circles] for found, circles in zip(faults, circles_among(subject, rows), strict=True)]
    known = known_fields(door, caller, new.policy)
    remarks = await _ruled(unit, caller, new, rows, faults, known) if subject.validations is not None else ()
    if any(faults):
        raise RowsRefused({place: refusal(new.policy, known, found) for place, found in enumerate(faults) if found})
    await number_rows(door, unit, caller, subject, rows)
    columns = subject.stored
    if len(rows) == 1:
        values = {name: rows[0].get(name) for name in columns}
        whole = await write_whole(door, unit, caller, new.policy, "created", rows[0], values, _set_in(own, rows[0]))
        if whole is not None:
            return msgspec.structs.replace(whole, remarks=remarks) if any(remarks) else whole
    with clash_told(known):
        await unit.transaction.insert(subject.name, columns, [tuple(map(row.get, columns)) for row in rows])
    note_write(unit, subject.name, "create")
    for row in rows:
        note_change(unit, caller, subject.name, "created", row, _set_in(own, row))
    written = await _settle(door, unit, caller, new, changes)
    return msgspec.structs.replace(written, remarks=remarks) if any(remarks) else written


async def _ruled(
    unit: Unit,
    caller: Caller,
    new: NewRows,
    rows: Sequence[Mapping[str, Any]],
    faults: Sequence[list[FieldFault]],
    known: frozenset[str],
) -> tuple[Remarks, ...]:
    """Adds to the faults of each row what rules refuse in it; returns what they remark."""
    remarks: list[Remarks] = []
    known_to_rules = activation_of(caller, unit.now)
    for row, sent, found in zip(rows, new.rows, faults, strict=True):
        faulty = {root_of(fault.field) for fault in found}
        verdict = judge_within(new.subject, caller, known_to_rules, row, None, sent=_sent(sent), faulty=faulty)
        found.extend(verdict.faults(known))
        remarks.append(verdict.remarks(known))
        if len(remarks) % ROWS_WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)
    return tuple(remarks)


async def _settle(door: Door, unit: Unit, caller: Caller, new: NewRows, changes: Sequence[Change]) -> Written:
    """Reviews what was inserted, calls the after-hooks, and reviews again what they may have changed.

    An object that is inside the wall through a membership gets there by an after-hook, so it is reviewed only then.
    """
    ids, answered = [change.id for change in changes], new.answered
    hooked = bool(door.hooks(new.subject.name, "after_create"))
    written = None
    if not hooked or not isinstance(new.subject.declaration.tenancy, ThroughMembership):
        written = await _stand(door, unit, caller, new.policy, ids, answered=answered)
    await fire(door, unit, caller, new.subject.name, "after_create", changes)
    if written is not None and not hooked:
        return written
    return await _stand(door, unit, caller, new.policy, ids, answered=answered)


async def _stand(
    door: Door, unit: Unit, caller: Caller, policy: Policy, ids: Sequence[str], *, answered: bool
) -> Written:
    seen = await review(door, unit, caller, policy, ids, answered=answered)
    if seen.refused:
        raise RowsRefused({place: may_not_stand(policy) for place in seen.refused})
    return seen.written


def _change(
    door: Door, unit: Unit, caller: Caller, subject: Object, defaults: Mapping[str, Field], row: Mapping[str, Any]
) -> Change:
    values = dict(row)
    fill_defaults(defaults, values, caller, unit.now)
    stamp_new(subject, values, caller, unit.now, door.new_id)
    return Change(subject.name, values["id"], values, None)


def _sent(values: Mapping[str, Any]) -> frozenset[str]:
    """Returns the fields to which a body gives a value."""
    return frozenset([name for name, value in values.items() if value is not None])


def _set_in(fields: Iterable[Field], row: Mapping[str, Any]) -> list[str]:
    """Returns the names of those fields that have a value in a row."""
    return [field.name for field in fields if row.get(field.name) is not None]


def _own_fields(subject: Object) -> list[Field]:
    return [field for field in subject.fields.values() if not field.system]


def together(errors: Mapping[int, FieldstoneError], count: int) -> FieldstoneError:
    """Returns one error for those of several rows, by place: all field faults with their row, unless a row is refused otherwise."""
    faults: list[FieldFault] = []
    for place, error in errors.items():
        if not isinstance(error, Invalid):
            return error
        prefix = f"rows[{place}]." if count > 1 else ""
        faults += [msgspec.structs.replace(fault, field=prefix + fault.field) for fault in error.faults]
    return invalid(faults)
