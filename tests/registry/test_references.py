"""References: whoever names a declaration or a member of it is found, by the path at which it does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fieldstone.kinds.table import TOLD
from fieldstone.registry.references.index import MENTIONS, SILENT, References, references_in
from fieldstone.registry.references.mention import Target
from tests.registry.declared import load

FILES: Mapping[str, str] = {
    "shop/package.yaml": "name: shop\ncapabilities: [{name: 'shop:close'}]\n",
    "shop/maker.object.yaml": """
        name: maker
        nameField: title
        fields:
          title: {type: text}
          land: {type: text}
          worth: {type: summary, summaryOperations: {object: thing, function: sum, field: price, filter: {state: new}}}
        """,
    "shop/thing.object.yaml": """
        name: thing
        titleFormat: "{{title}}"
        requiredPermissions: ["shop:close"]
        indexes: [{fields: [state, price]}]
        fieldGroups: [{key: money}]
        fields:
          title: {type: text}
          price: {type: number, group: money}
          twice: {type: formula, returnType: number, expression: record.price * 2}
          state: {type: select, options: [{value: new, visibleWhen: record.price > 1}, {value: old}]}
          maker: {type: lookup, reference: maker, displayField: land}
        validations: [{name: dear, predicate: record.price < 9 || record.title != null, message: Too dear.}]
        """,
    "shop/clerk.permission.yaml": """
        name: clerk
        objects: {thing: {allowRead: true}}
        fields: {thing.price: {readable: false}, thing.twice: {readable: false}}
        systemPermissions: ["shop:close"]
        rowLevelSecurity: [{name: new, object: thing, using: state == "new"}]
        """,
    "shop/all.view.yaml": """
        name: all
        object: thing
        columns: [title, {field: price}]
        filter: {$or: [{maker.land: fr}, {title: {$eq: {$field: state}}}]}
        sort: [{field: price}]
        """,
    "shop/sums.dashboard.yaml": """
        name: sums
        widgets:
          - id: a
            type: bar
            object: thing
            groupBy: [maker.land]
            aggregations: [{function: sum, field: price, alias: n, filter: {state: old}}]
        """,
    "shop/work.app.yaml": """
        name: work
        navigation:
          - {id: a, type: object, object: thing, view: all}
          - {id: more, type: group, children: [{id: b, type: dashboard, dashboard: sums}]}
        """,
    "shop/close.action.yaml": """
        name: close
        objectName: thing
        requiredPermissions: ["shop:close"]
        params: [{field: price}]
        disabled: record.state == "old"
        steps:
          - {name: found, type: query, object: maker, where: {title: {$eq: "{!record.title}"}}, fields: [land]}
          - {type: update, object: thing, id: "{!record.id}", fields: {state: old, title: "{!step.found.output[0].land}"}}
        """,
    "shop/mark.hook.yaml": """
        name: mark
        object: thing
        events: [beforeUpdate]
        condition: previous.price != record.price
        steps: [{type: assignment, assignments: {record.state: old}}]
        """,
    "shop/sweep.flow.yaml": """
        name: sweep
        type: record_change
        trigger: {object: thing, when: after_update, condition: record.maker != null}
        steps: [{type: create, object: maker, fields: {title: "{!record.title}"}}]
        """,
    "shop/things.seed.yaml": "name: things\nobject: thing\nexternalId: title\nrecords: [{title: a, price: 1}]\n",
    "shop/tom.policy_test.yaml": """
        name: tom
        users: {tom: [clerk], kim: {sets: [clerk]}}
        rows: {a: {object: thing, owner: tom, title: a}}
        cannot: [tom reads thing.price]
        """,
    "shop/words.translation.yaml": """
        name: words
        language: de
        objects: {thing: {fields: {price: Preis}, validations: {dear: {message: Teuer.}}}}
        views: {thing.all: Alle}
        """,
}

NAMED: Mapping[Target, set[str]] = {
    Target("object", "thing"): {
        "object maker fields.worth.summaryOperations.object summary",
        "permission clerk objects.thing grant",
        "permission clerk rowLevelSecurity.0.object row_policy",
        "view thing.all object view",
        "dashboard sums widgets.0.object widget",
        "app work navigation.0.object navigation",
        "action thing.close objectName action",
        "action thing.close steps.1.object step",
        "hook mark object hook",
        "flow sweep trigger.object trigger",
        "seed things object seed",
        "policy_test tom rows.a.object test",
        "policy_test tom cannot.0 test",
        "translation words objects.thing translation",
    },
    Target("object", "thing", "fields", "price"): {
        "object maker fields.worth.summaryOperations.field summary",
        "object thing fields.twice.expression formula",
        "object thing fields.state.options.0.visibleWhen visibleWhen",
        "object thing indexes.0.fields.1 index",
        "object thing validations.0 validation",
        "permission clerk fields.thing.price grant",
        "view thing.all columns.1.field column",
        "view thing.all sort.0 sort",
        "dashboard sums widgets.0.aggregations.0.field aggregation",
        "action thing.close params.0.field parameter",
        "hook mark condition expression",
        "seed things records.0.price seed",
        "policy_test tom cannot.0 test",
        "translation words objects.thing.fields.price translation",
    },
    Target("object", "maker", "fields", "land"): {
        "object thing fields.maker.displayField lookup",
        "view thing.all filter.$or.0.maker.land filter",
        "dashboard sums widgets.0.groupBy.0 group",
        "action thing.close steps.0.fields.0 step",
        "action thing.close steps.1.fields.title value",
    },
    Target("object", "thing", "fields", "state"): {
        "object maker fields.worth.summaryOperations.filter.state summary",
        "object thing indexes.0.fields.0 index",
        "permission clerk rowLevelSecurity.0.using row_policy",
        "view thing.all filter.$or.1.title.$eq.$field filter",
        "dashboard sums widgets.0.aggregations.0.filter.state filter",
        "action thing.close disabled expression",
        "action thing.close steps.1.fields.state step",
        "hook mark steps.0.assignments.record.state step",
    },
    Target("object", "thing", "fieldGroups", "money"): {"object thing fields.price.group group"},
    Target("object", "thing", "validations", "dear"): {"translation words objects.thing.validations.dear translation"},
    Target("view", "thing.all"): {
        "app work navigation.0.view navigation",
        "translation words views.thing.all translation",
    },
    Target("dashboard", "sums"): {"app work navigation.1.children.0.dashboard navigation"},
    Target("capability", "shop:close"): {
        "object thing requiredPermissions.0 capability",
        "permission clerk systemPermissions.0 capability",
        "action thing.close requiredPermissions.0 capability",
    },
    Target("permission", "clerk"): {"policy_test tom users.tom.0 test", "policy_test tom users.kim.sets.0 test"},
}


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> References:
    return references_in(load(tmp_path_factory.mktemp("named"), FILES))


@pytest.mark.parametrize("target", NAMED, ids=str)
def test_whoever_names_it_is_found(references: References, target: Target) -> None:
    found = {
        f"{item.kind} {item.name} {'.'.join(map(str, mention.path))} {mention.kind}"
        for item, mention in references[target]
    }
    assert found == NAMED[target]


def test_every_path_leads_somewhere_in_the_declaration(references: References) -> None:
    for mentions in references.values():
        for item, mention in mentions:
            value: Any = item.document
            for step in mention.path:
                value = value if isinstance(value, str) else value[step]
            assert value is not None


def test_of_every_kind_it_is_known_what_it_names() -> None:
    assert {*MENTIONS, *SILENT} == set(TOLD)


def test_nobody_names_what_is_not_there(tmp_path: Path) -> None:
    assert references_in(load(tmp_path, {})).get(Target("object", "thing"), ()) == ()
