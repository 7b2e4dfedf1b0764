"""What a field type is: a Struct for its configuration and the functions that the rest of the house asks it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared
from fieldstone.query.cel.types import Type
from fieldstone.query.storage import Storage

FIELD = "field"


class FieldOptions(Declared, frozen=True, kw_only=True, tag_field="type"):
    """The options of every field (contract 2.1).

    `unique: true` means one holder per organisation, as `organization` does; `global` one in the database. `defaultValue` is used
    on insert when the field is absent or null: a literal, `current_user`, `now()`, `NOW()`, `today()`, or an expression over
    `current_user`, spelled `{dialect: cel, source: ...}`. An `internal` field is the system's own: nobody else reads it,
    filters by it or writes it.
    """

    noun: ClassVar[str] = FIELD
    elsewhere: ClassVar[Mapping[str, str]] = {
        "accept": "A file is an id so far, of which nothing can tell what it holds.",
        "maxSize": "A file is an id so far, of which nothing can tell how large it is.",
        "columnName": "A column has the name of its field; a field that had another says `renamedFrom`.",
        "system": "The system fields are there without being declared.",
        "maskingRule": "Only a field of text is masked; a permission set hides any other.",
        "conditionalRequired": "Say `requiredWhen`.",
    }

    label: str | None = None
    """What people call it; made of the name unless given."""
    description: str | None = None
    """What it holds."""
    inline_help_text: str | None = None
    """A hint for whoever fills it in."""
    group: str | None = None
    """The group of fields that it is shown in; told by `/meta`."""
    widget: str | None = None
    """How faces let it be filled in; told by `/meta`."""
    format: str | None = None
    """How faces show its values; told by `/meta`."""
    hidden: bool = False
    """Faces leave it out unless they are asked for it; told by `/meta`. No access rule: permission sets hide from people."""
    required: bool = False
    """A create must give a value, and no update may take it away."""
    unique: bool | Literal["organization", "global"] = False
    """No two records have the same value: within an organisation (`true`, `organization`) or at all (`global`)."""
    index: bool = False
    """An index is kept, for filters and orders by this field."""
    searchable: bool = False
    """`search` looks for words in it; for fields that hold text."""
    external_id: bool = False
    """It holds the record's name in another system, and is `unique`: by it an upsert finds records unless it names another field."""
    required_when: str | None = None
    """A CEL expression over `record` and `previous`: where it holds, the field must have a value."""
    readonly: bool = False
    """A body that sets it is refused; defaults, hooks and the system fill it."""
    readonly_when: str | None = None
    """A CEL expression over `record` and `previous`: where it holds, a body that changes the field is refused."""
    visible_when: str | None = None
    """A CEL expression over `record`: where it does not hold, faces leave the field out; told by `/meta`. No access rule."""
    internal: bool = False
    """The system's own: nobody reads it, filters by it or writes it."""
    required_permissions: tuple[CapabilityName, ...] = ()
    """Capabilities, all of them, without which the field is not there: nobody else reads it, filters by it or writes it."""
    renamed_from: str | None = None
    """The name it had before; the column is renamed when the database is opened, and what it holds stays."""
    track_history: bool | msgspec.UnsetType = msgspec.UNSET
    """`false`: `history` does not list its changes, though versions hold it; `true` asks for an object that keeps its history."""
    default_value: Any = msgspec.UNSET
    """Used on create when the field is absent or null: a literal, a token (`current_user`, `NOW()`, `today()`) or an expression."""


class Rejected(Exception):
    """A value that a field does not take: a field code of contract 10.2, a message, and the limit that was passed.

    `path` is what stands behind the field's name where only a part of the value is at fault (`[2].amount`), `label` what people call
    that part, `value` what was sent for it.
    """

    def __init__(self, code: str, message: str, constraint: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.constraint = constraint
        self.path = ""
        self.label: str | None = None
        self.value: Any = None

    def faults(self) -> Iterator["Rejected"]:
        """Yields everything that is wrong with the value."""
        yield self


class PartsRejected(Rejected):
    """A value with several parts that a field does not take."""

    def __init__(self, parts: Sequence[Rejected]) -> None:
        super().__init__(parts[0].code, "; ".join(part.message for part in parts), parts[0].constraint)
        self.parts = tuple(parts)

    def faults(self) -> Iterator[Rejected]:
        """Yields what is wrong with each part."""
        for part in self.parts:
            yield from part.faults()


def subject(declaration: FieldOptions) -> str:
    """Returns how messages call a field: by its label, which linking gives to every declaration that has none."""
    return declaration.label or "The value"


Reader = Callable[[Any], Any]
"""Takes a decoded JSON value that is not null, returns its wire form, raises Rejected. Never coerces a wrong type."""


class FieldType(msgspec.Struct, frozen=True):
    """One field type.

    `storage`, `reader`, `schema` (the JSON Schema of a value on the wire, OpenAPI 3.0's dialect) and `expression_type` (its type in
    CEL) are given the field's own declaration. `comparison` is the family of operators that fit one value (`query/storage.py`), unless the
    declaration decides it: `family_of`.
    `internal` types are never read by anyone but the system. `mask` is what answers show of a value that is there, and what leaves it
    as it is when it is sent back. `check` returns what is wrong with a declaration beyond what
    the Struct says, as (key, message) pairs. A `computed` type is filled by the system alone: nobody's body sets it.
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
    mask: str | None = None
    check: Callable[[Any], list[tuple[str, str]]] = lambda _declaration: []
    family_of: Callable[[Any], str] | None = None
    computed: bool = False

    def family(self, declaration: FieldOptions) -> str:
        """Returns the family of operators that fit a field: of lists, where it holds several values."""
        if self.family_of is not None:
            return self.family_of(declaration)
        return "list" if getattr(declaration, "multiple", False) else self.comparison


def check_computed(declaration: FieldOptions, *, but: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Returns a fault for every key about setting a value, which a computed field cannot say; `but` are those that it may."""
    blank = FieldOptions()
    return [
        (spelled, f"nobody sets this field, so it cannot say `{spelled}`")
        for key, spelled in _ABOUT_SETTING.items()
        if key not in but and getattr(declaration, key) != getattr(blank, key)
    ]


_ABOUT_SETTING = {
    "required": "required",
    "required_when": "requiredWhen",
    "readonly_when": "readonlyWhen",
    "unique": "unique",
    "readonly": "readonly",
    "external_id": "externalId",
    "default_value": "defaultValue",
}
