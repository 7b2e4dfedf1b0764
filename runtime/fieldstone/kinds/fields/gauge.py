"""Field types that are a number on a scale: ratings, sliders, progress. Each is a `number` in other words."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields import number
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.values import read_number

NUMBER = number.TYPES[0]
GREATEST = 1_000_000_000
"""The greatest bound of a slider."""
MOST_PLACES = 6
"""The most digits after the point of a slider's step."""


class RatingOptions(FieldOptions, frozen=True, kw_only=True, tag="rating"):
    """How many stars: a whole number from 0 to `max`."""

    max: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    """The most stars."""


class SliderOptions(FieldOptions, frozen=True, kw_only=True, tag="slider"):
    """A number from `min` to `max` in steps."""

    min: int | float = 0
    """The least value."""
    max: int | float = 100
    """The greatest value."""
    step: int | float = 1
    """The distance of two values, counted from the least."""


class ProgressOptions(FieldOptions, frozen=True, kw_only=True, tag="progress"):
    """How much is done: from 0 to 100."""

    scale: Annotated[int, msgspec.Meta(ge=0, le=6)] = 0
    """How many digits may stand after the point."""


def _rating(declaration: RatingOptions) -> number.NumberOptions:
    return _number(declaration, 0, declaration.max, 0)


def _progress(declaration: ProgressOptions) -> number.NumberOptions:
    return _number(declaration, 0, 100, declaration.scale)


def _slider(declaration: SliderOptions) -> number.NumberOptions:
    places = max(_places(declaration.min), _places(declaration.max), _places(declaration.step))
    return _number(declaration, declaration.min, declaration.max, min(places, MOST_PLACES))


def _number(declaration: FieldOptions, least: float, most: float, scale: int) -> number.NumberOptions:
    return number.NumberOptions(
        label=declaration.label, required=declaration.required, min=least, max=most, scale=scale
    )


def _places(value: float) -> int:
    """Returns how many digits stand after the point of a declared number."""
    exact = read_number(value)
    exponent = exact.normalize().as_tuple().exponent if isinstance(exact, Decimal) else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _read_slider(declaration: SliderOptions) -> Reader:
    read_plain = NUMBER.reader(_slider(declaration))
    least, step = read_number(declaration.min), read_number(declaration.step)

    def read(value: Any) -> Any:
        found = read_plain(value)
        if step and (Decimal(found) - Decimal(least or 0)) % Decimal(step):
            message = f"{subject(declaration)} goes from {declaration.min} in steps of {declaration.step}"
            raise Rejected("invalid_value", message, declaration.step)
        return found

    return read


def _check_slider(declaration: SliderOptions) -> list[tuple[str, str]]:
    bounds = (declaration.min, declaration.max, declaration.step)
    if any(read_number(bound) is None or abs(bound) > GREATEST for bound in bounds):
        return [("max", f"min, max and step are numbers of at most {GREATEST:,}")]
    if declaration.step <= 0 or _places(declaration.step) > MOST_PLACES:
        return [("step", f"step is above zero, with at most {MOST_PLACES} digits after the point")]
    if _places(declaration.min) > MOST_PLACES or _places(declaration.max) > MOST_PLACES:
        return [("min", f"min and max have at most {MOST_PLACES} digits after the point")]
    if declaration.min >= declaration.max:
        return [("min", f"min ({declaration.min}) is not below max ({declaration.max})")]
    return []


def _gauge(
    declaration: type[FieldOptions],
    summary: str,
    as_number: Callable[[Any], number.NumberOptions],
    reader: Callable[[Any], Reader] | None = None,
    check: Callable[[Any], list[tuple[str, str]]] = lambda _declaration: [],
) -> FieldType:
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=lambda declared: NUMBER.storage(as_number(declared)),
        comparison="number",
        reader=reader or (lambda declared: NUMBER.reader(as_number(declared))),
        schema=lambda declared: NUMBER.schema(as_number(declared)),
        expression_type=lambda declared: NUMBER.expression_type(as_number(declared)),
        check=check,
    )


TYPES = (
    _gauge(RatingOptions, "How many stars", _rating),
    _gauge(SliderOptions, "A number in steps between two bounds", _slider, _read_slider, _check_slider),
    _gauge(ProgressOptions, "How much is done, from 0 to 100", _progress),
)
