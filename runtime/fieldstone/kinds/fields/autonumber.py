"""The field type that numbers records as they are made: `TKT-0001`, `INV-2026-0001`.

A format has one counter and, around it, plain text, parts of the day and values of the record. What surrounds the counter is a frame;
each frame of each organisation is counted by itself, so that `{YYYY}` begins anew every year. Numbers rise; a write that is undone,
or refused after it was numbered, may leave a gap.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, check_computed, subject
from fieldstone.query.cel.types import STRING, optional
from fieldstone.query.storage import Storage, StorageClass

_DATES = {"YYYY": (0, 4), "MM": (5, 7), "DD": (8, 10)}
_DAY = "YYYYMMDD"
_TOKEN = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r"[a-z_][a-z0-9_]*")
_COUNTER = re.compile(r"0{1,18}")
_HINT = "`{0000}`, `{YYYY}`, `{MM}`, `{DD}`, `{YYYYMMDD}` and `{name}` of a field"


class Token(msgspec.Struct, frozen=True):
    """A part of a format: text as it is, a part of the day, the value of a field, or the counter, which `text` is as wide as."""

    kind: Literal["text", "date", "field", "counter"]
    text: str


class NumberFormat(msgspec.Struct, frozen=True):
    """A format that was read."""

    tokens: tuple[Token, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields whose values stand in a number."""
        return tuple(token.text for token in self.tokens if token.kind == "field")

    @property
    def dated(self) -> bool:
        """Whether numbers tell the day."""
        return any(token.kind == "date" for token in self.tokens)

    def frame(self, record: Mapping[str, Any], day: str) -> tuple[str, str]:
        """Returns what stands before and behind the counter of a record that is made on a day; an absent value is nothing."""
        parts: list[str] = []
        before = ""
        for token in self.tokens:
            if token.kind == "counter":
                before, parts = "".join(parts), []
            else:
                parts.append(_rendered(token, record, day))
        return before, "".join(parts)

    def number(self, frame: tuple[str, str], count: int) -> str:
        """Returns the number that a count is within a frame."""
        width = next(len(token.text) for token in self.tokens if token.kind == "counter")
        return f"{frame[0]}{count:0{width}d}{frame[1]}"

    def counted(self, number: str) -> tuple[tuple[str, str], int] | None:
        """Returns the frame and the count of a number that this format may have made; None for any other text."""
        found = re.fullmatch("".join(map(_pattern, self.tokens)), number, re.DOTALL)
        if found is None:
            return None
        return (number[: found.start("count")], number[found.end("count") :]), int(found["count"])


class AutonumberOptions(FieldOptions, frozen=True, kw_only=True, tag="autonumber"):
    """A number that each record gets when it is made, and keeps.

    The parts of `format`: `{0000}` is the counter, at least so many digits wide; `{YYYY}`, `{MM}`, `{DD}` and `{YYYYMMDD}` tell the day,
    in the organisation's time zone; `{name}` is the value of a field, which may stand before the counter.
    """

    format: str | None = None
    """How a number is written, such as `TKT-{0000}`."""
    autonumber_format: str | None = None
    """The same as `format`; one of the two is said."""
    start_at: Annotated[int, msgspec.Meta(ge=0, le=10**15)] = 1
    """The first count; raised later, the next one is at least this."""
    unique: Literal[True] = True
    """Always, within an organisation."""
    discloses: tuple[str, ...] = ()
    """The fields whose values stand in the number for people who may not read them."""


def format_of(declaration: AutonumberOptions) -> NumberFormat:
    """Returns the format of a declaration that nothing is wrong with."""
    return NumberFormat(tuple(_tokens(declaration.format or declaration.autonumber_format or "")))


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    for place, part in enumerate(_TOKEN.split(text)):
        if place % 2 == 0:
            tokens += [Token("text", part)] if part else []
        elif part in _DATES or part == _DAY:
            tokens.append(Token("date", part))
        else:
            tokens.append(Token("counter" if _COUNTER.fullmatch(part) else "field", part))
    return tokens


def _rendered(token: Token, record: Mapping[str, Any], day: str) -> str:
    if token.kind == "text":
        return token.text
    if token.kind == "field":
        value = record.get(token.text)
        return "" if value is None else str(value)
    if token.text == _DAY:
        return day.replace("-", "")
    start, end = _DATES[token.text]
    return day[start:end]


def _pattern(token: Token) -> str:
    match token.kind:
        case "text":
            return re.escape(token.text)
        case "date":
            return rf"[0-9]{{{len(token.text)}}}"
        case "field":
            return ".*"
        case "counter":
            return "(?P<count>[0-9]{1,18})"


def _check(declaration: AutonumberOptions) -> list[tuple[str, str]]:
    faults = check_computed(declaration, but=frozenset({"unique"}))
    texts = {"format": declaration.format, "autonumberFormat": declaration.autonumber_format}
    given = [(key, text) for key, text in texts.items() if text is not None]
    if len(given) != 1:
        message = (
            "autonumberFormat is the same as `format`: say one of the two"
            if given
            else "an autonumber needs a `format` such as `TKT-{0000}`"
        )
        return [*faults, ("autonumberFormat" if given else "format", message)]
    ((key, text),) = given
    return [*faults, *((key, message) for message in _format_faults(text))]


def _format_faults(text: str) -> list[str]:
    tokens = _tokens(text)
    faults = []
    if "{" in _TOKEN.sub("", text) or "}" in _TOKEN.sub("", text):
        faults.append("a brace has no other half")
    strange = [token.text for token in tokens if token.kind == "field" and not _FIELD.fullmatch(token.text)]
    faults += [f"`{{{text}}}` is no part of a number; there are {_HINT}" for text in strange]
    counters = [place for place, token in enumerate(tokens) if token.kind == "counter"]
    if len(counters) != 1:
        return [*faults, f"a format has one counter such as `{{0000}}`, and this one has {len(counters) or 'none'}"]
    before, behind = tokens[: counters[0]], tokens[counters[0] + 1 :]
    if any(token.kind == "field" for token in behind):
        faults.append("a field stands before the counter: behind it, two records could get the same number")
    last = before[-1] if before else None
    fields = any(token.kind == "field" for token in before)
    if fields and not (last is not None and last.kind == "text" and not last.text[-1].isdigit()):
        faults.append("between a field and the counter stands a text that does not end with a digit, such as `-`")
    return faults


def _reader(declaration: AutonumberOptions) -> Reader:
    def read(value: Any) -> str:
        if type(value) is not str:
            raise Rejected("invalid_type", f"{subject(declaration)} is a text")
        return value

    return read


TYPES = (
    FieldType(
        name="autonumber",
        declaration=AutonumberOptions,
        summary="A number that each record gets when it is made",
        storage=lambda _declaration: Storage(StorageClass.TEXT),
        comparison="text",
        reader=_reader,
        schema=lambda _declaration: {"type": "string"},
        expression_type=lambda _declaration: optional(STRING),
        check=_check,
        computed=True,
    ),
)
