"""Measures and buckets in SQL: what each function over a group, and each span of time, is on each database.

Equal figures on both: sums and averages of exact numbers are exact (`wide.py` on SQLite, NUMERIC on PostgreSQL), lists are in ascending
order, and a label is made of the same day.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from fieldstone.late import late_module
from fieldstone.query.measures import MEAN_DIGITS, SEPARATOR, WIDE
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.store.columns import Convert, DialectName
from fieldstone.store.dialects import Condition, Dialect, Value
from fieldstone.store.failures import out_of_range
from fieldstone.store.wide import HALF_BITS, LOWER_HALF
from fieldstone.store.zones import rules_of

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = late_module("sqlalchemy.dialects.postgresql")

_AS_STRONG_AS_TIMES = 8

Bind = Callable[[Convert | None, TypeEngine[Any]], Value]
"""Returns the parameter of a value of the request, as a conversion makes it."""


class MeasureDialect(Protocol):
    """One database's way to compute over groups; `only` narrows the rows that take part, None takes all."""

    def total(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        """Returns the sum of exact numbers; 0 over none."""

    def mean(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        """Returns the mean of exact numbers, rounded; null over none."""

    def kept_total(self, value: Value, kept: Storage) -> Value:
        """Returns the sum of exact numbers for a column of the same scale; 0 over none, a failure beyond the column."""

    def kept_mean(self, value: Value, storage: Storage, kept: Storage) -> Value:
        """Returns the mean of exact numbers, rounded to the scale of a column; null over none, a failure beyond the column."""

    def values(self, value: Value, storage: Storage, only: Condition | None) -> tuple[Value, Convert]:
        """Returns the list of all values in ascending order, and what brings it to wire form; null over none."""

    def joined(self, value: Value, only: Condition | None) -> Value:
        """Returns all texts in ascending order as one; null over none."""

    def bucket(self, value: Value, bucket: str, zone: Bind | None) -> Value:
        """Returns the label of the bucket that a day or an instant lies in; `zone` binds the name of a time zone, None is UTC."""


def counted(value: Value | None, *, distinct: bool, only: Condition | None) -> Value:
    """Returns how many rows there are, or how many (different) values."""
    if value is None:
        return _narrowed(sa.func.count(), only)
    return _narrowed(sa.func.count(value.distinct() if distinct else value), only)


def extreme(value: Value, *, greatest: bool, only: Condition | None) -> Value:
    """Returns the least or the greatest value."""
    return _narrowed((sa.func.max if greatest else sa.func.min)(value), only)


def added(value: Value, only: Condition | None) -> Value:
    """Returns the sum of doubles; 0 over none."""
    return sa.func.coalesce(_narrowed(sa.func.sum(value), only), sa.cast(_number(0), sa.Double()))


def averaged(value: Value, only: Condition | None) -> Value:
    """Returns the mean of doubles."""
    return _narrowed(sa.func.avg(value), only)


def finite(value: float) -> float:
    """Returns a double as it is; raises Invalid for one beyond all doubles, which no JSON can hold."""
    if value - value != 0:
        raise out_of_range()
    return value


class _SqliteMeasures:
    """SQLite; the functions `fs_...` are registered on every connection."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def total(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        del storage
        return sa.func.fs_total(*_halves(value, only))

    def mean(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        del storage
        return sa.func.fs_mean(*_halves(value, only), _narrowed(sa.func.count(value), only))

    def kept_total(self, value: Value, kept: Storage) -> Value:
        return sa.func.fs_kept_total(*_halves(value, None), _number(_most(kept)))

    def kept_mean(self, value: Value, storage: Storage, kept: Storage) -> Value:
        steps = _number(kept.scale - storage.scale)
        return sa.func.fs_kept_mean(*_halves(value, None), sa.func.count(value), steps, _number(_most(kept)))

    def values(self, value: Value, storage: Storage, only: Condition | None) -> tuple[Value, Convert]:
        shown, convert = self._dialect.shown(value, storage)
        return _narrowed(sa.func.fs_list(shown), only), _list_to_wire(convert)

    def joined(self, value: Value, only: Condition | None) -> Value:
        return _narrowed(sa.func.fs_joined(value), only)

    def bucket(self, value: Value, bucket: str, zone: Bind | None) -> Value:
        day = value if zone is None else sa.func.fs_local_day(value, zone(None, sa.Text()))
        year = sa.func.substr(day, _number(1), _number(4))
        match bucket:
            case "day":
                return sa.func.substr(day, _number(1), _number(10))
            case "week":
                return _iso_week(day)
            case "month":
                return sa.func.substr(day, _number(1), _number(7))
            case "quarter":
                month = sa.cast(sa.func.substr(day, _number(6), _number(2)), sa.Integer())
                return year.concat(sa.func.printf(_text("-Q%d"), _divided(month + _number(2), 3)))
        return year


class _PostgresMeasures:
    """PostgreSQL, in a session of UTC."""

    _FORMATS: Mapping[str, str] = {
        "day": "YYYY-MM-DD",
        "week": 'IYYY-"W"IW',
        "month": "YYYY-MM",
        "quarter": 'YYYY-"Q"Q',
        "year": "YYYY",
    }

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def total(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        none = sa.cast(_number(0), sa.Numeric(WIDE, storage.scale))
        return sa.func.coalesce(_narrowed(sa.func.sum(value), only), none)

    def mean(self, value: Value, storage: Storage, only: Condition | None) -> Value:
        return _quotient(
            _narrowed(sa.func.sum(value), only),
            _narrowed(sa.func.count(value), only),
            storage.scale + MEAN_DIGITS,
        )

    def kept_total(self, value: Value, kept: Storage) -> Value:
        del kept
        return sa.func.coalesce(sa.func.sum(value), _number(0))

    def kept_mean(self, value: Value, storage: Storage, kept: Storage) -> Value:
        del storage
        return _quotient(sa.func.sum(value), sa.func.count(value), kept.scale)

    def values(self, value: Value, storage: Storage, only: Condition | None) -> tuple[Value, Convert]:
        shown, convert = self._dialect.shown(value, storage)
        there = value.is_not(None)
        ordered = sa.func.array_agg(postgresql.aggregate_order_by(shown, value))
        return ordered.filter(there if only is None else sa.and_(there, only)), _list_to_wire(convert)

    def joined(self, value: Value, only: Condition | None) -> Value:
        return _narrowed(sa.func.string_agg(value, postgresql.aggregate_order_by(_text(SEPARATOR), value)), only)

    def bucket(self, value: Value, bucket: str, zone: Bind | None) -> Value:
        form = _text(self._FORMATS[bucket])
        if zone is None:
            return sa.func.to_char(value, form).collate("C")
        changes, offsets = (
            zone(_changes, postgresql.ARRAY(sa.BigInteger())),
            zone(_offsets, postgresql.ARRAY(sa.BigInteger())),
        )
        second = sa.cast(sa.func.floor(sa.extract("epoch", value)), sa.BigInteger())
        offset = Grouping(offsets)[sa.func.width_bucket(second, changes) + _number(1)]
        local = sa.func.timezone(_text("UTC"), value) + offset * sa.literal_column("interval '1 second'")
        first, last = _text("0001-01-01 00:00:00"), _text("9999-12-31 23:59:59.999")
        within = sa.func.least(sa.func.greatest(local, first), last)
        return sa.case((value.is_not(None), sa.func.to_char(within, form))).collate("C")


def measures_of(dialect: Dialect) -> MeasureDialect:
    """Returns a database's way to compute over groups."""
    return _MEASURES[dialect.name](dialect)


_MEASURES: Mapping[DialectName, type[_SqliteMeasures] | type[_PostgresMeasures]] = {
    "sqlite": _SqliteMeasures,
    "postgresql": _PostgresMeasures,
}


def _narrowed(function: sa.sql.functions.FunctionElement[Any], only: Condition | None) -> Value:
    return function if only is None else function.filter(only)


def _halves(value: Value, only: Condition | None) -> tuple[Value, Value]:
    """Returns the sums of the upper and of the lower halves of whole numbers."""
    upper = value.bitwise_rshift(_number(HALF_BITS))
    lower = value.bitwise_and(_number(LOWER_HALF))
    return _narrowed(sa.func.sum(upper), only), _narrowed(sa.func.sum(lower), only)


def _most(kept: Storage) -> int:
    """Returns the greatest number that a column holds, counted in its last place."""
    return 10**kept.precision - 1 if kept.kind == StorageClass.DECIMAL else 2**63 - 1


def _quotient(total: Value, count: Value, digits: int) -> Value:
    """Returns PostgreSQL's mean with so many digits after the point, half a last digit rounded away from zero."""
    # Whole numbers from end to end: a quotient of fractions would be rounded twice.
    doubled = total * _number(2 * 10**digits) + sa.func.sign(total) * count
    return sa.func.div(doubled, _number(2) * count) * sa.literal_column(f"1e-{digits}")


def _iso_week(day: Value) -> Value:
    """Returns the label of a week: its Thursday tells the year, and the how many-th it is in it."""
    first_ten = sa.func.substr(day, _number(1), _number(10))
    thursday = sa.func.date(first_ten, _text("-3 days"), _text("weekday 4"))
    of_year = sa.cast(sa.func.strftime(_text("%j"), thursday), sa.Integer())
    week = sa.func.printf(_text("-W%02d"), _divided(of_year + _number(6), 7))
    return sa.func.substr(thursday, _number(1), _number(4)).concat(week)


def _divided(value: Value, by: int) -> Value:
    return value.op("/", precedence=_AS_STRONG_AS_TIMES)(_number(by))


def _changes(zone: str) -> list[int]:
    return list(rules_of(zone).changes)


def _offsets(zone: str) -> list[int]:
    return list(rules_of(zone).offsets)


def _list_to_wire(item: Convert | None) -> Convert:
    def to_wire(values: Any) -> list[Any]:
        plain = msgspec.json.decode(values) if isinstance(values, str) else values
        return plain if item is None else [item(value) for value in plain]

    return to_wire


def _number(value: int) -> Value:
    return sa.literal_column(str(value))


def _text(value: str) -> Value:
    return sa.literal_column(f"'{value}'")
