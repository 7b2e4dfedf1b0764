"""The floors answer as the server does: byte for byte, every scenario, on both databases, before anything is timed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from bench.answers import Different, check
from bench.measure import Plan, measure
from bench.part import Bench
from bench.scenarios import SCENARIOS, Scenario
from bench.statements import STATEMENTS
from bench.targets import TARGETS

ROWS = 1_000
BRIEF = Plan(rounds=1, seconds=0.1, warm=0.0, connections=2)


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Both servers, with few rows."""
    postgres, console = request.param == "PostgreSQL", Console(quiet=True)
    with (
        tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as folder,
        Bench(BRIEF, ROWS, Path(folder), console, postgres=postgres) as bench,
    ):
        yield bench


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_floor_gives_the_answers_of_the_server(bench: Bench, scenario: Scenario) -> None:
    assert 0 < check(bench.stand(), scenario) <= scenario.compared


def test_an_answer_that_was_not_expected_is_told(bench: Bench) -> None:
    refused = msgspec.structs.replace(SCENARIOS[0], status=404)
    with pytest.raises(Different, match="200 OK"):
        check(bench.stand(), refused)


def test_a_reading_scenario_is_measured_at_full_speed_and_at_one_pace(bench: Bench) -> None:
    advanced: list[None] = []
    result = measure(bench.stand(), SCENARIOS[0], BRIEF, lambda: advanced.append(None))
    assert len(advanced) == 2
    assert result.paced is not None
    assert result.paced.fieldstone.rate < result.fastest.fieldstone.rate
    assert result.fastest.ratio > 0


def test_two_relations_are_expanded_by_one_statement_each(bench: Bench) -> None:
    (section,) = STATEMENTS.measure(bench, [f"statements: {name}" for name in ("get by id", "expand of two relations")])
    assert [row[1] for row in section.rows] == ["1", "3"]
    assert section.missed == []


@pytest.mark.parametrize(
    "figure",
    [
        "get by id: ratio",
        "list of 20: ratio",
        "create: ratio",
        "PATCH with If-Match: ratio",
        "expand of two relations: statements",
        "bulk of 5,000: seconds",
        "mixed, 256 connections: p99 / p50",
    ],
)
def test_a_target_of_a_scenario_has_its_name(figure: str) -> None:
    assert figure in TARGETS
    assert figure.rpartition(": ")[0] in {scenario.name for scenario in SCENARIOS}
