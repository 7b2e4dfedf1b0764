"""Navigation: whatever the entries of an app lead to is there."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.navigation import (
    ActionEntry,
    AnyEntry,
    DashboardEntry,
    GroupEntry,
    NavigationDeclaration,
    ObjectEntry,
)
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Action, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.declared_query import Path
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known


class Destinations(msgspec.Struct, frozen=True, eq=False):
    """What entries may lead to; views are by the name of their object and their own, `broken` ones by kind and name."""

    objects: Known[Object]
    views: Mapping[str, Document]
    dashboards: Mapping[str, Document]
    actions: Known[Action]
    broken: frozenset[tuple[str, str]] = frozenset()


def navigation_faults(document: Document, destinations: Destinations) -> Iterator[Fault]:
    """Yields everything wrong with an app."""
    ids: set[str] = set()
    for path, entry in entries_of(cast("NavigationDeclaration", document.declared)):
        if entry.id in ids:
            message = f"An entry `{entry.id}` is declared already."
            yield document.fault((*path, "id"), Code.NAME_CLASH, message, "Rename one.")
        ids.add(entry.id)
        yield from _entry_faults(document, path, entry, destinations)


def entries_of(app: NavigationDeclaration) -> Iterator[tuple[Path, AnyEntry]]:
    """Yields the entries of an app, those of a group behind it, each with its path."""
    for number, entry in enumerate(app.navigation):
        yield ("navigation", number), entry
        for place, child in enumerate(entry.children if isinstance(entry, GroupEntry) else ()):
            yield ("navigation", number, "children", place), child


def _entry_faults(document: Document, path: Path, entry: AnyEntry, destinations: Destinations) -> Iterator[Fault]:
    broken = {name for kind, name in destinations.broken if kind in ("view", "dashboard")}
    match entry:
        case ObjectEntry(object=name) if destinations.objects.get(name) is None:
            yield from destinations.objects.missing(document.value_at(*path, "object"), name)
        case ObjectEntry() if entry.view is not None and entry.view not in broken:
            views = [key.partition(".")[2] for key in destinations.views if key.startswith(f"{entry.object}.")]
            if entry.view not in views:
                message = f"`{entry.object}` has no view `{shown(entry.view)}`."
                yield document.fault((*path, "view"), Code.NAVIGATION, message, did_you_mean(entry.view, views))
        case DashboardEntry() if entry.dashboard not in {*destinations.dashboards, *broken}:
            message = f"There is no dashboard `{shown(entry.dashboard)}`."
            hint = (
                did_you_mean(entry.dashboard, destinations.dashboards)
                or "Declare it in a file `<name>.dashboard.yaml`."
            )
            yield document.fault((*path, "dashboard"), Code.NAVIGATION, message, hint)
        case ActionEntry(action=name):
            yield from _action_faults(document, path, name, destinations.actions)


def _action_faults(document: Document, path: Path, name: str, actions: Known[Action]) -> Iterator[Fault]:
    action = actions.get(name)
    if action is None and name not in actions.broken:
        hint = did_you_mean(name, actions.by_name)
        yield document.fault((*path, "action"), Code.UNKNOWN_ACTION, f"There is no action `{shown(name)}`.", hint)
    elif action is not None and action.needs_record:
        message = f"`{name}` is called with a record, and there is none in a navigation."
        yield document.fault((*path, "action"), Code.NAVIGATION, message, "Name an action that goes without.")
