"""Comparands: what a where compares a field with, checked by the field's family and turned into terms.

Values come out in wire form and always fit the field's column, so that the store can bind them as they are: a number between two
steps of a field's scale moves the comparison to the step below, one beyond all values of the field settles it at once, and a bare
day against an instant becomes its midnight, or, as an upper bound, the midnight after it (contract 1.3, "Typing").
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fieldstone.query.ast import EVERYTHING, NOTHING, Filter, Literal, Not, Slot, Term
from fieldstone.query.like import LONGEST, is_pattern
from fieldstone.query.relative_dates import LocalDay
from fieldstone.query.storage import FieldShape, StorageClass
from fieldstone.query.values import (
    GREATEST_DOUBLE,
    INT64_MAX,
    INT64_MIN,
    at_scale,
    is_clean,
    midnight,
    next_day,
    number_of_text,
    read_day,
    read_instant,
    read_number,
    read_time,
)

TRUE = Literal(value=True)
LAST_INSTANT = "9999-12-31T23:59:59.999Z"

EXPECTED = {
    "text": "a text",
    "number": "a number",
    "instant": "an instant with its zone such as `2026-03-05T14:30:00Z`, or a day such as `2026-03-05`",
    "day": "a day such as `2026-03-05`",
    "time": "a time of day such as `14:30`",
    "boolean": "`true` or `false`",
    "list": "a list of texts",
    "json": "nothing",
    "none": "nothing",
}
"""What a comparand of each family is, for messages."""
EXPECTED_PATTERN = f"a pattern of at most {LONGEST} characters that no single backslash ends"


class Unfit(Exception):
    """A comparand that does not fit the field's family."""


def absent(field: str) -> Filter:
    """Returns the filter of the rows without a value."""
    return Term(field, "null", TRUE)


def present(field: str) -> Filter:
    """Returns the filter of the rows with a value."""
    return Not(Term(field, "null", TRUE))


def compare(field: FieldShape, operator: str, value: Any, values: list[Any]) -> Filter:
    """Returns the filter of one comparison with one value and appends what it binds; raises Unfit for a value that does not fit."""
    if field.comparison == "text":
        return bound(field, operator, text(value), values)
    if field.comparison == "number":
        return _compare_number(field, operator, value, values)
    if field.comparison == "instant":
        return _compare_instant(field, operator, value, values)
    return bound(field, operator, READERS[field.comparison](value), values)


def member(field: FieldShape, value: Any) -> Any:
    """Returns one value of a list in wire form, None for one that no row can have; raises Unfit for one that does not fit."""
    if field.comparison == "number":
        number = _number(value)
        lowest, highest = bounds(field)
        return _wire_number(field, number) if lowest <= number <= highest and _on_scale(field, number) else None
    return text(value) if field.comparison == "list" else READERS[field.comparison](value)


def bound(field: FieldShape, operator: str, value: Any, values: list[Any]) -> Filter:
    """Returns the term of a value that is already in wire form."""
    values.append(value)
    return Term(field.name, operator, Slot(len(values) - 1))


def from_text(field: FieldShape, sent: str) -> Any:
    """Returns what a bare text parameter means for a field: a number or a boolean is spelled as in JSON; else the text itself."""
    if field.comparison == "number":
        return number_of_text(sent)
    if field.comparison == "boolean":
        return {"true": True, "false": False}.get(sent)
    return sent


def pattern(value: Any) -> str:
    """Returns a pattern as it is; raises Unfit."""
    sent = text(value)
    if not is_pattern(sent):
        raise Unfit
    return sent


def text(value: Any) -> str:
    """Returns a storable text as it is; raises Unfit."""
    if type(value) is not str or not is_clean(value):
        raise Unfit
    return value


def bounds(field: FieldShape) -> tuple[Decimal | int, Decimal | int]:
    """Returns the least and the greatest number that a column holds."""
    storage = field.storage
    if storage.kind is StorageClass.DECIMAL:
        highest = Decimal(10**storage.precision - 1).scaleb(-storage.scale)
        return -highest, highest
    if storage.kind is StorageClass.DOUBLE:
        return -GREATEST_DOUBLE, GREATEST_DOUBLE
    return INT64_MIN, INT64_MAX


def _compare_number(field: FieldShape, operator: str, value: Any, values: list[Any]) -> Filter:
    number = _number(value)
    lowest, highest = bounds(field)
    if number > highest or number < lowest:
        return _beyond(field, operator, above=number > highest)
    if field.storage.kind is StorageClass.DOUBLE:
        return bound(field, operator, float(number), values)
    cut = at_scale(number, field.storage.scale)
    if cut != number:
        if operator in ("eq", "ne"):
            return NOTHING if operator == "eq" else EVERYTHING
        if cut < lowest:
            return _beyond(field, operator, above=False)
        operator = {"gte": "gt", "lt": "lte"}.get(operator, operator)
    return bound(field, operator, _wire_number(field, cut), values)


def _beyond(field: FieldShape, operator: str, *, above: bool) -> Filter:
    """Returns the filter of a comparison with a number that no value of the field reaches."""
    if operator == "eq":
        return NOTHING
    if operator == "ne":
        return EVERYTHING
    return present(field.name) if (operator in ("lt", "lte")) == above else NOTHING


def _on_scale(field: FieldShape, number: Decimal | int) -> bool:
    return field.storage.kind is StorageClass.DOUBLE or at_scale(number, field.storage.scale) == number


def _wire_number(field: FieldShape, number: Decimal | int) -> Decimal | int | float:
    kind = field.storage.kind
    if kind is StorageClass.DECIMAL:
        return at_scale(number, field.storage.scale)
    return int(number) if kind is StorageClass.INTEGER else float(number)


def _compare_instant(field: FieldShape, operator: str, value: Any, values: list[Any]) -> Filter:
    begins, ends = _day_of(value)
    if begins is None:
        return bound(field, operator, _instant(value), values)
    if operator != "lte":
        return bound(field, operator, begins, values)
    return bound(field, "lt", ends, values) if ends else bound(field, "lte", LAST_INSTANT, values)


def _day_of(value: Any) -> tuple[str | None, str | None]:
    """Returns the instants at which a day begins and the next one does; a bare day passes in UTC. None and None for no day."""
    if isinstance(value, LocalDay):
        return value.begins, value.ends
    day = read_day(text(value))
    if day is None:
        return None, None
    after = next_day(day)
    return midnight(day), midnight(after) if after else None


def _number(value: Any) -> Decimal | int:
    number = read_number(value)
    if number is None:
        raise Unfit
    return number


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Unfit
    return value


def _instant(value: Any) -> str:
    if isinstance(value, LocalDay):
        return value.begins
    sent = text(value)
    day = read_day(sent)
    return midnight(day) if day else _parsed(read_instant, sent)


def _day(value: Any) -> str:
    return _parsed(read_day, text(value))


def _time(value: Any) -> str:
    return _parsed(read_time, text(value))


def _texts(value: Any) -> list[str]:
    """Returns the members of a list, each once."""
    if type(value) is not list:
        raise Unfit
    return list(dict.fromkeys(text(item) for item in value))


def _parsed(parse: Callable[[str], str | None], sent: str) -> str:
    canonical = parse(sent)
    if canonical is None:
        raise Unfit
    return canonical


READERS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "list": _texts,
    "instant": _instant,
    "day": _day,
    "time": _time,
    "boolean": _boolean,
}
"""By family: brings a value to wire form or raises Unfit; numbers depend on the column and are read by `compare` and `member`."""
