"""Where in a YAML file a part of an expression stands: from an offset into a value to a line and column."""

from collections.abc import Sequence

from fieldstone.errors import Fault, Place
from fieldstone.query.cel.fault import ExpressionError
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document

_ESCAPED_LENGTH = {"x": 4, "u": 6, "U": 10}


def expression_faults(document: Document, path: Sequence[str | int], text: str, error: ExpressionError) -> list[Fault]:
    """Returns the faults of an expression that is the value at a path, each at its own place in the file."""
    start = document.value_at(*path)
    lines = document.content.decode("utf-8-sig").split("\n")
    return [
        Fault(
            place_within(start, lines, text, fault.pos),
            Code.EXPRESSION,
            _sentence(fault.message),
            _sentence(fault.hint) if fault.hint else None,
        )
        for fault in error.faults
    ]


def place_within(start: Place, lines: Sequence[str], value: str, offset: int) -> Place:
    """Returns the place of a character of a YAML value that begins at `start`.

    One that stands in no file is told as a whole. Folding and indentation change white space only, so the value's other characters are met
    in the file one after the other.
    """
    if not start.line:
        return start
    source = "\n".join(lines[start.line - 1 :])
    at = start.column - 1
    style = source[at : at + 1]
    if style in ("|", ">"):
        at = source.find("\n", at)
    elif style in ("'", '"'):
        at += 1
    for character in value[:offset]:
        if not character.isspace():
            at = _skip(source, at) + _length(source, _skip(source, at), style)
        elif source[at : at + 1].isspace() and source[at : at + 1] != "\n":
            at += 1
    at = _skip(source, at) if offset < len(value) and not value[offset].isspace() else at
    before = source[:at]
    line = before.count("\n")
    column = at - (before.rfind("\n") + 1) + 1
    return Place(start.file, start.line + line, column)


def _skip(source: str, at: int) -> int:
    """Returns the next position that is not white space."""
    while source[at : at + 1].isspace():
        at += 1
    return at


def _length(source: str, at: int, style: str) -> int:
    """Returns how many characters of the file stand for the one character of the value."""
    if style == "'" and source.startswith("''", at):
        return 2
    if style == '"' and source[at : at + 1] == "\\":
        return _ESCAPED_LENGTH.get(source[at + 1 : at + 2], 2)
    return 1


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
