"""Conversions: what becomes of a stored value when its field is declared as another type, and whether it loses anything.

A table by storage class brings a value to the new class; then the new field reads it as it reads what is sent, so that no value stands in
the database that the field would not take. What the table lacks loses every value.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import msgspec

from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.registry.catalog import Field
from fieldstone.store.schema import ColumnSchema

Converted = tuple[Any, bool]
"""A value in wire form, None where there is none, and whether nothing is lost."""

Convert = Callable[[Any, Storage], Converted]
"""Takes a value that is not null, and the storage that it is to have."""

LOST: Converted = (None, False)
MIDNIGHT = "T00:00:00.000Z"
SEALED = frozenset(name for name, kind in FIELD_TYPES.items() if kind.internal or kind.mask is not None)
"""Types whose values mean nothing to any other."""

_TRUTH = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def is_converted(before: ColumnSchema, column: ColumnSchema) -> bool:
    """Tells whether stored values may be none that a field takes any more."""
    if before.holds != column.holds or before.type != column.type:
        return True
    if not before.declared or before.declared == column.declared:
        return False
    kinds = {before.declared.removesuffix("[]"), column.declared.removesuffix("[]")}
    return not kinds.isdisjoint(SEALED) or _chooses(column) or column.holds == StorageClass.JSON


def storage_of(column: ColumnSchema) -> Storage:
    """Returns the storage of a column as the ledger has it."""
    kind, _, measures = column.holds.partition("(")
    precision, _, scale = measures.removesuffix(")").partition(",")
    return Storage(StorageClass(kind), int(precision or 0), int(scale or 0))


def conversion(before: ColumnSchema, column: ColumnSchema, field: Field) -> Callable[[Any], Converted]:
    """Returns the function that converts the values of a column; it takes and returns wire forms."""
    old, new = storage_of(before), field.shape.storage
    kinds = {before.declared.removesuffix("[]"), column.declared.removesuffix("[]")}
    change = _TABLE.get((old.kind, new.kind)) if kinds.isdisjoint(SEALED) else None
    if change is None or (field.type.computed and new.kind != StorageClass.TEXT):
        return lambda _value: LOST

    def convert(value: Any) -> Converted:
        made, whole = change(value, new)
        if made is None or field.type.computed:
            return made, whole
        try:
            return field.reader(made), whole
        except Rejected:
            return LOST

    return convert


def _chooses(column: ColumnSchema) -> bool:
    kind = FIELD_TYPES.get(column.declared.removesuffix("[]"))
    return kind is not None and "options" in kind.declaration.__struct_fields__


def _as_it_is(value: Any, _storage: Storage) -> Converted:
    return value, True


def _number(value: Any, storage: Storage) -> Converted:
    """Returns a number in the new storage, rounded to even where it has more digits than that holds."""
    try:
        given = Decimal(str(value).strip())
        if not given.is_finite():
            return LOST
        scale = storage.scale if storage.kind == StorageClass.DECIMAL else 0
        made = given.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN)
    except InvalidOperation:
        return LOST
    if storage.kind == StorageClass.INTEGER:
        return (int(made), made == given) if abs(made) < 2**63 else LOST
    return made, made == given


def _double(value: Any, _storage: Storage) -> Converted:
    try:
        made = float(str(value).strip())
    except ValueError:
        return LOST
    if made in (float("inf"), float("-inf")) or made != made:
        return LOST
    return made, isinstance(value, str) or Decimal(repr(made)) == Decimal(str(value))


def _truth(value: Any, _storage: Storage) -> Converted:
    made = _TRUTH.get(str(value).strip().lower())
    return made, made is not None


def _text(value: Any, _storage: Storage) -> Converted:
    if isinstance(value, bool):
        return str(value).lower(), True
    return (format(value, "f") if isinstance(value, Decimal) else str(value)), True


def _only_member(value: Any, _storage: Storage) -> Converted:
    """Returns the member of a list that has one; the first of several, which loses the rest; any other value as JSON text."""
    plain = msgspec.json.decode(value)
    if not isinstance(plain, list):
        return (plain if isinstance(plain, str) else bytes(value).decode()), True
    members = [member for member in plain if isinstance(member, str)]
    return (members[0] if members else None), len(plain) == len(members) <= 1


def _list_of_one(value: Any, _storage: Storage) -> Converted:
    return [value], True


def _plain_json(value: Any, _storage: Storage) -> Converted:
    return msgspec.json.decode(value), True


def _day_of(value: Any, _storage: Storage) -> Converted:
    return value[:10], value.endswith(MIDNIGHT)


def _start_of(value: Any, _storage: Storage) -> Converted:
    return f"{value}{MIDNIGHT}", True


def _zero_or_one(value: Any, _storage: Storage) -> Converted:
    return int(value), True


_T, _I, _D, _F = StorageClass.TEXT, StorageClass.INTEGER, StorageClass.DECIMAL, StorageClass.DOUBLE
_B, _J, _DAY, _AT = StorageClass.BOOLEAN, StorageClass.JSON, StorageClass.DAY, StorageClass.INSTANT

_TABLE: Mapping[tuple[StorageClass, StorageClass], Convert] = {
    (_T, _T): _as_it_is,
    **{(old, new): _number for old in (_T, _I, _D, _F) for new in (_I, _D)},
    **{(old, _F): _double for old in (_T, _I, _D)},
    **{(old, _B): _truth for old in (_T, _I, _D)},
    **{(old, _T): _text for old in (_I, _D, _F, _B, _DAY, _AT)},
    **{(_B, new): _zero_or_one for new in (_I, _D)},
    (_T, _DAY): _as_it_is,
    (_T, _AT): _as_it_is,
    (_T, _J): _list_of_one,
    (_J, _T): _only_member,
    (_J, _J): _plain_json,
    (_AT, _DAY): _day_of,
    (_DAY, _AT): _start_of,
}
