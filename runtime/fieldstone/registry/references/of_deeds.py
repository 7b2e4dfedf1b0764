"""What actions, hooks and flows name: in their steps, whatever the dialect, each value is read by the key under which it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.kinds.hook import EVERY_OBJECT
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.references.mention import Mention, Path, Target
from fieldstone.registry.references.names import Names, Roots
from fieldstone.registry.references.of_data import of_capabilities

_OBJECT = ("object", "objectName")
_FLOW = ("flow", "flowName")
_WHERE = ("where", "filter")
_EXPRESSIONS = frozenset({"condition", "when", "expression", "until"})
_BEGINNINGS = ("trigger", "schedule")
_INNER = frozenset({"steps", "do", "then", "else", "nodes", "body", "branches", "try", "catch", "config", "edges"})


def of_action(item: Item, catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what an action names: its object, fields that it looks at, what its parameters are like, flows, and what its steps do."""
    document = item.document
    subject = document.get("objectName")
    yield from names.object(("objectName",), subject, "action")
    if subject is not None:
        yield from names.field(("recordIdField",), subject, document.get("recordIdField"), "action")
    for key in ("body", "visible", "disabled"):
        yield from names.expression((key,), subject, document.get(key))
    for number, param in enumerate(document.get("params", ())):
        path = ("params", number)
        yield from names.object((*path, "reference"), param.get("reference"), "parameter")
        if subject is not None:
            yield from names.field((*path, "field"), subject, param.get("field"), "parameter")
        yield from names.expression((*path, "visible"), subject, param.get("visible"))
    if document.get("type") == "flow" and document.get("target") in catalog.flows:
        yield Mention(("target",), Target("flow", document["target"]), "flow")
    yield from of_capabilities(("requiredPermissions",), document.get("requiredPermissions", ()))
    yield from _of_steps(document, ("steps", "outputs"), subject, names)


def of_hook(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a hook names: its objects, the fields that its condition looks at, and what its steps do."""
    document = item.document
    said = document["object"]
    subjects = [said] if isinstance(said, str) else said
    for number, subject in enumerate(subjects):
        path: Path = ("object",) if isinstance(said, str) else ("object", number)
        yield from names.object(path, subject, "hook")
        if subject != EVERY_OBJECT:
            yield from names.expression(("condition",), subject, document.get("condition"))
            yield from _of_steps(document, ("steps",), subject, names)


def of_flow(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a flow names: the object that triggers it, what its inputs are like, and what its steps or nodes do."""
    document = item.document
    trigger: Mapping[str, Any] = document.get("trigger") or next(
        (node.get("config", {}) for node in document.get("nodes", ()) if node["type"] == "start"), {}
    )
    subject = next((trigger[key] for key in _OBJECT if key in trigger), None)
    for key in _BEGINNINGS:
        yield from _of_values((key,), document.get(key), subject, names, {})
    for name, field in document.get("inputs", {}).items():
        yield from names.object(("inputs", name, "reference"), field.get("reference"), "parameter")
    yield from of_capabilities(("requiredPermissions",), document.get("requiredPermissions", ()))
    yield from _of_steps(document, ("steps", "nodes", "edges", "outputs"), subject, names)


def _of_steps(
    document: Mapping[str, Any], keys: tuple[str, ...], subject: str | None, names: Names
) -> Iterator[Mention]:
    roots = dict(_roots(document))
    for key in keys:
        yield from _of_values((key,), document.get(key), subject, names, roots)


def _roots(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields by what names later steps call the records of earlier ones, and of which object these are."""
    if isinstance(value, list):
        for each in value:
            yield from _roots(each)
    elif isinstance(value, dict):
        held = value.get("config", value)
        of = next((held[key] for key in _OBJECT if isinstance(held, dict) and key in held), None)
        if isinstance(of, str) and "name" in value:
            yield ("step", value["name"], "output"), of
        if isinstance(of, str) and "outputVariable" in held:
            yield (held["outputVariable"],), of
        for key in _INNER & value.keys():
            yield from _roots(value[key])


def _of_values(path: Path, value: Any, subject: str | None, names: Names, roots: Roots) -> Iterator[Mention]:
    """Yields what the values of steps name, those within them too."""
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _of_values((*path, number), each, subject, names, roots)
    elif isinstance(value, dict):
        of = next((value[key] for key in _OBJECT if isinstance(value.get(key), str)), None)
        for key, each in value.items():
            yield from _of_value((*path, key), key, each, subject, of, names, roots)
    else:
        yield from names.texts(path, subject, value, roots)


def _of_value(
    path: Path, key: str, value: Any, subject: str | None, of: str | None, names: Names, roots: Roots
) -> Iterator[Mention]:
    """Yields what one value of a step names; `of` is the object that the step works on."""
    if key in _OBJECT:
        yield from names.object(path, value, str(path[0]) if path[0] in _BEGINNINGS else "step")
    elif key in _FLOW and isinstance(value, str):
        yield Mention(path, Target("flow", value), "step")
    elif key == "calendar" and isinstance(value, str):
        yield Mention(path, Target("calendar", value), "step")
    elif key in _EXPRESSIONS and isinstance(value, str):
        yield from names.expression(path, subject, value, roots=roots)
    elif key in _INNER and isinstance(value, dict | list):
        yield from _of_values(path, value, subject, names, roots)
    elif of is not None and key in _WHERE:
        yield from names.condition(path, of, value, "step")
        yield from names.texts(path, subject, value, roots)
    elif of is not None and key == "fields":
        for place, name in _named(value):
            yield from names.field((*path, place), of, name, "step")
        yield from names.texts(path, subject, value, roots)
    elif of is not None and key == "orderBy":
        yield from names.order(path, of, value, "step")
    elif key == "assignments" and subject is not None:
        for name in value:
            yield from names.field((*path, name), subject, name.removeprefix("record."), "step")
        yield from names.texts(path, subject, value, roots)
    else:
        yield from _of_values(path, value, subject, names, roots)


def _named(fields: Any) -> Iterator[tuple[str | int, Any]]:
    """Yields the fields of a step, each with the last step of its path: keys of what is written, members of what is read."""
    if isinstance(fields, dict):
        yield from ((name, name) for name in fields)
    else:
        yield from enumerate(fields)
