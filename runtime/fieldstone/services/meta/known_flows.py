"""Flows as somebody may know them who starts them by hand: what they are for and what they take, without how they are done."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.access.actions import lacking
from fieldstone.access.caller import Caller
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.flows.graph import Graph

_TOLD = frozenset(
    {
        "name",
        "label",
        "description",
        "version",
        "type",
        "status",
        "requiredPermissions",
        "successMessage",
        "errorMessage",
    }
)


def may_start(catalog: Catalog, caller: Caller, flow: Graph) -> bool:
    """Returns whether a flow begins when this caller asks for it, and not by itself."""
    if flow.declaration is None or not flow.active or flow.trigger is not None or flow.schedule is not None:
        return False
    return lacking(catalog, caller, flow.declaration.required_permissions) is None


def cut_flow(document: Mapping[str, Any], knows: Callable[[str], bool]) -> dict[str, Any]:
    """Returns the document of a flow, of what it does its inputs alone; `knows` tells which objects its reader knows of."""
    told = {key: value for key, value in document.items() if key in _TOLD}
    if "inputs" in document:
        told["inputs"] = {name: _cut_input(taken, knows) for name, taken in document["inputs"].items()}
    if taken := [variable for variable in document.get("variables", ()) if variable.get("isInput")]:
        told["variables"] = taken
    return told


def _cut_input(taken: Mapping[str, Any], knows: Callable[[str], bool]) -> dict[str, Any]:
    return {key: value for key, value in taken.items() if key != "reference" or knows(value)}
