"""Changes of declarations as values: an item or a member of it in other words, or none, and what would be lost by that.

An edit turns the document in effect into another one, None for none of its own; what is stored is the delta between that and the package's.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid, NotFound
from fieldstone.kinds.object import OBJECT
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layers.delta import delta_between, same
from fieldstone.registry.layers.members import NAMED_BY, members_of
from fieldstone.registry.layers.overlay import Delta

Document = Mapping[str, Any]

FIELDS = "fields"


class Edited(msgspec.Struct, frozen=True):
    """A declaration as it is and as it is to be: its package's document, that in effect, the one to come; None where there is none."""

    packaged: Document | None
    before: Document | None
    after: Document | None

    @property
    def delta(self) -> Delta | None:
        """What is to be stored; None for nothing."""
        if self.after is None:
            return None
        return delta_between(self.packaged, self.after) or None


Edit = Callable[[Document | None, Document | None], Document | None]
"""Returns the document to come, out of the package's and the one in effect."""


def replacing(item: Document) -> Edit:
    """Returns the edit by which an item is as it is sent; what `/meta` says beside a declaration (`_package`) is no part of it."""
    sent = {key: value for key, value in item.items() if not key.startswith("_")}
    return lambda _packaged, _before: sent


def resetting(packaged: Document | None, _before: Document | None) -> Document | None:
    """The edit by which an item is as its package has it, or not at all."""
    return packaged


def replacing_member(section: str, name: str, member: Document) -> Edit:
    """Returns the edit by which a member of an object is as it is sent; a new one stands last."""

    def edit(_packaged: Document | None, before: Document | None) -> Document | None:
        if before is None:
            return None
        return {**before, section: _with(section, before.get(section), name, _named(section, name, member))}

    return edit


def resetting_member(section: str, name: str) -> Edit:
    """Returns the edit by which a member of an object is as the package has it, or not at all; raises NotFound where it is."""

    def edit(packaged: Document | None, before: Document | None) -> Document | None:
        if before is None:
            return None
        held = _members(section, before.get(section))
        own = _members(section, (packaged or {}).get(section))
        if name not in held and name not in own:
            raise NotFound(f"No `{shown(name)}` in `{section}`.", hint=did_you_mean(name, held))
        if name in held and name in own and same(held[name], own[name]):
            raise NotFound(
                f"`{section}.{shown(name)}` is as its package has it.",
                hint="To take it away, send the object without it.",
            )
        return {**before, section: _with(section, before.get(section), name, own.get(name))}

    return edit


def member_of(item: Document, section: str, name: str) -> Any:
    """Returns a member of an object, None where it has none of that name."""
    return _members(section, item.get(section)).get(name)


def edited(catalog: Catalog, kind: str, name: str, edit: Edit) -> Edited:
    """Returns a declaration with an edit."""
    item = catalog.items.get(kind, {}).get(name)
    packaged, before = catalog.packaged(kind, name), None if item is None else item.document
    return Edited(packaged, before, edit(packaged, before))


def lost(catalog: Catalog, kind: str, name: str, change: Edited) -> list[dict[str, Any]]:
    """Returns what is stored and would not be reached any more, or be read in another way, each with its path and how."""
    if kind != OBJECT.name or change.before is None:
        return []
    if change.after is None:
        return [{"path": name, "message": f"The object `{name}` goes, and its records with it."}]
    stored = frozenset(catalog.objects[name].stored)
    return list(_lost_fields(_mapping(change.before.get(FIELDS)), _mapping(change.after.get(FIELDS)), stored))


def _lost_fields(before: Document, after: Document, stored: frozenset[str]) -> Iterator[dict[str, Any]]:
    renamed = {_mapping(field).get("renamedFrom") for field in after.values()}
    for field_name, field in before.items():
        if field_name not in stored:
            continue
        path = f"{FIELDS}.{field_name}"
        if field_name not in after:
            if field_name not in renamed:
                yield {"path": path, "message": f"The field `{field_name}` goes, and what it holds with it."}
            continue
        was, becomes = _mapping(field).get("type"), _mapping(after[field_name]).get("type")
        if was != becomes:
            message = f"The field `{field_name}` was of type `{was}`, and would be of type `{shown(becomes)}`."
            yield {"path": f"{path}.type", "message": message}


def _members(section: str, value: Any) -> dict[str, Any]:
    if section == FIELDS:
        return dict(_mapping(value))
    members = members_of(section, value or [])
    if members is None:
        message = f"Some of these `{section}` have no name of their own, so that none is changed by its name."
        raise Invalid(message, reason="INVALID_METADATA", hint="Send the whole object.")
    return members


def _with(section: str, value: Any, name: str, member: Document | None) -> Any:
    """Returns a section with a member in the place of the one of its name, None for without it."""
    members = _members(section, value) | {name: member}
    left = {key: each for key, each in members.items() if each is not None}
    return left if section == FIELDS else list(left.values())


def _named(section: str, name: str, member: Document) -> Document:
    """Returns a member with its name in it, where it stands in a list; raises Invalid where it says another."""
    if section == FIELDS:
        return member
    key = NAMED_BY[section][0]
    if member.get(key, name) != name:
        message = f"The path says `{shown(name)}`, the item `{shown(member[key])}`."
        raise Invalid(message, reason="INVALID_METADATA", path=key)
    return {key: name, **member}


def _mapping(value: Any) -> Document:
    return value if isinstance(value, Mapping) else {}
