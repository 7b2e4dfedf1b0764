"""Conditions whose outcome is kept: over the stored fields of one record alone, and with their values in them.

They are read as any `where` is, and refused where they depend on who asks, on when, or on another record: nobody would know when they
come out otherwise.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fieldstone.kinds.fields.formula import FormulaOptions
from fieldstone.query.ast import And, FieldValue, Filter, Literal, Not, Or, Slot, Term
from fieldstone.query.cel.ir import Op, walk
from fieldstone.query.cel.signatures import CLOCK
from fieldstone.query.storage import ObjectShape, StorageClass
from fieldstone.query.viewpoint import KEPT
from fieldstone.query.where import Conditions
from fieldstone.registry.catalog import Field, Object
from fieldstone.settings import Limits


def kept_condition(declared: Any, subject: Object, path: str) -> Filter:
    """Returns the filter of a condition that stands at a path; raises Invalid."""
    shape = ObjectShape(
        subject.name, {key: field.shape for key, field in subject.fields.items() if is_plain(subject, field)}
    )
    values: list[Any] = []
    return _bound(Conditions(shape, Limits(), values, KEPT).tree(declared, path), values)


def is_plain(subject: Object, field: Field) -> bool:
    """Tells whether a field is read, changes with a write that sets it (a version goes up by itself), and is known to the database."""
    hidden = field.internal or field.type.mask is not None or field.name == "version"
    return field.shape.storage.kind != StorageClass.NONE and not hidden and unkept_reason(subject, field) is None


def unkept_reason(subject: Object, field: Field) -> str | None:
    """Returns why nothing can be kept that is made of a formula; None where it can, and for other fields."""
    made_of = [subject.fields[name].shape.formula for name in _made_of(subject, field.name)]
    nodes = [formula.node for formula in made_of if formula is not None]
    if any(isinstance(part, Op) and part.op in CLOCK for node in nodes for part in walk(node)):
        return f"`{field.name}` changes with the clock."
    return None if field.shape.formula is None else field.shape.formula.unfit


def stored_inputs(subject: Object, names: Iterable[str]) -> frozenset[str]:
    """Returns the fields with a column that some fields are made of: themselves, or what their formulas are computed from."""
    every = {part for name in names for part in _made_of(subject, name)}
    return frozenset(name for name in every if subject.fields[name].shape.formula is None)


def formulas_in(subject: Object, names: Iterable[str]) -> tuple[str, ...]:
    """Returns what the formulas say that some fields are made of, as one text each."""
    every = sorted({part for name in names for part in _made_of(subject, name)})
    declared = (subject.fields[name].declaration for name in every)
    return tuple(
        f"{options.expression} -> {options.return_type} {options.scale} {options.approximate}"
        for options in declared
        if isinstance(options, FormulaOptions)
    )


def _made_of(subject: Object, name: str) -> set[str]:
    """Returns a field and all that its formula is computed from, by way of other formulas too."""
    found: set[str] = set()
    left = [name]
    while left:
        part = left.pop()
        field = subject.fields.get(part)
        if field is not None and part not in found:
            found.add(part)
            left += () if field.shape.formula is None else field.shape.formula.inputs
    return found


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
