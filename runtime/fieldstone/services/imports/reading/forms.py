"""How the texts of a column write numbers and days, told by the whole column.

A text tells if it can be read in one way alone: `1.234,56` has a decimal comma, `31/12/2025` begins with the day. What can be read in two
ways (`1.234`, `01/02/2025`) is read as the others of its column are; in a column without such others it is ambiguous, as it is where others
contradict each other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from fieldstone.services.imports.sheet import Ambiguous, Cell, ColumnForm, DateOrder, DecimalMark

Shown = Literal["unclear"] | DecimalMark | DateOrder

_MARKED_NUMBER = re.compile(r"[^\d.,]{0,4}(\d[\d'\u00a0\u202f ]*(?:[.,]\d+)+)[^\d.,]{0,4}")
_DAY = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T ,].*)?")
_LONGEST = 40
"""A longer text is neither a number nor a day."""


def column_forms(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Mapping[str, ColumnForm]:
    """Returns the forms of the columns that show any."""
    marks: list[set[Shown]] = [set() for _ in columns]
    orders: list[set[Shown]] = [set() for _ in columns]
    for row in rows:
        for place, cell in enumerate(row):
            if type(cell) is str and len(cell) <= _LONGEST:
                _look(cell.strip(), marks[place], orders[place])
    forms = {name: ColumnForm(_mark(marks[at]), _order(orders[at])) for at, name in enumerate(columns)}
    return {name: form for name, form in forms.items() if form != ColumnForm()}


def _look(text: str, marks: set[Shown], orders: set[Shown]) -> None:
    """Adds what a text shows."""
    if day := _DAY.fullmatch(text):
        orders.update(_order_shown(day))
    elif number := _MARKED_NUMBER.fullmatch(text):
        marks.add(_mark_shown(number.group(1)))


def _mark_shown(number: str) -> Shown:
    """Returns which sign is the decimal mark of a number that has a point or a comma."""
    points, commas = number.count("."), number.count(",")
    if points and commas:
        return "." if number.rindex(".") > number.rindex(",") else ","
    mark: DecimalMark = "." if points else ","
    other: DecimalMark = "," if points else "."
    if points + commas > 1:
        return other
    whole, _, part = number.partition(mark)
    return "unclear" if len(part) == 3 and len(whole) <= 3 and not whole.startswith("0") else mark


def _order_shown(day: re.Match[str]) -> Iterable[Shown]:
    first, sign, second, last = day.groups()
    if len(first) == 4:
        return ("ymd",)
    if len(last) not in (2, 4) or len(first) > 2:
        return ()
    if sign == "." or int(first) > 12:
        return ("dmy",)
    return ("mdy",) if int(second) > 12 else ("unclear",)


def _mark(shown: set[Shown]) -> DecimalMark | Ambiguous | None:
    if not shown:
        return None
    if "." in shown and "," not in shown:
        return "."
    return "," if "," in shown and "." not in shown else "ambiguous"


def _order(shown: set[Shown]) -> DateOrder | Ambiguous | None:
    others = shown - {"ymd"}
    if not others:
        return "ymd" if shown else None
    if "dmy" in others and "mdy" not in others:
        return "dmy"
    return "mdy" if "mdy" in others and "dmy" not in others else "ambiguous"
