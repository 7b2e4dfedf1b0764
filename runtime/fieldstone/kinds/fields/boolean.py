"""Field types that hold yes or no."""

from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.query.cel.types import BOOL, optional
from fieldstone.query.storage import Storage, StorageClass


class BooleanOptions(FieldOptions, frozen=True, kw_only=True, tag="boolean"):
    """True or false."""


class ToggleOptions(FieldOptions, frozen=True, kw_only=True, tag="toggle"):
    """True or false, shown as a switch."""


def _reader(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> bool:
        if type(value) is not bool:
            raise Rejected("invalid_type", f"{subject(declaration)} is true or false")
        return value

    return read


def _boolean_type(name: str, declaration: type[FieldOptions], summary: str) -> FieldType:
    return FieldType(
        name=name,
        declaration=declaration,
        summary=summary,
        storage=lambda _declaration: Storage(StorageClass.BOOLEAN),
        comparison="boolean",
        reader=_reader,
        schema=lambda _declaration: {"type": "boolean"},
        expression_type=lambda _declaration: optional(BOOL),
    )


TYPES = (
    _boolean_type("boolean", BooleanOptions, "True or false"),
    _boolean_type("toggle", ToggleOptions, "True or false, shown as a switch"),
)
