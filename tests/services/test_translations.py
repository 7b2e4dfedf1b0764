"""Translations: what declarations say, in the first of a reader's languages in which it is said."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.access.policies import Policies
from fieldstone.errors import FieldFault, Invalid
from fieldstone.registry.catalog import Catalog
from fieldstone.services.meta.authority import Authority
from fieldstone.services.meta.items import Meta
from fieldstone.services.meta.translating import Translating
from tests.registry.declared import load

FILES: Mapping[str, str] = {
    "shop/note.object.yaml": """
        name: note
        label: Note
        fields:
          title: {type: text, label: Title}
          state: {type: select, options: [{value: new, label: New}, {value: old, label: Old}]}
        validations: [{name: long, predicate: "size(title) > 3", message: Say more.}]
        """,
    "shop/all.view.yaml": "name: all\nobject: note\nlabel: All notes\ncolumns: [{field: title, label: Called}, state]\n",
    "shop/german.translation.yaml": """
        name: german
        language: de
        objects:
          note:
            label: Notiz
            fields: {title: Titel, state: {label: Zustand, options: {new: Neu}}}
            validations: {long: {message: Sag mehr.}}
        views: {note.all: {label: Alle Notizen, columns: {title: Genannt}}}
        """,
    "shop/austrian.translation.yaml": "name: austrian\nlanguage: de-at\nobjects: {note: {label: Zettel}}\n",
    "shop/french.translation.yaml": "name: french\nlanguage: fr\nobjects: {note: {label: Fiche}}\n",
}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load(tmp_path_factory.mktemp("notes"), FILES)


def meta_of(catalog: Catalog) -> Meta:
    return Meta(catalog, Policies(catalog), Authority(lambda: "", frozenset()))


LABELS = {
    (): ("Note", "Title"),
    ("de",): ("Notiz", "Titel"),
    ("de-at",): ("Zettel", "Titel"),
    ("de-ch",): ("Notiz", "Titel"),
    ("de-at-wien",): ("Zettel", "Titel"),
    ("fr", "de"): ("Fiche", "Titel"),
    ("en", "de"): ("Note", "Title"),
    ("en-gb", "de"): ("Note", "Title"),
    ("fr", "en", "de"): ("Fiche", "Title"),
    ("it",): ("Note", "Title"),
    ("it", "de"): ("Notiz", "Titel"),
}


@pytest.mark.parametrize("languages", LABELS)
def test_each_text_is_told_in_the_first_language_that_has_it(catalog: Catalog, languages: tuple[str, ...]) -> None:
    told = meta_of(catalog).item(SYSTEM, "object", "note", languages)
    assert (told["label"], told["fields"]["title"]["label"]) == LABELS[languages]


def test_members_of_lists_are_found_by_their_names_and_keep_their_order(catalog: Catalog) -> None:
    meta = meta_of(catalog)
    told = meta.item(SYSTEM, "object", "note", ("de",))
    assert told["fields"]["state"] == {
        "type": "select",
        "label": "Zustand",
        "options": [{"value": "new", "label": "Neu"}, {"value": "old", "label": "Old"}],
    }
    assert told["validations"][0]["message"] == "Sag mehr."
    (view,) = meta.items(SYSTEM, "view", None, ("de",))
    assert (view["label"], view["columns"]) == ("Alle Notizen", [{"field": "title", "label": "Genannt"}, "state"])
    assert meta.member(SYSTEM, "note", "fields", "title", ("de",))["label"] == "Titel"


def test_nothing_is_told_by_a_translation_that_is_not_told_without_it(catalog: Catalog) -> None:
    item = catalog.items["object"]["note"]
    cut: dict[str, Any] = {"name": "note", "fields": {"state": {"type": "select"}}}
    told = Translating(catalog).document(item, cut, ("de",))
    assert told == {"name": "note", "label": "Notiz", "fields": {"state": {"type": "select", "label": "Zustand"}}}
    assert cut == {"name": "note", "fields": {"state": {"type": "select"}}}


def test_a_reader_of_the_language_of_the_declarations_is_told_them_as_they_are(tmp_path: Path) -> None:
    latin = load(tmp_path, {**FILES, "shop/package.yaml": "name: shop\nlanguage: la\n"})
    meta = meta_of(latin)
    assert meta.item(SYSTEM, "object", "note", ("la", "de"))["label"] == "Note"
    assert meta.item(SYSTEM, "object", "note", ("en", "de"))["label"] == "Notiz"


def test_a_refused_record_is_told_of_with_labels_and_messages_in_the_language(catalog: Catalog) -> None:
    faults = [
        FieldFault("title", "rule_violation", "Say more.", "Title", {"rule": "long"}),
        FieldFault("state", "invalid_option", "There is no such option.", "State"),
        FieldFault("_record", "rule_violation", "Something else.", None, {"rule": "other"}),
    ]
    refused = Invalid("3 fields are not valid.", faults=faults)
    told = Translating(catalog).refusal(refused, "note", ("de-at",)).details["fields"]
    assert [(fault.get("label"), fault["message"]) for fault in told] == [
        ("Titel", "Sag mehr."),
        ("Zustand", "There is no such option."),
        (None, "Something else."),
    ]
    assert Translating(catalog).refusal(refused, "note", ("en",)) is refused
    assert Translating(catalog).refusal(refused, "nothing", ("de",)) is refused
