"""The report writes its tables between the marks of the document and leaves the rest alone."""

from pathlib import Path

import pytest

from bench.measure import Beside, Figures, Plan, Result
from bench.pairs import Cost
from bench.pairs import section_of as pairs_section
from bench.part import Part, Section
from bench.policy import HEADINGS
from bench.report import BEGIN, DOCUMENT, END, write_document
from bench.targets import missed
from bench.throughput import section_of

FIGURES = Figures(rate=12345.6, p50=1.234, p99=9.876, cpu=321.4)
MEASURED_BY_NOBODY = Part("some", ("one row", "another"), lambda _bench, _names: [])


def section(name: str, ratio: float, database: str = "SQLite", paced: Beside | None = None) -> Section:
    fastest = Beside(fieldstone=FIGURES, floor=FIGURES, ratio=ratio, client=0.31)
    return section_of([Result(name, fastest, paced)], Plan(), 1000, database)


def policy_section(name: str, ratio: float) -> Section:
    return pairs_section("what a policy costs", HEADINGS, [Cost(name, 201.4, 214.6, ratio)], "SQLite")


def test_each_database_has_its_own_tables_and_a_new_run_replaces_only_what_it_measured(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Before\n\n{BEGIN}\n{END}\n\nAfter.\n", encoding="utf-8")
    costs = policy_section("policy: list of 20", 1.066)
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
    assert "| create | Fieldstone | 12,346 | 1.23 | 9.88 | 321 | 0.70 |  |  |  |" in text
    assert "|  | floor | 12,346 | 1.23 | 9.88 | 321 |  |  |  |  |" in text
    assert "| policy: list of 20 | 201 | 215 | 1.07 |" in text
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
        ("policy: get by id: ratio", 1.11, "SQLite", "policy: get by id: ratio is 1.11, at most 1.1"),
        ("policy: get by id: ratio", 1.1, "PostgreSQL", None),
        ("something without a target", 0.0, "SQLite", None),
    ],
)
def test_a_target_that_is_missed_is_told(figure: str, value: float, database: str, line: str | None) -> None:
    assert missed(figure, value, database) == ([] if line is None else [line])


def test_a_section_says_which_of_its_targets_are_missed() -> None:
    assert section("create", 0.61).missed == []
    assert section("create", 0.5).missed == ["create: ratio is 0.50, at least 0.6"]
    assert section("mixed, 256 connections", 0.5).missed == []
    assert policy_section("policy: get by id", 2.0).missed == ["policy: get by id: ratio is 2.00, at most 1.1"]


def test_both_ratios_of_a_scenario_are_told() -> None:
    paced = Beside(fieldstone=FIGURES, floor=FIGURES, ratio=0.83, client=0.4)
    written = section("get by id", 0.8, paced=paced)
    assert written.rows[0][-4:] == ("0.80", "12,346", "321", "0.83")
    assert written.rows[1][-4:] == ("", "12,346", "321", "")
    assert "40% of one core" in written.note


@pytest.mark.parametrize(
    ("only", "rows"),
    [((), ["one row", "another"]), (("some",), ["one row", "another"]), (("one",), ["one row"]), (("none",), [])],
)
def test_rows_are_chosen_by_a_part_of_their_name_or_of_their_parts(only: tuple[str, ...], rows: list[str]) -> None:
    assert MEASURED_BY_NOBODY.chosen(only) == rows
