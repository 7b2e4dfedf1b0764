"""The field type that holds any JSON value."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import DYN
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import INT64_MAX, INT64_MIN, is_clean, read_number

DEEPEST = 64
WIDEST_EXPONENT = 400


class JsonOptions(FieldOptions, frozen=True, kw_only=True, tag="json"):
    """Any JSON value; it can be filtered by presence alone."""


def _reader(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> Any:
        if fault := json_fault(value):
            raise Rejected("invalid_json", f"{subject(declaration)} holds {fault}")
        return value

    return read


def json_fault(value: Any) -> str | None:
    """Returns what keeps a value from being stored as JSON, level by level, so that depth costs no stack."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                if not all(type(key) is str and is_clean(key) for key in item):
                    return "a key that cannot be stored"
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            elif fault := _scalar_fault(item):
                return fault
        if not inner:
            return None
        level = inner
    return f"more than {DEEPEST} levels"


def _scalar_fault(value: Any) -> str | None:
    if value is None or type(value) is bool:
        return None
    if type(value) is str:
        return None if is_clean(value) else "a character that cannot be stored"
    number = read_number(value)
    if number is None:
        return "a value that JSON does not have"
    if type(number) is int:
        return None if INT64_MIN <= number <= INT64_MAX else "a whole number beyond 64 bits"
    return (
        None if isinstance(number, Decimal) and abs(number.adjusted()) <= WIDEST_EXPONENT else "a number out of range"
    )


TYPES: Iterable[FieldType] = (
    FieldType(
        name="json",
        declaration=JsonOptions,
        summary="Any JSON value",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=_reader,
        schema=lambda _declaration: {},
        expression_type=lambda _declaration: DYN,
    ),
)
