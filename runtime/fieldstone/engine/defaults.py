"""Defaults and stamps: what a new record holds without anybody sending it.

A default value fills a field that is absent or null (contract 2.1); stamps are the system's own fields. What the system caller set
himself stands.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from fieldstone.access.caller import Caller
from fieldstone.engine.activation import activation_of
from fieldstone.errors import FieldFault, Invalid
from fieldstone.ids import NewId
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.query.cel.expression import EvaluationError
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.field_defaults import default_value
from fieldstone.registry.system_fields import CREATED_AT, CREATED_BY, UPDATED_AT, UPDATED_BY

FIRST_VERSION = 1


def fill_defaults(fields: Mapping[str, Field], values: dict[str, Any], caller: Caller, now: str) -> None:
    """Gives every field without a value its declared default."""
    for name, field in fields_with_defaults(fields).items():
        if values.get(name) is None:
            values[name] = _default_of(field, caller, now)


def fields_with_defaults(fields: Mapping[str, Field]) -> Mapping[str, Field]:
    """Returns those fields that have a default."""
    return {name: field for name, field in fields.items() if field.declaration.default_value is not UNSET}


def stamp_new(subject: Object, values: dict[str, Any], caller: Caller, now: str, new_id: NewId) -> None:
    """Gives a new record its system fields; its maker owns it, and it lives in his active organisation."""
    if "id" not in values:
        values["id"] = new_id()
    if UPDATED_AT in subject.fields:
        for name, value in ((CREATED_AT, now), (CREATED_BY, caller.id), (UPDATED_AT, now), (UPDATED_BY, caller.id)):
            values.setdefault(name, value)
    if subject.owned:
        values.setdefault("owner_id", caller.id)
    if subject.walled:
        values.setdefault("organization_id", caller.organization_id)
    values["version"] = FIRST_VERSION


def stamps_of_change(subject: Object, caller: Caller, now: str) -> dict[str, Any]:
    """Returns the system fields that a change of a record sets."""
    return {UPDATED_AT: now, UPDATED_BY: caller.id} if UPDATED_AT in subject.fields else {}


def _default_of(field: Field, caller: Caller, now: str) -> Any:
    """Returns a default value; raises Invalid where an expression has none that the field takes."""
    if field.default is None:
        return default_value(field, caller.id, now, dict)
    try:
        return default_value(field, caller.id, now, lambda: activation_of(caller, now))
    except EvaluationError as error:
        message = f"The default of {field.label} cannot be computed: {error}"
    except Rejected as rejected:
        message = f"The default of {field.label} does not fit: {rejected.message}"
    raise Invalid(message, faults=[FieldFault(field.name, "invalid_value", message, field.label)])
