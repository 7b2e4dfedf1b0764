"""Metadata as somebody may know it: the declarations, cut to a caller's rights (contract 8.1).

An object that he has no right on is left out, and so is every field that he may neither read nor write; so is an action that he may not
call, a flow that he may not start, and a view, a dashboard or an app that has nothing to show him. Declarations of other kinds are for
administrators. Refuses unknown kinds and names: what he may not know of is unknown.
"""

from functools import cached_property
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.access.policies import Policies
from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.declaration import Kind
from fieldstone.kinds.table import KINDS, TOLD
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.registry.catalog import Catalog, Item
from fieldstone.registry.references.index import References, references_in
from fieldstone.registry.references.mention import Target
from fieldstone.services.meta.addresses import (
    LIST_VIEWS,
    TYPE_NAMES,
    Address,
    item_address,
    named_members,
    section_address,
)
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.known_actions import KnownAction
from fieldstone.services.meta.known_objects import KnownObject
from fieldstone.services.meta.layers import Layers, layers_of
from fieldstone.services.meta.references import Reference, references_to
from fieldstone.services.meta.sight import Sight
from fieldstone.services.meta.told import is_told, told_of
from fieldstone.services.meta.translating import Languages, Translating


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
        self._translating = Translating(catalog)
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

    def items(
        self, caller: Caller, kind: str, package: str | None = None, languages: Languages = ()
    ) -> list[dict[str, Any]]:
        """Returns the declarations of a kind, of one package where it is named, in the first of some languages that is there."""
        items = self._catalog.items.get(kind, {}).values()
        shown_items = (self._shown(caller, item, languages) for item in items if package in (None, item.package))
        return [item for item in shown_items if item is not None]

    def item(self, caller: Caller, kind: str, name: str, languages: Languages = ()) -> dict[str, Any]:
        """Returns one declaration; raises NotFound."""
        return self._found(caller, kind, name, languages)[1]

    def member(self, caller: Caller, sent: str, section: str, name: str, languages: Languages = ()) -> dict[str, Any]:
        """Returns a member of an object, or a declaration that bears an object's name before its own; raises NotFound, Invalid."""
        told = self._member(caller, self._address(caller, sent, section, name), languages)
        if section == LIST_VIEWS and told.get("type") == "form":
            raise NotFound(f"`{shown(name)}` is a form.", hint="Ask for it among the `views`.")
        return told

    def references(self, caller: Caller, kind: str, name: str) -> list[Reference]:
        """Returns who names a declaration; raises NotFound."""
        item, _ = self._found(caller, kind, name)
        return references_to(self._sight, caller, self._references, Target(kind, item.name))

    def member_references(self, caller: Caller, sent: str, section: str, name: str) -> list[Reference]:
        """Returns who names what `member` returns; raises NotFound, Invalid."""
        address = self._address(caller, sent, section, name)
        self._member(caller, address)
        target = Target(address.kind, address.name, address.section or "", address.member)
        return references_to(self._sight, caller, self._references, target)

    def layers(self, caller: Caller, sent: str, name: str) -> Layers:
        """Returns a declaration whole, by its layers, to whoever may change it; raises PermissionDenied, NotFound, Invalid."""
        self._authority.require_writer(self._catalog, caller)
        return layers_of(self._catalog, item_address(sent, name).kind, name)

    @cached_property
    def _references(self) -> References:
        return references_in(self._catalog)

    def _address(self, caller: Caller, sent: str, section: str, name: str) -> Address:
        if sent in TYPE_NAMES or sent not in self._catalog.objects or not self._sight.knows(caller, sent):
            return Address(self.kind(caller, sent), f"{section}.{name}")
        return section_address(self._catalog, sent, section, name)

    def _member(self, caller: Caller, address: Address, languages: Languages = ()) -> dict[str, Any]:
        _, told = self._found(caller, address.kind, address.name, languages)
        if not address.section:
            return told
        members = named_members(told, address.section)
        if address.member not in members:
            hint = did_you_mean(address.member, members)
            raise NotFound(f"No `{shown(address.member)}` in `{address.section}` of `{address.name}`.", hint=hint)
        member: dict[str, Any] = members[address.member]
        return member

    def _found(self, caller: Caller, kind: str, name: str, languages: Languages = ()) -> tuple[Item, dict[str, Any]]:
        """Returns a declaration with what the caller is told of it; raises NotFound."""
        items = self._catalog.items.get(kind, {})
        item = items.get(name) or _only([each for each in items.values() if each.document["name"] == name])
        document = None if item is None else self._shown(caller, item, languages)
        if item is None or document is None:
            known = [each for each in items.values() if self._shown(caller, each) is not None]
            names = [*(each.document["name"] for each in known), *(each.name for each in known)]
            raise NotFound(f"No {kind} `{shown(name)}`.", hint=did_you_mean(name, names))
        return item, document

    def _shown(self, caller: Caller, item: Item, languages: Languages = ()) -> dict[str, Any] | None:
        """Returns a declaration's document with its package beside it; None when the caller may not know of it."""
        document = told_of(self._sight, caller, item)
        if document is None:
            return None
        return self._translating.document(item, document, languages) | {"_package": self._package(item.package)}

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
