"""The folder `overlay/`: what is written is read as it was, byte for byte the same when it is written again."""

from decimal import Decimal
from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from fieldstone.registry.layers.folder import read_folder, write_folder
from fieldstone.registry.layers.overlay import Overlay, in_order

OVERLAYS = in_order(
    [
        Overlay(
            "object", "ticket", {"label": "yes", "fields": {"price": {"min": Decimal("0.50")}, "$order": ["b", "a"]}}
        ),
        Overlay("object", "note", {"name": "note", "description": "One line,\nand another.\n", "fields": {}}),
        Overlay("action", "ticket.close", {"label": {"$remove": True}, "order": None}),
    ]
)
ODD = {
    "Ticket.object.yaml": ("label: Case\n", "FILE_NAME"),
    "ticket.yaml": ("label: Case\n", "FILE_NAME"),
    "ticket.objekt.yaml": ("label: Case\n", "UNKNOWN_KIND"),
    "ticket.object.yaml": ("- label\n", "WRONG_TYPE"),
    "note.object.yaml": ("label: [\n", "YAML_SYNTAX"),
    "visit.object.yaml": ("label: yes\n", "YAML_AMBIGUOUS"),
}


def files(app: Path) -> dict[str, bytes]:
    """Returns the files of an app's folder by name."""
    return {path.name: path.read_bytes() for path in (app / "overlay").iterdir()}


def test_what_is_written_is_read_and_written_again_byte_for_byte(tmp_path: Path) -> None:
    write_folder(tmp_path, OVERLAYS)
    first = files(tmp_path)
    assert set(first) == {"ticket.object.yaml", "note.object.yaml", "ticket.close.action.yaml"}
    assert read_folder(tmp_path) == OVERLAYS
    write_folder(tmp_path, read_folder(tmp_path))
    assert files(tmp_path) == first


def test_files_of_overlays_that_are_gone_are_taken_away_and_others_left(tmp_path: Path) -> None:
    write_folder(tmp_path, OVERLAYS)
    (tmp_path / "overlay" / "README.md").write_text("Ours.\n")
    write_folder(tmp_path, OVERLAYS[:1])
    assert set(files(tmp_path)) == {"ticket.close.action.yaml", "README.md"}


def test_an_app_without_the_folder_has_no_overlays(tmp_path: Path) -> None:
    assert read_folder(tmp_path) == ()


def test_whatever_else_lies_there_is_refused_with_its_place_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "overlay").mkdir()
    for name, (text, _) in ODD.items():
        (tmp_path / "overlay" / name).write_text(text)
    with pytest.raises(DeclarationError) as refused:
        read_folder(tmp_path)
    told = {Path(fault.place.file).name: fault.code for fault in refused.value.faults}
    assert told == {name: code for name, (_, code) in ODD.items()}
