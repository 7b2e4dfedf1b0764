"""`fieldstone import`: a file becomes records of an object, as one of the app's users, portion by portion.

Each portion is one Unit, as one request would be; under a key it is done once, so that the same command goes on where one was interrupted.
"""

import asyncio
import csv
import sys
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fieldstone.cli.report import printable, table_console
from fieldstone.cli.seat import Seat, User, show_progress, take_seat
from fieldstone.engine.gate import find_object
from fieldstone.engine.operation import Import, Once
from fieldstone.engine.outcome import Imported, ImportedRow
from fieldstone.errors import Internal, Invalid, SettingsError
from fieldstone.query.names import shown
from fieldstone.query.values import exact_number
from fieldstone.services.imports.reading.file import File, sheet_of_file
from fieldstone.services.imports.request import ImportBody, import_of
from fieldstone.services.imports.rows import sheet_of_rows
from fieldstone.services.imports.sheet import DateOrder, DecimalMark, Sheet, Unreadable

MOST_ROWS = 1_000_000
"""How many rows a file may have."""
MOST_SHOWN = 20
"""How many failed rows are shown; a file of errors holds them all."""

FileFormat = Literal["csv", "xlsx", "json"]
_ENDINGS: dict[str, FileFormat] = {"xlsx": "xlsx", "json": "json"}
_decode = msgspec.json.Decoder(float_hook=exact_number).decode


@Parameter(name="*", negative="")
class Reading(NamedTuple):
    """How the file is read; what is not said is found out.

    Parameters
    ----------
    format
        `csv`, `xlsx`, or `json` (a list of objects); what the name of the file ends in unless said, else `csv`.
    encoding
        The encoding of a csv, such as `utf-8` or `cp1252`.
    separator
        What stands between the cells of a csv.
    sheet
        The sheet of a workbook; the first unless said.
    date_format
        The order of a day's parts: `dmy`, `mdy` or `ymd`.
    decimal_mark
        What stands before decimals.
    null
        A text that stands for no value, such as `NA`; may be given more than once.
    """

    format: FileFormat | None = None
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    date_format: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    null: tuple[str, ...] = ()


@Parameter(name="*", negative="")
class Manner(NamedTuple):
    """How rows are written.

    Parameters
    ----------
    mode
        `insert` makes records, `update` changes those that match, `upsert` does either.
    match
        A field by which records are found; may be given more than once.
    mapping
        A file with the mapping as JSON: fields by column, or a list of `{sourceField, targetField, ...}`.
    atomic
        All rows or none; of as many as one request takes.
    dry_run
        Tell what would come of it, and write nothing.
    """

    mode: Literal["insert", "update", "upsert"] = "insert"
    match: tuple[str, ...] = ()
    mapping: Path | None = None
    atomic: bool = False
    dry_run: bool = False


FOUND_OUT = Reading()
PLAIN = Manner()


def run(
    app: Path,
    object_name: str,
    file: Path,
    /,
    *,
    user: User,
    reading: Reading = FOUND_OUT,
    manner: Manner = PLAIN,
    key: str | None = None,
    errors: Path | None = None,
) -> None:
    """Make records of an object out of a file, with a result for each row; servers go on meanwhile.

    Ends with 1 when a row failed. Rows go in portions of as many as one request takes.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    object_name
        The object, by its declared name.
    file
        The file, whose first line names the columns.
    user
        The address of the user who imports: what he may not write, or not see, is refused as it is over HTTP.
    key
        A name for this import: the same command under it goes on where it was interrupted, and writes no row twice.
    errors
        A csv file to write the rows that failed into, each with what is wrong, to be mended and imported again.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    sheet, body = _read(file, reading), _body(reading, manner)
    rows = asyncio.run(_import(app, user, object_name, sheet, body, key, console, atomic=manner.atomic))
    failed = [row for row in rows if row.action == "failed"]
    if errors is not None:
        _write_errors(errors, sheet, failed)
    _show(failed, errors)
    counts = {action: sum(row.action == action for row in rows) for action in ("created", "updated", "skipped")}
    told = ", ".join(f"{count:,} {action}" for action, count in {**counts, "failed": len(failed)}.items() if count)
    verb = "Would import" if manner.dry_run else "Imported"
    console.print(f"{verb} {sum(row.ok for row in rows):,} of {len(rows):,} rows: {told or 'nothing'}.", markup=False)
    if failed:
        sys.exit(1)


async def _import(
    app: Path,
    user: str,
    object_name: str,
    sheet: Sheet,
    body: ImportBody,
    key: str | None,
    console: Console,
    *,
    atomic: bool,
) -> list[ImportedRow]:
    """Returns what came of each row."""
    done: list[ImportedRow] = []
    async with take_seat(app, user) as seat:
        door = seat.runtime.door
        subject = find_object(door, seat.caller, object_name)
        known = door.policies.known(seat.caller, subject.name)
        whole = import_of(body, sheet, subject, known, atomic=atomic)
        left_out = whole.found.get("ignoredColumns", ())
        if left_out:
            console.print(f"Left out: {', '.join(f'`{shown(name)}`' for name in left_out)}.", markup=False)
        size = door.limits.import_rows
        if atomic and len(whole.rows) > size:
            hint = "Drop `--atomic`: portions stand or fall one by one."
            raise SettingsError(f"An import of all rows or none takes at most {size:,} rows.", hint=hint)
        progress, advance = show_progress(f"Importing {subject.name}", console, len(whole.rows))
        with progress:
            for number, start in enumerate(range(0, max(len(whole.rows), 1), size)):
                portion = msgspec.structs.replace(whole, rows=whole.rows[start : start + size])
                result = await _write(seat, portion, None if key is None else f"{key} {number}")
                done += (msgspec.structs.replace(row, row=row.row + start) for row in result.rows)
                advance(len(portion.rows))
    return done


async def _write(seat: Seat, portion: Import, key: str | None) -> Imported:
    """Writes a portion of rows, once where there is a key."""
    door, caller = seat.runtime.door, seat.caller
    if key is None:
        return await door.execute(portion, caller)
    told = repr((portion.object, portion.columns, portion.rows, portion.write_mode, portion.match_fields))
    fingerprint = blake2b(f"{told} {sorted(portion.null_values)}".encode(), digest_size=32).hexdigest()
    kept = (await door.execute(Once(key, fingerprint, portion), caller)).outcome
    if not isinstance(kept, Imported):
        raise Internal(f"The door answered with {type(kept).__name__}.")
    return kept


def _read(file: Path, reading: Reading) -> Sheet:
    """Returns the table of a file. Raises SettingsError, Invalid, PayloadTooLarge."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    made = reading.format or _ENDINGS.get(file.suffix.removeprefix(".").lower(), "csv")
    if made == "json":
        return sheet_of_rows(_rows(file, content))
    return sheet_of_file(File(content, made, file.name, reading.encoding, reading.separator, reading.sheet), MOST_ROWS)


def _rows(file: Path, content: bytes) -> list[dict[str, Any]]:
    rows = _json(file, content)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid(f"{file} is not a list of objects.", reason="INVALID_IMPORT", path=file.name)
    return rows


def _body(reading: Reading, manner: Manner) -> ImportBody:
    """Returns what is asked for beside the table."""
    mapping = None if manner.mapping is None else _mapping(manner.mapping)
    return ImportBody(
        mapping=mapping,
        write_mode=manner.mode,
        match_fields=list(manner.match),
        dry_run=manner.dry_run,
        null_values=list(reading.null),
        date_format=reading.date_format,
        decimal_mark=reading.decimal_mark,
    )


def _mapping(file: Path) -> Any:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return msgspec.convert(_json(file, content), ImportBody.__annotations__["mapping"])
    except msgspec.ValidationError as error:
        raise Invalid(f"{file} is no mapping: {error}.", reason="INVALID_IMPORT", path=file.name) from None


def _json(file: Path, content: bytes) -> Any:
    try:
        return _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} is not JSON: {error}.", reason="INVALID_JSON", path=file.name) from None


def _show(failed: list[ImportedRow], errors: Path | None) -> None:
    """Shows the rows that failed, the first of them, with what is wrong and how to mend it."""
    if not failed:
        return
    console = table_console()
    table = Table()
    for name in ("row", "field", "code", "error", "hint"):
        table.add_column(name, justify="right" if name == "row" else "left", overflow="fold")
    for row in failed[:MOST_SHOWN]:
        table.add_row(*(Text(printable(text)) for text in (str(row.row), *_told(row))))
    console.print(table)
    if len(failed) > MOST_SHOWN:
        where = "`--errors` writes them all into a file." if errors is None else f"{errors} has them all."
        console.print(Text(f"And {len(failed) - MOST_SHOWN:,} more. {where}"))


def _told(row: ImportedRow) -> tuple[str, str, str, str]:
    error = "; ".join(fault.message for fault in row.errors) or row.error or ""
    return row.field or "", row.code or "", error, row.hint or ""


def _write_errors(file: Path, sheet: Sheet, failed: list[ImportedRow]) -> None:
    """Writes the rows that failed as they were, with what is wrong behind their cells."""
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([*sheet.columns, *(f"import {name}" for name in ("row", "field", "code", "error", "hint"))])
            for row in failed:
                writer.writerow(chain(_cells(sheet, row.row - 1), (row.row,), _told(row)))
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error


def _cells(sheet: Sheet, place: int) -> Iterator[str]:
    for cell in sheet.rows[place]:
        empty = cell is None or cell is msgspec.UNSET or isinstance(cell, Unreadable)
        yield "" if empty else cell if isinstance(cell, str) else str(cell)
