"""Declarations as they were read: from files, or from the cache of an earlier reading, to typed declarations with their places."""

from __future__ import annotations

import errno
import hashlib
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from fieldstone.errors import Fault, Place
from fieldstone.kinds.action import ActionDeclaration
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.package import PackageDeclaration
from fieldstone.kinds.table import KINDS
from fieldstone.kinds.view import ViewDeclaration
from fieldstone.registry.cache import Cache, content_key
from fieldstone.registry.codes import Code
from fieldstone.registry.decode import D, decode
from fieldstone.registry.layout import DeclarationFile, shown
from fieldstone.registry.source import MAX_BYTES, Source, decode_text, parse, too_large

_NO_FILE = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
_UNREADABLE = {
    errno.EACCES: "Let the server's user read it.",
    errno.ELOOP: "The link leads back to itself: remove it, or let it lead to a file.",
    errno.ENOENT: "A link may lead to nothing: remove it, or write the file.",
}


class Package(msgspec.Struct, frozen=True):
    """A package that was found: its folder and what its `package.yaml` says."""

    folder: Path
    declaration: PackageDeclaration
    source: Source

    @property
    def name(self) -> str:
        """The package's name."""
        return self.declaration.name


class Document(msgspec.Struct, frozen=True):
    """One declaration file that was read and fits its kind; `relative` is its path within its package."""

    kind: str
    name: str
    package: str
    relative: str
    file: str
    content: bytes
    source: Source
    declared: Declared

    @property
    def key(self) -> str:
        """By what it is found among those of its kind."""
        return self.declared.key if isinstance(self.declared, ActionDeclaration | ViewDeclaration) else self.name

    def value_at(self, *path: str | int) -> Place:
        """Returns the place of the value at a path, or of the last step of it that is there."""
        return self.source.spot.find(path).of_value(self.file)

    def key_at(self, *path: str | int) -> Place:
        """Returns the place of the key at a path, or of the last step of it that is there."""
        return self.source.spot.find(path).of_key(self.file)

    def fault(self, path: tuple[str | int, ...], code: Code, message: str, hint: str | None = None) -> Fault:
        """Returns a fault of the value at a path."""
        return Fault(self.value_at(*path), code, message, hint)


class PackagedFile(msgspec.Struct, frozen=True):
    """A declaration file and the name of the package that it belongs to."""

    package: str
    file: DeclarationFile


class Reading(msgspec.Struct, frozen=True):
    """What reading all files gave; `version` is a hash over all of them, `broken` the kinds and names of those that do not fit."""

    documents: tuple[Document, ...]
    faults: tuple[Fault, ...]
    broken: frozenset[tuple[str, str]]
    version: str


def read_file(path: Path, struct: type[D]) -> tuple[D | None, Source | None, list[Fault]]:
    """Returns the declaration of one file that has no kind of its own (`app.yaml`, `package.yaml`), and its faults."""
    file = shown(path)
    content = content_of(path, file)
    if isinstance(content, Fault):
        return None, None, [content]
    source, faults = _parse(content, file)
    if source is None:
        return None, None, faults
    declared, more = decode(source, struct, file)
    return declared, source, [*faults, *beyond(faults, more)]


def read_documents(
    files: Iterable[PackagedFile], head: bytes, cache: Cache | None, known: Mapping[str, Document]
) -> Reading:
    """Returns all declarations in the order of their files; `head` is what else counts into the version.

    What is `known`, by the path of its file, is not parsed again unless its contents are others.
    """
    faults: list[Fault] = []
    documents: list[Document] = []
    kept = cache.load() if cache and not known else {}
    sources: dict[str, Source] = {}
    broken: set[tuple[str, str]] = set()
    digest = hashlib.sha256(head)
    for packaged in files:
        content = content_of(packaged.file.path, packaged.file.shown)
        if isinstance(content, Fault):
            faults.append(content)
            continue
        digest.update(f"{packaged.package}\0{packaged.file.relative}\0{len(content)}\0".encode())
        digest.update(content)
        document = known.get(packaged.file.shown)
        if document is None or document.content != content or document.package != packaged.package:
            key = content_key(content)
            document, wrong = _read(packaged, content, kept.get(key))
            faults += wrong
            if document is not None and not wrong:
                sources[key] = document.source
        if document is None:
            broken.add((packaged.file.kind, packaged.file.name))
        else:
            documents.append(document)
    if cache and not known and not faults and sources.keys() != kept.keys():
        cache.save(sources)
    return Reading(tuple(documents), tuple(faults), frozenset(broken), digest.hexdigest())


def content_of(path: Path, file: str) -> bytes | Fault:
    """Returns the bytes of a file, or why it cannot be read; waits for no pipe, and reads no device and nothing too large."""
    start = Place(file, 1, 1)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            message = f"This is no file, but {_NO_FILE.get(stat.S_IFMT(found.st_mode), 'something else')}."
            return Fault(start, Code.FILE_UNREADABLE, message, "Only files hold declarations: remove or rename it.")
        if found.st_size > MAX_BYTES:
            return too_large(found.st_size, start)
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        return Fault(start, Code.FILE_UNREADABLE, message, _UNREADABLE.get(error.errno or 0))


def beyond(faults: list[Fault], more: list[Fault]) -> list[Fault]:
    """Returns those of `more` at places without a fault: what is misspelt is of the wrong type, too, and need not be told twice."""
    taken = {fault.place for fault in faults}
    return [fault for fault in more if fault.place not in taken]


def _read(packaged: PackagedFile, content: bytes, kept: Source | None) -> tuple[Document | None, list[Fault]]:
    """Returns the declaration of a file, None when it does not fit its kind, and everything wrong with it."""
    struct = KINDS[packaged.file.kind].struct
    if kept is not None:
        with suppress(msgspec.ValidationError):
            document = _document(packaged, content, kept, _converted(kept, struct))
            return document, list(_name_faults(document, document.declared))
    source, misspelt = _parse(content, packaged.file.shown)
    if source is None:
        return None, misspelt
    declared, wrong = decode(source, struct, packaged.file.shown)
    faults = [*misspelt, *beyond(misspelt, wrong)]
    if declared is None:
        return None, faults
    document = _document(packaged, content, source, declared)
    return document, [*faults, *_name_faults(document, declared)]


def _parse(content: bytes, file: str) -> tuple[Source | None, list[Fault]]:
    text, faults = decode_text(content, file)
    return (None, faults) if text is None else parse(text, file)


def _converted(source: Source, struct: type[Declared]) -> Declared:
    form = struct.form_of(source.value)
    return msgspec.convert(form.completed(source.value), form)


def _document(packaged: PackagedFile, content: bytes, source: Source, declared: Declared) -> Document:
    file = packaged.file
    return Document(file.kind, file.name, packaged.package, file.relative, file.shown, content, source, declared)


def _name_faults(document: Document, declared: Any) -> Iterable[Fault]:
    if declared.name == document.name:
        return ()
    message = f"The file is called `{document.name}`, the {document.kind} in it `{declared.name}`."
    return (
        document.fault(("name",), Code.NAME_MISMATCH, message, f"Say `name: {document.name}`, or rename the file."),
    )
