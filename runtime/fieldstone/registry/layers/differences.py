"""What is different between two documents, for people: one line for each value, by its path."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.registry.layers.delta import same
from fieldstone.registry.layers.members import members_of


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value that is not what it was; without `before` it is new, without `after` it is gone."""

    path: str
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Returns what is different, in the order of what was before; None is a document that is not there."""
    return list(_inside("", before or {}, after or {}))


def _inside(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        inner = f"{path}.{name}" if path else name
        old, new = before.get(name, msgspec.UNSET), after.get(name, msgspec.UNSET)
        old_members, new_members = _members(name, old), _members(name, new)
        if old_members is not None and new_members is not None:
            yield from _inside(inner, old_members, new_members)
        elif old is msgspec.UNSET or new is msgspec.UNSET or not same(old, new):
            yield Difference(inner, old, new)


def _members(key: str, value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else members_of(key, value)
