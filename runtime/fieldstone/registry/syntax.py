"""Faults of YAML syntax, in words that say what to do: libyaml's messages name tokens, not mistakes."""

import yaml
from yaml.reader import ReaderError

from fieldstone.errors import Fault, Place
from fieldstone.registry.codes import Code

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("cannot start any token", "Nothing in YAML can begin with this character.", "Quote the value."),
    (
        "mapping values are not allowed",
        "A `:` stands where no key can be.",
        "Quote a value that holds `: `, or mend the indentation.",
    ),
    (
        "could not find expected ':'",
        "This line is neither a `key: value` nor part of the value before it.",
        "Add the `:`, or indent it.",
    ),
    (
        "did not find expected key",
        "This line fits no key around it.",
        "Indent it like its neighbours, or quote the value before it.",
    ),
    (
        "did not find expected ',' or '}'",
        "The braces are not closed, or a comma is missing.",
        "Write `{key: value, key: value}`.",
    ),
    ("did not find expected ',' or ']'", "The brackets are not closed, or a comma is missing.", "Write `[one, two]`."),
    (
        "did not find expected '-' indicator",
        "This line is no item of the list around it.",
        "Begin it with `- `, or mend the indentation.",
    ),
    (
        "found unknown escape character",
        "There is no such escape in a text in double quotes.",
        "Write `\\\\` for a backslash, or use single quotes.",
    ),
    ("found unexpected end of stream", "The quotes are never closed.", "Add the closing quote."),
    ("did not find expected alphabetic or numeric", "`*` and `&` begin an alias or an anchor.", "Quote the value."),
    ("did not find expected <document start>", "This line belongs to nothing.", "Indent it under its key."),
    (
        "block sequence entries are not allowed",
        "A list item cannot stand here.",
        "Put it on a line of its own below its key.",
    ),
    ("found undefined tag handle", "`!` begins a tag, and declarations have none.", "Quote the value."),
)


def syntax_fault(error: yaml.YAMLError, text: str, file: str) -> Fault:
    """Returns what libyaml stumbled over as a fault with its place."""
    if isinstance(error, ReaderError):
        return _unprintable(text, file)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or "the text is not YAML")
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[place.column - 1 : place.column] == "\t" or (line[: len(line) - len(line.lstrip())]).count("\t"):
        return Fault(place, Code.YAML_SYNTAX, "A tab cannot indent in YAML.", "Use spaces.")
    for phrase, message, hint in _MEANINGS:
        if phrase in problem:
            return Fault(place, Code.YAML_SYNTAX, message, hint)
    return Fault(place, Code.YAML_SYNTAX, f"{problem[:1].upper()}{problem[1:]}.")


def _unprintable(text: str, file: str) -> Fault:
    for number, line in enumerate(text.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if not _printable(character):
                message = f"The character U+{ord(character):04X} may not stand in YAML."
                return Fault(
                    Place(file, number, column),
                    Code.YAML_SYNTAX,
                    message,
                    "Delete it, or write it as an escape in double quotes.",
                )
    return Fault(Place(file, 1, 1), Code.YAML_SYNTAX, "The file holds a character that may not stand in YAML.")


def _printable(character: str) -> bool:
    code = ord(character)
    if code < 0x20:
        return character in "\t\r"
    return not (0x7F <= code <= 0x9F and code != 0x85) and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
