"""What a path below `/meta` names: a declaration by its type, or a part of an object by the object's own name (contract 8.4).

A type goes before an object of the same name. Refuses what is neither, with the nearest name.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.action import ACTION
from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.table import TOLD
from fieldstone.kinds.view import VIEW
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.members import NAMED_BY, member_name
from fieldstone.registry.references.mention import MEMBERS

LIST_VIEWS = "listViews"
"""The views of an object that show several records."""

OWN_KINDS: Mapping[str, str] = {"actions": ACTION.name, "views": VIEW.name, LIST_VIEWS: VIEW.name}
"""The parts of an object that are declarations of their own, which bear its name before theirs."""

TYPE_NAMES: Mapping[str, str] = {each: kind.name for kind in TOLD.values() for each in (kind.plural, kind.name)}
"""The types by all that they are called."""


class Address(msgspec.Struct, frozen=True):
    """A declaration by its kind and name; with a `section`, that member of the object."""

    kind: str
    name: str
    section: str | None = None
    member: str = ""


def item_address(sent: str, name: str) -> Address:
    """Returns the address of an item; raises Invalid for a type that is nearly right, NotFound for any other."""
    kind = TYPE_NAMES.get(sent)
    if kind is None:
        near = nearest(sent, TYPE_NAMES)
        if near is not None:
            raise Invalid(f"No type `{shown(sent)}`.", reason="INVALID_QUERY", hint=f"Did you mean `{near}`?")
        raise NotFound(f"No type `{shown(sent)}`.")
    return Address(kind, name)


def section_address(catalog: Catalog, sent: str, section: str, name: str) -> Address:
    """Returns the address of a member of an object, or of a declaration that bears an object's name before its own."""
    if sent in TYPE_NAMES:
        return Address(TYPE_NAMES[sent], f"{section}.{name}")
    if sent not in catalog.objects:
        return item_address(sent, name)
    if section in OWN_KINDS:
        return Address(OWN_KINDS[section], f"{sent}.{name}")
    if section not in MEMBERS:
        sections = (*MEMBERS, *OWN_KINDS)
        hint = did_you_mean(section, sections) or f"There are {', '.join(f'`{each}`' for each in sections)}."
        raise Invalid(f"An object has no `{shown(section)}`.", reason="INVALID_QUERY", hint=hint)
    return Address(OBJECT.name, sent, section, name)


def named_members(document: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Returns the members of a part of an object by name, those that have one."""
    held = document.get(section, ())
    if isinstance(held, Mapping):
        return dict(held)
    named = ((member_name(NAMED_BY[section], member), member) for member in held)
    return {name: member for name, member in named if name is not None}
