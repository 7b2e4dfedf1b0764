"""Views and dashboards as somebody may know them: what they show that he may see, and what they ask that he could ask himself."""

from collections.abc import Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.registry.declared_query import refusal_of, seen_through, view_queries, widget_query
from fieldstone.services.meta.sight import Sight


def cut_view(sight: Sight, caller: Caller, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the document of a view without what is hidden; None when nothing of its object may be known, or nothing is left to show."""
    known = sight.known(caller, sight.catalog.objects[document["object"]])
    shape = sight.shape(caller, document["object"])
    if not known.actions:
        return None
    shown = known.fields if document.get("type") == "form" else frozenset(shape.columns)
    told = dict(document)
    if "columns" in document:
        told["columns"] = [column for column in document["columns"] if _field_of(column) in shown]
    if "sections" in document:
        sections = (_cut_section(section, shown) for section in document["sections"])
        told["sections"] = [section for section in sections if section["fields"]]
    if document.get("dateField") not in shape.fields:
        told.pop("dateField", None)
    viewpoint = seen_through(lambda name: sight.related(caller, name))
    for key, asked in view_queries(document):
        if refusal_of(asked, shape, viewpoint) is not None:
            del told[key]
    essential = ("columns", "sections", "dateField", "groupBy")[: 4 if document.get("type") == "kanban" else 3]
    return None if any(key in document and not told.get(key) for key in essential) else told


def cut_dashboard(sight: Sight, caller: Caller, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the document of a dashboard without the widgets that its reader could not fill; None when none is left."""
    viewpoint = seen_through(lambda name: sight.related(caller, name))
    widgets = [
        widget
        for widget in document["widgets"]
        if sight.reads(caller, widget["object"])
        and refusal_of(widget_query(widget), sight.shape(caller, widget["object"]), viewpoint) is None
    ]
    return {**document, "widgets": widgets} if widgets else None


def _field_of(column: Any) -> str:
    return str(column["field"] if isinstance(column, dict) else column)


def _cut_section(section: Mapping[str, Any], shown: frozenset[str]) -> dict[str, Any]:
    return {**section, "fields": [name for name in section["fields"] if name in shown]}
