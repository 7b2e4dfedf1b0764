"""Attacks as data: what somebody sends, what he must get for it, and the control that shows that the way is open.

    bisecting_a_hidden_number:
      as: tom
      sends: POST employee/query
      body: {where: {salary: {$gt: 50000}}}
      unknown: employee.salary
      control: kim

A path without a slash before it is below `/api/v1/data/`; several paths are tried one by one. `{name}` stands for the id of a record of
the world, `{token_of_tom}` and `{key_of_tom}` for what Tom shows, `{here}` and `{there}` for the organisations, and for what was kept of
the answers of `first`. The control is the same request by somebody else, or one that differs in what it says, and succeeds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

SUITE = Path(__file__).parent / "suite"


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"who": "as"}):
    """What is sent, and by whom; `raw` is a body that is no JSON of ours."""

    who: str = "nobody"
    sends: str
    body: Any = None
    raw: str | None = None
    headers: dict[str, str] = {}


class Step(Request, frozen=True):
    """What is asked before an attack, and succeeds: `keeps` names parts of the answer, or a header by its name and a colon."""

    keeps: dict[str, str] = {}


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"who": "as"}):
    """The request that succeeds: where it says nothing, it is that of the attack."""

    who: str | msgspec.UnsetType = msgspec.UNSET
    sends: str | msgspec.UnsetType = msgspec.UNSET
    body: Any = msgspec.UNSET
    raw: str | msgspec.UnsetType | None = msgspec.UNSET
    headers: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    first: list[Step] = []
    gets: int | None = None
    shows: Any = msgspec.UNSET


class _Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"who": "as"}):
    who: str = "nobody"
    sends: str | list[str]
    body: Any = None
    raw: str | None = None
    headers: dict[str, str] = {}
    first: list[Step] = []
    unknown: str | None = None
    absent: str | None = None
    alike: dict[str, str] = {}
    gets: int | None = None
    code: str | None = None
    shows: Any = msgspec.UNSET
    lacks: list[str] = []
    lasts: bool = False
    control: str | Control
    because: str = ""


class Attack(msgspec.Struct, frozen=True):
    """One request of an attack, and what must come of it.

    `unknown`: the answer is the one that a field without existence gets in the place of this one. `absent`: the one that an absent record
    gets. `alike`: the one that the same request gets with other texts in it. `gets`, `code`, `shows`: status, error code, part of the body.
    `lacks`: texts that are not in the answer, but in that of the control. `lasts` says that what is written stays, so that several steps
    build on each other.
    """

    family: str
    name: str
    request: Request
    control: Control
    first: tuple[Step, ...]
    unknown: str | None
    absent: str | None
    alike: dict[str, str]
    gets: int | None
    code: str | None
    shows: Any
    lacks: tuple[str, ...]
    lasts: bool


def read_attacks() -> list[Attack]:
    """Returns the attacks of all files of the suite, one for each path that an attack sends to."""
    found: list[Attack] = []
    for file in sorted(SUITE.glob("*.yaml")):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for name, declared in msgspec.convert(document, dict[str, _Declared]).items():
            found += _attacks(file.stem, name, declared)
    return found


def _attacks(family: str, name: str, declared: _Declared) -> Iterator[Attack]:
    control = Control(who=declared.control) if isinstance(declared.control, str) else declared.control
    paths = [declared.sends] if isinstance(declared.sends, str) else declared.sends
    for number, path in enumerate(paths, 1):
        yield Attack(
            family=family,
            name=name if len(paths) == 1 else f"{name} {number}",
            request=Request(
                who=declared.who, sends=path, body=declared.body, raw=declared.raw, headers=declared.headers
            ),
            control=control,
            first=tuple(declared.first),
            unknown=declared.unknown,
            absent=declared.absent,
            alike=declared.alike,
            gets=declared.gets,
            code=declared.code,
            shows=declared.shows,
            lacks=tuple(declared.lacks),
            lasts=declared.lasts,
        )
