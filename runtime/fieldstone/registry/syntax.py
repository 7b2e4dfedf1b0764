"""Faults of YAML syntax, in words that say what to do: libyaml's messages name tokens, not mistakes."""

import re

import yaml

from fieldstone.errors import Fault, Place
from fieldstone.registry.codes import Code

_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]|\r(?!\n)")

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
        "The braces opened on line {line} are not closed, or a comma is missing.",
        "Write `{key: value, key: value}`.",
    ),
    (
        "did not find expected ',' or ']'",
        "The brackets opened on line {line} are not closed, or a comma is missing.",
        "Write `[one, two]`.",
    ),
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
    """Returns what libyaml stumbled over as a fault with its place; at the end of a file, where what was left open began."""
    problem = str(getattr(error, "problem", None) or "the text is not YAML")
    opened = getattr(error, "context_mark", None)
    stumbled = None if "end of stream" in problem else getattr(error, "problem_mark", None)
    lines = text.split("\n")
    last = len(text.rstrip().split("\n"))
    mark = next((mark for mark in (stumbled, opened) if mark is not None and mark.line < last), None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (last, 1)
    place = Place(file, line, column)
    written = lines[line - 1]
    if written[column - 1 : column] == "\t" or "\t" in written[: len(written) - len(written.lstrip())]:
        return Fault(place, Code.YAML_SYNTAX, "A tab cannot indent in YAML.", "Use spaces.")
    for phrase, message, hint in _MEANINGS:
        if phrase in problem:
            return Fault(
                place, Code.YAML_SYNTAX, message.replace("{line}", str(opened.line + 1 if opened else 1)), hint
            )
    return Fault(place, Code.YAML_SYNTAX, f"{problem[:1].upper()}{problem[1:]}.")


def refused_character(text: str, file: str) -> Fault | None:
    """Returns the fault of the first character that declarations do not hold; None when there is none.

    These are YAML's own, and the line ends that one program counts and the next does not.
    """
    found = _REFUSED.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    place = Place(file, before.count("\n") + 1, found.start() - before.rfind("\n"))
    message = f"The character U+{ord(found.group()):04X} may not stand in YAML."
    return Fault(place, Code.YAML_SYNTAX, message, "Delete it, or write it as an escape in double quotes.")
