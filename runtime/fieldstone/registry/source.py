"""From the text of a YAML file to plain values, with the line and column of every key and value.

Reads libyaml's events itself, so that it can refuse what a loader would swallow: duplicate keys, ambiguous scalars (`scalars.py`),
tags, merge keys, several documents, nesting and aliases beyond a bound. All but a fault of syntax are found at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml
from yaml._yaml import CParser

from fieldstone.errors import Fault, Place
from fieldstone.query.names import shown
from fieldstone.registry.codes import Code
from fieldstone.registry.scalars import Scalar, resolve
from fieldstone.registry.syntax import refused_character, syntax_fault

MAX_BYTES = 2_000_000
MAX_DEPTH = 64
MAX_NODES = 400_000
"""Keys and values of one file, those that aliases stand for counted each time."""

MOST_FAULTS = 500
"""So many mistakes of one file are told; whoever makes more has made one of another kind."""

_COLUMN_BITS = 12
_LAST_COLUMN = (1 << _COLUMN_BITS) - 1


class Spot(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """Where a value begins (`at`) and where its key does (`key`, 0 without one), each line and column in one number.

    `keys` and `items` hold the spots of what is inside a mapping or a list. There are many of these, and no circles among them.
    """

    at: int
    key: int = 0
    keys: dict[str, Spot] | None = None
    items: list[Spot] | None = None

    def of_value(self, file: str) -> Place:
        """Returns the place of the value."""
        return Place(file, self.at >> _COLUMN_BITS, self.at & _LAST_COLUMN)

    def of_key(self, file: str) -> Place:
        """Returns the place of the key, of the value where there is no key."""
        at = self.key or self.at
        return Place(file, at >> _COLUMN_BITS, at & _LAST_COLUMN)

    def inside(self, step: str | int) -> Spot | None:
        """Returns the spot of what a key or an index holds, None when there is nothing."""
        if isinstance(step, str):
            return self.keys.get(step) if self.keys else None
        return self.items[step] if self.items and step < len(self.items) else None

    def find(self, path: Sequence[str | int]) -> Spot:
        """Returns the spot at a path, or of the last step of it that exists."""
        spot = self
        for step in path:
            inner = spot.inside(step)
            if inner is None:
                return spot
            spot = inner
        return spot


class Source(msgspec.Struct, frozen=True):
    """A parsed file: its plain value and the spot of everything in it."""

    value: Any
    spot: Spot


def parse(text: str, file: str) -> tuple[Source | None, list[Fault]]:
    """Returns the only document of a text and what is wrong with its spelling; no document after a fault of syntax."""
    if refused := refused_character(text, file):
        return None, [refused]
    builder = _Builder(text, file)
    try:
        source = builder.document()
    except yaml.YAMLError as error:
        return None, [*builder.faults, syntax_fault(error, text, file)]
    except _Stop as stop:
        return None, [*builder.faults, stop.fault]
    return source, builder.faults


def decode_text(content: bytes, file: str) -> tuple[str | None, list[Fault]]:
    """Returns the text of a file's bytes; a fault when it is too large or not UTF-8."""
    if len(content) > MAX_BYTES:
        return None, [too_large(len(content), Place(file, 1, 1))]
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"Byte 0x{content[error.start]:02x} is not UTF-8."
        return None, [Fault(Place(file, line, column), Code.FILE_UNREADABLE, message, "Save the file as UTF-8.")]


def too_large(size: int, start: Place) -> Fault:
    """Returns the fault of a file that has so many bytes."""
    return Fault(start, Code.FILE_TOO_LARGE, f"The file has {size:,} bytes; {MAX_BYTES:,} is the most.", "Split it.")


class _Stop(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class _Anchored(msgspec.Struct, frozen=True):
    value: Any
    spot: Spot
    nodes: int


class _Builder:
    """Builds one document from events; `faults` grows as it goes."""

    def __init__(self, text: str, file: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._next = CParser(text).get_event
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0

    def document(self) -> Source | None:
        """Returns the document; None with a fault when there is none."""
        self._next()
        if type(event := self._next()) is yaml.StreamEndEvent:
            self.faults.append(
                Fault(
                    Place(self._file, 1, 1), Code.YAML_SYNTAX, "The file is empty.", "Declare something, or remove it."
                )
            )
            return None
        value, spot = self._node(self._next(), 0, 0)
        self._next()
        if type(event := self._next()) is not yaml.StreamEndEvent:
            self._refuse(
                event,
                Code.YAML_UNSUPPORTED,
                "A second document begins here.",
                "One file holds one declaration; drop the `---`.",
            )
        return Source(value, spot)

    def _node(self, event: Any, key: int, depth: int) -> tuple[Any, Spot]:
        self._nodes += 1
        before = self._nodes
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value, spot = self._scalar(event), Spot(_position(event), key)
        elif kind is yaml.AliasEvent:
            return self._alias(event, key)
        else:
            if depth >= MAX_DEPTH:
                raise _Stop(self._fault(event, Code.YAML_TOO_COMPLEX, f"More than {MAX_DEPTH} levels are nested."))
            if event.tag is not None:
                self._refuse(
                    event,
                    Code.YAML_UNSUPPORTED,
                    f"The tag `{shown(event.tag)}` is not used in declarations.",
                    "Drop it.",
                )
            value, spot = (self._mapping if kind is yaml.MappingStartEvent else self._sequence)(event, key, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, spot, self._nodes - before + 1)
        return value, spot

    def _scalar(self, event: Any) -> Any:
        if event.implicit[0]:
            scalar = resolve(event.value)
            if scalar.doubt:
                self._refuse(event, Code.YAML_AMBIGUOUS, scalar.doubt, scalar.hint)
            return scalar.value
        if event.tag is not None:
            self._refuse(
                event,
                Code.YAML_UNSUPPORTED,
                f"The tag `{shown(event.tag)}` is not used in declarations.",
                "Drop it; quote the value if it is text.",
            )
        return event.value

    def _mapping(self, event: Any, key: int, depth: int) -> tuple[dict[str, Any], Spot]:
        values: dict[str, Any] = {}
        spots: dict[str, Spot] = {}
        while type(at_key := self._next()) is not yaml.MappingEndEvent:
            name = self._key(at_key, spots, depth)
            value, spot = self._node(self._next(), _position(at_key), depth + 1)
            if name is not None:
                values[name] = value
                spots[name] = spot
        return values, Spot(_position(event), key, spots)

    def _key(self, event: Any, taken: dict[str, Spot], depth: int) -> str | None:
        """Returns a key's text, or None after a fault."""
        if type(event) is not yaml.ScalarEvent:
            if type(event) is not yaml.AliasEvent:
                self._node(event, 0, depth + 1)
            self._refuse(
                event,
                Code.YAML_UNSUPPORTED,
                "A key must be plain text.",
                "Quote a value that begins with `{`, `[` or `*`.",
            )
            return None
        name = event.value
        if name == "<<" and event.implicit[0]:
            self._refuse(
                event, Code.YAML_UNSUPPORTED, "Merge keys (`<<`) are not used in declarations.", "Write the keys out."
            )
            return None
        if event.implicit[0] and resolve(name) != Scalar(name):
            message = f"The key `{shown(name)}` is not text to every YAML reader."
            self._refuse(event, Code.YAML_AMBIGUOUS, message, f'Write `"{shown(name)}"`.')
        elif event.tag is not None or "\n" in name:
            self._refuse(event, Code.YAML_UNSUPPORTED, "A key is one line of text without a tag.")
        if name in taken:
            first = taken[name].of_key(self._file)
            self._refuse(
                event,
                Code.YAML_DUPLICATE_KEY,
                f"`{shown(name)}` already stands on line {first.line}.",
                "Keep one of the two.",
            )
            return None
        return str(name)

    def _sequence(self, event: Any, key: int, depth: int) -> tuple[list[Any], Spot]:
        values: list[Any] = []
        spots: list[Spot] = []
        while type(item := self._next()) is not yaml.SequenceEndEvent:
            value, spot = self._node(item, 0, depth + 1)
            values.append(value)
            spots.append(spot)
        return values, Spot(_position(event), key, None, spots)

    def _alias(self, event: Any, key: int) -> tuple[Any, Spot]:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            message = f"No `&{shown(event.anchor)}` stands before this `*{shown(event.anchor)}`."
            raise _Stop(self._fault(event, Code.YAML_SYNTAX, message, "Quote a value that begins with `*`."))
        self._nodes += anchored.nodes
        if self._nodes > MAX_NODES:
            raise _Stop(
                self._fault(
                    event,
                    Code.YAML_TOO_COMPLEX,
                    f"Aliases make this file larger than {MAX_NODES:,} values.",
                    "Write it out.",
                )
            )
        spot = anchored.spot
        return anchored.value, Spot(_position(event), key, spot.keys, spot.items)

    def _refuse(self, event: Any, code: Code, message: str, hint: str | None = None) -> None:
        fault = self._fault(event, code, message, hint)
        if len(self.faults) + 1 >= MOST_FAULTS:
            raise _Stop(fault)
        self.faults.append(fault)

    def _fault(self, event: Any, code: Code, message: str, hint: str | None = None) -> Fault:
        mark = event.start_mark
        return Fault(Place(self._file, mark.line + 1, mark.column + 1), code, message, hint)


def _position(event: Any) -> int:
    mark = event.start_mark
    column: int = min(mark.column + 1, _LAST_COLUMN)
    line: int = mark.line + 1
    return line << _COLUMN_BITS | column
