"""Field types that hold numbers, all of them exact: whole numbers as `int`, others as Decimals of a fixed scale."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import DECIMAL, INT, Type, optional
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import INT64_MAX, INT64_MIN, at_scale, read_number

DIGITS = 18
"""The most digits of a decimal: scaled to a whole number it must fit into 64 bits."""

Digits = Annotated[int, msgspec.Meta(ge=1, le=DIGITS)]
Scale = Annotated[int, msgspec.Meta(ge=0, le=DIGITS)]


class NumberOptions(FieldOptions, frozen=True, kw_only=True, tag="number"):
    """A number with at most `scale` digits after the point and `precision` digits in all; `scale: 0` makes it whole."""

    min: int | float | None = None
    max: int | float | None = None
    scale: Scale = 6
    precision: Digits | None = None


class CurrencyOptions(NumberOptions, frozen=True, kw_only=True, tag="currency"):
    """An amount of money, shown with all digits of its scale."""

    scale: Scale = 2


class PercentOptions(NumberOptions, frozen=True, kw_only=True, tag="percent"):
    """A share in hundredths: 12.5 is twelve and a half percent."""


def _storage(*, fixed: bool) -> Callable[[NumberOptions], Storage]:
    def storage(declaration: NumberOptions) -> Storage:
        if declaration.scale == 0:
            return Storage(StorageClass.INTEGER)
        precision = declaration.precision or DIGITS
        return Storage(StorageClass.DECIMAL, precision=precision, scale=declaration.scale, fixed=fixed)

    return storage


def _reader(declaration: NumberOptions) -> Reader:
    scale = declaration.scale
    lowest, highest = _bounds(declaration)
    zero: Decimal | int = at_scale(0, scale) if scale else 0

    def read(value: Any) -> Decimal | int:
        number = read_number(value)
        if number is None:
            raise _not_a_number(declaration, value)
        if not number:
            number = 0
        if number < lowest:
            raise Rejected("min_value", f"{subject(declaration)} is at least {_spelled(lowest)}", lowest)
        if number > highest:
            raise Rejected("max_value", f"{subject(declaration)} is at most {_spelled(highest)}", highest)
        if not number:
            return zero
        cut = at_scale(number, scale)
        if cut != number:
            raise Rejected("max_scale", f"{subject(declaration)} takes {_places(scale)}", scale)
        return cut if scale else int(cut)

    return read


def _bounds(declaration: NumberOptions) -> tuple[Decimal | int, Decimal | int]:
    """Returns the least and greatest value: what is declared, within what the digits can hold."""
    scale = declaration.scale
    if scale == 0 and declaration.precision is None:
        lowest: Decimal | int = INT64_MIN
        highest: Decimal | int = INT64_MAX
    else:
        highest = Decimal(10 ** (declaration.precision or DIGITS) - 1).scaleb(-scale)
        lowest = -highest
    if (least := read_number(declaration.min)) is not None:
        lowest = max(lowest, least)
    if (most := read_number(declaration.max)) is not None:
        highest = min(highest, most)
    return lowest, highest


def _not_a_number(declaration: FieldOptions, value: Any) -> Rejected:
    if type(value) in (float, Decimal):
        return Rejected("invalid_number", f"{subject(declaration)} is a finite number")
    return Rejected("invalid_type", f"{subject(declaration)} is a number")


def _spelled(number: Decimal | int) -> str:
    return f"{number:f}" if isinstance(number, Decimal) else str(number)


def _places(scale: int) -> str:
    if scale == 0:
        return "whole numbers only"
    return f"at most {scale} digit{'s' if scale != 1 else ''} after the point"


def _schema(declaration: NumberOptions) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "number"} if declaration.scale else {"type": "integer", "format": "int64"}
    if declaration.min is not None:
        schema["minimum"] = declaration.min
    if declaration.max is not None:
        schema["maximum"] = declaration.max
    return schema


def _check(declaration: NumberOptions) -> list[tuple[str, str]]:
    faults = []
    for key, bound in (("min", declaration.min), ("max", declaration.max)):
        if bound is not None and not math.isfinite(bound):
            faults.append((key, f"{key} is a finite number"))
    if not faults and declaration.min is not None and declaration.max is not None and declaration.min > declaration.max:
        faults.append(("min", f"min ({declaration.min}) is above max ({declaration.max})"))
    if declaration.precision is not None and declaration.scale > declaration.precision:
        faults.append(("precision", f"precision ({declaration.precision}) is below scale ({declaration.scale})"))
    return faults


def _expression_type(declaration: NumberOptions) -> Type:
    return optional(DECIMAL if declaration.scale else INT)


def _number_type(name: str, declaration: type[NumberOptions], summary: str, *, fixed: bool = False) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=_storage(fixed=fixed),
        comparison="number",
        reader=_reader,
        schema=_schema,
        expression_type=_expression_type,
        check=_check,
    )


TYPES = (
    _number_type("number", NumberOptions, "An exact number; `scale: 0` makes it whole"),
    _number_type("currency", CurrencyOptions, "An amount of money, with all digits of its scale", fixed=True),
    _number_type("percent", PercentOptions, "A share in hundredths"),
)
