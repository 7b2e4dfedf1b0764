"""The file of a backup: whatever is changed in it, what comes out is what was saved, or a refusal."""

from pathlib import Path

import pytest

from fieldstone.errors import SettingsError
from fieldstone.services.backup.archive import FORMAT, Manifest, add, add_manifest, extract, new_archive, opened

SAVED = b"what was acknowledged is never lost " * 20


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    """The bytes of a backup."""
    (tmp_path / "saved").write_bytes(SAVED)
    with new_archive(tmp_path / "whole.zip") as archive:
        member = add(archive, "records", tmp_path / "saved", "sqlite", "3")
        add_manifest(archive, Manifest(FORMAT, "shop", "2026-01-01", "0", "c", "s", {"records": member}))
    return (tmp_path / "whole.zip").read_bytes()


def restored(path: Path) -> bytes | None:
    """Returns what comes out of a file; None where it is refused."""
    out = path.with_name("restored")
    out.unlink(missing_ok=True)
    try:
        with opened(path) as (archive, manifest):
            extract(archive, manifest, "records", out)
    except SettingsError:
        return None
    return out.read_bytes()


def test_a_backup_comes_out_as_it_was_saved(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "same.zip").write_bytes(content)
    assert restored(tmp_path / "same.zip") == SAVED


@pytest.mark.parametrize("bits", [0x01, 0x08, 0x80, 0xFF])
def test_a_changed_byte_wherever_it_is_changes_nothing_or_is_refused(tmp_path: Path, content: bytes, bits: int) -> None:
    found = set()
    for place, byte in enumerate(content):
        (tmp_path / "changed.zip").write_bytes(content[:place] + bytes([byte ^ bits]) + content[place + 1 :])
        found.add(restored(tmp_path / "changed.zip"))
    assert found == {None, SAVED}


def test_a_file_that_ends_early_is_refused_wherever_it_ends(tmp_path: Path, content: bytes) -> None:
    for place in range(len(content)):
        (tmp_path / "cut.zip").write_bytes(content[:place])
        assert restored(tmp_path / "cut.zip") is None
