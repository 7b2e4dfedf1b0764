"""The field type that holds a secret of another system: written by people, shown to nobody, kept encrypted.

Answers show a mask; who sends the mask back leaves the secret as it is. That it is encrypted before it is stored is the work of the
engine's preparers.
"""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.text import check_length, read_text
from fieldstone.query.cel.types import STRING, optional
from fieldstone.query.storage import MASK, Storage, StorageClass


class SecretOptions(FieldOptions, frozen=True, kw_only=True, tag="secret"):
    """A secret, kept encrypted; answers show eight bullets where there is one, and no filter can ask for it."""

    max_length: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1000
    """The most characters."""


def _reader(declaration: SecretOptions) -> Reader:
    def read(value: Any) -> str:
        text = read_text(declaration, value)
        if not text:
            raise Rejected("invalid_value", f"{subject(declaration)} is not empty; null takes it away")
        check_length(declaration, text, None, declaration.max_length)
        return text

    return read


def _schema(declaration: SecretOptions) -> dict[str, Any]:
    return {
        "type": "string",
        "format": "password",
        "maxLength": declaration.max_length,
        "description": f"Shown as `{MASK}`; sent back like that it stays as it is.",
    }


TYPES = (
    FieldType(
        name="secret",
        declaration=SecretOptions,
        summary="A secret, kept encrypted and shown as a mask",
        storage=lambda _declaration: Storage(StorageClass.TEXT, masked=True),
        comparison="none",
        reader=_reader,
        schema=_schema,
        expression_type=lambda _declaration: optional(STRING),
        mask=MASK,
    ),
)
