"""Field types that hold numbers: whole ones as `int`, others as Decimals of a fixed scale, exact both.

Only a `number` that says `approximate: true` is an IEEE double, for measurements that come with binary noise.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import DECIMAL, DOUBLE, INT, Type, optional
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import GREATEST_DOUBLE, INT64_MAX, INT64_MIN, at_scale, read_number

DIGITS = 18
"""The most digits of a decimal: scaled to a whole number it must fit into 64 bits."""

SCALE = 6
"""The digits after the point unless a declaration says otherwise."""

Digits = Annotated[int, msgspec.Meta(ge=1, le=DIGITS)]
Scale = Annotated[int, msgspec.Meta(ge=0, le=DIGITS)]


class NumericOptions(FieldOptions, frozen=True, kw_only=True):
    """What all numbers know: `scale` digits after the point at most (6 unless said), and `precision` digits in all."""

    min: int | float | None = None
    """The least value."""
    max: int | float | None = None
    """The greatest value."""
    scale: Scale | msgspec.UnsetType = msgspec.UNSET
    """How many digits may stand after the point; 6 unless said."""
    precision: Digits | None = None
    """How many digits there may be in all."""

    def places(self) -> int:
        """Returns how many digits may stand after the point."""
        return SCALE if self.scale is msgspec.UNSET else self.scale


class NumberOptions(NumericOptions, frozen=True, kw_only=True, tag="number"):
    """A number; `scale: 0` makes it whole, `approximate` a double, which knows neither `scale` nor `precision`."""

    approximate: bool = False
    """Keep an IEEE double instead of an exact decimal."""


class PercentOptions(NumericOptions, frozen=True, kw_only=True, tag="percent"):
    """A share in hundredths: 12.5 is twelve and a half percent. Growth and the like say `min: null` or `max: null`."""

    min: int | float | None = 0
    """The least value; null for none."""
    max: int | float | None = 100
    """The greatest value; null for none."""


def _storage(*, fixed: bool) -> Callable[[NumericOptions], Storage]:
    def storage(declaration: NumericOptions) -> Storage:
        if _is_double(declaration):
            return Storage(StorageClass.DOUBLE)
        scale = declaration.places()
        if scale == 0:
            return Storage(StorageClass.INTEGER)
        return Storage(StorageClass.DECIMAL, precision=declaration.precision or DIGITS, scale=scale, fixed=fixed)

    return storage


def _reader(declaration: NumericOptions) -> Reader:
    return _double_reader(declaration) if _is_double(declaration) else _exact_reader(declaration)


def _exact_reader(declaration: NumericOptions) -> Reader:
    scale = declaration.places()
    lowest, highest = _bounds(declaration)
    zero: Decimal | int = at_scale(0, scale) if scale else 0

    def read(value: Any) -> Decimal | int:
        number = _within(declaration, value, lowest, highest)
        if not number:
            return zero
        cut = at_scale(number, scale)
        if cut != number:
            raise Rejected("max_scale", f"{subject(declaration)} takes {_places(scale)}", scale)
        return cut if scale else int(cut)

    return read


def _double_reader(declaration: NumericOptions) -> Reader:
    lowest, highest = _within_declared(declaration, -GREATEST_DOUBLE, GREATEST_DOUBLE)

    def read(value: Any) -> float:
        # Adding nothing turns minus zero into zero.
        return float(_within(declaration, value, lowest, highest)) + 0.0

    return read


def _within(declaration: NumericOptions, value: Any, lowest: Decimal | int, highest: Decimal | int) -> Decimal | int:
    """Returns a finite number within bounds; raises Rejected for all else."""
    number = read_number(value)
    if number is None:
        raise _not_a_number(declaration, value)
    if not number:
        number = 0
    if number < lowest:
        raise Rejected("min_value", f"{subject(declaration)} is at least {_spelled(lowest)}", lowest)
    if number > highest:
        raise Rejected("max_value", f"{subject(declaration)} is at most {_spelled(highest)}", highest)
    return number


def _bounds(declaration: NumericOptions) -> tuple[Decimal | int, Decimal | int]:
    """Returns the least and greatest value: what is declared, within what the digits can hold."""
    scale = declaration.places()
    if scale == 0 and declaration.precision is None:
        return _within_declared(declaration, INT64_MIN, INT64_MAX)
    most = Decimal(10 ** (declaration.precision or DIGITS) - 1).scaleb(-scale)
    return _within_declared(declaration, -most, most)


def _within_declared(
    declaration: NumericOptions, lowest: Decimal | int, highest: Decimal | int
) -> tuple[Decimal | int, Decimal | int]:
    """Returns bounds narrowed by `min` and `max`."""
    if (least := read_number(declaration.min)) is not None:
        lowest = max(lowest, least)
    if (most := read_number(declaration.max)) is not None:
        highest = min(highest, most)
    return lowest, highest


def _is_double(declaration: NumericOptions) -> bool:
    return isinstance(declaration, NumberOptions) and declaration.approximate


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


def _schema(declaration: NumericOptions) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "number"} if declaration.places() else {"type": "integer", "format": "int64"}
    if _is_double(declaration):
        schema["format"] = "double"
    if declaration.min is not None:
        schema["minimum"] = declaration.min
    if declaration.max is not None:
        schema["maximum"] = declaration.max
    return schema


def check_number(declaration: NumericOptions) -> list[tuple[str, str]]:
    """Returns what is wrong with the bounds and measures of a declaration."""
    faults = []
    for key, bound in (("min", declaration.min), ("max", declaration.max)):
        if bound is not None and not math.isfinite(bound):
            faults.append((key, f"{key} is a finite number"))
    if not faults and declaration.min is not None and declaration.max is not None and declaration.min > declaration.max:
        faults.append(("min", f"min ({declaration.min}) is above max ({declaration.max})"))
    if _is_double(declaration):
        measures = (("scale", declaration.scale is msgspec.UNSET), ("precision", declaration.precision is None))
        faults += [(key, f"an approximate number has no {key}") for key, unset in measures if not unset]
    elif declaration.precision is not None and declaration.places() > declaration.precision:
        faults.append(("precision", f"precision ({declaration.precision}) is below scale ({declaration.places()})"))
    return faults


def _expression_type(declaration: NumericOptions) -> Type:
    if _is_double(declaration):
        return optional(DOUBLE)
    return optional(DECIMAL if declaration.places() else INT)


def number_type(
    declaration: type[NumericOptions],
    summary: str,
    *,
    fixed: bool = False,
    check: Callable[[Any], list[tuple[str, str]]] = check_number,
) -> FieldType:
    """Returns a type of numbers; those of a `fixed` one are shown with all digits of their scale."""
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=_storage(fixed=fixed),
        comparison="number",
        reader=_reader,
        schema=_schema,
        expression_type=_expression_type,
        check=check,
    )


TYPES = (
    number_type(NumberOptions, "An exact number; `scale: 0` makes it whole, `approximate: true` a double"),
    number_type(PercentOptions, "A share in hundredths"),
)
