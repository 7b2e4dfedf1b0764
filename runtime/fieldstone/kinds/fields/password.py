"""The field type that holds a password: written by people, read by nobody but the system.

The reader checks the length of what was sent; that it is hashed before it is stored is the work of the engine's preparers.
"""

from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader
from fieldstone.kinds.fields.text import Length, check_length, check_lengths, read_text
from fieldstone.query.cel.types import STRING, optional
from fieldstone.query.storage import MASK, Storage, StorageClass


class PasswordOptions(FieldOptions, frozen=True, kw_only=True, tag="password"):
    """A password, kept as a hash and never returned; eight bullets that are sent leave it as it is."""

    min_length: Length = 8
    """The fewest characters."""
    max_length: Length = 256
    """The most characters."""


def _reader(declaration: PasswordOptions) -> Reader:
    def read(value: Any) -> str:
        text = read_text(declaration, value)
        check_length(declaration, text, declaration.min_length, declaration.max_length)
        return text

    return read


def _schema(declaration: PasswordOptions) -> dict[str, Any]:
    return {
        "type": "string",
        "format": "password",
        "writeOnly": True,
        "minLength": declaration.min_length,
        "maxLength": declaration.max_length,
    }


TYPES = (
    FieldType(
        name="password",
        declaration=PasswordOptions,
        summary="A password, kept as a hash and never returned",
        storage=lambda _declaration: Storage(StorageClass.TEXT),
        comparison="none",
        reader=_reader,
        schema=_schema,
        expression_type=lambda _declaration: optional(STRING),
        internal=True,
        mask=MASK,
        check=check_lengths,
    ),
)
