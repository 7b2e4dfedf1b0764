"""What surfaces, views, dashboards, apps and translations name."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.table import TOLD
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.references.mention import MEMBERS, Mention, Path, Target
from fieldstone.registry.references.names import Names
from fieldstone.registry.references.of_data import of_capabilities


def of_api(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a surface names: objects, actions, capabilities, and the fields of parameters."""
    for name in item.document.get("objects", {}):
        yield from names.object(("objects", name), name, "api")
    for number, operation in enumerate(item.document.get("operations", ())):
        path, subject = ("operations", number), operation.get("object")
        yield from names.object((*path, "object"), subject, "api")
        if "action" in operation:
            yield Mention((*path, "action"), Target("action", operation["action"]), "api")
        if "permission" in operation:
            yield Mention((*path, "permission"), Target("capability", operation["permission"]), "capability")
        for parameter, named in operation.get("parameters", {}).items():
            if subject is not None:
                yield from names.field((*path, "parameters", parameter, "field"), subject, named.get("field"), "api")


def of_view(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a view names: its object, and the fields that it shows and asks by."""
    document = item.document
    subject = document["object"]
    yield from names.object(("object",), subject, "view")
    for number, column in enumerate(document.get("columns", ())):
        path: Path = ("columns", number)
        if isinstance(column, dict):
            yield from names.field((*path, "field"), subject, column["field"], "column")
        else:
            yield from names.field(path, subject, column, "column")
    for number, section in enumerate(document.get("sections", ())):
        for place, name in enumerate(section["fields"]):
            yield from names.field(("sections", number, "fields", place), subject, name, "column")
    yield from names.condition(("filter",), subject, document.get("filter"))
    yield from names.order(("sort",), subject, document.get("sort", []))
    yield from names.field(("groupBy",), subject, document.get("groupBy"), "group")
    yield from names.field(("dateField",), subject, document.get("dateField"), "date")


def of_dashboard(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what the widgets of a dashboard name."""
    for number, widget in enumerate(item.document["widgets"]):
        yield from _of_widget(("widgets", number), widget, names)


def _of_widget(path: Path, widget: Mapping[str, Any], names: Names) -> Iterator[Mention]:
    subject = widget["object"]
    yield from names.object((*path, "object"), subject, "widget")
    yield from names.condition((*path, "filter"), subject, widget.get("filter"))
    for number, group in enumerate(widget.get("groupBy", ())):
        at: Path = (*path, "groupBy", number)
        if isinstance(group, dict):
            yield from names.field((*at, "field"), subject, group["field"], "group")
        else:
            yield from names.field(at, subject, group, "group")
    for number, computed in enumerate(widget["aggregations"]):
        at = (*path, "aggregations", number)
        yield from names.field((*at, "field"), subject, computed.get("field"), "aggregation")
        yield from names.condition((*at, "filter"), subject, computed.get("filter"))


def of_app(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what an app names: whatever its entries lead to, and capabilities."""
    yield from of_capabilities(("requiredPermissions",), item.document.get("requiredPermissions", ()))
    yield from _of_entries(("navigation",), item.document["navigation"], names)


def _of_entries(path: Path, entries: Any, names: Names) -> Iterator[Mention]:
    for number, entry in enumerate(entries):
        at = (*path, number)
        yield from names.object((*at, "object"), entry.get("object"), "navigation")
        if "view" in entry:
            yield Mention((*at, "view"), Target("view", f"{entry['object']}.{entry['view']}"), "navigation")
        for key in ("dashboard", "action"):
            if key in entry:
                yield Mention((*at, key), Target(key, entry[key]), "navigation")
        yield from of_capabilities((*at, "requiredPermissions"), entry.get("requiredPermissions", ()))
        yield from _of_entries((*at, "children"), entry.get("children", ()), names)


def of_translation(item: Item, _catalog: Catalog, _names: Names) -> Iterator[Mention]:
    """Yields what a translation is of: declarations, and the members of objects."""
    for kind in TOLD.values():
        for name, tree in item.document.get(kind.plural, {}).items():
            yield Mention((kind.plural, name), Target(kind.name, name), "translation")
            for section in MEMBERS if kind.name == OBJECT.name and isinstance(tree, dict) else ():
                for member in tree.get(section, {}):
                    path = (kind.plural, name, section, member)
                    yield Mention(path, Target(OBJECT.name, name, section, member), "translation")
