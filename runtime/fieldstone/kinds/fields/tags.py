"""The field type that holds free words: any texts, each once."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.members import Count, check_count, check_counts, list_schema, read_texts
from fieldstone.query.cel.types import STRING, list_of, optional
from fieldstone.query.storage import Storage, StorageClass


class TagsOptions(FieldOptions, frozen=True, kw_only=True, tag="tags"):
    """Free words, each once, in the order sent."""

    min_items: Count | None = None
    """The fewest words, where there are any."""
    max_items: Count | None = None
    """The most words."""
    max_length: Annotated[int, msgspec.Meta(ge=1, le=255)] = 255
    """The most characters of one word."""


def _reader(declaration: TagsOptions) -> Reader:
    def read(value: Any) -> list[str]:
        words = read_texts(declaration, value, "texts")
        check_count(declaration, len(words), declaration.min_items, declaration.max_items)
        if any(len(word) > declaration.max_length for word in words):
            message = f"{subject(declaration)} takes words of at most {declaration.max_length} characters"
            raise Rejected("max_length", message, declaration.max_length)
        return words

    return read


def _schema(declaration: TagsOptions) -> dict[str, Any]:
    word = {"type": "string", "minLength": 1, "maxLength": declaration.max_length}
    return list_schema(word, declaration.min_items, declaration.max_items)


TYPES = (
    FieldType(
        name="tags",
        declaration=TagsOptions,
        summary="Free words",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="list",
        reader=_reader,
        schema=_schema,
        expression_type=lambda _declaration: optional(list_of(STRING)),
        check=check_counts,
    ),
)
