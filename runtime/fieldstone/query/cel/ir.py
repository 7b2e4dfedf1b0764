"""The checked tree of an expression: one form for evaluation in Python, for SQL and for references.

Every node knows where its operator, name or literal begins (`pos`), where the whole of it ends (`end`), both in characters, and its
checked type. None of the three takes part in equality: nodes are equal, and hash alike, when they say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from fieldstone.query.cel.types import Type

Constant = None | bool | int | float | Decimal | str | date | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes have; a dataclass and not a Struct because parts of it are left out of equality."""

    pos: int = field(compare=False)
    end: int = field(compare=False)
    type: Type = field(compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Lit(Node):
    """A constant; `1`, `1.0` and `true` are three different ones."""

    value: Constant

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lit) and type(other.value) is type(self.value) and other.value == self.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """A named value: `('record', 'amount')`, or `('t',)` for the variable of a macro around it."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Get(Node):
    """A field or an item of a computed value, of a map or of a value of unknown type; `has` asks only whether it is there."""

    base: Node
    key: str | Node
    has: bool = False


@dataclass(frozen=True, slots=True)
class Op(Node):
    """An operator or function of `signatures.py` and its arguments, a receiver first; `&&` and `||` take any number."""

    op: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ListLit(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapLit(Node):
    """A map, as pairs of key and value."""

    items: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """`all exists exists_one filter map` over a range; `map` alone has a value, and its condition may be missing."""

    kind: str
    range: Node
    var: str
    cond: Node | None
    value: Node | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked expression: its text, its tree, and the paths of the values that it takes from outside."""

    source: str
    node: Node
    refs: frozenset[tuple[str, ...]]


def children(node: Node) -> Iterator[Node]:
    """Yields the nodes directly below one, in the order of the text."""
    match node:
        case Get(base=base, key=key):
            yield base
            if isinstance(key, Node):
                yield key
        case Op(args=args):
            yield from args
        case ListLit(items=items):
            yield from items
        case MapLit(items=pairs):
            for key, value in pairs:
                yield key
                yield value
        case Macro(range=source, cond=cond, value=value):
            yield from (part for part in (source, cond, value) if part is not None)


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)
