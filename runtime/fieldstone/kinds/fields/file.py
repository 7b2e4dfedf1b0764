"""Field types that hold files, by the id of each."""

from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, subject
from fieldstone.kinds.fields.members import check_count, list_schema, read_texts
from fieldstone.kinds.fields.text import read_text
from fieldstone.query.cel.types import STRING, Type, list_of, optional
from fieldstone.query.storage import Storage, StorageClass

LONGEST_ID = 255


class FileOptions(FieldOptions, frozen=True, kw_only=True, tag="file"):
    """A file, by its id."""

    multiple: bool = False
    """A list of files."""


class ImageOptions(FileOptions, frozen=True, kw_only=True, tag="image"):
    """An image, by its id."""


class AvatarOptions(FileOptions, frozen=True, kw_only=True, tag="avatar"):
    """The picture of somebody, by its id."""


class VideoOptions(FileOptions, frozen=True, kw_only=True, tag="video"):
    """A film, by its id."""


class AudioOptions(FileOptions, frozen=True, kw_only=True, tag="audio"):
    """A recording, by its id."""


def _reader(declaration: FileOptions) -> Reader:
    def read_one(value: Any) -> str:
        return _checked(declaration, read_text(declaration, value))

    def read_many(value: Any) -> list[str]:
        ids = read_texts(declaration, value, "ids of files")
        check_count(declaration, len(ids), None, None)
        return [_checked(declaration, file_id) for file_id in ids]

    return read_many if declaration.multiple else read_one


def _checked(declaration: FileOptions, file_id: str) -> str:
    if not 0 < len(file_id) <= LONGEST_ID:
        raise Rejected("invalid_value", f"{subject(declaration)} is the id of a file, 1 to {LONGEST_ID} characters")
    return file_id


def _schema(declaration: FileOptions) -> dict[str, Any]:
    file_id = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
    return list_schema(file_id, None, None) if declaration.multiple else file_id


def _expression_type(declaration: FileOptions) -> Type:
    return optional(list_of(STRING) if declaration.multiple else STRING)


def _file_type(declaration: type[FileOptions], summary: str) -> FieldType:
    return FieldType(
        name=str(declaration.__struct_config__.tag),
        declaration=declaration,
        summary=summary,
        storage=lambda declared: Storage(StorageClass.JSON if declared.multiple else StorageClass.TEXT),
        comparison="text",
        reader=_reader,
        schema=_schema,
        expression_type=_expression_type,
    )


TYPES = (
    _file_type(FileOptions, "A file, by its id"),
    _file_type(ImageOptions, "An image, by its id"),
    _file_type(AvatarOptions, "The picture of somebody, by its id"),
    _file_type(VideoOptions, "A film, by its id"),
    _file_type(AudioOptions, "A recording, by its id"),
)
