"""Conditions whose outcome is kept: over the stored fields of one record alone, and with their values in them.

They are read as any `where` is, and refused where they depend on who asks, on when, or on another record: nobody would know when they
come out otherwise.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from fieldstone.query.ast import And, FieldValue, Filter, Literal, Not, Or, Slot, Term
from fieldstone.query.storage import ObjectShape, StorageClass
from fieldstone.query.viewpoint import KEPT
from fieldstone.query.where import Conditions
from fieldstone.registry.catalog import Field, Object
from fieldstone.settings import Limits


def kept_condition(declared: Any, subject: Object, path: str) -> Filter:
    """Returns the filter of a condition that stands at a path; raises Invalid."""
    shape = ObjectShape(subject.name, {key: field.shape for key, field in subject.fields.items() if is_plain(field)})
    values: list[Any] = []
    return _bound(Conditions(shape, Limits(), values, KEPT).tree(declared, path), values)


def is_plain(field: Field) -> bool:
    """Tells whether a field is stored and read, and changes with a write that sets it (a version goes up by itself)."""
    hidden = field.internal or field.type.mask is not None or field.name == "version"
    return field.shape.storage.kind != StorageClass.NONE and not hidden


def fields_of(where: Filter) -> frozenset[str]:
    """Returns the fields that a condition over one record names."""
    return frozenset(_named(where))


def _named(where: Filter) -> Iterator[str]:
    match where:
        case And(items=items) | Or(items=items):
            for item in items:
                yield from _named(item)
        case Not(item=item):
            yield from _named(item)
        case Term(field=field, operand=operand):
            yield field
            if isinstance(operand, FieldValue):
                yield operand.field


def _bound(where: Filter, values: list[Any]) -> Filter:
    """Returns a condition with its values where it had slots for them."""
    match where:
        case And(items=items):
            return And(tuple(_bound(item, values) for item in items))
        case Or(items=items):
            return Or(tuple(_bound(item, values) for item in items))
        case Not(item=item):
            return Not(_bound(item, values))
        case Term(operand=Slot(index=index)):
            value = values[index]
            return msgspec.structs.replace(where, operand=Literal(tuple(value) if isinstance(value, list) else value))
    return where
