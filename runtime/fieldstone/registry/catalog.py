"""The Catalog: all declarations, checked, linked and frozen. Whoever holds one never has to look anything up twice.

Objects here carry their system fields and know who refers to them; row policies are compiled filters. A Catalog never
changes: a new set of declarations makes a new one.
"""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from fieldstone.errors import Place
from fieldstone.kinds.action import ActionDeclaration
from fieldstone.kinds.api import ApiDeclaration
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.email_template import EmailTemplateDeclaration
from fieldstone.kinds.fields.autonumber import NumberFormat
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader
from fieldstone.kinds.hook import HookDeclaration
from fieldstone.kinds.object import Method, ObjectDeclaration
from fieldstone.kinds.package import Capability, PackageDeclaration
from fieldstone.kinds.permission import PermissionDeclaration
from fieldstone.kinds.seed import SeedDeclaration
from fieldstone.query.ast import Filter
from fieldstone.query.formula import Formula
from fieldstone.query.masking import Masking
from fieldstone.query.storage import FieldShape, ObjectShape
from fieldstone.registry.flows.graph import Graph
from fieldstone.registry.handlers import Handler, Handlers
from fieldstone.registry.layers.overlay import Layered, Overlays
from fieldstone.registry.policy_test import PolicyTest
from fieldstone.registry.source import Spot
from fieldstone.registry.validations.rule import Validations
from fieldstone.registry.wording import Wordings
from fieldstone.registry.working_time import WorkingTime


class Choice(msgspec.Struct, frozen=True, eq=False):
    """Which records a reference may point to: the filter, and what its slots point to from slot 1 on; at slot 0 stand the ids."""

    where: Filter
    values: tuple[Any, ...]


class Field(msgspec.Struct, frozen=True, eq=False):
    """A linked field.

    `reader` turns a sent value into its wire form. `system` fields are never written by a caller; `internal` ones never read by one.
    `delete_behavior` is set on references, `multiple` on those that hold a list of ids; `parent` marks the master of a master_detail.
    `default` computes a default value that is an expression, from the values of an activation; `choice` is set on a reference that may
    not point to every record, `masking` on a text that not every reader is shown whole.
    """

    name: str
    declaration: FieldOptions
    type: FieldType
    shape: FieldShape
    reader: Reader
    place: Place
    label: str
    required: bool = False
    unique: str | None = None
    reference: str | None = None
    delete_behavior: str | None = None
    multiple: bool = False
    parent: bool = False
    default: Callable[[Mapping[str, Any]], Any] | None = None
    masking: Masking | None = None
    choice: Choice | None = None
    system: bool = False
    internal: bool = False


class Numbering(msgspec.Struct, frozen=True, eq=False):
    """An autonumber: its field, its format, and the first count."""

    field: str
    format: NumberFormat
    start: int


class Reference(msgspec.Struct, frozen=True):
    """A field of another object that points here; a `multiple` one holds a list, which may not become empty when it is `required`."""

    object: str
    field: str
    delete_behavior: str
    multiple: bool = False
    required: bool = False


class Object(msgspec.Struct, frozen=True, eq=False):
    """A linked object; `fields` holds system fields first, then the declared ones in their order; those of `stored` have a column.

    `api_enabled` says that surfaces know it, `offered` what the data API offers of it.
    `owned` and `walled` say that it has `owner_id` and `organization_id`. `wall` is the wall around its records as a filter (EVERYTHING for
    `tenancy: none`), `housed` says that it is the organisation's. `parent` is the master_detail field under `controlled_by_parent`.
    `referenced_by` are the fields that have a delete behaviour, `referrers` the objects with all their fields that point here.
    `validations` are there where a record is looked at before it is written; `looks_at` tells which fields the expressions and rules of
    the declaration look at, by their paths in it. `history_of`
    is set on the history of another object (`registry/history.py`). `numbers` are its autonumbers.
    """

    name: str
    declaration: ObjectDeclaration
    fields: Mapping[str, Field]
    stored: tuple[str, ...]
    shape: ObjectShape
    place: Place
    package: str
    label: str
    api_enabled: bool
    offered: tuple[Method, ...]
    sharing_model: str
    owned: bool
    walled: bool
    wall: Filter
    housed: bool
    parent: Field | None = None
    referenced_by: tuple[Reference, ...] = ()
    referrers: Mapping[str, tuple[str, ...]] = {}
    validations: Validations | None = None
    looks_at: Mapping[tuple[str | int, ...], frozenset[str]] = {}
    history_of: str | None = None
    numbers: tuple[Numbering, ...] = ()


class Rollup(msgspec.Struct, frozen=True):
    """One summary: `function` over the `column` (None counts rows) of those children that satisfy `where`, kept in `field` of the parent.

    `scale` is that of an average. `where` binds nothing, and leaves out what is in the trash. `formulas` is what those say that it is
    computed from.
    """

    field: str
    function: str
    column: str | None
    where: Filter
    scale: int = 0
    formulas: tuple[str, ...] = ()


class RollupGroup(msgspec.Struct, frozen=True, eq=False):
    """The summaries of one object that are computed together, over the children that refer to it by one reference.

    A change of one of the `watched` fields of a child, the reference among them, may change them.
    """

    parent: str
    child: str
    reference: str
    rollups: tuple[Rollup, ...]
    watched: frozenset[str]

    @property
    def fields(self) -> frozenset[str]:
        """The names of the summaries."""
        return frozenset(rollup.field for rollup in self.rollups)


class RowRule(msgspec.Struct, frozen=True, eq=False):
    """A compiled row policy of one permission set; `check` is already `using` where the declaration leaves it out.

    `caller_values` names the values of the caller that it looks at.
    """

    name: str
    object: str
    operations: frozenset[str]
    using: Filter
    check: Filter
    caller_values: frozenset[str]
    place: Place


class PermissionSet(msgspec.Struct, frozen=True, eq=False):
    """A linked permission set; `rules` are its enabled row policies by object.

    `caller_values` names the values of its holder that these and its grants look at.
    """

    name: str
    declaration: PermissionDeclaration
    rules: Mapping[str, tuple[RowRule, ...]]
    caller_values: frozenset[str]
    place: Place
    package: str


class Action(msgspec.Struct, frozen=True, eq=False):
    """A linked action; `object` is the object whose records it is about, `params` are its parameters as fields.

    `needs_record` says that it cannot be called without a record. `disabled` tells whether a call is refused. Of
    `compute` (an expression), `handler` and `steps` a script has one.
    `looks_at` tells which fields of the object its expressions for faces look at,
    by their paths in the declaration.
    """

    key: str
    declaration: ActionDeclaration
    object: str | None
    params: Mapping[str, Field]
    needs_record: bool
    disabled: Callable[[Mapping[str, Any]], bool]
    compute: Callable[[Mapping[str, Any]], Any] | None
    handler: Handler | None
    steps: Graph | None
    looks_at: Mapping[tuple[str | int, ...], frozenset[str]]
    place: Place
    package: str

    @property
    def name(self) -> str:
        """The name by which its object, or everybody, knows it."""
        return self.declaration.name


class DeclaredHook(msgspec.Struct, frozen=True, eq=False):
    """A hook of one object: where its `condition` holds (None: always), its `handler` or its `steps`; `formulas` are the object's."""

    name: str
    declaration: HookDeclaration
    object: str
    condition: Callable[[Mapping[str, Any]], bool] | None
    handler: Handler | None
    steps: Graph | None
    formulas: tuple[tuple[str, Formula], ...]
    place: Place
    package: str


class Item(msgspec.Struct, frozen=True, eq=False):
    """Any declaration as it was read, for `/meta`: its plain document and where it stands.

    Rooms above that check more than linking does find the place of a value with `at`.
    """

    kind: str
    name: str
    package: str
    document: Mapping[str, Any]
    place: Place
    spot: Spot

    def at(self, *path: str | int) -> Place:
        """Returns the place of the value at a path in the document, or of the last step of it that is there."""
        return self.spot.find(path).of_value(self.place.file)


class Catalog(msgspec.Struct, frozen=True, eq=False):
    """Everything declared; `version` is a hash over all of it, `files_version` over the files alone.

    `items` is by kind, then name; what a `package.yaml` declares is among them.
    `histories` are the histories of the objects that keep one, by their own names: the store keeps them, and nobody can ask for them.
    `rollups` stand in the order in which they are computed: one over summaries behind those. `actions` are by key,
    `hooks` in the order in which those of one event run.
    `handlers` are what the packages' `handlers.py` hold. `files` are the files' paths within packages, `layered` is what has an overlay,
    by kind and name.
    """

    version: str
    files_version: str
    app: AppDeclaration
    packages: Mapping[str, PackageDeclaration]
    capabilities: Mapping[str, Capability]
    objects: Mapping[str, Object]
    permissions: Mapping[str, PermissionSet]
    apis: Mapping[str, ApiDeclaration]
    seeds: tuple[SeedDeclaration, ...]
    items: Mapping[str, Mapping[str, Item]]
    histories: Mapping[str, Object] = {}
    policy_tests: Mapping[str, PolicyTest] = {}
    email_templates: Mapping[str, EmailTemplateDeclaration] = {}
    calendars: Mapping[str, WorkingTime] = {}
    wordings: Wordings = {}
    rollups: tuple[RollupGroup, ...] = ()
    actions: Mapping[str, Action] = {}
    hooks: tuple[DeclaredHook, ...] = ()
    handlers: Handlers = Handlers()
    files: Mapping[str, str] = {}
    flows: Mapping[str, Graph] = {}
    layered: Mapping[tuple[str, str], Layered] = {}

    @property
    def overlays(self) -> Overlays:
        """What lies over the packages' declarations."""
        return tuple(item.overlay for item in self.layered.values())

    def packaged(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """Returns the document that a package has of a declaration, None where none declares it."""
        if (kind, name) in self.layered:
            return self.layered[kind, name].packaged
        item = self.items.get(kind, {}).get(name)
        return None if item is None else item.document

    def told(self, place: Place) -> str:
        """Returns a place as callers may know it, within its package: where a server keeps its files is nobody's matter."""
        return f"{self.files.get(place.file, PurePath(place.file).name)}:{place.line}" if place.line else place.file
