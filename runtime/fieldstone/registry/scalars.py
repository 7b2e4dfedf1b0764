"""What an unquoted YAML scalar means: YAML 1.2's core types, exact decimals, and no guessing.

YAML 1.1 and 1.2 readers disagree about words such as `yes` and numbers such as `0123`; those are refused with a hint instead
of being read one way here and another way in an editor. Dates stay text, which is their wire form.
"""

import re
from decimal import Decimal
from functools import lru_cache

import msgspec

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_OLD_TRUE = frozenset({"yes", "on"})
_OLD_FALSE = frozenset({"no", "off"})
_SPECIAL_FIRST = frozenset("+-.0123456789tTfFnNyYoO~")

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?", re.ASCII)
_ODD_NUMBER = re.compile(
    r"[-+]?(0[0-9_]+(\.[0-9_]*)?|0o[0-7]+|0x[0-9a-fA-F_]+|0b[01_]+|[0-9][0-9]*_[0-9_]*(\.[0-9_]*)?|[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?)",
    re.ASCII,
)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_LARGEST_INTEGER = 2**63 - 1


class Scalar(msgspec.Struct, frozen=True):
    """The value of an unquoted scalar; `doubt` says why it may not stand like that, None when it may."""

    value: bool | int | Decimal | str | None
    doubt: str | None = None
    hint: str | None = None


@lru_cache(maxsize=65536)
def resolve(text: str) -> Scalar:
    """Returns what an unquoted scalar means."""
    if text and text[0] not in _SPECIAL_FIRST:
        return Scalar(text)
    if text in _NULL:
        return Scalar(None)
    if text in _TRUE or text in _FALSE:
        return Scalar(text in _TRUE)
    word = text.lower()
    if word in _OLD_TRUE or word in _OLD_FALSE:
        truth = "true" if word in _OLD_TRUE else "false"
        return Scalar(
            text,
            f"`{text}` is {truth} to some YAML readers and text to others.",
            f'Write `{truth}`, or `"{text}"` for the text.',
        )
    return _number(text)


def _number(text: str) -> Scalar:
    if _INTEGER.fullmatch(text):
        if len(text) > 20 or abs(int(text)) > _LARGEST_INTEGER:
            return Scalar(text, f"`{text[:40]}` is larger than a whole number can be.", "Quote it if it is text.")
        return Scalar(int(text))
    if _DECIMAL.fullmatch(text) and any(character.isdigit() for character in text.lower().partition("e")[0]):
        return Scalar(Decimal(text))
    if _NOT_FINITE.fullmatch(text):
        return Scalar(text, f"`{text[:40]}` is no number that can be stored.", "Quote it if it is text.")
    if _ODD_NUMBER.fullmatch(text):
        return Scalar(
            text,
            f"`{text[:40]}` is read differently by different YAML readers.",
            f'Write `"{text[:40]}"` for the text, or the plain decimal number.',
        )
    return Scalar(text)
