"""A file that is to be imported, read as a sheet; a large one beside the event loop, so that other requests are answered meanwhile."""

import asyncio
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from fieldstone.errors import Invalid
from fieldstone.late import late
from fieldstone.query.names import did_you_mean, shown
from fieldstone.services.imports.reading.encoding import decode_text
from fieldstone.services.imports.reading.separated import SEPARATORS, sheet_of_text
from fieldstone.services.imports.sheet import Sheet

FileFormat = Literal["csv", "xlsx"]

AT_ONCE = 2
"""How many large files are read at the same time: each may take many times its size in memory."""

_READ_AT_ONCE = 32 * 1024
"""Bytes of a text that are read in less time than another thread takes to begin."""

_sheet_of_workbook = late("fieldstone.services.imports.reading.workbook:sheet_of_workbook")


class Declared(Protocol):
    """What may be declared of a file."""

    @property
    def encoding(self) -> str | None:
        """How its text was written to bytes."""

    @property
    def separator(self) -> str | None:
        """What stands between its cells."""

    @property
    def sheet(self) -> str | None:
        """Which sheet of a workbook is meant."""


class File(msgspec.Struct, frozen=True):
    """A file as it was sent: its content, and what was declared of it. `path` names where in the request it was.

    `encoding` and `separator` are of a csv, found out where they are None; `sheet` is of a workbook, its first where it is None.
    """

    content: bytes | str
    format: FileFormat
    path: str
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


class FileReader:
    """Reads files, a few at a time; `rows` is how many an import takes, `job_rows` how many one that is a job does."""

    def __init__(self, rows: int, job_rows: int) -> None:
        self.rows = rows
        self.job_rows = job_rows
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, file: File, most_rows: int) -> Sheet:
        """Returns the sheet that a file holds; raises Invalid, PayloadTooLarge."""
        if file.format == "csv" and len(file.content) <= _READ_AT_ONCE:
            return sheet_of_file(file, most_rows)
        async with self._turns:
            return await asyncio.to_thread(sheet_of_file, file, most_rows)


def sheet_of_file(file: File, most_rows: int) -> Sheet:
    """Returns the sheet that a file holds, whatever time that takes; raises Invalid, PayloadTooLarge."""
    _refuse_in_vain(file)
    if file.format == "xlsx":
        content = file.content.encode() if isinstance(file.content, str) else file.content
        sheet: Sheet = _sheet_of_workbook(content, most_rows, file.path, file.sheet)
        return sheet
    separator = _separator(file.separator)
    decoded = decode_text(file.content, file.encoding, file.path)
    return sheet_of_text(decoded, most_rows, file.path, separator)


def refuse_declared(declared: Declared, names: Sequence[str], where: str) -> None:
    """Raises Invalid for what was declared and has no meaning in what was sent."""
    in_vain = next((name for name in names if getattr(declared, name) is not None), None)
    if in_vain is not None:
        raise Invalid(f"`{in_vain}` has no meaning in {where}.", reason="INVALID_IMPORT", path=in_vain)


def _refuse_in_vain(file: File) -> None:
    if file.format == "xlsx":
        refuse_declared(file, ("encoding", "separator"), "`xlsx`")
    else:
        refuse_declared(file, ("sheet",), "`csv`")
    if isinstance(file.content, str):
        refuse_declared(file, ("encoding",), "text that is sent as JSON")


def _separator(declared: str | None) -> str | None:
    if declared is None or declared in SEPARATORS.values():
        return declared
    if declared in SEPARATORS:
        return SEPARATORS[declared]
    hint = did_you_mean(declared, SEPARATORS) or f"There are {', '.join(f'`{name}`' for name in SEPARATORS)}."
    raise Invalid(f"No separator `{shown(declared)}`.", reason="INVALID_IMPORT", path="separator", hint=hint)
