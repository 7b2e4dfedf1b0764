"""A mention: a place in one declaration that names another one, or a member of it."""

import msgspec

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value in a document."""

FIELDS = "fields"

MEMBERS = (FIELDS, "validations", "indexes", "fieldGroups")
"""The parts of an object whose members have addresses of their own."""


class Target(msgspec.Struct, frozen=True):
    """What is named: a declaration by its kind and the name that it is found by, or a member of it by its section and name."""

    type: str
    name: str
    section: str = ""
    member: str = ""


class Mention(msgspec.Struct, frozen=True):
    """Where something is named, what it is, and as what: a `column`, an `expression`, ..."""

    path: Path
    target: Target
    kind: str
