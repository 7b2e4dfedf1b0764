"""The types of expressions: what a value may be, what fits where, and which type two of them have in common."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Type(msgspec.Struct, frozen=True):
    """A type: bool int double decimal string date timestamp duration list map struct null dyn.

    `item` is what a list or map holds, None when that is not known. `fields` are a struct's, in their order. A `nullable` type
    takes null beside its values. Two more names stand in signatures only: `any`, and `T`, the same type wherever it stands.
    """

    name: str
    item: Type | None = None
    nullable: bool = False
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        inner = f"{self.name}<{self.item}>" if self.item else self.name
        return f"{inner}?" if self.nullable else inner

    def field(self, name: str) -> Type | None:
        """Returns the type of a struct's field, None when there is no such field."""
        return next((kind for field, kind in self.fields if field == name), None)


BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
DECIMAL = Type("decimal")
STRING = Type("string")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
NULL = Type("null", nullable=True)
DYN = Type("dyn", nullable=True)
ANY = Type("any")
T = Type("T")

_WIDER = {
    "int": frozenset({"int", "decimal", "double"}),
    "decimal": frozenset({"decimal", "double"}),
    "date": frozenset({"date", "timestamp"}),
}


def list_of(item: Type) -> Type:
    """Returns the type of lists of an item type."""
    return Type("list", item=item)


def map_of(item: Type) -> Type:
    """Returns the type of maps from text to an item type."""
    return Type("map", item=item)


def struct_of(fields: Mapping[str, Type], *, nullable: bool = False) -> Type:
    """Returns the type of values with these fields."""
    return Type("struct", fields=tuple(fields.items()), nullable=nullable)


def optional(given: Type) -> Type:
    """Returns the type with null allowed."""
    return given if given.nullable else msgspec.structs.replace(given, nullable=True)


def with_article(kind: Type) -> str:
    """Returns a type as messages name it: `a string`, `an int`."""
    name = str(kind).removesuffix("?")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def required(given: Type) -> Type:
    """Returns the type without null."""
    return msgspec.structs.replace(given, nullable=False) if given.nullable and given not in (NULL, DYN) else given


def assignable(given: Type, wanted: Type) -> bool:
    """Tells whether a value of one type may stand where another is wanted; null is looked at when the value is there."""
    if given.name == "dyn" or wanted.name in ("dyn", "any"):
        return True
    if given.name == "null":
        return wanted.name == "null"
    if wanted.name not in _WIDER.get(given.name, {given.name}):
        return False
    if given.name in ("list", "map") and given.item and wanted.item:
        return assignable(given.item, wanted.item)
    return given.name != "struct" or given.fields == wanted.fields


def join(left: Type, right: Type) -> Type | None:
    """Returns the narrowest type that takes the values of both, null included; None when there is none."""
    nullable = left.nullable or right.nullable
    if left.name == "null" or right.name == "null":
        other = right if left.name == "null" else left
        return msgspec.structs.replace(other, nullable=True)
    if "dyn" in (left.name, right.name):
        return DYN
    if left.name == right.name and left.name in ("list", "map"):
        item = join(left.item, right.item) if left.item and right.item else left.item or right.item
        return Type(left.name, item=item, nullable=nullable) if item or not (left.item or right.item) else None
    for wide in (left, right):
        if assignable(left, wide) and assignable(right, wide):
            return msgspec.structs.replace(wide, nullable=nullable)
    return None


def contains(given: Type, name: str) -> bool:
    """Tells whether a type is of this name, or a list or map of it."""
    return given.name == name or (given.item is not None and contains(given.item, name))
