"""Metadata as somebody may know it: the declarations, cut to a caller's rights (contract 8.1).

An object that he has no right on is left out, and so is every field that he may neither read nor write; so is an action that he may not
call, a flow that he may not start, and a view, a dashboard or an app that has nothing to show him. Declarations of other kinds are for
administrators. Refuses unknown kinds and names: what he may not know of is unknown.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.declaration import Kind
from fieldstone.kinds.table import KINDS, TOLD
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.services.meta.addresses import item_address
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.known_actions import KnownAction
from fieldstone.services.meta.known_objects import KnownObject
from fieldstone.services.meta.layers import Layers, layers_of
from fieldstone.services.meta.sight import Sight
from fieldstone.services.meta.told import is_told, told_of


class TypeEntry(msgspec.Struct, rename="camel"):
    """A kind of declaration."""

    type: str
    label: str
    description: str
    file_patterns: list[str]


class Meta:
    """Shows the declarations of one catalog; administrators see all kinds, and whoever may change them their layers."""

    def __init__(self, catalog: Catalog, policies: Policies, authority: Authority) -> None:
        """Takes the catalog, its policies and who has which authority over it."""
        self._catalog = catalog
        self._authority = authority
        self._sight = Sight(catalog, policies, authority.administrators)

    def objects(self, caller: Caller) -> list[KnownObject]:
        """Returns the objects that a caller has any right on, in the catalog's order."""
        return self._sight.objects(caller)

    def actions(self, caller: Caller) -> list[KnownAction]:
        """Returns the actions that a caller may call, in the catalog's order."""
        return self._sight.actions(caller)

    def types(self, caller: Caller) -> list[TypeEntry]:
        """Returns the kinds whose declarations a caller may see."""
        return [
            TypeEntry(kind.name, kind.name.replace("_", " ").capitalize(), kind.summary, [_pattern(kind)])
            for kind in TOLD.values()
            if is_told(self._sight, caller, kind.name)
        ]

    def kind(self, caller: Caller, sent: str) -> str:
        """Returns the kind of a name, singular or plural; raises Invalid for a near miss, NotFound for any other."""
        visible = {kind.name: kind.plural for kind in TOLD.values() if is_told(self._sight, caller, kind.name)}
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

    def layers(self, caller: Caller, sent: str, name: str) -> Layers:
        """Returns a declaration whole, by its layers, to whoever may change it; raises PermissionDenied, NotFound, Invalid."""
        self._authority.require_writer(self._catalog, caller)
        return layers_of(self._catalog, item_address(sent, name).kind, name)

    def _shown(self, caller: Caller, item: Item) -> dict[str, Any] | None:
        """Returns a declaration's document with its package beside it; None when the caller may not know of it."""
        document = told_of(self._sight, caller, item)
        return None if document is None else document | {"_package": self._package(item.package)}

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
