"""Actions as somebody may know them: those that he may call, without what they name of what is hidden from him, and without how they
are done."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.registry.catalog import Action, Field

_HOW = frozenset({"body", "steps", "outputs", "handler", "runAs", "method", "bodyExtra", "bodyShape"})
"""Keys that say how an action is done: for administrators alone."""

_FOR_FACES = frozenset({"url", "modal", "form"})
_CONDITIONS = ("visible", "disabled")


class KnownAction(msgspec.Struct, frozen=True, eq=False):
    """An action that a caller may call, with the parameters and the fields of its object that he may know of."""

    action: Action
    params: Mapping[str, Field]
    fields: frozenset[str]


def cut_action(document: Mapping[str, Any], known: KnownAction) -> dict[str, Any]:
    """Returns the document of an action as somebody may know it who only calls it."""
    declared = known.action.declaration
    hidden = _HOW if declared.type in _FOR_FACES else _HOW | {"target"}
    told = {key: value for key, value in document.items() if key not in hidden}
    for key in _CONDITIONS:
        if isinstance(told.get(key), str) and not _knows(known, (key,)):
            del told[key]
    if declared.record_id_field is not None and declared.record_id_field not in known.fields:
        told.pop("recordIdField", None)
    if "params" in told:
        told["params"] = [
            _cut_param(param, known, number)
            for number, param in enumerate(document["params"])
            if (param.get("name") or param.get("field")) in known.params
        ]
    return told


def _cut_param(param: Mapping[str, Any], known: KnownAction, number: int) -> dict[str, Any]:
    veiled = isinstance(param.get("visible"), str) and not _knows(known, ("params", number, "visible"))
    return {key: value for key, value in param.items() if not (veiled and key == "visible")}


def _knows(known: KnownAction, path: tuple[str | int, ...]) -> bool:
    """Tells whether every field that an expression looks at may be known."""
    return known.action.looks_at.get(path, frozenset()) <= known.fields
