"""What a field type is: a Struct for its configuration and the functions that the rest of the house asks it."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.query.cel.types import Type
from fieldstone.query.storage import Storage


class FieldOptions(Declared, frozen=True, kw_only=True, tag_field="type"):
    """The options of every field (contract 2.1).

    `unique: true` means one holder per organisation, as `organization` does; `global` one in the database. `defaultValue` is used
    on insert when the field is absent or null: a literal, `current_user`, `now()` or `today()`. An `internal` field is the
    system's own: nobody else reads it, filters by it or writes it.
    """

    label: str | None = None
    """What people call it; made of the name unless given."""
    description: str | None = None
    """What it holds."""
    inline_help_text: str | None = None
    """A hint for whoever fills it in."""
    required: bool = False
    """A create must give a value, and no update may take it away."""
    unique: bool | Literal["organization", "global"] = False
    """No two records have the same value: within an organisation (`true`, `organization`) or at all (`global`)."""
    index: bool = False
    """An index is kept, for filters and orders by this field."""
    searchable: bool = False
    """`search` looks for words in it; for fields that hold text."""
    internal: bool = False
    """The system's own: nobody reads it, filters by it or writes it."""
    default_value: Any = msgspec.UNSET
    """Used on create when the field is absent or null: a literal, `current_user`, `now()` or `today()`."""


class Rejected(Exception):
    """A value that a field does not take: a field code of contract 10.2, a message, and the limit that was passed."""

    def __init__(self, code: str, message: str, constraint: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.constraint = constraint


def subject(declaration: FieldOptions) -> str:
    """Returns how messages call a field: by its label, which linking gives to every declaration that has none."""
    return declaration.label or "The value"


Reader = Callable[[Any], Any]
"""Takes a decoded JSON value that is not null, returns its wire form, raises Rejected. Never coerces a wrong type."""


class FieldType(msgspec.Struct, frozen=True):
    """One field type.

    `storage`, `reader`, `schema` (the JSON Schema of a value on the wire, OpenAPI 3.0's dialect) and `expression_type` (its type in
    CEL) are given the field's own declaration. `comparison` is the family of operators that fit (`query/storage.py`).
    `internal` types are never read by anyone but the system. `check` returns what is wrong with a declaration beyond what
    the Struct says, as (key, message) pairs.
    """

    name: str
    declaration: type[FieldOptions]
    summary: str
    storage: Callable[[Any], Storage]
    comparison: str
    reader: Callable[[Any], Reader]
    schema: Callable[[Any], dict[str, Any]]
    expression_type: Callable[[Any], Type]
    internal: bool = False
    check: Callable[[Any], list[tuple[str, str]]] = lambda _declaration: []
