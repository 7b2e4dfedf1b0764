"""Queries that views and dashboards hold, read by the parser of every query.

They are read at load with every declared field in sight, so that one that nobody could ask is a fault, and again for whoever is told of
them, with what he may see in sight: he is told what he could ask himself.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.errors import Fault, Invalid
from fieldstone.query.aggregate import parse_groups
from fieldstone.query.ast import EVERYTHING
from fieldstone.query.document import QueryDocument
from fieldstone.query.parse import parse_query
from fieldstone.query.storage import ObjectShape
from fieldstone.query.viewpoint import NOWHERE, UTC, FindRelated, Related, Viewpoint
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known
from fieldstone.settings import Limits

Path = tuple[str | int, ...]

_ID = "0" * 26
_SOMEBODY: Mapping[str, Any] = {
    "id": _ID,
    "email": "somebody@example.org",
    "organization_id": _ID,
    "timezone": UTC,
    "roles": (),
    "positions": (),
    "permissions": (),
}
"""Values of a caller, so that what stands for one can be read before there is any."""

_SPELLED = {"where": "filter", "orderBy": "sort"}
_MOST = 1000


def view_queries(view: Mapping[str, Any]) -> Iterator[tuple[str, QueryDocument]]:
    """Yields the queries of a view's document by the keys that hold them; each can be left out by itself."""
    if view.get("filter"):
        yield "filter", QueryDocument(where=view["filter"])
    if view.get("sort"):
        yield "sort", QueryDocument(order_by=view["sort"])
    if view.get("groupBy"):
        yield "groupBy", QueryDocument(group_by=[view["groupBy"]])


def widget_query(widget: Mapping[str, Any]) -> QueryDocument:
    """Returns the query of a widget's document, which is shown as a whole or not at all."""
    keys = {
        "where": "filter",
        "group_by": "groupBy",
        "aggregations": "aggregations",
        "order_by": "sort",
        "limit": "limit",
    }
    return QueryDocument(**{key: widget[name] for key, name in keys.items() if widget.get(name)})


def sight_of_all(objects: Known[Object]) -> Viewpoint:
    """Returns the viewpoint of somebody who sees every record."""

    def related(name: str) -> Related | None:
        subject = objects.get(name)
        return None if subject is None else Related(shape_in_sight(subject), EVERYTHING, _MOST)

    return seen_through(related)


def seen_through(related: FindRelated) -> Viewpoint:
    """Returns the viewpoint of somebody to whom other objects look as told."""
    return Viewpoint(related, _SOMEBODY, NOWHERE.now)


def shape_in_sight(subject: Object) -> ObjectShape:
    """Returns an object with every field that a query may ever name."""
    fields = {name: subject.shape.fields[name] for name, field in subject.fields.items() if not field.internal}
    return ObjectShape(subject.name, fields)


def refusal_of(asked: QueryDocument, shape: ObjectShape, viewpoint: Viewpoint) -> Invalid | None:
    """Returns why a query cannot be asked; None when it can."""
    try:
        if asked.asks_for_groups:
            parse_groups(asked, shape, Limits(), viewpoint, max_page=_MOST, default_page=_MOST)
        else:
            parse_query(asked, shape, Limits(), max_page=_MOST, default_page=_MOST, viewpoint=viewpoint)
    except Invalid as refusal:
        return refusal
    return None


def query_faults(
    document: Document, within: Path, asked: QueryDocument, shape: ObjectShape, viewpoint: Viewpoint
) -> Iterator[Fault]:
    """Yields the fault of a query that cannot be asked, at the place that its refusal names; its keys stand within a path."""
    refusal = refusal_of(asked, shape, viewpoint)
    if refusal is not None:
        first, *more = str(refusal.details.get("path", "")).split(".")
        way = _way(document.source.value, [*within, _SPELLED.get(first, first), *more])
        yield document.fault(way, Code.QUERY, refusal.message, refusal.details.get("hint"))


def _way(value: Any, steps: Sequence[str | int]) -> Path:
    """Returns the path that steps take in a value, as far as they lead; a key with points in it is several of them."""
    way: list[str | int] = []
    while steps:
        key: str | int = steps[0]
        taken = 1
        if isinstance(value, dict):
            joined = {".".join(map(str, steps[:count])): count for count in range(1, len(steps) + 1)}
            key, taken = next(((name, count) for name, count in joined.items() if name in value), (key, 1))
            value = value.get(key)
        elif isinstance(value, list) and str(key).isdigit() and int(key) < len(value):
            key = int(key)
            value = value[key]
        else:
            break
        way.append(key)
        steps = steps[taken:]
    return tuple(way)
