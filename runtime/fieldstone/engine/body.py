"""Bodies: what a caller sent to be written, checked name by name and value by value.

A name that he may neither read nor write is unknown, whether it exists or not; a field that he may read and not set is refused
openly; what the system keeps is refused as such. Values go through their field's reader. All faults are collected; nothing is raised here
but by `refuse_forbidden`. A mask that is sent back sets nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.policy import Policy
from fieldstone.engine.unit import Preparer
from fieldstone.errors import FieldFault, Invalid, PermissionDenied
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.values import is_clean, read_number
from fieldstone.registry.catalog import Field, Object

LONGEST_TOLD = 200
"""The most characters of a value that its fault repeats."""
_GREATEST_TOLD = 10**40
MOST_UNKNOWN = 20
"""How many names that are not there are told of one body: to look for what was meant takes time."""


class Draft(msgspec.Struct, frozen=True, eq=False):
    """One body as it was read: the values it sets, in wire form, what is wrong with it, and what it may not set."""

    values: dict[str, Any]
    faults: tuple[FieldFault, ...]
    forbidden: tuple[str, ...]


def read_body(subject: Object, policy: Policy, readable: frozenset[str], body: Mapping[str, Any]) -> Draft:
    """Returns the draft of one body under the policy of its write; `readable` are the fields that its sender may read."""
    values: dict[str, Any] = {}
    faults: list[FieldFault] = []
    forbidden: list[str] = []
    unknown = 0
    for name, value in body.items():
        field = subject.fields.get(name)
        if field is not None and name in policy.writable:
            if value is None or value != field.type.mask:
                faults += read_value(field, value, values)
        elif field is None or name not in readable:
            unknown += 1
            if unknown <= MOST_UNKNOWN:
                faults.append(_unknown(subject, name, readable | policy.writable))
        elif field.system and not (name == "owner_id" and policy.action == "update"):
            faults.append(FieldFault(name, "invalid_value", f"{field.label} is set by the system", field.label))
        elif field.declaration.readonly or field.type.computed:
            faults.append(FieldFault(name, "invalid_value", f"{field.label} is read-only", field.label))
        else:
            forbidden.append(name)
    return Draft(values, tuple(faults), tuple(forbidden))


def read_value(field: Field, sent: Any, values: dict[str, Any]) -> Sequence[FieldFault]:
    """Puts the wire form of what was sent for a field among the values; returns a fault for each part of it that is not fit."""
    try:
        values[field.name] = None if sent is None else field.reader(sent)
    except Rejected as rejected:
        return rejected_faults(field, rejected, sent)
    return ()


def rejected_faults(field: Field, rejected: Rejected, sent: Any) -> list[FieldFault]:
    """Returns a fault for each part of a value that its field does not take."""
    return [_fault(field, part, sent) for part in rejected.faults()]


async def prepare_values(subject: Object, values: dict[str, Any], preparers: Mapping[str, Preparer]) -> dict[str, Any]:
    """Returns the values as they are stored: those whose field type has a preparer are given to it."""
    prepared = dict(values)
    for name, value in values.items():
        preparer = preparers.get(subject.fields[name].type.name)
        if preparer is not None and value is not None:
            prepared[name] = await preparer(value)
    return prepared


def refuse_forbidden(subject: Object, policy: Policy, forbidden: Iterable[str]) -> None:
    """Raises PermissionDenied when there is a field that may be read and not be set."""
    names = list(dict.fromkeys(forbidden))
    if not names:
        return
    right = "transfer" if names == ["owner_id"] else policy.action
    raise PermissionDenied(
        f"You may not set {', '.join(f'`{name}`' for name in names)} on `{subject.name}`.",
        details={"permission": f"{subject.name}:{right}", "forbiddenFields": names},
    )


def root_of(path: str) -> str:
    """Returns the name of the field that a fault's path begins with."""
    return path.partition(".")[0].partition("[")[0]


def invalid(faults: Iterable[FieldFault]) -> Invalid:
    """Returns the refusal of an input with these faults."""
    found = tuple(faults)
    count = "1 field is" if len(found) == 1 else f"{len(found)} fields are"
    return Invalid(f"{count} not valid.", faults=found)


def _fault(field: Field, rejected: Rejected, sent: Any) -> FieldFault:
    """Returns the fault of a value, or of the part of it at the path that was rejected."""
    label = rejected.label or field.label
    value = None if field.type.mask is not None else _told(rejected.value if rejected.path else sent)
    return FieldFault(field.name + rejected.path, rejected.code, rejected.message, label, rejected.constraint, value)


def _told(value: Any) -> Any:
    """Returns a value as a fault may repeat it: None for one that is empty or long, has parts, or cannot be written as JSON."""
    if isinstance(value, str):
        return value if 0 < len(value) <= LONGEST_TOLD and is_clean(value) else None
    if isinstance(value, bool):
        return value
    number = read_number(value)
    return value if number is not None and -_GREATEST_TOLD < number < _GREATEST_TOLD else None


def _unknown(subject: Object, name: str, visible: frozenset[str]) -> FieldFault:
    hint = did_you_mean(name, (known for known in subject.fields if known in visible))
    message = f"No field `{shown(name)}` on `{subject.name}`." + (f" {hint}" if hint else "")
    return FieldFault(shown(name), "unknown_field", message)
