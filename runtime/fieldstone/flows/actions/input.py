"""The input of an action: its parameters checked like fields, and the record that it is called on.

Two shapes are taken: flat, every parameter under its name beside `recordId` (or `id`, or the name that the action gives it), and
`{recordId, params}`. Refuses, all at once, names that are no parameters, values that do not fit, and references to what the caller does
not see.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.actions import known_params
from fieldstone.access.caller import Caller
from fieldstone.engine.body import invalid, read_value
from fieldstone.engine.defaults import fill_defaults
from fieldstone.engine.door import Door
from fieldstone.engine.gate import enter
from fieldstone.engine.unit import Unit
from fieldstone.engine.validate import find_faults
from fieldstone.errors import FieldFault, Invalid
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.action_params import PARAMS, RECORD_ID
from fieldstone.registry.catalog import Action, Field

SECRET = "***"
"""What stands in the place of a secret where a call is told of."""


LONGEST_TOLD = 1_000
"""The most characters of a value that are told."""


class Named(msgspec.Struct, frozen=True):
    """A record, by the value of a field that no two records share."""

    field: str
    value: str


class Input(msgspec.Struct, frozen=True, eq=False):
    """The values of all parameters, None where there is none, and the record; None for no record."""

    values: Mapping[str, Any]
    record: Named | None


async def read_input(
    door: Door, action: Action, caller: Caller, unit: Unit | None, sent: Any, record_id: str | None
) -> Input:
    """Returns what was sent as the action takes it; `record_id` is the record that was named beside it.

    Raises Invalid, and PermissionDenied where a record is named and the caller may not read its object at all.
    """
    body = _flat(sent)
    record, faults = _record_of(action, body, record_id)
    if record is not None and action.object is not None:
        enter(door, caller, action.object, "get")
    params = known_params(door.policies, caller, action)
    values: dict[str, Any] = dict.fromkeys(action.params)
    for name, value in body.items():
        if name in params:
            faults += read_value(params[name], value, values)
        else:
            hint = did_you_mean(name, params)
            message = f"No parameter `{shown(name)}` on `{action.key}`." + (f" {hint}" if hint else "")
            faults.append(FieldFault(shown(name), "unknown_field", message))
    now = door.clock()
    fill_defaults(params, values, caller, now)
    [found] = await find_faults(door, door.fetcher(unit), caller, now, params.values(), [values])
    named = {fault.field for fault in faults}
    faults += (fault for fault in found if fault.field not in named)
    if faults:
        raise invalid(faults)
    return Input(values, record)


def told_input(action: Action, sent: Any) -> dict[str, Any]:
    """Returns what was sent for the parameters as the audit log may tell it: without secrets, and without what is none of them."""
    body = _flat(sent) if sent is None or isinstance(sent, Mapping) else {}
    return {name: _told(action.params[name], value) for name, value in body.items() if name in action.params}


def _told(field: Field, value: Any) -> Any:
    if field.type.mask is not None or field.internal:
        return SECRET
    length = len(str(value))
    return value if length <= LONGEST_TOLD else f"{length} characters"


def _flat(sent: Any) -> dict[str, Any]:
    """Returns the parameters by name with the record beside them; raises Invalid for what is no JSON object."""
    if sent is None:
        return {}
    if not isinstance(sent, Mapping):
        raise Invalid("The body is not a JSON object.", reason="INVALID_JSON")
    if PARAMS not in sent or not sent.keys() <= {PARAMS, RECORD_ID}:
        return dict(sent)
    params = sent[PARAMS]
    if params is not None and not isinstance(params, Mapping):
        raise invalid([FieldFault(PARAMS, "invalid_type", "`params` is an object of values by name.")])
    return {**(params or {}), **{name: value for name, value in sent.items() if name == RECORD_ID}}


def _record_of(action: Action, body: dict[str, Any], record_id: str | None) -> tuple[Named | None, list[FieldFault]]:
    """Takes what names the record out of a body; returns it, None where there is none, and what is wrong with it."""
    if action.object is None:
        told = f"`{action.key}` is about no record."
        return None, [] if record_id is None else [FieldFault(RECORD_ID, "unknown_field", told)]
    declared = action.declaration
    fields = {RECORD_ID: "id", "id": "id"}
    if declared.record_id_param is not None:
        fields[declared.record_id_param] = declared.record_id_field or "id"
    sent = {name: body.pop(name) for name in fields if name in body}
    faults: list[FieldFault] = []
    found = {} if record_id is None else {Named("id", record_id): None}
    for name, value in sent.items():
        if isinstance(value, str):
            found[Named(fields[name], value)] = None
        elif value is not None:
            faults.append(FieldFault(name, "invalid_type", f"`{name}` is a text."))
    if len(found) > 1:
        faults.append(FieldFault(next(iter(sent)), "invalid_value", "The record is named in two ways that differ."))
    if not found and not faults and action.needs_record:
        faults.append(FieldFault(RECORD_ID, "required", f"`{action.key}` is about a record: say which."))
    return next(iter(found), None), faults
