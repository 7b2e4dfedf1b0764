"""What an import is asked for with: the table in one of its formats, where its columns go, and how rows are written.

Refuses a table in two forms or none, and what other systems know and this one does not do, each with its reason.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from fieldstone.engine.operation import Import
from fieldstone.errors import Invalid
from fieldstone.registry.catalog import Object
from fieldstone.services.imports.columns import ColumnMapping, Reading, lay_columns
from fieldstone.services.imports.reading.file import File, FileFormat, FileReader, refuse_declared
from fieldstone.services.imports.rows import sheet_of_rows
from fieldstone.services.imports.sheet import DateOrder, DecimalMark, Sheet

WriteMode = Literal["insert", "update", "upsert"]
MAP_OR_LIST = "`mapping` is an object of target fields by column, or a list of `{sourceField, targetField}`."

NOT_DONE: Mapping[str, tuple[Any, str]] = {
    "createMissingOptions": (False, "Options are declared with their field; an import adds none."),
    "runAutomations": (True, "Hooks, rules and flows are there for imported records as for all others."),
    "treatAsHistorical": (False, "Imported records are made when they are imported."),
    "mappingName": (None, "A mapping is sent with the import."),
}
"""What other systems know: the one value that says what is done anyway, and why no other is taken."""


class ImportBody(msgspec.Struct, rename="camel"):
    """Rows to be imported, `csv` text, `rows` of objects or a workbook in Base64 of which one `sheet` is read, and where their columns go.

    `format` may be left out, `separator` and the `encoding` of a file are found out unless they are declared.
    `mapping` gives target fields by column, or is a list. `matchFields` find the records of an update or an upsert. Texts among
    `nullValues` mean nothing; with `skipBlankMatchKey` an upsert skips rows without a key, which are made otherwise.
    """

    format: Literal["csv", "rows", "json", "xlsx"] | None = None
    csv: str | None = None
    rows: list[dict[str, Any]] | None = None
    xlsx_base64: str | None = None
    sheet: str | None = None
    separator: str | None = None
    encoding: str | None = None
    mapping: dict[str, str | None] | list[ColumnMapping] | None = None
    write_mode: WriteMode = "insert"
    match_fields: list[str] = []
    dry_run: bool = False
    trim_whitespace: bool = True
    null_values: list[str] = []
    skip_blank_match_key: bool = False
    date_format: DateOrder | None = None
    decimal_mark: DecimalMark | None = None


FORMATS: Mapping[str, str] = {"csv": "csv", "rows": "rows", "json": "rows", "xlsx": "xlsxBase64"}
"""The member of the body that holds the table, by the names of formats in a request."""


def refuse_not_done(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a body without what asks for nothing but what is done anyway; raises Invalid with the reason for what is not."""
    for name, (done, reason) in NOT_DONE.items():
        if name in body and body[name] is not done:
            raise Invalid(f"`{name}` cannot be {msgspec.json.encode(body[name]).decode()[:40]}.", **_at(name, reason))
    return {name: value for name, value in body.items() if name not in NOT_DONE}


async def sheet_of_body(body: ImportBody, files: FileReader, most_rows: int) -> Sheet:
    """Returns the table that a body holds; raises Invalid, PayloadTooLarge."""
    held = {"csv": body.csv, "rows": body.rows, "xlsxBase64": body.xlsx_base64}
    given = [member for member, value in held.items() if value is not None]
    if len(given) != 1:
        told = " and ".join(f"`{member}`" for member in given) or "nothing to import"
        hint = f"Send one of {', '.join(f'`{member}`' for member in held)}."
        raise Invalid(f"The body has {told}.", **_at(given[0] if given else "rows", hint))
    if body.format is not None and FORMATS[body.format] != given[0]:
        hint = f"Send `{FORMATS[body.format]}`, or leave `format` out."
        raise Invalid(f"The format is `{body.format}`, and the body has `{given[0]}`.", **_at("format", hint))
    if body.rows is not None:
        refuse_declared(body, ("sheet", "separator", "encoding"), "rows")
        return sheet_of_rows(body.rows)
    return await files.read(_file(body), most_rows)


def sent_file(body: ImportBody, format_name: FileFormat, content: bytes) -> File:
    """Returns a file that was sent as the body itself, with what its parameters declare of it."""
    return File(content, format_name, "body", body.encoding, body.separator, body.sheet)


def _file(body: ImportBody) -> File:
    if body.xlsx_base64 is None:
        return File(body.csv or "", "csv", "csv", body.encoding, body.separator, body.sheet)
    try:
        content = b64decode(body.xlsx_base64, validate=True)
    except ValueError:
        raise Invalid("`xlsxBase64` is not Base64.", **_at("xlsxBase64", "Encode the bytes of the file.")) from None
    return File(content, "xlsx", "xlsxBase64", body.encoding, body.separator, body.sheet)


def import_of(body: ImportBody, sheet: Sheet, subject: Object, known: Iterable[str], *, atomic: bool) -> Import:
    """Returns the Operation of an import; `known` are the fields that the caller may read or set."""
    laid = lay_columns(sheet, body.mapping, Reading(body.date_format, body.decimal_mark), subject, known)
    found: dict[str, Any] = {"detected": msgspec.to_builtins(sheet.detected)}
    if laid.left_out:
        found["ignoredColumns"] = list(laid.left_out)
    return Import(
        object=subject.name,
        columns=laid.columns,
        rows=laid.rows,
        write_mode=body.write_mode,
        match_fields=tuple(body.match_fields),
        null_values=frozenset(body.null_values),
        trim_whitespace=body.trim_whitespace,
        skip_blank_match_key=body.skip_blank_match_key,
        atomic=atomic,
        dry_run=body.dry_run,
        found=found,
    )


def _at(path: str, hint: str) -> dict[str, Any]:
    return {"reason": "INVALID_IMPORT", "path": path, "hint": hint}
