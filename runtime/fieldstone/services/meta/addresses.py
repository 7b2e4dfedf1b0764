"""What a path below `/meta` names when it is changed: a declaration by its type, or a part of an object by the object's own name.

A type goes before an object of the same name. Refuses what is neither, with the nearest name.
"""

from collections.abc import Mapping

import msgspec

from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.table import TOLD
from fieldstone.query.names import did_you_mean, nearest, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.services.meta.edits import MEMBERS, OWN_KINDS

_NAMES: Mapping[str, str] = {each: kind.name for kind in TOLD.values() for each in (kind.plural, kind.name)}
"""The types by all that they are called."""


class Address(msgspec.Struct, frozen=True):
    """A declaration by its kind and name; with a `section`, that member of the object."""

    kind: str
    name: str
    section: str | None = None
    member: str = ""


def item_address(sent: str, name: str) -> Address:
    """Returns the address of an item; raises Invalid for a type that is nearly right, NotFound for any other."""
    kind = _NAMES.get(sent)
    if kind is None:
        near = nearest(sent, _NAMES)
        if near is not None:
            raise Invalid(f"No type `{shown(sent)}`.", reason="INVALID_QUERY", hint=f"Did you mean `{near}`?")
        raise NotFound(f"No type `{shown(sent)}`.")
    return Address(kind, name)


def section_address(catalog: Catalog, sent: str, section: str, name: str) -> Address:
    """Returns the address of a member of an object, or of a declaration that bears an object's name before its own."""
    if sent in _NAMES:
        return Address(_NAMES[sent], f"{section}.{name}")
    if sent not in catalog.objects:
        return item_address(sent, name)
    if section in OWN_KINDS:
        return Address(OWN_KINDS[section], f"{sent}.{name}")
    if section not in MEMBERS:
        sections = (*MEMBERS, *OWN_KINDS)
        hint = did_you_mean(section, sections) or f"There are {', '.join(f'`{each}`' for each in sections)}."
        raise Invalid(f"An object has no `{shown(section)}`.", reason="INVALID_QUERY", hint=hint)
    return Address(OBJECT.name, sent, section, name)
