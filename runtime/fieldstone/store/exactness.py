"""Exactness on SQLite: how large the numbers of an expression may be for its decimals to stay exact.

There decimals are whole numbers of 64 bits, counted in their last place, and what leaves them goes on as a double. Whole numbers of the
expression language are looked at where they are computed and need nothing more.
"""

from collections.abc import Callable
from decimal import Decimal

from fieldstone.query.cel.ir import Lit, Node, Op, Ref, children

ScaleOf = Callable[[Ref], int]
"""Returns the scale of the decimal column that an expression names."""

_EXACT = 2**62
_EXACT_AS_DOUBLE = 2**53
_WHOLE = 2**63
_COUNT = 2**31
"""What functions that count come to at most: characters, days."""

_LEAST_BITS, _MOST_BITS = 10, 63

_Size = tuple[int, int]
"""The most that a number can be, counted in the last place of its scale, and the scale."""


class _TooLarge(Exception):
    """A number of the expression may not be exact."""


def exact_within(node: Node, scale_of: ScaleOf) -> int | None:
    """Returns how large the numbers of a record may be, counted in their last places; None when any size will do, 0 when none will."""
    if _is_exact(node, scale_of, 2**_MOST_BITS):
        return None
    fitting = (2**bits for bits in range(_MOST_BITS - 1, _LEAST_BITS, -1) if _is_exact(node, scale_of, 2**bits))
    return next(fitting, 0)


def _is_exact(node: Node, scale_of: ScaleOf, most: int) -> bool:
    try:
        _size(node, scale_of, most)
    except _TooLarge:
        return False
    return True


def _size(node: Node, scale_of: ScaleOf, most: int) -> _Size | None:
    """Returns how large a node can be that is a whole number or a decimal, None for any other; raises _TooLarge."""
    parts = [(part, _size(part, scale_of, most)) for part in children(node)]
    sizes = [size for _, size in parts if size is not None]
    match node:
        case Lit(value=Decimal() as value):
            exponent = value.as_tuple().exponent
            scale = max(0, -exponent) if isinstance(exponent, int) else 0
            return abs(int(value.scaleb(scale))), scale
        case Lit(value=int() as value):
            return abs(value), 0
        case Ref():
            return {"int": (most, 0), "decimal": (most, scale_of(node))}.get(node.type.name)
        case Op(op=op) if node.type.name == "decimal":
            return _decimal(op, sizes)
        case Op(op=op) if node.type.name == "int":
            return min(_WHOLE, _whole(op, [size for size, _ in sizes])), 0
    as_doubles = "double" in (node.type.name, *(part.type.name for part, _ in parts))
    if as_doubles and any(size > _EXACT_AS_DOUBLE and scale for size, scale in sizes):
        raise _TooLarge
    if not as_doubles and any(part.type.name == "decimal" for part, _ in parts):
        _aligned(sizes)
    return None


def _decimal(op: str, sizes: list[_Size]) -> _Size:
    if op == "*":
        (left, left_scale), (right, right_scale) = sizes
        return _checked(left * right), left_scale + right_scale
    aligned, scale = _aligned(sizes)
    return _checked(sum(aligned) if op in ("+", "-") else max(aligned)), scale


def _whole(op: str, sizes: list[int]) -> int:
    match op:
        case "+" | "-":
            return sum(sizes)
        case "*":
            return sizes[0] * sizes[1]
        case "neg" | "abs" | "/" | "%" | "?:" | "coalesce":
            return max(sizes)
    return _COUNT


def _aligned(sizes: list[_Size]) -> tuple[list[int], int]:
    """Returns numbers at the finest of their scales, and that scale."""
    finest = max((scale for _, scale in sizes), default=0)
    return [_checked(size * 10 ** (finest - scale)) for size, scale in sizes], finest


def _checked(size: int) -> int:
    if size > _EXACT:
        raise _TooLarge
    return size
