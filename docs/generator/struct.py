"""Declared Structs as readers see them: each key with its type, its default, and what it means.

The meaning of a key is the docstring that stands behind it in the source. A key without one stops the generator.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise

import msgspec
from msgspec.inspect import (
    AnyType,
    BoolType,
    DictType,
    Field,
    FloatType,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from docs.generator.markdown import code, codes
from fieldstone.kinds.fields.field_type import FieldOptions
from fieldstone.kinds.validation import RuleOptions

Link = Callable[[type[msgspec.Struct]], str]
"""Returns how a nested Struct is named in a table: as a link to where its own keys stand."""

NoDefault = type(msgspec.NODEFAULT)
"""What is left out and tells that from null has no default that could be written."""

_WORDS = {FloatType: "number", BoolType: "`true` or `false`", AnyType: "any value"}

ELSEWHERE: Mapping[type[msgspec.Struct], str] = {
    FieldOptions: "[a field](fields.md)",
    RuleOptions: "[a rule](validations.md)",
}
"""Families of Structs that have pages of their own, and how a table names one of them."""


NEEDED = "**required**"
"""What stands for the default of a key that has none."""


class Key(msgspec.Struct, frozen=True):
    """One key of a declaration."""

    name: str
    type: str
    default: str
    meaning: str


def keys_of(struct: type[msgspec.Struct], link: Link) -> list[Key]:
    """Returns the keys of a Struct in their order; raises LookupError for one without a docstring."""
    info = type_info(struct)
    if not isinstance(info, StructType):
        raise TypeError(f"{struct.__name__} is no Struct")
    meanings = meanings_of(struct)
    return [
        Key(field.encode_name, type_text(field.type, link), default_text(field), meanings[field.name])
        for field in info.fields
    ]


def meanings_of(struct: type) -> Mapping[str, str]:
    """Returns the docstrings behind the fields of a class and of those above it; a nearer one goes first."""
    found: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        if owner.__module__.startswith("fieldstone."):
            found |= _docstrings(owner.__module__, owner.__name__)
    return found


def nested(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """Yields the Structs that the keys of a Struct hold, in order, each once; those with pages of their own are left out."""
    seen: dict[type[msgspec.Struct], None] = {struct: None}

    def visit(kind: Type) -> None:
        match kind:
            case Metadata(type=inner):
                visit(inner)
            case UnionType(types=types):
                for member in types:
                    visit(member)
            case VarTupleType(item_type=item):
                visit(item)
            case DictType(value_type=value):
                visit(value)
            case StructType(cls=cls, fields=fields) if cls not in seen and not _elsewhere(cls):
                seen[cls] = None
                for field in fields:
                    visit(field.type)

    root = type_info(struct)
    for field in root.fields if isinstance(root, StructType) else ():
        visit(field.type)
    yield from list(seen)[1:]


def type_text(kind: Type, link: Link) -> str:
    """Returns what a key takes, in words."""
    match kind:
        case Metadata(type=inner, extra_json_schema=extra):
            description = (extra or {}).get("description")
            return type_text(inner, link) if description is None else _described(description)
        case UnionType(types=types):
            return _union(types, link)
        case VarTupleType(item_type=item):
            return f"list of: {type_text(item, link)}"
        case DictType(value_type=value):
            return f"by name: {type_text(value, link)}"
        case StructType(cls=cls):
            return link(cls)
    return _plain_text(kind)


def _plain_text(kind: Type) -> str:
    match kind:
        case LiteralType(values=values):
            return " or ".join(map(_literal, values))
        case StrType(pattern=pattern):
            return f"text, {code(pattern)}" if pattern else "text"
        case IntType(ge=least, le=most):
            return "whole number" + (f", {least} to {most}" if most is not None else "")
    return _WORDS[type(kind)]


def default_text(field: Field) -> str:
    """Returns what a key is when it is left out; empty for nothing at all."""
    if field.required:
        return NEEDED
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    if default is None or isinstance(default, msgspec.Struct | NoDefault) or default in ((), {}):
        return ""
    return codes(default) if isinstance(default, tuple) else _literal(default)


def words(struct: type) -> str:
    """Returns the name of a class as words: `RowPolicy` is "Row policy"."""
    name = struct.__name__.removesuffix("Declaration")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _union(types: tuple[Type, ...], link: Link) -> str:
    members = [member for member in types if not isinstance(member, NoneType)]
    first = members[0]
    if isinstance(first, StructType) and _elsewhere(first.cls):
        return _elsewhere(first.cls)
    if {type(member) for member in members} == {IntType, FloatType}:
        return "number"
    return " or ".join(type_text(member, link) for member in members)


def _elsewhere(struct: type[msgspec.Struct]) -> str:
    """Returns how a Struct with a page of its own is named; empty for any other."""
    return next((text for family, text in ELSEWHERE.items() if issubclass(struct, family)), "")


def _described(description: str) -> str:
    """Returns the words of a constrained text: what such a text is called, and after a colon what it is made of."""
    subject, _, form = description.removesuffix(".").partition(" is made of ")
    subject = subject[0].lower() + subject[1:]
    return f"{subject}: {form}" if form else subject


def _literal(value: object) -> str:
    return code(value if isinstance(value, str) else msgspec.json.encode(value).decode())


@cache
def _docstrings(module: str, name: str) -> Mapping[str, str]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for item, behind in pairwise(body):
        match item, behind:
            case (
                ast.AnnAssign(target=ast.Name(id=field)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[field] = text
    return found
