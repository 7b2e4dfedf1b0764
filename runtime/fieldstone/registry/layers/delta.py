"""Deltas: what is different between two documents, and how that is laid over the first again.

A delta has the form of its document, and holds what is different in it alone. Mappings go together key by key, lists whose members have
names (`members.py`) member by member, as a mapping from name to delta; whatever else is different is there as it is to be, `null` too.
Three marks are no keys of a document: `{$remove: true}` stands where something is taken away, `{$replace: value}` where a value is taken
as it stands, and `$order` beside the members of a mapping or list says their order, where it is not: as before, new ones last.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fieldstone.registry.layers.members import ORDERED, members_of
from fieldstone.registry.layers.overlay import Delta

REMOVE = "$remove"
REPLACE = "$replace"
ORDER = "$order"
MARKS = frozenset({REMOVE, REPLACE, ORDER})

_REMOVED: Mapping[str, Any] = {REMOVE: True}


class _Nothing:
    """Stands where there is no value; `None` is one."""


_NOTHING = _Nothing()


def delta_between(packaged: Mapping[str, Any] | None, effective: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what makes a document of another, or of nothing; empty when they are the same."""
    if packaged is None:
        return dict(_literal(effective))
    if _marked(packaged, effective):
        return {} if _equal(packaged, effective) else {REPLACE: effective}
    return _between_members(packaged, effective, ordered=False)


def merged(packaged: Mapping[str, Any] | None, delta: Delta) -> dict[str, Any]:
    """Returns a document with a delta over it, or the delta over nothing; the inverse of `delta_between`."""
    return dict(_laid("", {} if packaged is None else packaged, delta))


def same(first: Any, second: Any) -> bool:
    """Tells whether two values of documents say the same; the order of keys counts where it is shown."""
    return _between("", first, second) is _NOTHING


def _between(key: str, before: Any, after: Any) -> Any:
    """Returns the delta between the values of a key; `_NOTHING` when there is no difference."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if _marked(before, after):
            return _NOTHING if _equal(before, after) else {REPLACE: after}
        return _between_members(before, after, ordered=key in ORDERED) or _NOTHING
    old, new = members_of(key, before), members_of(key, after)
    if old is not None and new is not None and not isinstance(after, Mapping):
        return _between_members(old, new, ordered=True) or _NOTHING
    if _equal(before, after):
        return _NOTHING
    if isinstance(before, Sequence) and not isinstance(before, str) and isinstance(after, Mapping):
        return {REPLACE: after}
    return _literal(after)


def _between_members(before: Mapping[str, Any], after: Mapping[str, Any], *, ordered: bool) -> dict[str, Any]:
    delta: dict[str, Any] = {}
    for name, value in after.items():
        different = _literal(value) if name not in before else _between(name, before[name], value)
        if different is not _NOTHING:
            delta[name] = different
    delta |= {name: _REMOVED for name in before if name not in after}
    if ordered and _natural(before, delta) != list(after):
        delta[ORDER] = list(after)
    return delta


def _laid(key: str, before: Any, delta: Any) -> Any:
    if not isinstance(delta, Mapping):
        return delta
    if REPLACE in delta:
        return delta[REPLACE]
    members = members_of(key, before)
    if members is not None:
        return list(_laid_members(members, delta).values())
    return _laid_members(before if isinstance(before, Mapping) else {}, delta)


def _laid_members(before: Mapping[str, Any], delta: Delta) -> dict[str, Any]:
    names = _natural(before, delta)
    if ORDER in delta:
        first = [name for name in delta[ORDER] if name in names]
        names = [*first, *(name for name in names if name not in first)]
    return {
        name: _laid(name, before.get(name, _NOTHING), delta[name]) if name in delta else before[name] for name in names
    }


def _marked(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tells whether keys of mappings could be taken for marks."""
    return not (MARKS.isdisjoint(before) and MARKS.isdisjoint(after))


def _natural(before: Iterable[str], delta: Delta) -> list[str]:
    """Returns the names that are left, and behind them the new ones."""
    names = dict.fromkeys([*before, *(name for name in delta if name not in MARKS)])
    return [name for name in names if delta.get(name) != _REMOVED]


def _literal(value: Any) -> Any:
    """Returns a value as a delta has it where nothing was before: what could be taken for marks is marked as it stands."""
    if not isinstance(value, Mapping):
        return value
    return {REPLACE: value} if not MARKS.isdisjoint(value) else {key: _literal(each) for key, each in value.items()}


def _equal(first: Any, second: Any) -> bool:
    """Tells whether two values are equal, `1` and `1.0` among them, `1` and `true` not."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_equal(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all(map(_equal, first, second))
    numbers = (int, Decimal)
    if type(first) in numbers and type(second) in numbers:
        return bool(first == second)
    return type(first) is type(second) and bool(first == second)
