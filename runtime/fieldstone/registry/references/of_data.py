"""What objects and seeds name."""

from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.named_fields import title_fields
from fieldstone.registry.references.mention import FIELDS, Mention, Path, Target
from fieldstone.registry.references.names import Names

_ONE = ("nameField", "stageField")
_SEVERAL = ("searchableFields", "highlightFields")
_CONDITIONS = ("requiredWhen", "readonlyWhen", "visibleWhen")
_OF_TARGET = ("displayField", "descriptionField")


def of_object(item: Item, catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what an object names: others by its references and summaries, fields by all that is made of them, capabilities."""
    document, name = item.document, item.name
    for field, declared in document["fields"].items():
        yield from _of_field((FIELDS, field), name, declared, names)
    for key in _ONE:
        yield from names.field((key,), name, document.get(key), "title" if key == "nameField" else "stage")
    for key in _SEVERAL:
        for number, named in enumerate(document.get(key, ())):
            yield from names.field((key, number), name, named, "search" if key == "searchableFields" else "highlight")
    for named in sorted(title_fields(document.get("titleFormat", ""))):
        yield from names.field(("titleFormat",), name, named, "title")
    for number, index in enumerate(document.get("indexes", ())):
        for place, named in enumerate(index["fields"]):
            yield from names.field(("indexes", number, FIELDS, place), name, named, "index")
    for path, read in catalog.objects[name].looks_at.items():
        if path[0] == "validations":
            for named in sorted(read):
                yield from names.field(path, name, named, "validation")
    yield from of_capabilities(("requiredPermissions",), document.get("requiredPermissions", ()))
    if isinstance(document.get("tenancy"), dict):
        through = document["tenancy"]
        yield from names.object(("tenancy", "object"), through["object"], "tenancy")
        yield from names.field(("tenancy", "field"), through["object"], through["field"], "tenancy")


def of_seed(item: Item, _catalog: Catalog, names: Names) -> Iterator[Mention]:
    """Yields what a seed names: its object, and each field where it first has a value."""
    document = item.document
    yield from names.object(("object",), document["object"], "seed")
    seen: set[str] = set()
    for number, record in enumerate(document["records"]):
        for field in (field for field in record if field not in seen):
            yield from names.field(("records", number, field), document["object"], field, "seed")
        seen |= record.keys()


def of_capabilities(path: Path, named: Any) -> Iterator[Mention]:
    """Yields the mentions of capabilities, in a list or in lists by action."""
    if isinstance(named, dict):
        for action, those in named.items():
            yield from of_capabilities((*path, action), those)
        return
    for number, name in enumerate(named):
        yield Mention((*path, number), Target("capability", name), "capability")


def _of_field(path: Path, subject: str, field: Mapping[str, Any], names: Names) -> Iterator[Mention]:
    target = field.get("reference")
    yield from names.object((*path, "reference"), target, "lookup")
    if isinstance(target, str):
        for key in _OF_TARGET:
            yield from names.field((*path, key), target, field.get(key), "lookup")
        for number, name in enumerate(field.get("lookupColumns", ())):
            yield from names.field((*path, "lookupColumns", number), target, name, "lookup")
        for number, condition in enumerate(field.get("lookupFilters", ())):
            yield from names.field((*path, "lookupFilters", number, "field"), target, condition["field"], "lookup")
    for number, name in enumerate(field.get("dependsOn", ())):
        yield from names.field((*path, "dependsOn", number), subject, name, "lookup")
    if isinstance(field.get("summaryOperations"), dict):
        yield from _of_summary((*path, "summaryOperations"), field["summaryOperations"], names)
    for key in ("expression", *_CONDITIONS):
        yield from names.expression((*path, key), subject, field.get(key), "formula" if key == "expression" else key)
    for number, option in enumerate(field.get("options", ())):
        at = (*path, "options", number, "visibleWhen")
        yield from names.expression(at, subject, option.get("visibleWhen"), "visibleWhen")
    if "group" in field:
        yield Mention((*path, "group"), Target("object", subject, "fieldGroups", field["group"]), "group")
    yield from of_capabilities((*path, "requiredPermissions"), field.get("requiredPermissions", ()))


def _of_summary(path: Path, summary: Mapping[str, Any], names: Names) -> Iterator[Mention]:
    child = summary["object"]
    yield from names.object((*path, "object"), child, "summary")
    for key in ("field", "relationshipField"):
        yield from names.field((*path, key), child, summary.get(key), "summary")
    yield from names.condition((*path, "filter"), child, summary.get("filter"), "summary")
