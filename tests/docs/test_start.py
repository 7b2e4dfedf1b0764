"""`docs/start.md`: its commands, run as they are written, print what it shows."""

from tests.docs.walk import Started, blocks_of
from tests.house.source import ROOT


def test_a_newcomer_gets_from_nothing_to_an_own_object_with_a_row_rule(start: Started) -> None:
    assert (start.folder / "apps" / "visits" / "data" / "app.db").is_file()


def test_the_installation_is_the_only_part_that_is_not_run() -> None:
    text = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    first, *others = (block for block in blocks_of(text) if block.language == "sh")
    assert first.note == "checkout"
    assert first.text.splitlines()[0] == "make install"
    assert all(block.note in ("", "fails", "server") for block in others)
