"""Which fields are searched: those that say so, else the one that stands for the record; and what cannot be."""

from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from tests.store.catalogs import catalog_of

HEAD = "name: thing\nownership: none\ntenancy: none\n"


def searched(folder: Path, text: str) -> list[str]:
    """Returns the searchable fields of an object."""
    fields = catalog_of(folder, HEAD + text).objects["thing"].shape.fields
    return [name for name, shape in fields.items() if shape.searchable]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("fields: {a: {type: text}, b: {type: text}}", []),
        ("fields: {a: {type: text, searchable: true}, b: {type: email, searchable: true}}", ["a", "b"]),
        ("nameField: a\nfields: {a: {type: text}, b: {type: text}}", ["a"]),
        ("nameField: a\nfields: {a: {type: text}, b: {type: text, searchable: true}}", ["b"]),
        ("nameField: a\nfields: {a: {type: number}, b: {type: text}}", []),
        ("searchableFields: [b]\nnameField: a\nfields: {a: {type: text}, b: {type: text}}", ["b"]),
        ("searchableFields: [b]\nfields: {a: {type: text, searchable: true}, b: {type: text}}", ["a", "b"]),
        ("nameField: a\nenable: {searchable: false}\nfields: {a: {type: text}}", []),
        ("nameField: id\nfields: {a: {type: text}}", []),
        ("nameField: a\nfields: {a: {type: text, internal: true}}", []),
    ],
)
def test_the_searched_fields(tmp_path: Path, text: str, names: list[str]) -> None:
    assert searched(tmp_path, text) == names


@pytest.mark.parametrize("options", ["type: number", "type: boolean", "type: user", "type: text, internal: true"])
def test_what_holds_no_text_to_read_cannot_be_searchable(tmp_path: Path, options: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        searched(tmp_path, f"fields: {{a: {{{options}, searchable: true}}}}")
    (fault,) = caught.value.faults
    assert fault.message == "`a` cannot be `searchable`: it holds no texts that somebody reads."
