"""The field type that holds a vector, as models for meaning make them: so many numbers, no more, no fewer."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import DYN
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import GREATEST_DOUBLE, read_number


class VectorOptions(FieldOptions, frozen=True, kw_only=True, tag="vector"):
    """Numbers in their order, each kept as a double."""

    dimensions: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    """How many numbers there are."""


def _reader(declaration: VectorOptions) -> Reader:
    count = declaration.dimensions

    def read(value: Any) -> list[float]:
        if type(value) is not list:
            raise Rejected("invalid_type", f"{subject(declaration)} is a list of numbers")
        numbers = [_number(declaration, item) for item in value]
        if len(numbers) != count:
            code = "min_items" if len(numbers) < count else "max_items"
            raise Rejected(code, f"{subject(declaration)} has {count} numbers, this has {len(numbers)}", count)
        return numbers

    return read


def _number(declaration: FieldOptions, value: Any) -> float:
    number = read_number(value)
    if number is None or not -GREATEST_DOUBLE <= number <= GREATEST_DOUBLE:
        raise Rejected("invalid_number", f"{subject(declaration)} is a list of finite numbers")
    # Adding nothing turns minus zero into zero.
    return float(number) + 0.0


def _schema(declaration: VectorOptions) -> dict[str, Any]:
    numbers = {"type": "number", "format": "double"}
    return {"type": "array", "items": numbers, "minItems": declaration.dimensions, "maxItems": declaration.dimensions}


TYPES = (
    FieldType(
        name="vector",
        declaration=VectorOptions,
        summary="So many numbers",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=_reader,
        schema=_schema,
        expression_type=lambda _declaration: DYN,
    ),
)
