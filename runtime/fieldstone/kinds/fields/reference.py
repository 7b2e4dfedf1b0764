"""Field types that point to another record by its id. Whether it is there is asked when the record is written."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.text import read_text
from fieldstone.query.cel.types import STRING, optional
from fieldstone.query.storage import Storage, StorageClass

ObjectName = Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]*$", max_length=63)]
LONGEST_ID = 255


class LookupOptions(FieldOptions, frozen=True, kw_only=True, tag="lookup"):
    """A record of the object `reference`; `deleteBehavior` says what becomes of this record when that one goes."""

    reference: ObjectName
    """The object that it points to."""
    delete_behavior: Literal["set_null", "cascade", "restrict"] = "set_null"
    """When that record goes: clear this field, delete this record too, or refuse."""


class MasterDetailOptions(FieldOptions, frozen=True, kw_only=True, tag="master_detail"):
    """The record that this one is a part of: always required, and gone with it unless it is to be kept from going."""

    reference: ObjectName
    """The object that it points to."""
    required: Literal[True] = True
    """Always."""
    delete_behavior: Literal["cascade", "restrict"] = "cascade"
    """When that record goes: delete this record too, or refuse."""


class UserOptions(FieldOptions, frozen=True, kw_only=True, tag="user"):
    """A user."""

    reference: ClassVar[str] = "sys_user"
    delete_behavior: Literal["set_null", "cascade", "restrict"] = "set_null"
    """When the user goes: clear this field, delete this record too, or refuse."""


def _reader(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> str:
        text = read_text(declaration, value)
        if not 0 < len(text) <= LONGEST_ID:
            raise Rejected("reference_not_found", f"{subject(declaration)} points to a record that is not there")
        return text

    return read


def _check(declaration: Any) -> list[tuple[str, str]]:
    if declaration.required and declaration.delete_behavior == "set_null":
        return [("deleteBehavior", "a required reference cannot be set to null: say `restrict` or `cascade`")]
    return []


def _reference_type(name: str, declaration: type[FieldOptions], summary: str) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(StorageClass.TEXT),
        comparison="text",
        reader=_reader,
        schema=lambda _declaration: {"type": "string"},
        expression_type=lambda _declaration: optional(STRING),
        check=_check,
    )


TYPES = (
    _reference_type("lookup", LookupOptions, "A record of another object, by its id"),
    _reference_type("master_detail", MasterDetailOptions, "The record that this one is a part of"),
    _reference_type("user", UserOptions, "A user, by id"),
)
