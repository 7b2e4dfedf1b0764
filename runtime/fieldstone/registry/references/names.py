"""What is named by the values of declarations: an object, the fields along a path, those of a condition, an expression or a text.

Everything has been linked by then, so that a name that leads nowhere is none of these and is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.array_form import tree_form
from fieldstone.query.cel.expression import ExpressionError
from fieldstone.query.cel.syntax import Call, Constant, Index, Items, Name, Pairs, Select, Syntax, parse
from fieldstone.query.text_forms import read_order
from fieldstone.registry.catalog import Object
from fieldstone.registry.references.mention import FIELDS, Mention, Path, Target

_PLACEHOLDER = re.compile(r"\{!([^{}]+)\}")
_RECORDS = frozenset({"record", "previous"})
Roots = Mapping[tuple[str, ...], str]
"""By what an expression calls a record: the object that it is one of."""


class Names:
    """Looks names up among the objects that are declared."""

    def __init__(self, objects: Mapping[str, Object]) -> None:
        """Takes the objects by name."""
        self._objects = objects

    def object(self, path: Path, name: Any, kind: str) -> Iterator[Mention]:
        """Yields the mention of an object."""
        if isinstance(name, str) and name in self._objects:
            yield Mention(path, Target("object", name), kind)

    def field(self, path: Path, subject: str, name: Any, kind: str) -> Iterator[Mention]:
        """Yields the mention of a field, and of the references that lead to it from the object at which its path begins."""
        if isinstance(name, str):
            yield from self._along(path, subject, name.split("."), kind)

    def order(self, path: Path, subject: str, order: Any, kind: str = "sort") -> Iterator[Mention]:
        """Yields the mentions of an order, in any spelling."""
        try:
            keys = read_order(order)
        except Invalid:
            return
        for number, (name, _) in enumerate(keys):
            at = (*path, number) if isinstance(order, list) else path
            yield from self.field(at, subject, name, kind)

    def condition(self, path: Path, subject: str, where: Any, kind: str = "filter") -> Iterator[Mention]:
        """Yields the mentions of a condition of the query language."""
        if isinstance(where, list):
            try:
                where = tree_form(where, (path, ()))
            except Invalid:
                return
        for key, value in where.items() if isinstance(where, dict) else ():
            at = (*path, key)
            if key in ("$and", "$or"):
                for number, each in enumerate(value if isinstance(value, list) else ()):
                    yield from self.condition((*at, number), subject, each, kind)
            elif key == "$not":
                yield from self.condition(at, subject, value, kind)
            else:
                yield from self.field(at, subject, key, kind)
                yield from self._comparands(at, subject, value, kind)

    def expression(
        self, path: Path, subject: str | None, text: Any, kind: str = "expression", roots: Roots | None = None
    ) -> Iterator[Mention]:
        """Yields the mentions of an expression over records of an object, and over those that `roots` tell of."""
        if not isinstance(text, str):
            return
        try:
            tree = parse(text)
        except ExpressionError:
            return
        for chain in _chains(tree):
            begins = next((root for root in roots or () if chain[: len(root)] == root), None)
            if begins is not None and roots is not None:
                yield from self._along(path, roots[begins], chain[len(begins) :], kind)
            elif subject is not None:
                yield from self._along(path, subject, chain[chain[0] in _RECORDS :], kind)

    def texts(self, path: Path, subject: str | None, value: Any, roots: Roots) -> Iterator[Mention]:
        """Yields the mentions of the places for values within texts."""
        if isinstance(value, str):
            for text in _PLACEHOLDER.findall(value):
                yield from self.expression(path, subject, text, "value", roots)
        elif isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, each in inner:
                yield from self.texts((*path, key), subject, each, roots)

    def _along(self, path: Path, subject: str, steps: Any, kind: str) -> Iterator[Mention]:
        at: str | None = subject
        for step in steps:
            field = None if at is None else self._objects[at].fields.get(step)
            if field is None or at is None:
                return
            yield Mention(path, Target("object", at, FIELDS, step), kind)
            at = field.reference

    def _comparands(self, path: Path, subject: str, value: Any, kind: str) -> Iterator[Mention]:
        for operator, comparand in value.items() if isinstance(value, dict) else ():
            at = (*path, operator)
            if operator == "$field":
                yield from self.field(at, subject, comparand, kind)
            elif isinstance(comparand, dict):
                yield from self._comparands(at, subject, comparand, kind)


def _chains(tree: Syntax) -> Iterator[tuple[str, ...]]:
    """Yields what is selected in an expression, each from its first name on; the items of a list are like the list."""
    match tree:
        case Name() | Select() | Index():
            yield from _chain(tree, ())
        case Call(receiver=receiver, args=args):
            for part in (*(() if receiver is None else (receiver,)), *args):
                yield from _chains(part)
        case Items(items=items):
            for item in items:
                yield from _chains(item)
        case Pairs(items=pairs):
            for part in (part for pair in pairs for part in pair):
                yield from _chains(part)
        case Constant():
            return


def _chain(tree: Syntax, behind: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    match tree:
        case Name(name=name):
            yield (name, *behind)
        case Select(base=base, field=field):
            yield from _chain(base, (field, *behind))
        case Index(base=base, key=key):
            yield from _chain(base, behind)
            yield from _chains(key)
        case _:
            yield from _chains(tree)
