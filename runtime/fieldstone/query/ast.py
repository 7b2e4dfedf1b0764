"""The checked query as a value: filters, order, projection.

A tree holds the *shape* of a query only. What varies from request to request stands outside it: `Slot(i)` points into the
request's own values, `CallerValue` names a value of the caller. Two requests that differ in values alone therefore have equal,
equally hashing trees, and the store compiles once per shape. Everything that restricts rows is a `Filter`, whoever
wrote it: a caller's `where`, a row policy, the organisation wall, a share.

Logic is two-valued: a comparison with an absent value is false, and `Not` is its exact complement.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.query.cel.ir import Node
from fieldstone.query.masking import Masking


class Slot(msgspec.Struct, frozen=True):
    """The request's value at this index (for `in` and `nin`: a list, bound as one parameter)."""

    index: int


class CallerValue(msgspec.Struct, frozen=True):
    """A value of the caller, by name (`id`, `organization_id`, `positions`, ...); never a constant in SQL."""

    name: str


class Hop(msgspec.Struct, frozen=True):
    """A step along a reference: from the id in the `local` field to that record of `object`, if it is among `rows`.

    `many` says that the field holds a list of ids, so that the step leads to several records; none leads to a value then.
    """

    local: str
    object: str
    rows: Filter
    many: bool = False


class FieldValue(msgspec.Struct, frozen=True):
    """The value of a field of the same record, or of the record at the end of a path; absent where the path ends early."""

    field: str
    through: tuple[Hop, ...] = ()


class Literal(msgspec.Struct, frozen=True):
    """A constant that belongs to the shape (from declarations; never from a request); for `in` and `nin` a tuple of them."""

    value: str | int | float | bool | Decimal | tuple[str | int | float | Decimal, ...] | None


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
    """A record of `object` exists whose `remote` field equals this record's `local` field and which satisfies `where`.

    `gathered` is for few such records against many of this object: the database collects their `remote` values first, and an index over
    `local` finds the records. With `many`, the local field holds a list, and the remote one is among its members.
    """

    object: str
    local: str
    remote: str
    where: Filter
    gathered: bool = False
    many: bool = False


class Holds(msgspec.Struct, frozen=True):
    """A CEL predicate holds on the record; an error, a null among them, selects nothing."""

    node: Node


class CallerHas(msgspec.Struct, frozen=True):
    """The caller has a value of this name: a policy over an absent context value is false, not absent."""

    name: str


class Match(msgspec.Struct, frozen=True):
    """Each of `count` terms occurs in one of these fields; the request's value at `terms` holds them, as `query/search.py` makes them."""

    terms: Slot
    count: int
    fields: tuple[str, ...]


Filter = And | Or | Not | Term | Exists | Holds | CallerHas | Match


class Ranking(msgspec.Struct, frozen=True):
    """How well rows match a search, of the newest `most` of them: a figure that the row's own words make, and no other row's.

    A term counts for more in the field `first` than in the others, and as a whole word for more than as the beginning of one.
    """

    match: Match
    first: str | None
    most: int


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
    """One sort key, perhaps at the end of a path; absent values come last ascending and first descending, on every database."""

    field: str
    descending: bool = False
    through: tuple[Hop, ...] = ()

    @property
    def column(self) -> Column:
        """What is sorted by, as a column."""
        return FieldValue(self.field, self.through) if self.through else self.field

    @property
    def references(self) -> tuple[str, ...]:
        """The references that lead to what is sorted by."""
        return tuple(hop.local for hop in self.through)


Column = str | FieldValue
"""What a statement selects: a field of the object by its name, or a value at the end of a path."""


class Share(msgspec.Struct, frozen=True):
    """Of the rows that hold the same value in `field` the first few alone; the request's value at slot `most` says how many."""

    field: str
    most: int


class Select(msgspec.Struct, frozen=True):
    """One statement's shape: which columns of which rows of one object, in which order.

    `after` says that the request's values hold, from slot `after` on, one value per order key: the last row of the page before. If
    `valued`, the first of them is there, and rows that have none in its place are left out: an index serves the others whole.
    `limited` and `shifted` say that a limit and an offset are bound. `order` always ends with `id`. Each filter of `flags` adds,
    behind the columns, one boolean column that tells whether the row satisfies it. With a `share`, the order is that within each share.
    A `ranking` is the order itself, of equals the newest first; behind the columns stand a row's points, and of how many it is one.
    `masks` are the masks of columns, by their names.
    """

    object: str
    columns: tuple[Column, ...]
    where: Filter
    order: tuple[OrderKey, ...] = ()
    after: int | None = None
    valued: bool = False
    limited: bool = False
    shifted: bool = False
    flags: tuple[Filter, ...] = ()
    share: Share | None = None
    ranking: Ranking | None = None
    masks: tuple[tuple[str, Masking], ...] = ()


class Expansion(msgspec.Struct, frozen=True):
    """Whole records within a record, under the key `name`: the one that a reference points to, or those of another object that refer here.

    `field` is the reference: the record's own when there is one target, that of `object` when there is a list (`listed`). A target
    that is not there for the caller, or not among `where`, leaves the id as it stands. Slots count from 1, for slot 0 holds the ids
    of the level above; `most` is the slot of the longest list. `expand` is what stands within these records. `many` says that the
    reference holds a list of ids: those records that are there stand in its place, in its order.
    """

    name: str
    object: str
    field: str
    columns: tuple[str, ...]
    where: Filter
    order: tuple[OrderKey, ...] = ()
    most: int | None = None
    expand: tuple[Expansion, ...] = ()
    many: bool = False

    @property
    def listed(self) -> bool:
        """Whether it is a list of the records that refer here."""
        return self.most is not None


def with_lists(columns: tuple[str, ...], expand: tuple[Expansion, ...]) -> tuple[str, ...]:
    """Returns the names of what expanded records hold: their columns, and behind them the lists."""
    return (*columns, *(expansion.name for expansion in expand if expansion.listed))


class Query(msgspec.Struct, frozen=True):
    """A parsed query document: the caller's own part of a read, before any policy is added.

    `values` are what the slots of `where` point to, `expanding` those of all expansions, from slot 1 on.
    """

    columns: tuple[str, ...]
    where: Filter
    order: tuple[OrderKey, ...]
    values: tuple[Any, ...]
    limit: int
    offset: int = 0
    cursor: str | None = None
    expand: tuple[Expansion, ...] = ()
    expanding: tuple[Any, ...] = ()
    count: bool = True


class GroupKey(msgspec.Struct, frozen=True):
    """What rows are grouped by, answered as `name`: a value, or the bucket of a day or an instant.

    `bucket` is a key of `query/buckets.py`. `zone` tells in which time zone the day of an instant is; None: in UTC.
    """

    name: str
    column: Column
    bucket: str | None = None
    zone: Slot | None = None


class Measure(msgspec.Struct, frozen=True):
    """What is computed over those rows of a group that satisfy `where`, answered as `name`.

    `function` is a key of `query/measures.py`; a count has no column when it counts rows.
    """

    name: str
    function: str
    column: Column | None = None
    where: Filter = EVERYTHING


class Aggregation(msgspec.Struct, frozen=True):
    """The shape of a statement that answers groups: those of the rows of one object that satisfy `where`.

    Without groups there is one row. `having` and `order` name groups and measures alone. A limit is always bound, an offset if `shifted`.
    """

    object: str
    groups: tuple[GroupKey, ...]
    measures: tuple[Measure, ...]
    where: Filter = EVERYTHING
    having: Filter = EVERYTHING
    order: tuple[OrderKey, ...] = ()
    shifted: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is answered, in order."""
        return (*(key.name for key in self.groups), *(measure.name for measure in self.measures))


class GroupQuery(msgspec.Struct, frozen=True):
    """A parsed document that asks for groups: the caller's own part, before any policy is added.

    `targets` names the object of the ids that a group name or alias answers.
    """

    aggregation: Aggregation
    values: tuple[Any, ...]
    targets: Mapping[str, str]
    limit: int
    offset: int = 0
    count: bool = True
