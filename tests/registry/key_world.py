"""A small app in which every Struct of a declaration stands somewhere, and another value of each of its keys."""

from collections.abc import Mapping
from typing import Any

from fieldstone.kinds import (
    api,
    app,
    calendar,
    email_template,
    package,
    permission,
    policy_test,
    seed,
    sign_in,
    validation,
)
from fieldstone.kinds import object as objects
from fieldstone.kinds.declaration import Declared

Path = tuple[str | int, ...]

THING: dict[str, Any] = {
    "name": "thing",
    "label": "Thing",
    "nameField": "title",
    "tenancy": "organization",
    "fields": {
        "title": {"type": "text"},
        "code": {"type": "text", "unique": True},
        "price": {"type": "currency"},
        "cost": {"type": "currency"},
        "state": {"type": "select", "options": [{"value": "open"}, {"value": "closed"}]},
        "extra": {"type": "json"},
        "secret": {"type": "text"},
    },
    "indexes": [{"fields": ["title", "code"]}],
    "fieldGroups": [{"key": "main"}],
    "access": {},
    "systemFields": {},
    "requiredPermissions": {},
    "enable": {},
    "validations": [
        {"type": "script", "message": "Zero.", "condition": "record.price == 0"},
        {
            "type": "cross_field",
            "message": "Dear.",
            "fields": ["cost", "price"],
            "condition": "record.cost > record.price",
        },
        {"type": "state_machine", "message": "No way.", "field": "state", "transitions": {"open": ["closed"]}},
        {"type": "format", "message": "No code.", "field": "code", "regex": "^[A-Z]+$"},
        {"type": "json_schema", "message": "No shape.", "field": "extra", "schema": {"type": "object"}},
        {
            "type": "conditional",
            "message": "Under a condition.",
            "when": 'record.title == "a"',
            "then": {"predicate": "record.price == 1"},
        },
        {"message": "Another title.", "predicate": 'record.title == "z"'},
    ],
}

WORLD: Mapping[str, dict[str, Any]] = {
    "app/app.yaml": {"name": "app", "packages": ["../shop"], "surfaces": {"apis": []}},
    "shop/package.yaml": {"name": "shop", "capabilities": [{"name": "shop:open"}, {"name": "shop:close"}]},
    "shop/thing.object.yaml": THING,
    "shop/club.object.yaml": {
        "name": "club",
        "ownership": "none",
        "tenancy": {"object": "pass", "field": "club"},
        "fields": {},
    },
    "shop/pass.object.yaml": {
        "name": "pass",
        "fields": {"club": {"type": "lookup", "reference": "club"}, "other": {"type": "lookup", "reference": "club"}},
    },
    "shop/ticket.object.yaml": {
        "name": "ticket",
        "fields": {"club": {"type": "lookup", "reference": "club"}, "other": {"type": "lookup", "reference": "club"}},
    },
    "shop/box.object.yaml": {"name": "box", "enable": {"trash": True}, "fields": {"size": {"type": "number"}}},
    "shop/worker.permission.yaml": {
        "name": "worker",
        "objects": {
            "thing": {"allowRead": True, "allowCreate": True, "allowEdit": True},
            "box": {"allowRead": True, "allowEdit": True},
            "club": {"allowRead": True},
        },
        "fields": {"thing.secret": {}},
        "rowLevelSecurity": [{"name": "cheap", "object": "thing", "using": "price != null && price < 5"}],
        "queryBudget": {"rows": 5},
    },
    "shop/boss.permission.yaml": {
        "name": "boss",
        "objects": {"*": {"allowRead": True, "allowCreate": True, "viewAllRecords": True, "modifyAllRecords": True}},
    },
    "shop/anyone.permission.yaml": {"name": "anyone", "objects": {"*": {"allowRead": True}}},
    "shop/side.api.yaml": {
        "name": "side",
        "basePath": "/side",
        "auth": [{"scheme": "api_key_header", "header": "X-Key"}],
        "envelope": "data",
        "errors": "flat",
        "queries": "mapped",
        "idents": "prefixed",
        "pager": {"style": "cursor"},
        "idempotency": {},
        "objects": {"box": {"idPrefix": "box_"}},
        "operations": [
            {
                "id": "list_things",
                "method": "GET",
                "path": "/things",
                "operation": "list",
                "object": "thing",
                "parameters": {"called": {"field": "title"}},
            },
            {"id": "get_thing", "method": "GET", "path": "/things/{id}", "operation": "get", "object": "thing"},
            {"id": "make_thing", "method": "POST", "path": "/things", "operation": "create", "object": "thing"},
        ],
    },
}
"""Files by path. `worker` and `boss` are the sets whose policies are looked at."""

SPOTS: Mapping[type[Declared], tuple[str, Path]] = {
    objects.ObjectDeclaration: ("shop/thing.object.yaml", ()),
    objects.Index: ("shop/thing.object.yaml", ("indexes", 0)),
    objects.ThroughMembership: ("shop/club.object.yaml", ("tenancy",)),
    objects.Access: ("shop/thing.object.yaml", ("access",)),
    objects.FieldGroup: ("shop/thing.object.yaml", ("fieldGroups", 0)),
    objects.Enable: ("shop/thing.object.yaml", ("enable",)),
    objects.SystemFields: ("shop/thing.object.yaml", ("systemFields",)),
    objects.RequiredPermissions: ("shop/thing.object.yaml", ("requiredPermissions",)),
    validation.ScriptRule: ("shop/thing.object.yaml", ("validations", 0)),
    validation.CrossFieldRule: ("shop/thing.object.yaml", ("validations", 1)),
    validation.StateMachineRule: ("shop/thing.object.yaml", ("validations", 2)),
    validation.FormatRule: ("shop/thing.object.yaml", ("validations", 3)),
    validation.JsonSchemaRule: ("shop/thing.object.yaml", ("validations", 4)),
    validation.ConditionalRule: ("shop/thing.object.yaml", ("validations", 5)),
    validation.PredicateRule: ("shop/thing.object.yaml", ("validations", 6)),
    permission.PermissionDeclaration: ("shop/worker.permission.yaml", ()),
    permission.ObjectGrant: ("shop/worker.permission.yaml", ("objects", "box")),
    permission.FieldGrant: ("shop/worker.permission.yaml", ("fields", "thing.secret")),
    permission.RowPolicy: ("shop/worker.permission.yaml", ("rowLevelSecurity", 0)),
    permission.QueryBudget: ("shop/worker.permission.yaml", ("queryBudget",)),
    api.ApiDeclaration: ("shop/side.api.yaml", ()),
    api.AuthScheme: ("shop/side.api.yaml", ("auth", 0)),
    api.Pager: ("shop/side.api.yaml", ("pager",)),
    api.Idempotency: ("shop/side.api.yaml", ("idempotency",)),
    api.ApiObject: ("shop/side.api.yaml", ("objects", "box")),
    api.ApiOperation: ("shop/side.api.yaml", ("operations", 0)),
    api.Parameter: ("shop/side.api.yaml", ("operations", 0, "parameters", "called")),
    package.PackageDeclaration: ("shop/package.yaml", ()),
    package.Capability: ("shop/package.yaml", ("capabilities", 0)),
}
"""Where a Struct stands in the world."""

_RULE: Mapping[str, Any] = {
    "name": "called",
    "message": "Another message.",
    "active": False,
    "events": ["update"],
    "priority": 5000,
    "severity": "warning",
    "discloses": ["secret"],
}

OTHER: Mapping[type[Declared], Mapping[str, Any]] = {
    objects.ObjectDeclaration: {
        "name": "another",
        "label": "Another thing",
        "fields": {"title": {"type": "text"}},
        "indexes": [],
        "sharingModel": "public_read_write",
        "ownership": "none",
        "tenancy": "none",
        "systemFields": False,
        "access": {"default": "private"},
        "requiredPermissions": ["shop:close"],
        "nameField": "code",
        "idPrefix": "t_",
        "searchableFields": ["code"],
        "managedBy": "append-only",
        "apiEnabled": False,
        "apiMethods": ["get"],
        "enable": {"trash": True},
        "validations": [],
    },
    objects.Index: {"fields": ["code"], "unique": True, "name": "by_title"},
    objects.ThroughMembership: {"object": "ticket", "field": "other"},
    objects.Access: {"default": "private"},
    objects.FieldGroup: {"key": "9"},
    objects.Enable: {
        "trackHistory": True,
        "trash": True,
        "searchable": False,
        "clone": False,
        "apiEnabled": False,
        "apiMethods": ["get"],
    },
    objects.SystemFields: {"tenant": False, "audit": False},
    objects.RequiredPermissions: {key: ["shop:close"] for key in ("read", "create", "update", "delete")},
    validation.ScriptRule: {**_RULE, "condition": "record.price == 1"},
    validation.CrossFieldRule: {**_RULE, "condition": "record.cost < record.price", "fields": ["price", "cost"]},
    validation.StateMachineRule: {
        **_RULE,
        "events": ["insert"],
        "field": "title",
        "transitions": {"closed": ["open"]},
        "initialStates": ["closed"],
    },
    validation.FormatRule: {**_RULE, "field": "title", "regex": "^[0-9]+$", "format": "email"},
    validation.JsonSchemaRule: {**_RULE, "field": "title", "schema": {"type": "array"}},
    validation.ConditionalRule: {
        **_RULE,
        "when": 'record.title == "b"',
        "then": {"predicate": "record.price == 0"},
        "otherwise": {"predicate": "record.price == 3"},
    },
    validation.PredicateRule: {**_RULE, "priority": 5, "predicate": "record.price == 3"},
    permission.PermissionDeclaration: {
        "name": "another",
        "active": False,
        "objects": {"thing": {"allowRead": True}},
        "fields": {"thing.title": {"readable": False}},
        "systemPermissions": ["shop:open"],
        "rowLevelSecurity": [],
        "queryBudget": {"rows": 9},
    },
    permission.ObjectGrant: {
        "allowRead": False,
        "allowCreate": True,
        "allowEdit": False,
        "allowDelete": True,
        "allowTransfer": True,
        "allowRestore": True,
        "allowPurge": True,
        "readScope": "org",
        "writeScope": "own_and_reports",
        "viewAllRecords": True,
        "modifyAllRecords": True,
    },
    permission.FieldGrant: {"readable": False, "editable": True},
    permission.RowPolicy: {
        "name": "9",
        "object": "box",
        "operation": "insert",
        "using": "price == null",
        "check": "price == null",
        "positions": ["clerk"],
        "enabled": False,
    },
    permission.QueryBudget: {"rows": 6},
    api.ApiDeclaration: {
        "name": "another",
        "label": "Another side",
        "description": "Another.",
        "version": "2.0.0",
        "basePath": "/another",
        "openapi": "3.1.0",
        "auth": [{"scheme": "bearer"}],
        "envelope": "objectos",
        "errors": "objectos",
        "queries": "objectql",
        "idents": "plain",
        "pager": {"style": "cursor", "limit": "size"},
        "idempotency": {"header": "X-Once"},
        "objects": {"box": {"idPrefix": "another_"}},
        "operations": [],
    },
    api.AuthScheme: {"scheme": "bearer", "header": "X-Other"},
    api.Pager: {"style": "objectql", "limit": "size", "cursor": "from", "defaultLimit": 7, "maxLimit": 9},
    api.Idempotency: {"header": "X-Once"},
    api.ApiObject: {"idPrefix": "another_"},
    api.ApiOperation: {
        "id": "another",
        "method": "POST",
        "path": "/others",
        "summary": "Another summary",
        "operation": "get",
        "handler": "meta.types",
        "object": "box",
        "scopes": ["things"],
        "permission": "shop:open",
        "public": True,
        "parameters": {},
        "search": "words",
    },
    api.Parameter: {"field": "code", "operator": "ne", "required": True, "description": "Another."},
    package.PackageDeclaration: {"name": "another", "dependencies": ["nowhere"], "capabilities": []},
    package.Capability: {"name": "shop:other", "scope": "platform"},
}
"""Another value of each key that acts: what is seen of the app is another then, or it is refused."""

_PRESENTED_RULE: Mapping[str, Any] = {"label": "A rule", "tags": ["money"]}

PRESENTED: Mapping[type[Declared], Mapping[str, Any]] = {
    objects.ObjectDeclaration: {
        "pluralLabel": "Others",
        "description": "Another.",
        "icon": "star",
        "titleFormat": "{{title}}",
        "highlightFields": ["title"],
        "stageField": "state",
        "fieldGroups": [{"key": "other"}],
    },
    objects.FieldGroup: {"label": "A group", "icon": "star", "description": "Another.", "collapse": "collapsed"},
    **{struct: _PRESENTED_RULE for struct in SPOTS if issubclass(struct, validation.RuleOptions)},
    permission.PermissionDeclaration: {"label": "A set", "description": "Another."},
    permission.RowPolicy: {"label": "A policy", "description": "Another.", "tags": ["money"]},
    package.Capability: {"label": "A capability", "description": "Another."},
    package.PackageDeclaration: {"label": "A package", "version": "2.0.0", "description": "Another."},
}
"""Keys that `/meta` serves and faces read, with another value of each."""

SHOWN_IN: Mapping[type[Declared], Mapping[str, str]] = {
    objects.ObjectDeclaration: {
        "maxPageSize": "tests/engine/test_read.py::test_the_page_size_is_bounded_by_the_object",
    },
    permission.PermissionDeclaration: {
        "isDefault": "tests/identity/test_holdings.py::test_a_set_that_is_not_active_gives_nothing_and_a_default_one_needs_no_grant"
    },
    api.Idempotency: {"replayed": "tests/surfaces/test_idempotency.py::test_another_dialect_has_headers_of_its_own"},
}
"""Keys that act only while an app runs, and the test that shows it."""

RUNNING: Mapping[type[Declared], str] = {
    app.AppDeclaration: "tests/identity",
    app.Database: "tests/store",
    app.Auth: "tests/identity",
    app.Cors: "tests/surfaces",
    app.Organizations: "tests/identity",
    sign_in.EnvironmentVariable: "tests/identity",
    sign_in.OidcProvider: "tests/identity",
    sign_in.DeviceClient: "tests/identity",
    app.Surfaces: "tests/surfaces",
    seed.SeedDeclaration: "tests/services",
    email_template.EmailTemplateDeclaration: "tests/services",
    email_template.MailText: "tests/services",
    calendar.CalendarDeclaration: "tests/registry",
    policy_test.PolicyTestDeclaration: "tests/access",
    policy_test.ActingUser: "tests/access",
    policy_test.ActingKey: "tests/access",
    policy_test.ActingShare: "tests/access",
}
"""Structs of which nothing is seen before an app runs, and the room whose tests run it; that each key is read is looked up in the code."""
