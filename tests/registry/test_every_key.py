"""Every key of every declared Struct acts: another value of it is another app, or it is refused; a key that only faces read is served.

`key_world.py` has the app, and another value of each key; a key that is nowhere there is red, and so is one that nothing reads.
Fields have a test of their own, `test_field_keys.py`.
"""

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import yaml

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.access.capabilities import capabilities
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action
from fieldstone.app_catalog import DIALECT_PARTS
from fieldstone.engine.rules import judge
from fieldstone.errors import DeclarationError
from fieldstone.flows.hooks import declared_hooks
from fieldstone.flows.steps.table import STEP_KINDS
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.package import PackageDeclaration
from fieldstone.kinds.table import KINDS
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Action as DeclaredAction
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.registry.load import load_app
from fieldstone.registry.validations.rule import RECORD
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.items import Meta
from fieldstone.store.dialects import SqliteDialect
from fieldstone.store.schema import schema_of
from fieldstone.surfaces.openapi.document import openapi_document
from fieldstone.surfaces.rest.acting import ACTION_HANDLERS, BOUND_HANDLERS
from fieldstone.surfaces.rest.bind import bind
from fieldstone.surfaces.rest.check import check_apis
from fieldstone.surfaces.rest.handlers import bind_handlers
from fieldstone.surfaces.rest.native.meta import META_HANDLERS
from fieldstone.surfaces.rest.pagers import page_query
from fieldstone.surfaces.rest.table import Paging
from tests.house.source import ROOT, RUNTIME, modules_in
from tests.registry.declared import PLATFORM
from tests.registry.key_world import OTHER, PRESENTED, RUNNING, SHOWN_IN, SPOTS, WORLD

Struct = type[Declared]

ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete", "restore", "purge")
SETS = (frozenset({"worker"}), frozenset({"boss"}), frozenset({"anyone"}))
NOW = "2026-03-06T12:00:00.000Z"
RECORDS: tuple[Mapping[str, Any], ...] = (
    {"title": "a", "price": 0, "cost": 1, "state": "open", "code": "AB", "extra": {}},
    {"title": "b", "price": 1, "cost": 0, "state": "closed", "code": "12", "extra": []},
    {"title": "", "price": 2, "cost": 2, "state": "open", "code": "a@b.org", "extra": 5},
    {"title": "c", "price": 3, "cost": None, "state": "closed", "code": None, "extra": None},
)
"""Records that some rule refuses and another takes."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is seen of the world as it is."""
    found = seen(tmp_path_factory.mktemp("plain"), WORLD)
    assert len(found[0]) > 1, found
    return found


@pytest.fixture(scope="module")
def told_of_the_plain(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `/meta` tells of the world as it is."""
    return served(tmp_path_factory.mktemp("told"), WORLD)


def structs() -> Iterator[Struct]:
    """Yields every declared Struct but those of fields."""
    roots: list[Any] = [AppDeclaration, PackageDeclaration, *(form for kind in KINDS.values() for form in kind.structs)]
    seen: dict[type, None] = {}

    def visit(kind: Any) -> None:
        info = msgspec.inspect.type_info(kind) if isinstance(kind, type) else kind
        match info:
            case msgspec.inspect.StructType(cls=cls, fields=fields) if cls not in seen:
                if not issubclass(cls, FieldOptions):
                    seen[cls] = None
                    for field in fields:
                        visit(field.type)
            case msgspec.inspect.UnionType(types=types):
                for member in types:
                    visit(member)
            case msgspec.inspect.VarTupleType(item_type=inner) | msgspec.inspect.DictType(value_type=inner):
                visit(inner)
            case msgspec.inspect.Metadata(type=inner):
                visit(inner)

    for root in roots:
        visit(root)
    return iter(cast("dict[Struct, None]", seen))


def keys_of(struct: Struct) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def cases(*tables: Mapping[Struct, Mapping[str, Any]]) -> list[Any]:
    """Returns the keys of every Struct of the world that are in none of some tables."""
    return [
        pytest.param(struct, key, id=f"{struct.__name__}.{key}")
        for struct in SPOTS
        for key in keys_of(struct)
        if not any(key in table.get(struct, {}) for table in tables)
    ]


@pytest.mark.parametrize(("struct", "key"), cases(PRESENTED, SHOWN_IN))
def test_another_value_of_a_key_is_another_app_or_refused(tmp_path: Path, plain: Any, struct: Struct, key: str) -> None:
    acts = seen(tmp_path, changed(struct, key, OTHER[struct][key])) != plain
    assert acts, f"nothing is another with another `{key}`"


@pytest.mark.parametrize(("struct", "key"), cases(OTHER, SHOWN_IN))
def test_a_key_for_faces_is_served_and_does_nothing_else(tmp_path: Path, plain: Any, struct: Struct, key: str) -> None:
    world = changed(struct, key, PRESENTED[struct][key])
    idle, told = seen(tmp_path, world) == plain, served(tmp_path, world) != told_of_the_plain
    assert (idle, told) == (True, True)


def test_every_declared_struct_is_looked_at() -> None:
    assert {*SPOTS, *RUNNING} == set(structs())


def test_what_is_shown_elsewhere_is_shown_there() -> None:
    for keys in SHOWN_IN.values():
        for test in keys.values():
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"There is no {test}"


def test_every_key_is_read_somewhere() -> None:
    read = set(_names_read())
    shown = {(struct, key) for struct, keys in PRESENTED.items() for key in keys}
    unread = [
        f"{struct.__name__}.{field.encode_name}"
        for struct in structs()
        for field in msgspec.structs.fields(struct)
        if field.name not in read and (struct, field.encode_name) not in shown
    ]
    assert unread == []


def _names_read() -> Iterator[str]:
    """Yields the names that the code reads of values, other than where kinds are declared: by a dot, or by `getattr`."""
    for module in modules_in(RUNTIME).values():
        nodes = [] if "kinds" in module.path.parts else list(ast.walk(module.tree))
        by_name = any(isinstance(node, ast.Name) and node.id == "getattr" for node in nodes)
        for node in nodes:
            match node:
                case ast.Attribute(attr=name, ctx=ast.Load()):
                    yield name
                case ast.Constant(value=str(name)) if by_name:
                    yield name


def changed(struct: Struct, key: str, value: Any) -> dict[str, dict[str, Any]]:
    """Returns the world with another value of one key."""
    file, path = SPOTS[struct]
    world = deepcopy(dict(WORLD))
    spot: Any = world[file]
    for step in path:
        spot = spot[step]
    spot[key] = value
    return world


def load(folder: Path, world: Mapping[str, Mapping[str, Any]]) -> Catalog:
    """Returns the catalog of a world; raises DeclarationError."""
    for name, text in PLATFORM.items():
        _write(folder / name, text)
    for name, document in world.items():
        _write(folder / name, yaml.safe_dump(dict(document), sort_keys=False))
    catalog = load_app(folder / "app", parts=DIALECT_PARTS, cache=None, platform=folder / "metadata", steps=STEP_KINDS)
    if faults := check_apis(catalog):
        raise DeclarationError(faults)
    return catalog


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def seen(folder: Path, world: Mapping[str, Mapping[str, Any]]) -> Any:
    """Returns all that is seen of an app before it runs, or what is wrong with it."""
    try:
        catalog = load(folder, world)
    except DeclarationError as error:
        return [fault.message for fault in error.faults]
    policies = Policies(catalog)
    return [
        [
            str(schema_of(subject, SqliteDialect()))
            for subject in (*catalog.objects.values(), *catalog.histories.values())
        ],
        [
            repr(policies.policy(Caller(sets, {}), name, action))
            for sets in SETS
            for name in catalog.objects
            for action in ACTIONS
        ],
        [repr(policies.export(Caller(sets, {}), name)) for sets in SETS for name in catalog.objects],
        [sorted(capabilities(catalog, sets)) for sets in SETS],
        [_judged(subject) for subject in catalog.objects.values()],
        [_surface(catalog, policies, name) for name in catalog.apis],
        [_action(action) for action in catalog.actions.values()],
        [(hook.name, hook.event, hook.object, _ran(hook.name, catalog)) for hook in declared_hooks(catalog)],
    ]


def _judged(subject: Object) -> list[Any]:
    """Returns what the rules of an object say of records, and of each as a change of each."""
    verdicts = [
        judge(subject, SYSTEM, NOW, record, previous)
        for record in RECORDS
        for previous in (None, *RECORDS)
        if subject.fields.keys() >= record.keys()
    ]
    known = frozenset({*subject.fields, RECORD})
    return [(verdict.faults(known), verdict.remarks(known)) for verdict in verdicts]


def _ran(name: str, catalog: Catalog) -> Any:
    """Returns what a hook says of records, and in what order it stands."""
    found = next(hook for hook in catalog.hooks if hook.name == name)
    told = [None if found.condition is None else found.condition({"record": record}) for record in RECORDS]
    return told, found.declaration.priority, None if found.steps is None else list(found.steps.nodes)


def _action(action: DeclaredAction) -> Any:
    """Returns what an action asks of a call, and what it says of records."""
    activations = [
        {"record": record, "input": dict.fromkeys(action.params, "yes"), "current_user": {}} for record in RECORDS
    ]
    calls = [
        (action.disabled(activation), None if action.compute is None else action.compute(activation))
        for activation in activations
    ]
    return action.key, action.needs_record, calls


def _surface(catalog: Catalog, policies: Policies, name: str) -> Any:
    """Returns what a surface looks like from outside."""
    meta = Meta(catalog, policies, Authority(str, frozenset({"boss"})))
    calling = bind_handlers({**ACTION_HANDLERS, **BOUND_HANDLERS}, None)
    table = bind(catalog.apis[name], catalog, {**bind_handlers(META_HANDLERS, meta), **calling})
    routes = [
        (route.template, route.body, sorted(route.scopes), sorted(route.holders or ()), route.limit)
        for route in table.routes
    ]
    faces = {
        name: (face.codec.shown("X"), sorted(face.operations), face.location)
        for name, face in table.dialect.objects.items()
    }
    pages = [
        page_query(table.dialect.api.pager, paging, QueryDocument()).limit for paging in (Paging(), Paging(limit=5000))
    ]
    credentials = [(scheme.scheme, scheme.header) for scheme, _ in table.dialect.auth]
    callers = (Caller(sets, {}) for sets in SETS)
    documents = [openapi_document(table, meta.objects(caller), meta.actions(caller)) for caller in callers]
    return documents, routes, faces, pages, credentials


def served(folder: Path, world: Mapping[str, Mapping[str, Any]]) -> Any:
    """Returns what `/meta` tells an administrator of all declarations."""
    catalog = load(folder, world)
    meta = Meta(catalog, Policies(catalog), Authority(str, frozenset({"boss"})))
    caller = Caller(SETS[1], {})
    return [meta.items(caller, kind) for kind in catalog.items]
