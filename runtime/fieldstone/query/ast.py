"""The checked query as a value: filters, order, projection.

A tree holds the *shape* of a query only. What varies from request to request stands outside it: `Slot(i)` points into the
request's own values, `CallerValue` names a value of the caller. Two requests that differ in values alone therefore have equal,
equally hashing trees, and the store compiles once per shape. Everything that restricts rows is a `Filter`, whoever
wrote it: a caller's `where`, a row policy, the organisation wall, a share.

Logic is two-valued: a comparison with an absent value is false, and `Not` is its exact complement.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fieldstone.query.cel.ir import Node


class Slot(msgspec.Struct, frozen=True):
    """The request's value at this index (for `in` and `nin`: a list, bound as one parameter)."""

    index: int


class CallerValue(msgspec.Struct, frozen=True):
    """A value of the caller, by name (`id`, `organization_id`, `positions`, ...); never a constant in SQL."""

    name: str


class FieldValue(msgspec.Struct, frozen=True):
    """The value of another field of the same record."""

    field: str


class Literal(msgspec.Struct, frozen=True):
    """A constant that belongs to the shape (from declarations; never from a request)."""

    value: str | int | bool | None


Operand = Slot | CallerValue | FieldValue | Literal


class And(msgspec.Struct, frozen=True):
    """All of these; none is true."""

    items: tuple[Filter, ...]


class Or(msgspec.Struct, frozen=True):
    """Any of these; none is false."""

    items: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True):
    """The exact complement."""

    item: Filter


class Term(msgspec.Struct, frozen=True):
    """A field against an operand; `operator` is a key of `query/operators.py`, without its `$`."""

    field: str
    operator: str
    operand: Operand


class Exists(msgspec.Struct, frozen=True):
    """A record of `object` exists whose `remote` field equals this record's `local` field and which satisfies `where`."""

    object: str
    local: str
    remote: str
    where: Filter


class Holds(msgspec.Struct, frozen=True):
    """A CEL predicate holds on the record; an error, a null among them, selects nothing."""

    node: Node


class CallerHas(msgspec.Struct, frozen=True):
    """The caller has a value of this name: a policy over an absent context value is false, not absent."""

    name: str


Filter = And | Or | Not | Term | Exists | Holds | CallerHas

EVERYTHING: Filter = And(())
NOTHING: Filter = Or(())


def conjunction(*filters: Filter) -> Filter:
    """Returns the AND of filters, flattened; a part that is never true makes it NOTHING."""
    items: list[Filter] = []
    for item in filters:
        if item == NOTHING:
            return NOTHING
        items.extend(item.items if isinstance(item, And) else (item,))
    return items[0] if len(items) == 1 else And(tuple(items))


def disjunction(*filters: Filter) -> Filter:
    """Returns the OR of filters, flattened and without repeats; a part that is always true makes it EVERYTHING."""
    items: list[Filter] = []
    for item in filters:
        if item == EVERYTHING:
            return EVERYTHING
        items.extend(part for part in (item.items if isinstance(item, Or) else (item,)) if part not in items)
    return items[0] if len(items) == 1 else Or(tuple(items))


class OrderKey(msgspec.Struct, frozen=True):
    """One sort key; absent values come last ascending and first descending, on every database."""

    field: str
    descending: bool = False


class Select(msgspec.Struct, frozen=True):
    """One statement's shape: which columns of which rows of one object, in which order.

    `after` says that the request's values hold, from slot `after` on, one value per order key: the last row of the page before.
    `limited` and `shifted` say that a limit and an offset are bound. `order` always ends with `id`. Each filter of `flags` adds,
    behind the columns, one boolean column that tells whether the row satisfies it.
    """

    object: str
    columns: tuple[str, ...]
    where: Filter
    order: tuple[OrderKey, ...] = ()
    after: int | None = None
    limited: bool = False
    shifted: bool = False
    flags: tuple[Filter, ...] = ()


class Query(msgspec.Struct, frozen=True):
    """A parsed query document: the caller's own part of a read, before any policy is added."""

    columns: tuple[str, ...]
    where: Filter
    order: tuple[OrderKey, ...]
    values: tuple[Any, ...]
    limit: int
    offset: int = 0
    cursor: str | None = None
    expand: tuple[str, ...] = ()
    count: bool = True
