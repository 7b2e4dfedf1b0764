"""Metadata as somebody may know it: the declarations, cut to a caller's rights (contract 8.1).

An object that he has no right on is left out, and so is every field that he may neither read nor write; so is an action that he may not
call, and a flow that he may not start. Declarations of other kinds are for administrators. Refuses unknown kinds and names: what he may not
know of is unknown.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fieldstone.access.actions import known_params, lacking
from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Action
from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.declaration import Kind
from fieldstone.kinds.fields.summary import SummaryOptions
from fieldstone.kinds.table import KINDS, TOLD
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.registry.catalog import Action as DeclaredAction
from fieldstone.registry.catalog import Catalog, Item, Object
from fieldstone.registry.named_fields import title_fields
from fieldstone.services.field_names import cut_computed, cut_field
from fieldstone.services.known_actions import KnownAction, cut_action
from fieldstone.services.known_flows import cut_flow, may_start

ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete", "restore")
_OPEN_KINDS = frozenset({"object", "action", "flow"})
_NAMING_ONE = ("nameField", "stageField")
_NAMING_SEVERAL = ("searchableFields", "highlightFields")
_NAMING_FIELDS = frozenset({"indexes", "titleFormat", "validations", *_NAMING_ONE, *_NAMING_SEVERAL})
"""Keys of an object that name fields, beside the fields themselves: left out when nothing of them may be known."""


_NAMING_INPUTS = frozenset({"expression", "discloses"})
"""Keys of a formula that name fields."""


class TypeEntry(msgspec.Struct, rename="camel"):
    """A kind of declaration."""

    type: str
    label: str
    description: str
    file_patterns: list[str]


class KnownObject(msgspec.Struct, frozen=True, eq=False):
    """An object as a caller may know it: what he may do with it, and the fields that each of that may name."""

    object: Object
    actions: frozenset[Action]
    readable: frozenset[str]
    creatable: frozenset[str]
    updatable: frozenset[str]
    masked: frozenset[str] = frozenset()
    """The readable fields that he is shown in part."""

    @property
    def fields(self) -> frozenset[str]:
        """Every field that he may know of."""
        return self.readable | self.creatable | self.updatable


class Meta:
    """Shows the declarations of one catalog; holders of a set of `administrators` see all kinds."""

    def __init__(self, catalog: Catalog, policies: Policies, administrators: frozenset[str]) -> None:
        """Takes the catalog, its policies and the names of the administrators' permission sets."""
        self._catalog = catalog
        self._policies = policies
        self._administrators = administrators

    def objects(self, caller: Caller) -> list[KnownObject]:
        """Returns the objects that a caller has any right on, in the catalog's order."""
        known = (self._known(caller, declared) for declared in self._catalog.objects.values())
        return [item for item in known if item.actions]

    def actions(self, caller: Caller) -> list[KnownAction]:
        """Returns the actions that a caller may call, in the catalog's order."""
        known = (self._callable(caller, action) for action in self._catalog.actions.values())
        return [item for item in known if item is not None]

    def types(self, caller: Caller) -> list[TypeEntry]:
        """Returns the kinds whose declarations a caller may see."""
        return [
            TypeEntry(kind.name, kind.name.replace("_", " ").capitalize(), kind.summary, [_pattern(kind)])
            for kind in TOLD.values()
            if self._shows(caller, kind.name)
        ]

    def kind(self, caller: Caller, sent: str) -> str:
        """Returns the kind of a name, singular or plural; raises Invalid for a near miss, NotFound for any other."""
        visible = {kind.name: kind.plural for kind in TOLD.values() if self._shows(caller, kind.name)}
        for name, plural in visible.items():
            if sent in (name, plural):
                return name
        near = nearest(sent, [*visible, *visible.values()])
        if near is not None:
            raise Invalid(f"No type `{shown(sent)}`.", reason="INVALID_QUERY", hint=f"Did you mean `{near}`?")
        raise NotFound(f"No type `{shown(sent)}`.")

    def items(self, caller: Caller, kind: str, package: str | None = None) -> list[dict[str, Any]]:
        """Returns the declarations of a kind, of one package where it is named."""
        items = self._catalog.items.get(kind, {}).values()
        shown_items = (self._shown(caller, item) for item in items if package in (None, item.package))
        return [item for item in shown_items if item is not None]

    def item(self, caller: Caller, kind: str, name: str) -> dict[str, Any]:
        """Returns one declaration; raises NotFound."""
        items = self._catalog.items.get(kind, {})
        item = items.get(name) or _only([each for each in items.values() if each.document["name"] == name])
        document = None if item is None else self._shown(caller, item)
        if document is None:
            names = [shown_item["name"] for shown_item in self.items(caller, kind)]
            raise NotFound(f"No {kind} `{shown(name)}`.", hint=did_you_mean(name, names))
        return document

    def _shows(self, caller: Caller, kind: str) -> bool:
        return kind in _OPEN_KINDS or self._administers(caller)

    def _known(self, caller: Caller, declared: Object) -> KnownObject:
        policies = {action: self._policies.policy(caller, declared.name, action) for action in ACTIONS}
        return KnownObject(
            object=declared,
            actions=frozenset(action for action, policy in policies.items() if policy.allowed),
            readable=policies["read"].readable,
            creatable=policies["create"].writable,
            updatable=policies["update"].writable,
            masked=frozenset(policies["read"].shape.masks),
        )

    def _callable(self, caller: Caller, action: DeclaredAction) -> KnownAction | None:
        """Returns an action as a caller may know it; None when he may not call it, or has no right on its object."""
        known = None if action.object is None else self._known(caller, self._catalog.objects[action.object])
        lacks = lacking(self._catalog, caller, action.declaration.required_permissions)
        if (known is not None and not known.actions) or lacks is not None:
            return None
        fields = frozenset[str]() if known is None else known.fields
        return KnownAction(action, known_params(self._policies, caller, action), fields)

    def _administers(self, caller: Caller) -> bool:
        return caller.system or not self._administrators.isdisjoint(caller.sets)

    def _readable_through(self, caller: Caller, subject: Object, name: str) -> frozenset[str]:
        """Returns the fields that a caller reads of the object to which a field points, or over which it is computed; none without one."""
        field = subject.fields[name]
        operations = field.declaration.summary_operations if isinstance(field.declaration, SummaryOptions) else None
        target = field.reference if operations is None else operations.object
        return frozenset() if target is None else self._policies.policy(caller, target, "read").readable

    def _cut(self, caller: Caller, known: KnownObject, name: str, field: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the document of a field without what it names that a caller may not know of."""
        through = self._readable_through(caller, known.object, name)
        declaration = known.object.fields[name].declaration
        return cut_field(cut_computed(field, declaration, known.fields, through), known.object, known.fields, through)

    def _shown(self, caller: Caller, item: Item) -> dict[str, Any] | None:
        """Returns a declaration's document with its package beside it; None when the caller may not know of it."""
        if not self._shows(caller, item.kind):
            return None
        document = dict(item.document)
        if item.kind == "object":
            known = self._known(caller, self._catalog.objects[item.name])
            if not known.actions:
                return None
            document = {key: value for key, value in document.items() if key not in _NAMING_FIELDS} | _masked(
                document, known
            )
            document["fields"] = {
                name: self._cut(caller, known, name, field) for name, field in document["fields"].items()
            }
        if item.kind == "action" and not self._administers(caller):
            called = self._callable(caller, self._catalog.actions[item.name])
            if called is None:
                return None
            document = cut_action(document, called)
        if item.kind == "flow" and not self._administers(caller):
            if not may_start(self._catalog, caller, self._catalog.flows[item.name]):
                return None
            document = cut_flow(document, lambda name: bool(self._known(caller, self._catalog.objects[name]).actions))
        return document | {"_package": self._package(item.package)}

    def _package(self, name: str) -> dict[str, Any]:
        """Returns which package a declaration comes with; the platform's own has no version."""
        declared = self._catalog.packages.get(name)
        if declared is None:
            return {"id": name, "version": None}
        told = {"label": declared.label, "description": declared.description}
        return {"id": name, "version": declared.version} | {key: text for key, text in told.items() if text is not None}


def _only(items: list[Item]) -> Item | None:
    return items[0] if len(items) == 1 else None


def _pattern(kind: Kind) -> str:
    return f"**/*.{kind.name}.yaml" if kind.name in KINDS else "**/package.yaml"


def _masked(document: Mapping[str, Any], known: KnownObject) -> dict[str, Any]:
    """Returns those keys of an object's document that name fields, without the fields that are hidden and what looks at them."""
    declared = known.object.declaration.fields
    hidden = declared.keys() - known.fields
    veiled = {path for path, read in known.object.looks_at.items() if not read <= known.fields}
    masked: dict[str, Any] = {
        "fields": {
            name: {
                key: value for key, value in _masked_field(name, field, known) if ("fields", name, key) not in veiled
            }
            for name, field in document["fields"].items()
            if name not in hidden
        }
    }
    rules = [rule for at, rule in enumerate(document.get("validations", ())) if ("validations", at) not in veiled]
    if rules:
        masked["validations"] = rules
    indexes = [index for index in document.get("indexes", ()) if hidden.isdisjoint(index["fields"])]
    if indexes:
        masked["indexes"] = indexes
    masked |= {key: document[key] for key in _NAMING_ONE if document.get(key) not in hidden | {None}}
    for key in _NAMING_SEVERAL:
        if seen := [name for name in document.get(key, ()) if name not in hidden]:
            masked[key] = seen
    if "titleFormat" in document and hidden.isdisjoint(title_fields(document["titleFormat"])):
        masked["titleFormat"] = document["titleFormat"]
    return masked


def _masked_field(name: str, field: Mapping[str, Any], known: KnownObject) -> Iterable[tuple[str, Any]]:
    """Returns the keys of a field's document; of a formula only what it returns where its expression names a field that is hidden."""
    formula = known.object.fields[name].shape.formula
    named = set() if formula is None else {*formula.inputs, *field.get("discloses", ())}
    if named <= known.fields:
        return field.items()
    return ((key, value) for key, value in field.items() if key not in _NAMING_INPUTS)
