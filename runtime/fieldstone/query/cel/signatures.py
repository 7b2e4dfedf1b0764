"""The table of operators and functions: one row for each way to call one.

The checker resolves calls against it, both back ends take their conversions from it, and the reference page is its print. To add a
function: a row here, its implementation in `functions.py` and, if it is for SQL, in `store/expression_function.py`.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from fieldstone.query.cel.types import (
    ANY,
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    T,
    Type,
    assignable,
    contains,
    join,
    list_of,
    map_of,
    required,
)

Form = Literal["operator", "function", "method", "either"]


class Signature(msgspec.Struct, frozen=True):
    """One way to call an operator or function.

    `form` says how it is written: `f(x, y)` for a function, `x.f(y)` for a method. `sql` means that it has a counterpart in SQL,
    `fails` that it can have no value although no argument is null.
    """

    name: str
    params: tuple[Type, ...]
    result: Type
    form: Form
    sql: bool
    fails: bool
    summary: str


class Match(msgspec.Struct, frozen=True):
    """A signature applied to given types: what each argument is converted to, and the type of the result."""

    signature: Signature
    params: tuple[Type, ...]
    result: Type


LIST_OF_ANY = list_of(ANY)
MAP_OF_ANY = map_of(ANY)
_NUMBERS = (INT, DECIMAL, DOUBLE)
_SCALARS = (BOOL, INT, DECIMAL, DOUBLE, STRING, DATE, TIMESTAMP, DURATION)

Row = tuple[tuple[Type, ...], Type]


def _rows(
    form: Form, name: str, summary: str, *rows: Row, sql: bool = True, fails: bool = False
) -> Iterable[Signature]:
    return (Signature(name, params, result, form, sql, fails, summary) for params, result in rows)


def _pairs(kinds: Iterable[Type], result: Type | None = None) -> list[Row]:
    return [((kind, kind), result or kind) for kind in kinds]


def _operators() -> Iterable[Signature]:
    yield from _rows("operator", "&&", "Both hold; false wins over an error.", *_pairs([BOOL]))
    yield from _rows("operator", "||", "One holds; true wins over an error.", *_pairs([BOOL]))
    yield from _rows("operator", "!", "It does not hold.", ((BOOL,), BOOL))
    yield from _rows("operator", "?:", "The second value if the first holds, else the third.", ((BOOL, T, T), T))
    yield from _rows("operator", "==", "They are the same; null is the same as null.", *_pairs([T], BOOL))
    yield from _rows("operator", "!=", "They are not the same.", *_pairs([T], BOOL))
    ordered = (INT, DECIMAL, DOUBLE, STRING, DATE, TIMESTAMP, DURATION)
    for symbol, words in (("<", "less than"), ("<=", "at most"), (">", "greater than"), (">=", "at least")):
        yield from _rows("operator", symbol, f"The first is {words} the second.", *_pairs(ordered, BOOL))
    yield from _rows("operator", "in", "The list holds the value.", ((T, list_of(T)), BOOL))
    yield from _rows("operator", "in", "The map has the key.", ((STRING, MAP_OF_ANY), BOOL), sql=False)
    yield from _rows("operator", "+", "The sum.", *_pairs([INT]), fails=True)
    yield from _rows("operator", "+", "The sum.", *_pairs([DECIMAL, DOUBLE]))
    yield from _rows("operator", "+", "The texts, one behind the other.", *_pairs([STRING]))
    later: list[Row] = [((TIMESTAMP, DURATION), TIMESTAMP), ((DURATION, TIMESTAMP), TIMESTAMP)]
    yield from _rows("operator", "+", "The instant so much later.", *later, fails=True)
    yield from _rows("operator", "+", "The sum of two durations.", *_pairs([DURATION]), sql=False, fails=True)
    both: Row = ((list_of(T), list_of(T)), list_of(T))
    yield from _rows("operator", "+", "The lists, one behind the other.", both, sql=False, fails=True)
    yield from _rows("operator", "-", "The difference.", *_pairs([INT]), fails=True)
    yield from _rows("operator", "-", "The difference.", *_pairs([DECIMAL, DOUBLE]))
    yield from _rows("operator", "-", "The time between two instants.", *_pairs([TIMESTAMP], DURATION))
    yield from _rows("operator", "-", "The instant so much earlier.", ((TIMESTAMP, DURATION), TIMESTAMP), fails=True)
    yield from _rows("operator", "-", "The difference.", *_pairs([DURATION]), sql=False, fails=True)
    yield from _rows("operator", "*", "The product.", *_pairs([INT]), fails=True)
    yield from _rows("operator", "*", "The product.", *_pairs([DECIMAL, DOUBLE]))
    yield from _rows("operator", "/", "The quotient of whole numbers, cut towards zero.", *_pairs([INT]), fails=True)
    yield from _rows("operator", "/", "The quotient.", *_pairs([DECIMAL, DOUBLE], DOUBLE), fails=True)
    yield from _rows("operator", "%", "What remains of a division, with its sign.", *_pairs([INT]), fails=True)
    yield from _rows("operator", "neg", "The number with its sign turned.", ((INT,), INT), fails=True)
    yield from _rows("operator", "neg", "The number with its sign turned.", *(((k,), k) for k in (DECIMAL, DOUBLE)))


def _values() -> Iterable[Signature]:
    yield from _rows("function", "isBlank", "It is null, or an empty or blank text, or empty.", ((ANY,), BOOL))
    yield from _rows("function", "isEmpty", "It is null, or a text, list or map without content.", ((ANY,), BOOL))
    yield from _rows("function", "coalesce", "The first value, or the second if it is null.", ((T, T), T))
    blank = "The text without spaces, tabs and line breaks at its ends."
    yield from _rows("function", "trim", blank, ((STRING,), STRING))
    yield from _rows("function", "upper", "The text in capital letters.", ((STRING,), STRING))
    yield from _rows("function", "lower", "The text in small letters.", ((STRING,), STRING))
    yield from _rows("either", "contains", "The text has the other in it.", *_pairs([STRING], BOOL))
    yield from _rows("either", "startsWith", "The text begins with the other.", *_pairs([STRING], BOOL))
    yield from _rows("either", "endsWith", "The text ends with the other.", *_pairs([STRING], BOOL))
    found = "The pattern, a regular expression, is found in the text."
    yield from _rows("either", "matches", found, *_pairs([STRING], BOOL), sql=False, fails=True)
    sized: list[Row] = [((STRING,), INT), ((LIST_OF_ANY,), INT)]
    forms: dict[str, Form] = {"size": "either", "len": "function"}
    for name, form in forms.items():
        yield from _rows(form, name, "How many characters or items there are.", *sized)
        yield from _rows(form, name, "How many entries the map has.", ((MAP_OF_ANY,), INT), sql=False)
    joined = "The texts that are not blank, with the separator between them."
    yield from _rows("function", "joinNonEmpty", joined, ((list_of(STRING), STRING), STRING), sql=False)
    yield from _rows("function", "abs", "The number without its sign.", ((INT,), INT), fails=True)
    yield from _rows("function", "abs", "The number without its sign.", *(((k,), k) for k in (DECIMAL, DOUBLE)))
    whole: list[Row] = [((DECIMAL,), INT), ((DOUBLE,), INT)]
    halves = "The nearest whole number, halves away from zero"
    yield from _rows("function", "round", f"{halves}.", *whole, sql=False, fails=True)
    digits: list[Row] = [((DECIMAL, INT), DECIMAL), ((DOUBLE, INT), DOUBLE)]
    yield from _rows("function", "round", f"{halves}, at this many digits.", *digits, sql=False, fails=True)
    yield from _rows("function", "floor", "The next whole number below.", *whole, sql=False, fails=True)
    yield from _rows("function", "ceil", "The next whole number above.", *whole, sql=False, fails=True)
    yield from _rows("function", "min", "The smaller number.", *_pairs(_NUMBERS), sql=False)
    yield from _rows("function", "max", "The greater number.", *_pairs(_NUMBERS), sql=False)


def _conversions() -> Iterable[Signature]:
    yield from _rows("function", "string", "The value as text.", *(((kind,), STRING) for kind in _SCALARS), sql=False)
    numbers: list[Row] = [((kind,), INT) for kind in (INT, DECIMAL, DOUBLE, STRING, TIMESTAMP)]
    yield from _rows(
        "function", "int", "The value as a whole number, cut towards zero.", *numbers, sql=False, fails=True
    )
    doubles: list[Row] = [((kind,), DOUBLE) for kind in (DOUBLE, STRING)]
    yield from _rows("function", "double", "The value as a number.", *doubles, sql=False, fails=True)
    bools: list[Row] = [((kind,), BOOL) for kind in (BOOL, STRING)]
    yield from _rows("function", "bool", "The value as true or false.", *bools, sql=False, fails=True)


def _times() -> Iterable[Signature]:
    yield from _rows("function", "now", "The instant of the request.", ((), TIMESTAMP))
    yield from _rows("function", "today", "The day of the request in the organisation's time zone.", ((), DATE))
    days = "The instant of the request, so many days"
    yield from _rows("function", "daysFromNow", f"{days} later.", ((INT,), TIMESTAMP), sql=False, fails=True)
    yield from _rows("function", "daysAgo", f"{days} earlier.", ((INT,), TIMESTAMP), sql=False, fails=True)
    moved: list[Row] = [((DATE, INT), DATE), ((TIMESTAMP, INT), TIMESTAMP)]
    yield from _rows("function", "addDays", "The time so many days later.", *moved, fails=True)
    months = "The time so many months later, on the month's last day at most."
    yield from _rows("function", "addMonths", months, *moved, sql=False, fails=True)
    between = "Days from the first to the second, by their dates in UTC."
    yield from _rows("function", "daysBetween", between, *_pairs([DATE, TIMESTAMP], INT))
    yield from _rows("function", "date", "The day, as in `2026-07-01`.", ((STRING,), DATE), sql=False, fails=True)
    yield from _rows("function", "date", "The day of an instant, in UTC.", ((TIMESTAMP,), DATE))
    stamp: Row = ((STRING,), TIMESTAMP)
    yield from _rows(
        "function", "timestamp", "The instant, as in `2026-07-01T12:00:00Z`.", stamp, sql=False, fails=True
    )
    yield from _rows("function", "datetime", "The instant; UTC if it names no zone.", stamp, sql=False, fails=True)
    forms = "The duration, as in `720h`, `1h30m`, `30d` or `P30D`."
    yield from _rows("function", "duration", forms, ((STRING,), DURATION), sql=False, fails=True)
    for name, words in GETTERS.items():
        yield from _rows("method", name, f"{words}, in UTC.", ((TIMESTAMP,), INT))
        yield from _rows("method", name, f"{words}, in a zone.", ((TIMESTAMP, STRING), INT), sql=False, fails=True)
    for name in ("getHours", "getMinutes", "getSeconds", "getMilliseconds"):
        yield from _rows("method", name, f"{name[3:]} of a duration.", ((DURATION,), INT), sql=False)


GETTERS = {
    "getFullYear": "The year",
    "getMonth": "The month, from 0",
    "getDate": "The day of the month, from 1",
    "getDayOfMonth": "The day of the month, from 0",
    "getDayOfWeek": "The day of the week, from 0, a Sunday",
    "getDayOfYear": "The day of the year, from 0",
    "getHours": "The hour",
    "getMinutes": "The minute",
    "getSeconds": "The second",
    "getMilliseconds": "The millisecond",
}

SIGNATURES: tuple[Signature, ...] = (*_operators(), *_values(), *_conversions(), *_times())
MACROS = {
    "all": "Every item satisfies the condition.",
    "exists": "An item satisfies the condition.",
    "exists_one": "Exactly one item satisfies the condition.",
    "filter": "The items that satisfy the condition.",
    "map": "The values of the items, or of those that satisfy a condition named before the value.",
}
"""What is written `list.exists(item, condition)`; over a map, the items are its keys."""
CLOCK = frozenset({"now", "today", "daysFromNow", "daysAgo"})
"""The functions that look at the instant of the request."""

BY_NAME: dict[str, tuple[Signature, ...]] = {
    name: tuple(row for row in SIGNATURES if row.name == name) for name in {row.name for row in SIGNATURES}
}


@lru_cache(maxsize=4096)
def resolve(name: str, args: tuple[Type, ...]) -> Match | None:
    """Returns the first signature that takes these types, None when there is none.

    When an argument of unknown type leaves several with different results, the result is of unknown type as well.
    """
    matches = [match for row in BY_NAME.get(name, ()) if (match := _match(row, args))]
    if not matches:
        return None
    if len({match.result for match in matches}) > 1 and any(contains(arg, "dyn") for arg in args):
        return Match(matches[0].signature, args, DYN)
    return matches[0]


def _match(row: Signature, args: tuple[Type, ...]) -> Match | None:
    if len(args) != len(row.params) or not all(map(_takes, row.params, args)):
        return None
    shared = _shared(row, args)
    if shared is None:
        return None
    result = _filled(row.result, shared)
    keeps_null = row.result == T and (args[-1] if row.name == "coalesce" else shared).nullable
    params = tuple(required(_filled(param, shared)) for param in row.params)
    return Match(row, params, result if keeps_null else required(result))


def _takes(param: Type, arg: Type) -> bool:
    if param == T:
        return True
    if param.item == T:
        return arg.name in (param.name, "dyn")
    return assignable(arg, param)


def _shared(row: Signature, args: tuple[Type, ...]) -> Type | None:
    """Returns the type that stands for T, unknown where nothing says it, None when the arguments have none in common."""
    shared: Type | None = None
    for param, arg in zip(row.params, args, strict=True):
        given = arg if param == T else arg.item if param.item == T else None
        if given is not None:
            shared = given if shared is None else join(shared, given)
            if shared is None:
                return None
    return DYN if shared is None else shared


def _filled(param: Type, shared: Type) -> Type:
    if param == T:
        return shared
    return msgspec.structs.replace(param, item=shared) if param.item == T else param
