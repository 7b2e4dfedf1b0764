"""Constants: numbers with a point beside decimals, and texts that must say an instant, a duration or a pattern."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.ir import ListLit, Lit, Node, Op
from fieldstone.query.cel.pattern import compile_pattern
from fieldstone.query.cel.signatures import resolve
from fieldstone.query.cel.types import DECIMAL, Type, list_of
from fieldstone.query.cel.values import day_from, duration_from, instant_from

_READ: Mapping[str, Callable[[str], Any]] = {
    "date": day_from,
    "timestamp": instant_from,
    "datetime": lambda text: instant_from(text, zone_required=False),
    "duration": duration_from,
    "matches": compile_pattern,
}
_EXACT = frozenset({"+", "-", "*", "neg", "?:", "coalesce"})


def exact(node: Node, written: Mapping[int, Decimal]) -> Node:
    """Returns a constant number that stands beside a decimal as a decimal, anything else as it is.

    `written` gives the numbers by their position as the text has them, with all digits.
    """
    match node:
        case Lit(value=float(value)):
            number = written.get(node.pos, Decimal(repr(value)))
            return Lit(node.pos, node.end, DECIMAL, number)
        case ListLit(items=items):
            exact_items = tuple(exact(item, written) for item in items)
            if exact_items != items and all(_number(item.type) for item in exact_items):
                return dataclasses.replace(node, type=list_of(DECIMAL), items=exact_items)
        case Op(op=op, args=args) if op in _EXACT and node.type.name == "double":
            exact_args = tuple(exact(arg, written) for arg in args)
            match = resolve(op, tuple(arg.type for arg in exact_args))
            if match and match.result.name == "decimal":
                return dataclasses.replace(node, type=match.result, args=exact_args)
    return node


def faulty_text(function: str, args: tuple[Node, ...]) -> Iterator[tuple[Node, str]]:
    """Yields the constant argument, and what is wrong with it, of a function that reads a text."""
    read, last = _READ.get(function), args[-1] if args else None
    if read and isinstance(last, Lit) and isinstance(last.value, str):
        try:
            read(last.value)
        except Failure as failure:
            yield last, failure.message


def _number(kind: Type) -> bool:
    return kind.name in ("int", "decimal")
