"""The array form of a where: `["status", "=", "open"]`, `["and", A, B]`, or a bare list of conditions that all hold (contract 1.2).

One list becomes one node of the tree form; what stands in it may be of either form again, and is read when the tree is. Refuses a
list that is none of these, and an operator that there is not.
"""

from collections.abc import Mapping
from typing import Any

from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.refusals import Path, refused

ARRAY_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "$eq": ("=", "==", "equals", "eq"),
    "$ne": ("!=", "<>", "ne", "neq", "not_equals"),
    "$gt": (">", "gt", "greater_than", "after"),
    "$gte": (">=", "gte", "greater_than_or_equal"),
    "$lt": ("<", "lt", "less_than", "before"),
    "$lte": ("<=", "lte", "less_than_or_equal"),
    "$in": ("in",),
    "$nin": ("nin", "not_in"),
    "$between": ("between",),
    "$contains": ("contains",),
    "$icontains": ("icontains",),
    "$notContains": ("notcontains", "not_contains"),
    "$startsWith": ("startswith", "starts_with"),
    "$endsWith": ("endswith", "ends_with"),
    "$like": ("like",),
    "$ilike": ("ilike",),
    "$null": ("is_null", "is_empty"),
    "$exists": ("is_not_null", "is_not_empty"),
}
"""By operator of the tree form: its names in an array, in any case of letters. Those of `$null` and `$exists` take no value."""

_OPERATORS = {name: spelling for spelling, names in ARRAY_OPERATORS.items() for name in names}
_JOINS = {"and": "$and", "or": "$or"}
_WITHOUT_VALUE = frozenset({"$null", "$exists"})


def tree_form(where: list[Any], path: Path) -> dict[str, Any]:
    """Returns the node of the tree form that a list with something in it stands for. Raises Invalid."""
    first, *rest = where
    if type(first) is not str:
        return {"$and": where}
    join = _JOINS.get(first.lower())
    if join is not None and all(type(part) in (list, dict) for part in rest):
        return {join: rest}
    if len(where) not in (2, 3):
        raise refused("A condition in a list is `[field, operator, value]`.", path, 'Such as ["status", "=", "open"].')
    name = where[1]
    spelling = _OPERATORS.get(name.lower()) if type(name) is str else None
    if spelling is None:
        raise refused(f"No operator `{shown(name)}`.", (1, path), did_you_mean(name, _OPERATORS))
    return {first: {spelling: _comparand(spelling, where, path)}}


def _comparand(spelling: str, where: list[Any], path: Path) -> Any:
    if spelling in _WITHOUT_VALUE:
        if len(where) == 3 and where[2] not in (None, True):
            raise refused(f"`{where[1]}` takes no value.", (2, path))
        return True
    if len(where) == 2:
        raise refused(f"`{where[1]}` takes a value.", path, 'Such as ["status", "=", "open"].')
    return where[2]
