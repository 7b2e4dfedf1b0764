"""Functions of expressions in SQL: for each name, what it is on SQLite and on PostgreSQL, on values that are already there.

Every function is NULL when an argument is, which is CEL's error; `expression.py` sees to what takes null with a meaning.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from fieldstone.store.columns import DialectName
from fieldstone.store.expression_value import Value, literal, within

_INTEGER = sa.BigInteger()
_NUMBER = sa.Numeric()
_INSTANT = sa.TIMESTAMP(timezone=True)
_BLANK = {"sqlite": "' ' || char(9, 10, 13)", "postgresql": r"E' \t\n\r'"}
_UNICODE, _BY_CODE_POINT = "pg_unicode_fast", "C"
_DAYS = 3_652_059
"""From the first day of the year 1 to the first one past the year 9999."""

Function = Callable[..., Value]


def trimmed(dialect: DialectName, text: Value) -> Value:
    """Returns a text without spaces, tabs and line breaks at its ends."""
    name = "trim" if dialect == "sqlite" else "btrim"
    return _call(name, sa.Text(), text, literal(_BLANK[dialect], sa.Text()))


def length(dialect: DialectName, value: Value, kind: str) -> Value:
    """Returns how many characters or items there are."""
    listed = "json_array_length" if dialect == "sqlite" else "jsonb_array_length"
    return _call(listed if kind == "list" else "length", _INTEGER, value)


def instant_of_day(dialect: DialectName, day: Value) -> Value:
    """Returns the instant at which a day begins in UTC."""
    if dialect == "sqlite":
        return day.concat(literal("'T00:00:00.000Z'", sa.Text()))
    return _call("timezone", _INSTANT, literal("'UTC'", sa.Text()), sa.cast(day, sa.TIMESTAMP()))


def later(dialect: DialectName, instant: Value, duration: Value, *, back: bool = False) -> Value:
    """Returns an instant moved by a duration: a modifier with its sign on SQLite, milliseconds to add or take away on PostgreSQL."""
    if dialect == "sqlite":
        moved = _call("strftime", sa.Text(), literal("'%Y-%m-%dT%H:%M:%fZ'", sa.Text()), instant, duration)
        return within(dialect, moved, "'0000-12-31T23:59:59.999Z'", "':'")
    return _moved(instant, _times(sa.cast(duration, sa.Double()), "INTERVAL '1 millisecond'"), "-" if back else "+")


def _sqlite(name: str, kind: TypeEngine[Any]) -> Function:
    return lambda *args: _call(name, kind, *args)


def _call(name: str, kind: TypeEngine[Any], *args: Value) -> Value:
    called: Value = getattr(sa.func, name)(*args, type_=kind)
    return called


def _times(count: Value, interval: str) -> Value:
    return count.op("*", precedence=8, return_type=sa.Interval())(literal(interval, sa.Interval()))


def _sum(left: Value, sign: str, right: Value, kind: TypeEngine[Any]) -> Value:
    return left.op(sign, precedence=7, return_type=kind)(right)


def _moved(instant: Value, passed: Value, sign: str = "+") -> Value:
    """Returns an instant on PostgreSQL so much later: counted from the first day of all, for that never leaves the range.

    Without a zone meanwhile, in which a day always has 24 hours.
    """
    first = literal("TIMESTAMP '0001-01-01'", sa.TIMESTAMP())
    age = _sum(_sum(_in_utc(instant), "-", first, sa.Interval()), sign, passed, sa.Interval())
    kept = within("postgresql", age, "INTERVAL '-1 millisecond'", f"INTERVAL '{_DAYS} days'")
    return _call("timezone", _INSTANT, literal("'UTC'", sa.Text()), _sum(first, "+", kept, sa.TIMESTAMP()))


def _moved_day(day: Value, days: Value) -> Value:
    """Returns a day on PostgreSQL so many days later, likewise."""
    first = literal("DATE '0001-01-01'", sa.Date())
    age = _sum(_sum(day, "-", first, _INTEGER), "+", sa.cast(days, sa.Integer()), _INTEGER)
    return _sum(first, "+", within("postgresql", age, "-1", str(_DAYS)), sa.Date())


def _add_days(dialect: DialectName, time: Value, count: Value, kind: str) -> Value:
    days = within(dialect, count, str(-_DAYS), str(_DAYS))
    if dialect == "postgresql":
        if kind == "date":
            return _moved_day(time, days)
        return _moved(time, _times(sa.cast(days, sa.Double()), "INTERVAL '24 hours'"))
    modifier = sa.cast(days, sa.Text()).concat(literal("' days'", sa.Text()))
    if kind == "timestamp":
        return later(dialect, time, modifier)
    return within(dialect, _call("date", sa.Text(), time, modifier), "'0000-12-31'", "':'")


def _day(dialect: DialectName, time: Value) -> Value:
    if dialect == "sqlite":
        return _call("substr", sa.Text(), time, literal("1"), literal("10"))
    return sa.cast(_in_utc(time), sa.Date())


def _in_utc(instant: Value) -> Value:
    return _call("timezone", sa.TIMESTAMP(), literal("'UTC'", sa.Text()), instant)


def _days_between(dialect: DialectName, first: Value, second: Value, kind: str) -> Value:
    if kind == "timestamp":
        first, second = _day(dialect, first), _day(dialect, second)
    if dialect == "sqlite":
        days = [_call("julianday", sa.Double(), day) for day in (first, second)]
        return sa.cast(days[1] - days[0], _INTEGER)
    return sa.cast(_sum(second, "-", first, _INTEGER), _INTEGER)


def _between(dialect: DialectName, first: Value, second: Value) -> Value:
    """Returns the milliseconds from the second instant to the first."""
    if dialect == "postgresql":
        passed = sa.extract("epoch", _sum(first, "-", second, sa.Interval()))
        return sa.cast(sa.cast(passed, _NUMBER) * literal("1000"), _INTEGER)
    counted = []
    for instant in (first, second):
        seconds = sa.cast(_call("strftime", sa.Text(), literal("'%s'", sa.Text()), instant), _INTEGER)
        counted.append(seconds * literal("1000") + _digits(instant, 21, 3))
    return counted[0] - counted[1]


def _digits(text: Value, start: int, count: int) -> Value:
    return sa.cast(_call("substr", sa.Text(), text, literal(str(start)), literal(str(count))), _INTEGER)


def _sqlite_part(form: str) -> Function:
    return lambda instant: sa.cast(_call("strftime", sa.Text(), literal(f"'{form}'", sa.Text()), instant), _INTEGER)


def _sqlite_digits(start: int, count: int, first: int = 0) -> Function:
    return lambda instant: (
        _digits(instant, start, count) - literal(str(first)) if first else _digits(instant, start, count)
    )


def _postgresql_part(field: str, first: int = 0) -> Function:
    def part(instant: Value) -> Value:
        found = sa.cast(_call("floor", _NUMBER, sa.extract(field, _in_utc(instant))), _NUMBER)
        return found - literal(str(first)) if first else found

    return part


def _glob(text: Value, pattern: Value) -> Value:
    return text.op("GLOB", is_comparison=True, return_type=sa.Boolean())(pattern)


def matches_pattern(text: Value, pattern: Value) -> Value:
    """Tells whether a text fits a pattern of SQLite's `GLOB`, which serves an index when it begins with plain text."""
    return _glob(text, pattern)


def _sqlite_starts(text: Value, part: Value) -> Value:
    return _call("substr", sa.Text(), text, literal("1"), _call("length", _INTEGER, part)) == part


def _sqlite_ends(text: Value, part: Value) -> Value:
    """Compares the end; a text that is shorter than the part cannot end with it."""
    sizes = [_call("length", _INTEGER, value) for value in (text, part)]
    start = sizes[0] - sizes[1] + literal("1")
    return sa.and_(sizes[0] >= sizes[1], _call("substr", sa.Text(), text, start) == part)


def _unicode(name: str) -> Function:
    return lambda text: _call(name, sa.Text(), Grouping(text).collate(_UNICODE)).collate(_BY_CODE_POINT)


_SQLITE: Mapping[str, Function] = {
    "trim": lambda text: trimmed("sqlite", text),
    "upper": _sqlite("fs_upper", sa.Text()),
    "lower": _sqlite("fs_lower", sa.Text()),
    "contains": lambda text, part: _call("instr", _INTEGER, text, part) > literal("0"),
    "startsWith": _sqlite_starts,
    "endsWith": _sqlite_ends,
    "getFullYear": _sqlite_digits(1, 4),
    "getMonth": _sqlite_digits(6, 2, first=1),
    "getDate": _sqlite_digits(9, 2),
    "getDayOfMonth": _sqlite_digits(9, 2, first=1),
    "getDayOfWeek": _sqlite_part("%w"),
    "getDayOfYear": lambda instant: _sqlite_part("%j")(instant) - literal("1"),
    "getHours": _sqlite_digits(12, 2),
    "getMinutes": _sqlite_digits(15, 2),
    "getSeconds": _sqlite_digits(18, 2),
    "getMilliseconds": _sqlite_digits(21, 3),
}

_POSTGRESQL: Mapping[str, Function] = {
    "trim": lambda text: trimmed("postgresql", text),
    "upper": _unicode("upper"),
    "lower": _unicode("lower"),
    "contains": lambda text, part: _call("strpos", _INTEGER, text, part) > literal("0"),
    "startsWith": lambda text, part: _call("starts_with", sa.Boolean(), text, part),
    "endsWith": lambda text, part: _call("right", sa.Text(), text, _call("length", _INTEGER, part)) == part,
    "getFullYear": _postgresql_part("year"),
    "getMonth": _postgresql_part("month", first=1),
    "getDate": _postgresql_part("day"),
    "getDayOfMonth": _postgresql_part("day", first=1),
    "getDayOfWeek": _postgresql_part("dow"),
    "getDayOfYear": _postgresql_part("doy", first=1),
    "getHours": _postgresql_part("hour"),
    "getMinutes": _postgresql_part("minute"),
    "getSeconds": _postgresql_part("second"),
    "getMilliseconds": lambda instant: _postgresql_part("milliseconds")(instant) % literal("1000"),
}


def function(dialect: DialectName, name: str, kind: str) -> Function:
    """Returns what a function of this name is on a database; `kind` names the type of its first parameter."""
    if name == "addDays":
        return lambda time, count: _add_days(dialect, time, count, kind)
    if name == "daysBetween":
        return lambda first, second: _days_between(dialect, first, second, kind)
    if name == "date":
        return lambda instant: _day(dialect, instant)
    if name == "-" and kind == "timestamp":
        return lambda first, second: _between(dialect, first, second)
    if name in ("size", "len"):
        return lambda value: length(dialect, value, kind)
    return (_SQLITE if dialect == "sqlite" else _POSTGRESQL)[name]
