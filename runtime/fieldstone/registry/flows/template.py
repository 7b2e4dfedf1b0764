"""Values with placeholders: `{!inputs.day}` in a list of steps, `{record.day}` in a graph, as text around it or as the whole value.

A value that is only a placeholder keeps its type; one with text around it is a text.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.query.cel.types import BOOL, DECIMAL, DYN, INT, NULL, STRING, Type, list_of, map_of
from fieldstone.registry.flows.graph import Evaluate, Names

_QUOTE = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_BRACES = re.compile(rf"{_QUOTE}|[{{}}]")
_SPELLINGS = re.compile(
    rf"{_QUOTE}|\$(?P<error>[Ee]rror)\b|\$User\.(?P<user>[A-Za-z]+)|(?P<clock>TODAY|NOW)\(\)(?:\s*(?P<sign>[+-])\s*(?P<days>\d+)\b)?"
)


class Placeholder(msgspec.Struct, frozen=True):
    """An expression in a text: where the braces begin and end, where its own text begins, and what it says as an expression."""

    begin: int
    end: int
    at: int
    source: str
    expression: str


class Unclosed(Exception):
    """A placeholder without an end."""

    def __init__(self, begin: int) -> None:
        super().__init__("A placeholder is not closed.")
        self.begin = begin


class Value(msgspec.Struct, frozen=True, eq=False):
    """A value of a configuration: how it is computed, its type, and, where it is always the same, that value in `constant`."""

    evaluate: Evaluate
    type: Type
    constant: Any = msgspec.UNSET


def placeholders(text: str, opening: str) -> list[Placeholder]:
    """Returns the placeholders of a text, in their order; raises Unclosed. `opening` is `{!` or `{`."""
    found: list[Placeholder] = []
    at = 0
    while (begin := text.find(opening, at)) >= 0:
        end = _closing(text, begin)
        source = text[begin + len(opening) : end]
        found.append(Placeholder(begin, end + 1, begin + len(opening), source, spelled_out(source)))
        at = end + 1
    return found


def spelled_out(source: str) -> str:
    """Returns an expression with `$User.Id`, `$error`, `TODAY() + 7` and `NOW()`, as graphs spell it, in the words of the language."""
    return _SPELLINGS.sub(_spelling, source)


def _spelling(found: re.Match[str]) -> str:
    if found["error"]:
        return "error"
    if found["user"]:
        return f"current_user.{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', found['user']).lower()}"
    if found["clock"]:
        clock = f"{found['clock'].lower()}()"
        return clock if found["days"] is None else f"addDays({clock}, {found['sign'].strip('+')}{found['days']})"
    return found[0]


def _closing(text: str, begin: int) -> int:
    """Returns where the brace that opens at a place is closed; braces in quoted texts of the expression do not count."""
    depth = 0
    for token in _BRACES.finditer(text, begin):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0:
            return token.start()
    raise Unclosed(begin)


def constant(value: Any) -> Value:
    """Returns a value that is always the same."""
    return Value(lambda _names: value, type_of_constant(value), value)


def type_of_constant(value: Any) -> Type:
    """Returns the type of a plain value of a declaration."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case str():
            return STRING
        case dict():
            return map_of(DYN)
        case list() | tuple():
            return list_of(DYN)
    return DECIMAL


def joined_text(pieces: list[str | Value]) -> Value:
    """Returns a text made of pieces; a piece without a value is empty."""
    parts: list[Evaluate] = [_literal(piece) if isinstance(piece, str) else _shown(piece.evaluate) for piece in pieces]
    return Value(lambda names: "".join(part(names) for part in parts), STRING)


def mapping(parts: Mapping[str, Value]) -> Value:
    """Returns a mapping of values."""
    if all(part.constant is not msgspec.UNSET for part in parts.values()):
        return constant({name: part.constant for name, part in parts.items()})
    inner = {name: part.evaluate for name, part in parts.items()}
    return Value(lambda names: {name: evaluate(names) for name, evaluate in inner.items()}, map_of(DYN))


def sequence(parts: list[Value]) -> Value:
    """Returns a list of values."""
    if all(part.constant is not msgspec.UNSET for part in parts):
        return constant([part.constant for part in parts])
    inner = [part.evaluate for part in parts]
    return Value(lambda names: [evaluate(names) for evaluate in inner], list_of(DYN))


def _literal(text: str) -> Callable[[Names], str]:
    return lambda _names: text


def _shown(evaluate: Evaluate) -> Callable[[Names], str]:
    def text(names: Names) -> str:
        value = evaluate(names)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else str(value)

    return text
