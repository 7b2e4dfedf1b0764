"""The report writes its tables between the marks of the document and leaves the rest alone."""

from pathlib import Path

import pytest

from bench.measure import Figures, Plan, Result
from bench.policy import Cost
from bench.report import BEGIN, DOCUMENT, END, meets_target, write_document

FIGURES = Figures(rate=12345.6, p50=1.234, p99=9.876, cpu=321.4)


def result(name: str, ratio: float) -> Result:
    return Result(scenario=name, fieldstone=FIGURES, floor=FIGURES, ratio=ratio, client=0.31)


def test_each_database_has_its_own_table_and_a_new_run_replaces_only_that(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Before\n\n{BEGIN}\n{END}\n\nAfter.\n", encoding="utf-8")
    write_document(document, "SQLite", [result("get", 0.5)], Plan(), 1000)
    write_document(document, "PostgreSQL", [result("list", 0.6)], Plan(), 1000)
    write_document(document, "SQLite", [result("create", 0.7)], Plan(), 1000)
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n\n{BEGIN}\n\n### SQLite\n\n1,000 rows, 16 connections")
    assert text.endswith(f"{END}\n\nAfter.\n")
    assert text.index("### SQLite") < text.index("| create |") < text.index("### PostgreSQL") < text.index("| list |")
    assert "| create | Fieldstone | 12,346 | 1.23 | 9.88 | 321 | 0.70 |" in text
    assert "|  | floor | 12,346 | 1.23 | 9.88 | 321 |  |" in text
    assert "31% of one core" in text
    assert "| get |" not in text


def test_what_a_policy_costs_has_a_table_of_its_own(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    write_document(document, "SQLite", [result("get", 0.5)], Plan(), 1000)
    write_document(document, "SQLite", [], Plan(), 1000, [Cost("list of 20", 201.4, 214.6, 1.066)])
    text = document.read_text(encoding="utf-8")
    assert "| get |" in text
    assert "### SQLite: what a policy costs" in text
    assert "| list of 20 | 201 | 215 | 1.07 |" in text


def test_the_document_has_the_marks() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert 0 < text.index(BEGIN) < text.index(END)


@pytest.mark.parametrize(("ratio", "met"), [(0.39, False), (0.4, True)])
def test_the_target_is_a_part_of_the_floor(ratio: float, met: bool) -> None:
    assert meets_target(result("get", ratio)) is met
