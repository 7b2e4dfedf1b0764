"""What it means to clients that a declared key says something else: one line for each key that is no mere presentation.

A key without a line differs without breaking anybody, as far as its value alone can tell.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from fieldstone.query.names import shown
from fieldstone.services.diff.finding import Finding, Severity

Judge = Callable[[Any, Any], Severity]
"""Tells what it means that a value became another; what is not said is None."""


def _breaks(_old: Any, _new: Any) -> Severity:
    return "breaking"


def _ceiling(old: Any, new: Any) -> Severity:
    """A bound from above: the lower, the fewer values fit."""
    return "breaking" if new is not None and (old is None or new < old) else "added"


def _floor(old: Any, new: Any) -> Severity:
    return "breaking" if new is not None and (old is None or new > old) else "added"


def _demand(_old: Any, new: Any) -> Severity:
    """Something that is asked of a client, or not any more."""
    return "breaking" if new else "added"


def _offer(_old: Any, new: Any) -> Severity:
    """Something that a client may use, or not any more."""
    return "added" if new else "breaking"


def _kept(_old: Any, new: Any) -> Severity:
    """Something that is kept of records, or not any more."""
    return "added" if new else "lost"


def _capabilities(old: Any, new: Any) -> Severity:
    """Capabilities that are asked for."""
    return "closed" if not isinstance(new, Collection) or set(new) - set(old or ()) else "opened"


def _sharing(old: Any, new: Any) -> Severity:
    order = ("private", "controlled_by_parent", "public_read", "public_read_write")
    return "opened" if order.index(new or "private") > order.index(old or "private") else "closed"


def _lock(_old: Any, new: Any) -> Severity:
    """Something that keeps people away, or not any more."""
    return "closed" if new else "opened"


FIELD_KEYS: Final[Mapping[str, Judge]] = {
    "required": _demand,
    "unique": _demand,
    "externalId": _demand,
    "requiredWhen": _demand,
    "readonly": _demand,
    "readonlyWhen": _demand,
    "pattern": _demand,
    "lookupFilters": _demand,
    "dependsOn": _demand,
    "maxLength": _ceiling,
    "maxItems": _ceiling,
    "max": _ceiling,
    "scale": _ceiling,
    "precision": _ceiling,
    "minLength": _floor,
    "minItems": _floor,
    "min": _floor,
    "reference": _breaks,
    "multiple": _breaks,
    "returnType": _breaks,
    "searchable": _offer,
    "internal": _lock,
    "maskingRule": _lock,
    "requiredPermissions": _capabilities,
}

OBJECT_KEYS: Final[Mapping[str, Judge]] = {
    "sharingModel": _sharing,
    "ownership": _breaks,
    "tenancy": _breaks,
    "systemFields": _breaks,
    "idPrefix": _breaks,
    "managedBy": _breaks,
    "maxPageSize": _ceiling,
    "requiredPermissions": _capabilities,
}

ENABLE_KEYS: Final[Mapping[str, Judge]] = {
    "trackHistory": _kept,
    "trash": _kept,
    "searchable": _offer,
    "clone": _offer,
}

ACTION_KEYS: Final[Mapping[str, Judge]] = {
    "type": _breaks,
    "method": _breaks,
    "bodyShape": _breaks,
    "recordIdParam": _breaks,
    "recordIdField": _breaks,
    "disabled": _demand,
    "requiredPermissions": _capabilities,
}

FLOW_KEYS: Final[Mapping[str, Judge]] = {
    "type": _breaks,
    "requiredPermissions": _capabilities,
}

ROUTE_KEYS: Final[Mapping[str, Judge]] = {
    "operation": _breaks,
    "action": _breaks,
    "handler": _breaks,
    "object": _breaks,
    "search": _breaks,
    "scopes": _capabilities,
    "permission": _lock,
    "public": lambda _old, new: "opened" if new else "closed",
}

SURFACE_KEYS: Final[Mapping[str, Judge]] = {
    "basePath": _breaks,
    "envelope": _breaks,
    "errors": _breaks,
    "queries": _breaks,
    "idents": _breaks,
    "idempotency": _breaks,
    "objects": _breaks,
}

PAGER_KEYS: Final[Mapping[str, Judge]] = {
    "style": _breaks,
    "limit": _breaks,
    "cursor": _breaks,
    "maxLimit": _ceiling,
    "defaultLimit": _ceiling,
}

PRESENTED: Final = frozenset(
    {
        "label",
        "pluralLabel",
        "description",
        "inlineHelpText",
        "helpText",
        "group",
        "widget",
        "format",
        "hidden",
        "visibleWhen",
    }
    | {
        "icon",
        "color",
        "placeholder",
        "nameField",
        "titleFormat",
        "highlightFields",
        "stageField",
        "fieldGroups",
        "index",
    }
    | {"renamedFrom", "displayField", "descriptionField", "lookupColumns", "allowCreate", "summary", "variant", "order"}
)
"""Keys that faces show, and what is told otherwise."""


def key_findings(
    subject: str,
    where: str,
    old: msgspec.Struct,
    new: msgspec.Struct,
    judges: Mapping[str, Judge],
    apart: Collection[str] = (),
) -> Iterator[Finding]:
    """Yields a finding for each key that two declarations say differently; those `apart` are told elsewhere."""
    before, after = _said(old), _said(new)
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was == now or key in PRESENTED or key in apart:
            continue
        judge = judges.get(key)
        severity = judge(was, now) if judge is not None else "changed"
        yield Finding(severity, subject, f"{where}: `{key}` {_told(was, 'was')}, {_told(now, 'is')}.")


def _said(declaration: msgspec.Struct) -> dict[str, Any]:
    """Returns the values of a declaration by their keys; None where it says nothing."""
    values = {
        field.encode_name: getattr(declaration, field.name) for field in msgspec.structs.fields(type(declaration))
    }
    return {key: None if value is msgspec.UNSET else value for key, value in values.items()}


def _told(value: Any, verb: str) -> str:
    if value is None or value in ((), {}):
        return f"{verb} not said"
    plain = msgspec.to_builtins(value, str_keys=True)
    return f"{verb} `{plain if isinstance(plain, str) else shown(msgspec.json.encode(plain).decode())}`"
