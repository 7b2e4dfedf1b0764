"""Field types that hold days, instants and times of day, each in its one canonical text."""

from collections.abc import Callable
from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import DATE, STRING, TIMESTAMP, Type, optional
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import read_day, read_instant, read_time


class DateOptions(FieldOptions, frozen=True, kw_only=True, tag="date"):
    """A day, without a zone."""


class DatetimeOptions(FieldOptions, frozen=True, kw_only=True, tag="datetime"):
    """An instant, to the millisecond; a value must name its zone, and is kept in UTC."""


class TimeOptions(FieldOptions, frozen=True, kw_only=True, tag="time"):
    """A time of day, to the millisecond."""


def _reader(parse: Callable[[str], str | None], code: str, form: str) -> Callable[[FieldOptions], Reader]:
    def reader(declaration: FieldOptions) -> Reader:
        def read(value: Any) -> str:
            if type(value) is not str:
                raise Rejected("invalid_type", f"{subject(declaration)} is a text: {form}")
            canonical = parse(value)
            if canonical is None:
                raise Rejected(code, f"{subject(declaration)} is {form}")
            return canonical

        return read

    return reader


def _temporal_type(  # one parameter for each thing in which the three differ
    declaration: type[FieldOptions],
    summary: str,
    storage: StorageClass,
    comparison: str,
    reader: Callable[[FieldOptions], Reader],
    schema: dict[str, Any],
    expression_type: Type,
) -> FieldType:
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(storage),
        comparison=comparison,
        reader=reader,
        schema=lambda _declaration: dict(schema),
        expression_type=lambda _declaration: optional(expression_type),
    )


TYPES = (
    _temporal_type(
        DateOptions,
        "A day, without a zone",
        StorageClass.DAY,
        "day",
        _reader(read_day, "invalid_date", "a day such as `2026-03-05`"),
        {"type": "string", "format": "date"},
        DATE,
    ),
    _temporal_type(
        DatetimeOptions,
        "An instant, kept in UTC to the millisecond",
        StorageClass.INSTANT,
        "instant",
        _reader(read_instant, "invalid_date", "an instant with its zone, such as `2026-03-05T14:30:00Z`"),
        {"type": "string", "format": "date-time"},
        TIMESTAMP,
    ),
    _temporal_type(
        TimeOptions,
        "A time of day, to the millisecond",
        StorageClass.TEXT,
        "time",
        _reader(read_time, "invalid_time", "a time of day such as `14:30` or `14:30:00.000`"),
        {"type": "string", "pattern": r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"},
        STRING,
    ),
)
