"""Dashboards: the object of each widget is there, and its groups can be asked for."""

from collections.abc import Iterator
from typing import cast

from fieldstone.errors import Fault
from fieldstone.kinds.dashboard import DashboardDeclaration, Widget
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.declared_query import query_faults, shape_in_sight, sight_of_all, widget_query
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known

COLUMNS = 12
"""The columns of the grid in which widgets stand."""


def dashboard_faults(document: Document, objects: Known[Object]) -> Iterator[Fault]:
    """Yields everything wrong with a dashboard."""
    dashboard = cast("DashboardDeclaration", document.declared)
    viewpoint = sight_of_all(objects)
    ids: set[str] = set()
    for number, widget in enumerate(dashboard.widgets):
        if widget.id in ids:
            message = f"A widget `{widget.id}` is declared already."
            yield document.fault(("widgets", number, "id"), Code.NAME_CLASH, message, "Rename one.")
        ids.add(widget.id)
        yield from _drawing_faults(document, number, widget)
        subject = objects.get(widget.object)
        if subject is None:
            yield from objects.missing(document.value_at("widgets", number, "object"), widget.object)
        else:
            asked = widget_query(document.source.value["widgets"][number])
            yield from query_faults(document, ("widgets", number), asked, shape_in_sight(subject), viewpoint)


def _drawing_faults(document: Document, number: int, widget: Widget) -> Iterator[Fault]:
    """Yields faults of a widget whose groups cannot be drawn as it says."""
    path = ("widgets", number)
    if widget.type == "metric" and widget.group_by:
        message = "A metric is one figure, and has no groups."
        yield document.fault((*path, "groupBy"), Code.DASHBOARD, message, "Drop `groupBy`, or make it a `bar`.")
    elif widget.type != "metric" and not widget.group_by:
        message = f"A {widget.type} is made of groups, and there is one alone."
        yield document.fault((*path, "type"), Code.DASHBOARD, message, "Add `groupBy`, or make it a `metric`.")
    if widget.layout.x + widget.layout.width > COLUMNS:
        message = f"The widget goes beyond the {COLUMNS} columns of a dashboard."
        yield document.fault((*path, "layout"), Code.DASHBOARD, message, "Make it narrower, or begin it further left.")
