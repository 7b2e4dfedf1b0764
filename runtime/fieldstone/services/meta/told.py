"""What is told of a declaration, kind by kind: its document, cut to what a caller may know; nothing of what he may not know of.

Declarations of kinds without a line here are for administrators.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.access.caller import Caller
from fieldstone.registry.catalog import Item
from fieldstone.services.meta.known_actions import cut_action
from fieldstone.services.meta.known_apps import cut_app
from fieldstone.services.meta.known_flows import cut_flow, may_start
from fieldstone.services.meta.known_objects import cut_object
from fieldstone.services.meta.known_views import cut_dashboard, cut_view
from fieldstone.services.meta.sight import Sight

Cut = Callable[[Sight, Caller, Item], dict[str, Any] | None]
"""Returns the document of a declaration as a caller may know it; None when he may not know of it."""


def is_told(sight: Sight, caller: Caller, kind: str) -> bool:
    """Tells whether a caller may know of declarations of a kind."""
    return kind in _CUTS or sight.administers(caller)


def told_of(sight: Sight, caller: Caller, item: Item) -> dict[str, Any] | None:
    """Returns the document of a declaration as a caller may know it; None when he may not know of it."""
    cut = _CUTS.get(item.kind)
    if cut is not None:
        return cut(sight, caller, item)
    return dict(item.document) if sight.administers(caller) else None


def _object(sight: Sight, caller: Caller, item: Item) -> dict[str, Any] | None:
    known = sight.known(caller, sight.catalog.objects[item.name])
    return cut_object(item.document, known, lambda name: sight.readable(caller, name)) if known.actions else None


def _action(sight: Sight, caller: Caller, item: Item) -> dict[str, Any] | None:
    if sight.administers(caller):
        return dict(item.document)
    called = sight.callable(caller, sight.catalog.actions[item.name])
    return None if called is None else cut_action(item.document, called)


def _flow(sight: Sight, caller: Caller, item: Item) -> dict[str, Any] | None:
    if sight.administers(caller):
        return dict(item.document)
    if not may_start(sight.catalog, caller, sight.catalog.flows[item.name]):
        return None
    return cut_flow(item.document, lambda name: sight.knows(caller, name))


_CUTS: Mapping[str, Cut] = {
    "object": _object,
    "action": _action,
    "flow": _flow,
    "view": lambda sight, caller, item: cut_view(sight, caller, item.document),
    "dashboard": lambda sight, caller, item: cut_dashboard(sight, caller, item.document),
    "app": lambda sight, caller, item: cut_app(sight, caller, item.document),
}
