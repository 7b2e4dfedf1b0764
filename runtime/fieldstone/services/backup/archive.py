"""The file of a backup: a zip with the copies of the databases, and a manifest that tells what they are and their hashes.

Refuses a file that is none, or of another format, or damaged.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from fieldstone.errors import SettingsError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
LARGEST_MANIFEST = 64 * 1024
CHUNK = 1024 * 1024
QUICKLY = 1
"""The level of compression: a backup is written while a server works beside it."""

DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading a zip raises where its bytes are not those that were written: it may seem to have a password, or another version."""

Role = Literal["records", "flows"]


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The copy of one database: what ran it, how large the copy is, and its hash."""

    database: Literal["sqlite", "postgresql"]
    version: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup is: of which app, of which moment, by which versions, and its members by what they hold.

    Everything that was acknowledged before `made_at` is in it. `catalog` is the hash of the declarations, `secret` what tells whether a
    secret is the one that the app had; without `flows`, the engine of flows had no database of its own at that moment.
    """

    format: int
    app: str
    made_at: str
    fieldstone: str
    catalog: str
    secret: str
    members: Mapping[Role, Member]


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yields the path of a file, for its owner alone, that becomes the one at `path` when the block ends well."""
    if path.exists():
        raise SettingsError(f"`{path}` is there already.", hint="Give another name, or remove it.")
    beside = path.with_name(f".{path.name}.part")
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    except OSError as error:
        raise SettingsError(f"`{path}` cannot be written: {error.strerror}.") from error
    try:
        yield beside
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def new_archive(path: Path) -> zipfile.ZipFile:
    """Returns an archive to write to."""
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICKLY)


def add(
    archive: zipfile.ZipFile, role: Role, saved: Path, database: Literal["sqlite", "postgresql"], version: str
) -> Member:
    """Adds the copy of a database; returns what the manifest tells of it."""
    with saved.open("rb") as source, archive.open(role, "w", force_zip64=True) as sink:
        size, digest = _copy(source, sink)
    return Member(database, version, size, digest)


def add_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Adds the manifest, which comes last since it has the hashes of all else."""
    archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Opens a backup and reads its manifest."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            manifest = _manifest(archive, path)
        except OSError as error:
            raise SettingsError(f"`{path}` cannot be read: {error.strerror}.") from error
        except DAMAGES as error:
            raise SettingsError(f"`{path}` is no backup, or is damaged.", hint="Take another one.") from error
        yield archive, manifest


def extract(archive: zipfile.ZipFile, manifest: Manifest, role: Role, path: Path) -> None:
    """Writes a member into a file; raises SettingsError when it is not what the manifest tells."""
    member = manifest.members[role]
    try:
        with archive.open(role) as source, path.open("xb") as sink:
            found = _copy(source, sink, member.bytes)
            sink.flush()
            os.fsync(sink.fileno())
    except (KeyError, *DAMAGES):
        raise _damaged(role) from None
    if found != (member.bytes, member.sha256):
        raise _damaged(role)


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    if MANIFEST not in archive.namelist() or archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise SettingsError(f"`{path}` is no backup: there is no manifest in it.")
    text = archive.read(MANIFEST)
    try:
        made_by = msgspec.json.decode(text, type=_Format).format
        if made_by != FORMAT:
            message = f"`{path}` is a backup of the format {made_by}; this version reads {FORMAT}."
            raise SettingsError(message, hint="Restore it with the version that made it.")
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise SettingsError(f"`{path}` is no backup: {error}.") from error
    if "records" not in manifest.members:
        raise SettingsError(f"`{path}` is no backup: it holds no records.")
    return manifest


class _Format(msgspec.Struct):
    format: int


def _damaged(role: Role) -> SettingsError:
    return SettingsError(f"The backup is damaged: its `{role}` is not what was saved.", hint="Take another one.")


def _copy(source: IO[bytes], sink: IO[bytes], most: int | None = None) -> tuple[int, str]:
    """Copies up to a little more than so many bytes; returns how many, and their hash."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        sink.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        if most is not None and size > most:
            break
    return size, digest.hexdigest()
