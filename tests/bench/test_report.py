"""The report writes its tables between the marks of the document and leaves the rest alone."""

from pathlib import Path

import pytest

from bench.measure import Figures, Plan, Result
from bench.part import Part, Section
from bench.policy import Cost
from bench.policy import section_of as policy_section
from bench.report import BEGIN, DOCUMENT, END, write_document
from bench.targets import missed
from bench.throughput import section_of

FIGURES = Figures(rate=12345.6, p50=1.234, p99=9.876, cpu=321.4)
MEASURED_BY_NOBODY = Part("some", ("one row", "another"), lambda _bench, _names: [])


def section(name: str, ratio: float, database: str = "SQLite") -> Section:
    measured = Result(scenario=name, fieldstone=FIGURES, floor=FIGURES, ratio=ratio, client=0.31)
    return section_of([measured], Plan(), 1000, database)


def test_each_database_has_its_own_tables_and_a_new_run_replaces_only_what_it_measured(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Before\n\n{BEGIN}\n{END}\n\nAfter.\n", encoding="utf-8")
    costs = policy_section([Cost("list of 20", 201.4, 214.6, 1.066)], "SQLite")
    write_document(document, "SQLite", [section("get", 0.5), costs])
    write_document(document, "PostgreSQL", [section("list", 0.6)])
    write_document(document, "SQLite", [section("create", 0.7)])
    text = document.read_text(encoding="utf-8")
    head = "### SQLite\n\n#### requests beside the floor\n\n1,000 rows, 16 connections"
    assert text.startswith(f"# Before\n\n{BEGIN}\n\n{head}")
    assert text.endswith(f"{END}\n\nAfter.\n")
    order = ("### SQLite", "| create |", "#### what a policy costs", "### PostgreSQL", "| list |")
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert "| create | Fieldstone | 12,346 | 1.23 | 9.88 | 321 | 0.70 |" in text
    assert "|  | floor | 12,346 | 1.23 | 9.88 | 321 |  |" in text
    assert "| list of 20 | 201 | 215 | 1.07 |" in text
    assert "31% of one core" in text
    assert "| get |" not in text


def test_writing_the_same_sections_again_changes_nothing(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(DOCUMENT.read_text(encoding="utf-8"), encoding="utf-8")
    texts = []
    for _ in range(2):
        write_document(document, "SQLite", [section("get", 0.5)])
        texts.append(document.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]


def test_the_document_has_the_marks() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert 0 < text.index(BEGIN) < text.index(END)


@pytest.mark.parametrize(
    ("figure", "value", "database", "line"),
    [
        ("get by id: ratio", 0.74, "SQLite", "get by id: ratio is 0.74, at least 0.75"),
        ("get by id: ratio", 0.75, "SQLite", None),
        ("get by id: ratio", 0.79, "PostgreSQL", "get by id: ratio is 0.79, at least 0.8"),
        ("create: ratio", 0.6, "PostgreSQL", None),
        ("policy: ratio", 1.11, "SQLite", "policy: ratio is 1.11, at most 1.1"),
        ("policy: ratio", 1.1, "PostgreSQL", None),
        ("something without a target", 0.0, "SQLite", None),
    ],
)
def test_a_target_that_is_missed_is_told(figure: str, value: float, database: str, line: str | None) -> None:
    assert missed(figure, value, database) == ([] if line is None else [line])


def test_a_section_says_which_of_its_targets_are_missed() -> None:
    assert section("create", 0.61).missed == []
    assert section("create", 0.5).missed == ["create: ratio is 0.50, at least 0.6"]
    assert policy_section([Cost("get", 1, 2, 2.0)], "SQLite").missed == ["policy: ratio (get) is 2.00, at most 1.1"]


@pytest.mark.parametrize(
    ("only", "rows"),
    [((), ["one row", "another"]), (("some",), ["one row", "another"]), (("one",), ["one row"]), (("none",), [])],
)
def test_rows_are_chosen_by_a_part_of_their_name_or_of_their_parts(only: tuple[str, ...], rows: list[str]) -> None:
    assert MEASURED_BY_NOBODY.chosen(only) == rows
