"""Access cases: a file of objects, permission sets, people and rows, and sentences about what each can and cannot do.

    tom reads a                      a record, by the name of its row
    tom reads note                   the object as a whole
    tom reads note.price             a field, on a record that he sees
    tom writes note.price            a field, in the body of a create or of an update
    tom updates a [with k=v, ...]    a change of a record
    tom creates note [with ...]      a new record
    tom deletes a                    the end of one

`on second` at the end keeps a sentence to one surface. `never` holds what nobody can, so that only the same deed elsewhere can
vouch for its roads. Refuses, as CaseFault, whatever is not a sentence.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

Verb = Literal["reads", "updates", "deletes", "creates", "writes"]
Outlook = Literal["can", "cannot", "never"]
Organization = Literal["here", "there", "both", "none"]

NOBODY = "nobody"
_SENTENCE = re.compile(
    r"(?P<who>\w+) (?P<verb>reads|updates|deletes|creates|writes) (?P<target>\w+)(\.(?P<field>\w+))?"
    r"( with (?P<values>.+?))?( on (?P<surface>\w+))?"
)


class CaseFault(Exception):
    """A case that does not say what it means."""


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody with permission sets, in an organisation."""

    sets: tuple[str, ...] = ()
    at: Organization = "here"


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A caller who shows an API key of a user; no `scopes` is no limit."""

    of: str
    scopes: tuple[str, ...] | None = None


class Row(msgspec.Struct, frozen=True):
    """A record that is there from the beginning."""

    object: str
    owner: str | None
    at: str
    values: Mapping[str, Any]


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


class Case(msgspec.Struct, frozen=True):
    """A whole file; `new` and `change` are what a create and an update of an object send unless a sentence says more."""

    name: str
    says: str
    packages: tuple[str, ...]
    objects: Mapping[str, Mapping[str, Any]]
    sets: Mapping[str, Mapping[str, Any]]
    users: Mapping[str, User]
    keys: Mapping[str, Key]
    rows: Mapping[str, Row]
    new: Mapping[str, Mapping[str, Any]]
    change: Mapping[str, Mapping[str, Any]]
    sentences: tuple[Sentence, ...]

    def says_of(self, who: str, verb: Verb, object_name: str, field: str | None = None) -> bool:
        """Tells whether the case lets somebody do something to an object, or to a field of it."""
        return any(
            (said.outlook, said.who, said.verb, said.object, said.field) == ("can", who, verb, object_name, field)
            for said in self.sentences
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    users: dict[str, list[str] | dict[str, Any]]
    packages: tuple[str, ...] = ()
    objects: dict[str, dict[str, Any]] = {}
    sets: dict[str, dict[str, Any]] = {}
    keys: dict[str, Key] = {}
    rows: dict[str, dict[str, Any]] = {}
    new: dict[str, dict[str, Any]] = {}
    change: dict[str, dict[str, Any]] = {}
    can: list[str] = []
    cannot: list[str] = []
    never: list[str] = []


def read_case(path: Path) -> Case:
    """Returns the case of a file; raises CaseFault, msgspec.ValidationError for keys that nothing reads."""
    return parse_case(path.stem, path.read_text(encoding="utf-8"))


def parse_case(name: str, text: str) -> Case:
    """Returns the case of a text."""
    file = msgspec.convert(yaml.safe_load(text), _File)
    users = {who: _user(entry) for who, entry in file.users.items()}
    rows = {row: _row(row, entry, users) for row, entry in file.rows.items()}
    people = {NOBODY, *users, *file.keys}
    targets = frozenset({*rows, *_made_rows(users, file.keys)})
    if both := (targets & {*file.objects, NOBODY}) | (rows.keys() & people):
        raise CaseFault(f"{name}: {sorted(both)} is two things.")
    said: list[tuple[Outlook, list[str]]] = [("can", file.can), ("cannot", file.cannot), ("never", file.never)]
    return Case(
        name=name,
        says=file.says,
        packages=file.packages,
        objects=file.objects,
        sets=file.sets,
        users=users,
        keys=file.keys,
        rows=rows,
        new=file.new,
        change=file.change,
        sentences=tuple(_sentence(line, outlook, people, targets) for outlook, lines in said for line in lines),
    )


def _made_rows(users: Iterable[str], keys: Iterable[str]) -> Iterable[str]:
    """Yields the names of the platform's own rows that a stage makes for people."""
    for user in users:
        yield from (user, f"{user}_member", f"{user}_session", f"{user}_key", f"{user}_grant")
    for key in keys:
        yield f"{key}_key"


def _user(entry: list[str] | dict[str, Any]) -> User:
    return msgspec.convert({"sets": entry} if isinstance(entry, list) else entry, User)


def _row(name: str, entry: Mapping[str, Any], users: Mapping[str, User]) -> Row:
    values = dict(entry)
    try:
        object_name = values.pop("object")
    except KeyError:
        raise CaseFault(f"The row `{name}` does not name its object.") from None
    owner = values.pop("owner", None)
    if owner is not None and owner not in users:
        raise CaseFault(f"The row `{name}` belongs to `{owner}`, who is nobody.")
    place = "there" if owner is not None and users[owner].at == "there" else "here"
    return Row(object_name, owner, values.pop("at", place), values)


def _sentence(line: str, outlook: Outlook, people: set[str], targets: frozenset[str]) -> Sentence:
    found = _SENTENCE.fullmatch(line)
    if found is None:
        raise CaseFault(f"`{line}` is not a sentence.")
    who, verb, target, field = found["who"], found["verb"], found["target"], found["field"]
    if who not in people:
        raise CaseFault(f"`{line}`: nobody is called `{who}`.")
    is_row = field is None and target in targets
    fits = {
        "reads": True,
        "writes": field is not None,
        "creates": field is None and not is_row,
        "updates": is_row,
        "deletes": is_row,
    }
    if not fits[verb]:
        raise CaseFault(f"`{line}`: nobody {verb} such a thing as `{target}`.")
    pairs = (pair.partition("=") for pair in (found["values"] or "").split(", ") if pair)
    return Sentence(
        text=line,
        outlook=outlook,
        who=who,
        verb=msgspec.convert(verb, Verb),
        row=target if is_row else None,
        object=None if is_row else target,
        field=field,
        values=tuple((name.strip(), value.strip()) for name, _, value in pairs),
        surface=found["surface"],
    )
