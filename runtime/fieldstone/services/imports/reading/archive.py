"""The check of an xlsx file before anything reads it: a zip of XML parts, none of which may grow without bound.

A zip says itself how large its parts become, and may lie; so every part is inflated once, in pieces that are thrown away, up to a bound on
their sum. Every XML part is well formed and without a document type: OOXML has none (ECMA-376), and only there can entities grow.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from fieldstone.errors import PayloadTooLarge
from fieldstone.services.imports.reading.bounds import unreadable_file

MOST_PARTS = 1000
_PIECE = 64 * 1024
_ENTRY = b"PK\x01\x02"
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_LONGEST_TAG = 64


class _DocumentType(Exception):
    """A part has a document type, in which entities could be declared."""


def check_archive(content: bytes, most_bytes: int, path: str) -> bool:
    """Tells whether any cell of the file has a formula. Raises Invalid, PayloadTooLarge."""
    if content.startswith(_OLD_FORMAT):
        hint = "Save it as .xlsx, without a password."
        raise unreadable_file("The file is of an old format (.xls), or has a password.", path, hint)
    if content.count(_ENTRY) > MOST_PARTS:
        raise unreadable_file(f"The file has more than {MOST_PARTS} parts.", path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _check_parts(archive, most_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError):
        raise unreadable_file("The file is not an xlsx file, or it was cut.", path) from None
    except _DocumentType:
        raise unreadable_file("The file is not an xlsx file: a part of it declares entities.", path) from None
    except expat.ExpatError as error:
        message = f"The file is not an xlsx file: a part of it is not XML ({error})."
        raise unreadable_file(message, path) from None


def _check_parts(archive: zipfile.ZipFile, most_bytes: int) -> bool:
    if sum(part.file_size for part in archive.infolist()) > most_bytes:
        raise _grows(most_bytes)
    left = most_bytes
    formulas = False
    for part in archive.infolist():
        look = _Look(part.filename)
        for piece in _pieces(archive, part):
            left -= len(piece)
            if left < 0:
                raise _grows(most_bytes)
            look.at(piece)
        formulas = formulas or look.formula
    return formulas


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields the bytes of a part, none at its end."""
    with archive.open(part) as inflated:
        while piece := inflated.read(_PIECE):
            yield piece
    yield b""


class _Look:
    """A look at one part, piece by piece. Any part may be read as XML, whatever it is called; only what is called so must be XML."""

    def __init__(self, name: str) -> None:
        self.formula = False
        self._strict = name.endswith((".xml", ".rels"))
        self._tail = b""
        self._parser: expat.XMLParserType | None = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = _refuse_document_type

    def at(self, piece: bytes) -> None:
        """Looks at the next piece; raises ExpatError."""
        if self._parser is None:
            return
        try:
            self._parser.Parse(piece, not piece)
        except expat.ExpatError:
            if self._strict:
                raise
            self._parser = None
        self.formula = self.formula or _FORMULA.search(self._tail + piece) is not None
        self._tail = piece[-_LONGEST_TAG:]


def _refuse_document_type(*_declared: object) -> None:
    raise _DocumentType


def _grows(most_bytes: int) -> PayloadTooLarge:
    message = f"The file becomes larger than {most_bytes} bytes when it is unpacked."
    return PayloadTooLarge(message, details={"limit": most_bytes}, hint="Import it in parts, or as csv.")
