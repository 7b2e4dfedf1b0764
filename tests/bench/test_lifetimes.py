"""Generated apps are apps of the size that is asked for; figures are held to their targets."""

from pathlib import Path

from bench.generated import READER, name_of, record, write_app, write_object
from bench.lifetimes import Figure, section_of
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.layout import platform_folder
from fieldstone.registry.load import load_app


def loaded(app: Path) -> Catalog:
    return load_app(app, parts=None, cache=None, platform=platform_folder())


def test_a_generated_app_has_so_many_objects_fields_and_rules_and_no_fault(tmp_path: Path) -> None:
    write_app(tmp_path, 4, fields=40, rules=3)
    catalog = loaded(tmp_path)
    assert [len(catalog.objects[name_of(place)].declaration.fields) for place in range(4)] == [40] * 4
    assert len(catalog.permissions[READER].rules[name_of(0)]) == 3
    write_object(tmp_path, 2, label="Another", fields=41)
    again = loaded(tmp_path).objects[name_of(2)]
    assert len(again.declaration.fields) == 41
    assert again.declaration.label == "Another 2"


def test_a_generated_record_has_a_value_for_each_field_that_takes_one(tmp_path: Path) -> None:
    write_app(tmp_path, 1, fields=20)
    fields = loaded(tmp_path).objects[name_of(0)].declaration.fields
    assert fields.keys() - record(0, fields=20).keys() == {"double"}


def test_figures_stand_beside_their_targets_and_those_that_miss_are_told() -> None:
    figures = [
        Figure("start, 1,000 objects, cold: s", 2.5, 2.25),
        Figure("memory, demo, idle: MB", 131.4),
        Figure("start, 10 objects, first: s", 99.0, 1.0),
    ]
    section = section_of(figures, "SQLite")
    assert section.rows == [
        ("start, 1,000 objects, cold", "2.50 s", "2.25", "at most 3"),
        ("memory, demo, idle", "131 MB", "", "at most 120"),
        ("start, 10 objects, first", "99 s", "1.00", ""),
    ]
    assert section.missed == ["memory, demo, idle: MB is 131.40, at most 120"]
