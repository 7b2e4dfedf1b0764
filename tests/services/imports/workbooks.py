"""Workbooks for tests: made of rows, changed part by part, and bombs."""

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"
MEGABYTE = 1024 * 1024
DOCUMENT_TYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def workbook(*sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    for place, rows in enumerate(sheets):
        sheet = book.worksheets[0] if place == 0 else book.create_sheet()
        sheet.title = f"Sheet {place + 1}"
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def changed(
    content: bytes, parts: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None
) -> bytes:
    """Returns a workbook with some of its parts changed, and others added."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, bytes)(old.read(name)))
        for name, part in (added or {}).items():
            new.writestr(name, part)
    return written.getvalue()


def row_xml(*cells: str, number: int = 2) -> Callable[[bytes], bytes]:
    """Returns a change of a sheet that appends a row as it is written."""
    return lambda xml: xml.replace(b"</sheetData>", f'<row r="{number}">{"".join(cells)}</row></sheetData>'.encode())


def zeros(megabytes: int) -> bytes:
    return b"<x>" + b" " * (megabytes * MEGABYTE) + b"</x>"


def lying(content: bytes) -> bytes:
    """Returns a zip whose directory says that its largest part is small."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        largest = max(archive.infolist(), key=lambda part: part.file_size)
    return content.replace(largest.file_size.to_bytes(4, "little"), (100).to_bytes(4, "little"))


def changed_to(parts: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return written.getvalue()
