"""Which changes of declarations bear on rights: what may be done by whoever changes metadata, and what by administrators alone.

Whoever may change metadata and nothing else gets no further by it. What acts (actions, flows, hooks) would act as whoever sets it off, what
mails say reaches others, and seeds are written by the system: those kinds are for administrators, and so is whatever decides about rights.
"""

from collections.abc import Collection, Mapping
from typing import Any

from fieldstone.kinds.action import ACTION
from fieldstone.kinds.calendar import CALENDAR
from fieldstone.kinds.dashboard import DASHBOARD
from fieldstone.kinds.flow import FLOW
from fieldstone.kinds.hook import HOOK
from fieldstone.kinds.navigation import NAVIGATION
from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.permission import PERMISSION
from fieldstone.kinds.policy_test import POLICY_TEST
from fieldstone.kinds.translation import TRANSLATION
from fieldstone.kinds.view import VIEW
from fieldstone.registry.layers.delta import same

Document = Mapping[str, Any]

OPEN_KINDS = frozenset(
    {OBJECT.name, VIEW.name, NAVIGATION.name, DASHBOARD.name, TRANSLATION.name, CALENDAR.name, POLICY_TEST.name}
)
"""The kinds that whoever changes metadata may change, as far as no rights are decided."""

HARMLESS = frozenset(
    {
        "name",
        "label",
        "pluralLabel",
        "description",
        "icon",
        "fields",
        "indexes",
        "nameField",
        "maxPageSize",
        "titleFormat",
        "searchableFields",
        "highlightFields",
        "stageField",
        "fieldGroups",
        "validations",
    }
)
"""The keys of an object that say nothing of who may do what with its records; the others do."""

_OF_FIELDS = ("internal", "requiredPermissions", "maskingRule", "discloses", "deleteBehavior", "renamedFrom")
_HIDING_TYPES = frozenset({"password", "secret"})
_SHOWN = frozenset({"label", "description", "inlineHelpText", "group", "widget"})
"""The keys of a field that say nothing of what it holds."""

_OF_DEEDS = ("runAs", "requiredPermissions")
_DEEDS = frozenset({ACTION.name, FLOW.name, HOOK.name})


def decides_rights(kind: str, before: Document | None, after: Document | None, looked_at: Collection[str] = ()) -> bool:
    """Tells whether what is different between two documents decides who may do what; None is one that is not there.

    `looked_at` are the fields of the object that rights look at.
    """
    old, new = before or {}, after or {}
    if kind == PERMISSION.name:
        return True
    if kind in _DEEDS:
        return _differ(old, new, _OF_DEEDS)
    return kind == OBJECT.name and _object_decides(old, new, looked_at)


def for_administrators(
    kind: str, before: Document | None, after: Document | None, looked_at: Collection[str] = ()
) -> bool:
    """Tells whether a change is one for administrators."""
    return kind not in OPEN_KINDS or decides_rights(kind, before, after, looked_at)


def _object_decides(before: Document, after: Document, looked_at: Collection[str]) -> bool:
    if _differ(before, after, sorted({*before, *after} - HARMLESS)):
        return True
    old, new = _mapping(before.get("fields")), _mapping(after.get("fields"))
    if any(_of_field(old.get(name)) != _of_field(new.get(name)) for name in {*old, *new}):
        return True
    if any(not same(_meant(old.get(name)), _meant(new.get(name))) for name in looked_at):
        return True
    return _disclosed(before.get("validations")) != _disclosed(after.get("validations"))


def _of_field(field: Any) -> Document:
    """Returns what a field says of who may know of it, and of what goes along with other records."""
    declared = _mapping(field)
    said = {key: declared[key] for key in _OF_FIELDS if key in declared}
    return said | {"type": declared["type"]} if declared.get("type") in _HIDING_TYPES else said


def _meant(field: Any) -> Document:
    """Returns what a field says of what it holds."""
    return {key: value for key, value in _mapping(field).items() if key not in _SHOWN}


def _disclosed(rules: Any) -> list[Any]:
    """Returns what rules disclose, those within others too."""
    found: list[Any] = []
    for rule in rules if isinstance(rules, list) else ():
        declared = _mapping(rule)
        inner = [declared[key] for key in ("then", "otherwise") if key in declared]
        found += [declared["discloses"]] if "discloses" in declared else []
        found += _disclosed(inner)
    return found


def _differ(before: Document, after: Document, keys: Any) -> bool:
    return any((key in before) != (key in after) or not same(before.get(key), after.get(key)) for key in keys)


def _mapping(value: Any) -> Document:
    return value if isinstance(value, Mapping) else {}
