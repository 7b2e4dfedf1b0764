"""Field types that point to other records by their ids. Whether those are there is asked when the record is written."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.members import Count, check_count, check_counts, list_schema, read_texts
from fieldstone.kinds.fields.text import read_text
from fieldstone.query.cel.types import STRING, Type, list_of, optional
from fieldstone.query.storage import Storage, StorageClass

ObjectName = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63)]
FilterOperator = Literal["eq", "ne", "gt", "lt", "gte", "lte", "contains", "in", "notIn"]
LONGEST_ID = 255


class LookupFilter(Declared, frozen=True, kw_only=True):
    """One condition on the records that may be chosen; all conditions of a field must hold."""

    field: str
    """A field of the object that is pointed to."""
    operator: FilterOperator = "eq"
    """How it is compared."""
    value: Any
    """What it is compared with: a list for `in` and `notIn`."""


class ReferenceOptions(FieldOptions, frozen=True, kw_only=True):
    """What all references know: which records may be chosen, and how faces let people choose."""

    lookup_filters: tuple[LookupFilter, ...] = ()
    """Which records it may point to; one that does not fit answers as one that is not there."""
    depends_on: tuple[str, ...] = ()
    """The fields of this object by which faces narrow the choice; told by `/meta`."""
    display_field: str | None = None
    """The field of the other object that stands for its record; told by `/meta`."""
    description_field: str | None = None
    """The field of the other object that stands beside it; told by `/meta`."""
    lookup_columns: tuple[str, ...] = ()
    """The fields of the other object that a list to choose from shows; told by `/meta`."""
    allow_create: bool = False
    """Faces offer to make the record that is missing; told by `/meta`. The right to make one is needed all the same."""


class ManyOptions(ReferenceOptions, frozen=True, kw_only=True):
    """What references know that may point to several records."""

    multiple: bool = False
    """A list of records, each once, in the order sent."""
    min_items: Count | None = None
    """The fewest records, where there are any; of a `multiple` one alone."""
    max_items: Count | None = None
    """The most records; of a `multiple` one alone."""


class LookupOptions(ManyOptions, frozen=True, kw_only=True, tag="lookup"):
    """A record of the object `reference`, or several; `deleteBehavior` says what becomes of this record when one of those goes."""

    reference: ObjectName
    """The object that it points to."""
    delete_behavior: Literal["set_null", "cascade", "restrict"] = "set_null"
    """When that record goes: clear this field (take it from the list), delete this record too, or refuse."""


class MasterDetailOptions(ReferenceOptions, frozen=True, kw_only=True, tag="master_detail"):
    """The record that this one is a part of: always required, and gone with it unless it is to be kept from going."""

    reference: ObjectName
    """The object that it points to."""
    required: Literal[True] = True
    """Always."""
    delete_behavior: Literal["cascade", "restrict"] = "cascade"
    """When that record goes: delete this record too, or refuse."""


class TreeOptions(ReferenceOptions, frozen=True, kw_only=True, tag="tree"):
    """The record above this one, of the same object; a record is never above itself, however long the way."""

    reference: ObjectName
    """The object itself."""
    delete_behavior: Literal["set_null", "cascade", "restrict"] = "set_null"
    """When that record goes: clear this field, delete this record too, or refuse."""


class UserOptions(ManyOptions, frozen=True, kw_only=True, tag="user"):
    """A user, or several."""

    reference: ClassVar[str] = "sys_user"
    delete_behavior: Literal["set_null", "cascade", "restrict"] = "set_null"
    """When the user goes: clear this field (take him from the list), delete this record too, or refuse."""


def _read_one(declaration: FieldOptions) -> Reader:
    return lambda value: _id(declaration, read_text(declaration, value))


def _read_one_or_many(declaration: ManyOptions) -> Reader:
    def read(value: Any) -> list[str]:
        ids = read_texts(declaration, value, "ids of records")
        check_count(declaration, len(ids), declaration.min_items, declaration.max_items)
        return [_id(declaration, record_id) for record_id in ids]

    return read if declaration.multiple else _read_one(declaration)


def _id(declaration: FieldOptions, text: str) -> str:
    if not 0 < len(text) <= LONGEST_ID:
        raise Rejected("reference_not_found", f"{subject(declaration)} points to a record that is not there")
    return text


def _check(declaration: Any) -> list[tuple[str, str]]:
    multiple = getattr(declaration, "multiple", False)
    if declaration.required and declaration.delete_behavior == "set_null" and not multiple:
        return [("deleteBehavior", "a required reference cannot be set to null: say `restrict` or `cascade`")]
    return []


def _check_many(declaration: ManyOptions) -> list[tuple[str, str]]:
    return [*_check(declaration), *check_counts(declaration)]


def _schema_many(declaration: ManyOptions) -> dict[str, Any]:
    if not declaration.multiple:
        return {"type": "string"}
    return list_schema({"type": "string"}, declaration.min_items, declaration.max_items)


def _expression_type(declaration: Any) -> Type:
    return optional(list_of(STRING) if getattr(declaration, "multiple", False) else STRING)


def _storage(declaration: Any) -> Storage:
    return Storage(StorageClass.JSON if getattr(declaration, "multiple", False) else StorageClass.TEXT)


def _reference_type(
    name: str,
    declaration: type[FieldOptions],
    summary: str,
    reader: Callable[[Any], Reader] = _read_one,
    schema: Callable[[Any], dict[str, Any]] = lambda _declaration: {"type": "string"},
    check: Callable[[Any], list[tuple[str, str]]] = _check,
) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=_storage,
        comparison="text",
        reader=reader,
        schema=schema,
        expression_type=_expression_type,
        check=check,
    )


TYPES = (
    _reference_type(
        "lookup", LookupOptions, "Records of another object, by their ids", _read_one_or_many, _schema_many, _check_many
    ),
    _reference_type("master_detail", MasterDetailOptions, "The record that this one is a part of"),
    _reference_type("tree", TreeOptions, "The record above this one, of the same object"),
    _reference_type("user", UserOptions, "Users, by their ids", _read_one_or_many, _schema_many, _check_many),
)
