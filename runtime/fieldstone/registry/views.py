"""Views: their object and fields are there, their filter and order can be asked, and their keys go with their type."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from fieldstone.errors import Fault
from fieldstone.kinds.view import ViewColumn, ViewDeclaration
from fieldstone.query.buckets import DATED
from fieldstone.query.storage import ObjectShape
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.declared_query import Path, query_faults, shape_in_sight, sight_of_all, view_queries
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known, unknown_field

_TAKES: Mapping[str, tuple[str, frozenset[str]]] = {
    "list": ("columns", frozenset({"columns", "filter", "sort", "groupBy"})),
    "kanban": ("groupBy", frozenset({"columns", "filter", "sort", "groupBy"})),
    "calendar": ("dateField", frozenset({"columns", "filter", "dateField"})),
    "form": ("sections", frozenset({"sections"})),
}
"""By type of view: the key that it needs, and those that it takes, of those that not all take."""

_OF_SOME = frozenset[str]().union(*(taken for _, taken in _TAKES.values()))


def view_faults(document: Document, objects: Known[Object]) -> Iterator[Fault]:
    """Yields everything wrong with a view."""
    view = cast("ViewDeclaration", document.declared)
    yield from _key_faults(document, view)
    subject = objects.get(view.object)
    if subject is None:
        yield from objects.missing(document.value_at("object"), view.object)
        return
    shape = shape_in_sight(subject)
    seen: set[str] = set()
    for path, name in fields_shown(view):
        if name not in shape.fields:
            yield unknown_field(document.value_at(*path), name, subject.name, shape.fields)
        elif name in seen:
            yield document.fault(path, Code.VIEW, f"`{name}` is shown twice.", "Name it once.")
        seen.add(name)
    yield from _date_faults(document, view, shape)
    viewpoint = sight_of_all(objects)
    for _, asked in view_queries(document.source.value):
        yield from query_faults(document, (), asked, shape, viewpoint)


def fields_shown(view: ViewDeclaration) -> Iterator[tuple[Path, str]]:
    """Yields the fields that a view shows, each with its path in the view."""
    for number, column in enumerate(view.columns):
        if isinstance(column, ViewColumn):
            yield ("columns", number, "field"), column.field
        else:
            yield ("columns", number), column
    for number, section in enumerate(view.sections):
        for place, name in enumerate(section.fields):
            yield ("sections", number, "fields", place), name


def _key_faults(document: Document, view: ViewDeclaration) -> Iterator[Fault]:
    said: Any = document.source.value
    needed, taken = _TAKES[view.type]
    if not said.get(needed):
        yield document.fault((), Code.VIEW, f"A {view.type} shows nothing without `{needed}`.", f"Add `{needed}`.")
    for key in said:
        if key in _OF_SOME - taken:
            hint = f"It takes {', '.join(f'`{name}`' for name in sorted(taken))}."
            yield Fault(document.key_at(key), Code.VIEW, f"A {view.type} has no `{key}`.", hint)
    names: set[str] = set()
    for number, section in enumerate(view.sections):
        if section.name is not None and section.name in names:
            message = f"A section `{section.name}` is declared already."
            yield document.fault(("sections", number, "name"), Code.NAME_CLASH, message, "Rename one.")
        names.add(section.name or "")


def _date_faults(document: Document, view: ViewDeclaration, shape: ObjectShape) -> Iterator[Fault]:
    name = view.date_field
    if name is None:
        return
    if name not in shape.fields:
        yield unknown_field(document.value_at("dateField"), name, shape.name, shape.fields)
    elif shape.fields[name].comparison not in DATED:
        message = f"`{name}` holds no days, and its records stand on none."
        yield document.fault(("dateField",), Code.VIEW, message, "Name a `date` or a `datetime`.")
