"""Numbers as people write them: with marks between thousands, a decimal comma, a currency or a percent sign beside them.

A text that can be read in two ways is read in none until the decimal mark is declared.
"""

import re
from decimal import Decimal

from fieldstone.query.values import number_of_text

_BESIDE = r"(?:[$€£¥₹%‰]|[A-Z]{3})?"
_WRITTEN = re.compile(
    rf"{_BESIDE}\s*([-+−])?\s*{_BESIDE}\s*([0-9][0-9.,'’ \u00a0\u202f]*|[.,][0-9]+)([eE][+-]?[0-9]{{1,3}})?\s*(-)?\s*{_BESIDE}"
)
_GROUPS = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*|[0-9]*")
_SPACES = re.compile(r"['’ \u00a0\u202f]")
LONGEST = 100


class TwoWays(Exception):
    """A text that can be read in two ways."""


def read_amount(text: str, mark: str | None) -> Decimal | int | None:
    """Returns the number that a text spells, None where it spells none; raises TwoWays unless a decimal mark says which it is."""
    plain = number_of_text(text) if mark in (None, ".") else None
    if plain is not None:
        return plain
    text = text.strip()
    bracketed = text.startswith("(") and text.endswith(")")
    written = _WRITTEN.fullmatch(text[1:-1].strip() if bracketed else text) if len(text) <= LONGEST else None
    if written is None:
        return None
    sign, body, exponent, behind = written.groups()
    digits = _plain_digits(_SPACES.sub("", body), mark)
    number = None if digits is None else number_of_text(digits + (exponent or ""))
    minus = (sign in ("-", "−")) + (behind is not None) + bracketed
    if number is None or minus > 1:
        return None
    return -number if minus else number


def _plain_digits(body: str, mark: str | None) -> str | None:
    """Returns digits with a point before the fraction; None where marks stand in the wrong places."""
    mark = mark if mark in (".", ",") else _mark_of(body, mark)
    whole, found, fraction = body.partition(mark) if mark else (body, "", "")
    groups = _GROUPS.fullmatch(whole)
    if groups is None or groups[1] == mark or (not fraction.isdigit() and found):
        return None
    plain = re.sub("[.,]", "", whole) or "0"
    return f"{plain.lstrip('0') or '0'}{'.' if found else ''}{fraction}"


def _mark_of(body: str, said: str | None) -> str:
    """Returns the decimal mark of a text, empty where it has none; raises TwoWays."""
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return ""
    mark = body[last]
    if body.count(mark) > 1:
        return ""
    if ("," if mark == "." else ".") in body:
        return mark
    could_group = len(body) - last == 4 and 1 <= last <= 3 and body[0] != "0"
    if could_group and (said == "ambiguous" or mark == ","):
        raise TwoWays
    return mark
