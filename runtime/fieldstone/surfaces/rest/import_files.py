"""Files that are the body of an import itself: their media types, and what query parameters say of them in the place of a JSON body."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.services.imports.reading.encoding import ENCODINGS
from fieldstone.services.imports.reading.file import FileFormat
from fieldstone.services.imports.reading.separated import SEPARATORS
from fieldstone.surfaces.http.parameters import refuse_parameters, take_flag
from fieldstone.surfaces.rest.table import ParameterNote

MEDIA: Mapping[bytes, FileFormat] = {
    b"text/csv": "csv",
    b"text/tab-separated-values": "csv",
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
"""The format of a body by its media type."""

_FLAG: Mapping[str, Any] = {"type": "boolean"}
FILE_NOTES = (
    ParameterNote("mapping", "Of a file: the `mapping` of a JSON body, as JSON."),
    ParameterNote("writeMode", "Of a file.", {"type": "string", "enum": ["insert", "update", "upsert"]}),
    ParameterNote("matchFields", "Of a file: fields that find records, with commas between."),
    ParameterNote("nullValues", "Of a file: texts that mean nothing, with commas between."),
    ParameterNote("trimWhitespace", "Of a file.", {**_FLAG, "default": True}),
    ParameterNote("skipBlankMatchKey", "Of a file.", {**_FLAG, "default": False}),
    ParameterNote("dateFormat", "Of a file.", {"type": "string", "enum": ["ymd", "dmy", "mdy"]}),
    ParameterNote("decimalMark", "Of a file.", {"type": "string", "enum": [".", ","]}),
    ParameterNote("separator", "Of a csv, found out otherwise.", {"type": "string", "enum": list(SEPARATORS)}),
    ParameterNote("encoding", "Of a csv, found out otherwise.", {"type": "string", "enum": list(ENCODINGS)}),
    ParameterNote("sheet", "Of a workbook, the first otherwise."),
)
"""What may be said of a file that is the body of a request."""

_LISTS = ("matchFields", "nullValues")
_FLAGS = ("trimWhitespace", "skipBlankMatchKey")


def body_of_parameters(parameters: dict[str, str]) -> dict[str, Any]:
    """Returns query parameters as the members of the JSON body that they stand for; raises Invalid."""
    names = [note.name for note in FILE_NOTES]
    refuse_parameters(parameters.keys() - set(names), names)
    body: dict[str, Any] = dict(parameters)
    for name in _LISTS:
        if name in body:
            body[name] = body[name].split(",")
    for name in _FLAGS:
        if name in body:
            body[name] = take_flag(parameters, name)
    if "mapping" in body:
        try:
            body["mapping"] = msgspec.json.decode(body["mapping"])
        except msgspec.DecodeError as error:
            raise Invalid(f"`mapping` is not JSON: {error}.", reason="INVALID_QUERY", path="mapping") from None
    return body
