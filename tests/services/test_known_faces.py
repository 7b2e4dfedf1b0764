"""Views, dashboards, apps and flows as somebody may know them: no more than he could ask for himself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.errors import NotFound
from fieldstone.registry.catalog import Catalog
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.items import Meta
from fieldstone.services.meta.known_flows import cut_flow
from tests.registry.declared import load

FIELDS = {
    "title": {"type": "text"},
    "price": {"type": "number"},
    "state": {"type": "select", "options": [{"value": "new"}, {"value": "old"}]},
    "due": {"type": "date"},
    "maker": {"type": "lookup", "reference": "maker"},
    "pin": {"type": "text", "maskingRule": {"keepTail": 1}},
}
COUNT = [{"function": "count", "alias": "n"}]
FILES: Mapping[str, dict[str, Any]] = {
    "shop/package.yaml": {"name": "shop", "capabilities": [{"name": "shop:count"}]},
    "shop/thing.object.yaml": {"name": "thing", "ownership": "none", "fields": FIELDS},
    "shop/maker.object.yaml": {"name": "maker", "ownership": "none", "fields": {"country": {"type": "text"}}},
    "shop/secret.object.yaml": {"name": "secret", "ownership": "none", "fields": {"word": {"type": "text"}}},
    "shop/boss.permission.yaml": {"name": "boss", "objects": {"*": {"viewAllRecords": True}}},
    "shop/viewer.permission.yaml": {"name": "viewer", "objects": {"thing": {"allowRead": True}}},
    "shop/counter.permission.yaml": {"name": "counter", "systemPermissions": ["shop:count"]},
    "shop/clerk.permission.yaml": {
        "name": "clerk",
        "objects": {"thing": {"allowRead": True, "allowEdit": True}},
        "fields": {f"thing.{name}": {"readable": False} for name in ("price", "state", "due")},
    },
}


def catalog_of(folder: Path, **declared: dict[str, Any]) -> Catalog:
    """Returns the catalog of the shop with one view, dashboard or app each, called `it`."""
    more = {f"shop/it.{kind}.yaml": {"name": "it", **document} for kind, document in declared.items()}
    return load(folder, {name: yaml.safe_dump(document) for name, document in {**FILES, **more}.items()})


def told(catalog: Catalog, kind: str, name: str, *sets: str) -> dict[str, Any] | None:
    """Returns what a holder of sets is told of a declaration beside its name; None when it is not there for him."""
    meta = Meta(catalog, Policies(catalog), Authority(str, frozenset({"boss"})))
    caller = Caller(frozenset(sets), {})
    try:
        item = meta.item(caller, kind, name)
    except NotFound:
        assert meta.items(caller, kind) == []
        return None
    assert meta.items(caller, kind) == [item]
    return {key: value for key, value in item.items() if key not in ("name", "_package", "object", "type")}


VIEWS: Mapping[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "a column": ({"columns": ["title", {"field": "price", "width": 9}]}, {"columns": ["title"]}),
    "every column": ({"columns": ["price"]}, None),
    "a filter": ({"columns": ["title"], "filter": {"price": {"$gt": 5}}}, {"columns": ["title"]}),
    "a filter along a path": ({"columns": ["title"], "filter": {"maker.country": "fr"}}, {"columns": ["title"]}),
    "a filter by another field": (
        {"columns": ["title"], "filter": {"title": {"$eq": {"$field": "state"}}}},
        {"columns": ["title"]},
    ),
    "an order": ({"columns": ["title"], "sort": "-price,title"}, {"columns": ["title"]}),
    "a group": ({"columns": ["title"], "groupBy": "state"}, {"columns": ["title"]}),
    "the columns of a board": ({"type": "kanban", "columns": ["title"], "groupBy": "state"}, None),
    "the days of a calendar": ({"type": "calendar", "columns": ["title"], "dateField": "due"}, None),
    "a section": (
        {"type": "form", "sections": [{"fields": ["title", "due"]}, {"label": "Money", "fields": ["price"]}]},
        {"sections": [{"fields": ["title"]}]},
    ),
    "nothing": (
        {"columns": ["title"], "filter": {"title": "a"}, "sort": "title"},
        {"columns": ["title"], "filter": {"title": "a"}, "sort": "title"},
    ),
}


@pytest.mark.parametrize("hidden", VIEWS)
def test_a_view_is_told_without_what_is_hidden(hidden: str, tmp_path: Path) -> None:
    view, left = VIEWS[hidden]
    catalog = catalog_of(tmp_path, view={"object": "thing", **view})
    whole = {key: value for key, value in view.items() if key != "type"}
    assert told(catalog, "view", "it", "boss") == whole
    assert told(catalog, "view", "it", "clerk") == left
    assert told(catalog, "view", "it", "guest") is None


def test_a_view_has_a_compound_name(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, view={"object": "thing", "columns": ["title"]})
    assert told(catalog, "view", "thing.it", "clerk") == told(catalog, "view", "it", "clerk")


def test_what_is_masked_is_a_column_and_no_condition(tmp_path: Path) -> None:
    catalog = catalog_of(
        tmp_path, view={"object": "thing", "columns": ["pin"], "filter": {"pin": "1"}, "sort": "title"}
    )
    assert told(catalog, "view", "it", "viewer") == {"columns": ["pin"], "sort": "title"}


WIDGETS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "counts things": ({"aggregations": COUNT}, True),
    "counts secrets": ({"object": "secret", "aggregations": COUNT}, False),
    "sums what is hidden": ({"aggregations": [{"function": "sum", "field": "price", "alias": "n"}]}, False),
    "groups by what is hidden": ({"type": "pie", "groupBy": ["state"], "aggregations": COUNT}, False),
    "groups by months that are hidden": (
        {"type": "bar", "groupBy": [{"field": "due", "dateGranularity": "month"}], "aggregations": COUNT},
        False,
    ),
    "asks by what is hidden": ({"filter": {"maker.country": "fr"}, "aggregations": COUNT}, False),
    "counts by a hidden condition": (
        {"aggregations": [{"function": "count", "alias": "n", "filter": {"state": "new"}}]},
        False,
    ),
}


@pytest.mark.parametrize("what", WIDGETS)
def test_a_widget_is_there_for_whoever_can_fill_it(what: str, tmp_path: Path) -> None:
    more, seen = WIDGETS[what]
    widget = {"id": "a", "type": "metric", "object": "thing", **more}
    catalog = catalog_of(tmp_path, dashboard={"widgets": [widget]})
    assert told(catalog, "dashboard", "it", "boss") == {"widgets": [widget]}
    assert told(catalog, "dashboard", "it", "clerk") == ({"widgets": [widget]} if seen else None)


def test_an_app_is_told_with_the_entries_that_lead_somewhere(tmp_path: Path) -> None:
    things = {"id": "things", "type": "object", "object": "thing", "view": "it"}
    secrets = {"id": "secrets", "type": "object", "object": "secret"}
    figures = {"id": "figures", "type": "dashboard", "dashboard": "it"}
    counting = {"id": "counting", "type": "url", "url": "/count", "requiredPermissions": ["shop:count"]}
    catalog = catalog_of(
        tmp_path,
        view={"object": "thing", "columns": ["price"]},
        dashboard={"widgets": [{"id": "a", "type": "metric", "object": "secret", "aggregations": COUNT}]},
        app={
            "navigation": [
                things,
                {"id": "hidden", "type": "group", "children": [secrets, figures]},
                {"id": "more", "type": "group", "children": [counting, {**things, "id": "again"}]},
            ]
        },
    )
    bare = {"id": "things", "type": "object", "object": "thing"}
    again = {"id": "more", "type": "group", "children": [{**bare, "id": "again"}]}
    assert told(catalog, "app", "it", "clerk") == {"navigation": [bare, again]}
    counts = {"id": "more", "type": "group", "children": [counting]}
    assert told(catalog, "app", "it", "counter") == {"navigation": [counts]}
    assert told(catalog, "app", "it", "guest") is None
    whole = told(catalog, "app", "it", "boss", "counter")
    assert whole is not None
    assert [entry["id"] for entry in whole["navigation"]] == ["things", "hidden", "more"]


OWN = {"name": "seen", "type": "text", "isOutput": True}
TAKEN = {"name": "day", "type": "date", "isInput": True}


@pytest.mark.parametrize(
    ("variables", "told"), [([OWN], {}), ([TAKEN, OWN], {"variables": [TAKEN]}), ([], {}), (None, {})]
)
def test_of_the_variables_of_a_flow_only_what_its_starter_sends_is_told(
    variables: list[dict[str, Any]] | None, told: dict[str, Any]
) -> None:
    document = {"name": "plan", "nodes": []} | ({} if variables is None else {"variables": variables})
    assert cut_flow(document, lambda _: True) == {"name": "plan"} | told
