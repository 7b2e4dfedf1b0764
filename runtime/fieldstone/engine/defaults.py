"""Defaults and stamps: what a new record holds without anybody sending it.

A default value fills a field that is absent or null (contract 2.1); stamps are the system's own fields. What the system caller set
himself stands.
"""

from typing import Any

from msgspec import UNSET

from fieldstone.access.caller import Caller
from fieldstone.ids import NewId
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field, Object

FIRST_VERSION = 1


def fill_defaults(subject: Object, values: dict[str, Any], caller: Caller, now: str) -> None:
    """Gives every field without a value its declared default."""
    for name, field in subject.fields.items():
        if field.declaration.default_value is not UNSET and values.get(name) is None:
            values[name] = _default_of(field, caller, now)


def stamp_new(subject: Object, values: dict[str, Any], caller: Caller, now: str, new_id: NewId) -> None:
    """Gives a new record its system fields; its maker owns it, and it lives in his active organisation."""
    if "id" not in values:
        values["id"] = new_id()
    stamps = {"created_at": now, "created_by": caller.id, "updated_at": now, "updated_by": caller.id}
    for name, value in stamps.items():
        values.setdefault(name, value)
    if subject.owned:
        values.setdefault("owner_id", caller.id)
    if subject.walled:
        values.setdefault("organization_id", caller.organization_id)
    values["version"] = FIRST_VERSION


def _default_of(field: Field, caller: Caller, now: str) -> Any:
    declared = field.declaration.default_value
    storage = field.shape.storage.kind
    if declared == "current_user" and field.reference == "sys_user":
        return caller.id
    if declared == "now()" and storage == StorageClass.INSTANT:
        return now
    if declared == "today()" and storage == StorageClass.DAY:
        return now[:10]
    return None if declared is None else field.reader(declared)
