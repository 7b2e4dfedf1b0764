"""Apps as somebody may know them: the entries that lead him somewhere."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldstone.access.actions import lacking
from fieldstone.access.caller import Caller
from fieldstone.services.meta.known_views import cut_dashboard, cut_view
from fieldstone.services.meta.sight import Sight


def cut_app(sight: Sight, caller: Caller, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the document of an app without the entries that lead its reader nowhere; None when none is left."""
    entries = list(_known_entries(sight, caller, document["navigation"]))
    if not entries or _lacks(sight, caller, document):
        return None
    return {**document, "navigation": entries}


def _known_entries(sight: Sight, caller: Caller, entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        if _lacks(sight, caller, entry) or not _leads_somewhere(sight, caller, entry):
            continue
        if "children" not in entry:
            yield _without_hidden_view(sight, caller, entry)
        elif children := list(_known_entries(sight, caller, entry["children"])):
            yield {**entry, "children": children}


def _lacks(sight: Sight, caller: Caller, asking: Mapping[str, Any]) -> bool:
    return lacking(sight.catalog, caller, asking.get("requiredPermissions", ())) is not None


def _leads_somewhere(sight: Sight, caller: Caller, entry: Mapping[str, Any]) -> bool:
    match entry["type"]:
        case "object":
            return sight.knows(caller, entry["object"])
        case "dashboard":
            dashboard = sight.catalog.items["dashboard"][entry["dashboard"]]
            return cut_dashboard(sight, caller, dashboard.document) is not None
        case "action":
            return sight.callable(caller, sight.catalog.actions[entry["action"]]) is not None
    return True


def _without_hidden_view(sight: Sight, caller: Caller, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns an entry without the view that it begins with, where that shows its reader nothing."""
    if "view" not in entry:
        return entry
    view = sight.catalog.items["view"][f"{entry['object']}.{entry['view']}"]
    if cut_view(sight, caller, view.document) is not None:
        return entry
    return {key: value for key, value in entry.items() if key != "view"}
