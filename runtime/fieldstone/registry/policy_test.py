"""A linked policy test, and its sentences: `tom updates a with title=x on v1`, taken apart. Refuses what is no sentence."""

import re
from collections.abc import Container, Mapping
from typing import Any, Literal, get_args

import msgspec

from fieldstone.errors import Place
from fieldstone.kinds.policy_test import ActingKey, ActingShare, ActingUser

Verb = Literal["reads", "updates", "deletes", "creates", "writes", "shares", "revokes", "finds", "restores", "purges"]
Outlook = Literal["can", "cannot", "never"]

_SENTENCE = re.compile(
    rf"(?P<who>\w+) (?P<verb>{'|'.join(get_args(Verb))}) (?P<target>\w+)(\.(?P<field>\w+))?"
    r"( with (?P<values>.+?))?( on (?P<surface>\w+))?"
)
_HINT = (
    "Say `tom reads a`, `tom reads note.price`, `tom updates a with title=x`, `tom creates note` or `tom deletes a`."
)


class SentenceFault(Exception):
    """Something that is not a sentence; `hint` says what would be one."""

    def __init__(self, message: str, hint: str = _HINT) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Sentence(msgspec.Struct, frozen=True):
    """What somebody does to something; exactly one of `row` and `object` is its target, `field` a field of the object."""

    text: str
    outlook: Outlook
    who: str
    verb: Verb
    row: str | None = None
    object: str | None = None
    field: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    surface: str | None = None

    @property
    def deed(self) -> tuple[str, str | None, str | None, str | None]:
        """What is done to what: somebody else's sentence about the same deed is the twin of this one."""
        return self.verb, self.row, self.object, self.field

    def __str__(self) -> str:
        return f"{self.outlook} {self.text}"


class Row(msgspec.Struct, frozen=True):
    """A record that is there from the beginning, perhaps in the trash; `owner` is somebody of the test."""

    object: str
    owner: str | None
    at: str
    values: Mapping[str, Any]
    trashed: bool = False


class PolicyTest(msgspec.Struct, frozen=True, eq=False):
    """A whole test; `new` and `change` are what a create and an update of an object send unless a sentence says more."""

    name: str
    users: Mapping[str, ActingUser]
    keys: Mapping[str, ActingKey]
    rows: Mapping[str, Row]
    shares: Mapping[str, ActingShare]
    new: Mapping[str, Mapping[str, Any]]
    change: Mapping[str, Mapping[str, Any]]
    sentences: tuple[Sentence, ...]
    package: str
    place: Place

    def says_of(self, who: str, verb: Verb, object_name: str, field: str | None = None) -> bool:
        """Tells whether the test lets somebody do something to an object, or to a field of it."""
        return any(
            (said.outlook, said.who, said.verb, said.object, said.field) == ("can", who, verb, object_name, field)
            for said in self.sentences
        )


def parse_sentence(line: str, outlook: Outlook, rows: Container[str]) -> Sentence:
    """Returns the sentence of a line, where `rows` are the names of records; whether the others are known is not looked at."""
    found = _SENTENCE.fullmatch(line)
    if found is None:
        raise SentenceFault(f"`{line}` is not a sentence.")
    verb, target, field = found["verb"], found["target"], found["field"]
    is_row = field is None and target in rows
    fits = {"reads": True, "writes": field is not None, "creates": field is None and not is_row}
    if not fits.get(verb, is_row):
        raise SentenceFault(f"`{line}`: nobody {verb} such a thing as `{target}`.")
    pairs = (pair.partition("=") for pair in (found["values"] or "").split(", ") if pair)
    return Sentence(
        text=line,
        outlook=outlook,
        who=found["who"],
        verb=msgspec.convert(verb, Verb),
        row=target if is_row else None,
        object=None if is_row else target,
        field=field,
        values=tuple((name.strip(), value.strip()) for name, _, value in pairs),
        surface=found["surface"],
    )
