"""The closed set of storage classes, and the shape of a field as a query sees it.

A field type (`kinds/fields`) names one storage class; only the store turns a class into columns and casts. The wire
form of each class, the form that values have everywhere in Python, is:

| class | value |
|---|---|
| text | `str` |
| integer | `int` (64 bit) |
| decimal | `Decimal` with at most `scale` digits after the point |
| double | `float` |
| instant | `str`, `YYYY-MM-DDTHH:MM:SS.mmmZ` |
| day | `str`, `YYYY-MM-DD` |
| boolean | `bool` |
| json | any JSON value (`msgspec.Raw` when fresh from the store) |
| bytes | `bytes` |
| none | nothing is stored |
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from fieldstone.query.formula import Formula
from fieldstone.query.masking import Masking


class StorageClass(StrEnum):
    """What kind of column holds a field."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    INSTANT = "instant"
    DAY = "day"
    BOOLEAN = "boolean"
    JSON = "json"
    BYTES = "bytes"
    NONE = "none"


MASK = "\N{BULLET}" * 8
"""What is read of a masked column."""


class Storage(msgspec.Struct, frozen=True):
    """A storage class with its measures; `precision` counts all digits, `scale` those after the point.

    A `fixed` decimal is shown with all digits of its scale (money); another without trailing zeros, and whole as an `int`.
    A `masked` text is never read back: eight bullets stand for every value. Of a text with a `mask`, a part is read.
    """

    kind: StorageClass
    precision: int = 0
    scale: int = 0
    fixed: bool = False
    masked: bool = False
    mask: Masking | None = None


class FieldShape(msgspec.Struct, frozen=True):
    """A field as a query sees it.

    `comparison` names the family of operators that fit (see `query/operators.py`): text, number, instant, day, time,
    boolean, list, json or none. `reference` is the object that the field's ids point to, `members` that to which the ids of a list do.
    `nullable` is false only for columns that the store declares NOT NULL. The words of a `searchable` text are kept for searches. A field
    with a `formula` has no column: its values are like those of `storage`.
    """

    name: str
    storage: Storage
    comparison: str
    nullable: bool = True
    reference: str | None = None
    searchable: bool = False
    members: str | None = None
    formula: Formula | None = None


class ObjectShape(msgspec.Struct, frozen=True):
    """An object as a query sees it: the fields that may be named, and no others.

    `columns` are the fields that answers may hold, in order: those, unless others are told, and the masked ones, which no condition,
    order or group may name, each with its mask.
    """

    name: str
    fields: Mapping[str, FieldShape]
    columns: tuple[str, ...] = ()
    masks: Mapping[str, Masking] = {}

    def __post_init__(self) -> None:
        """Makes the fields the columns, where no others are told."""
        if not self.columns:
            msgspec.structs.force_setattr(self, "columns", tuple(self.fields))
