"""Requests beside their floor: how many a second, how long each takes, and what it costs the server."""

import os
import platform
import sqlite3
from collections.abc import Sequence

from rich.progress import Progress

from bench.answers import check
from bench.measure import Plan, Result, measure, runs_of
from bench.part import Bench, Part, Section
from bench.requests import PAGE
from bench.scenarios import SCENARIOS
from bench.server import DEEP
from bench.targets import missed

HEADINGS = (
    "scenario",
    "server",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "ratio",
    "paced, requests/s",
    "paced CPU µs",
    "paced ratio",
)


def measure_throughput(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Checks that both servers answer alike, then measures them in turn."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in names]
    stand = bench.stand()
    for scenario in chosen:
        bench.console.print(f"{scenario.name}: {check(stand, scenario)} answers equal")
    with Progress(console=bench.console) as progress:
        task = progress.add_task("Measuring requests", total=sum(map(runs_of, chosen)))
        results = [measure(stand, scenario, bench.plan, lambda: progress.advance(task)) for scenario in chosen]
    return [section_of(results, bench.plan, bench.rows, bench.database)]


def section_of(results: Sequence[Result], plan: Plan, rows: int, database: str) -> Section:
    """Returns the section of some scenarios."""
    machine = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores"
    bounds = f"{rows:,} rows, {plan.connections} connections, median of {plan.rounds} rounds of {plan.seconds:g} s"
    share = max((each.client for result in results for each in (result.fastest, result.paced) if each), default=0.0)
    deep = min(DEEP, rows // PAGE)
    pages = "" if deep == DEEP else f" Page {DEEP:,} is page {deep:,} here."
    return Section(
        title="requests beside the floor",
        headings=HEADINGS,
        rows=[row for result in results for row in _rows(result)],
        names=2,
        note=f"{bounds}; {machine}.{pages} The load generator (`bench/load.py`, one process) took {share:.0%} of one core at most.",
        missed=[line for result in results for line in _missed(result, database)],
    )


def _missed(result: Result, database: str) -> list[str]:
    """Returns the targets that a scenario misses."""
    ours = result.fastest.fieldstone
    figures = {
        "ratio": result.fastest.ratio,
        "paced ratio": result.paced.ratio if result.paced else None,
        "p99 / p50": ours.p99 / ours.p50,
        "seconds": ours.p50 / 1000,
    }
    told = (missed(f"{result.scenario}: {name}", value, database) for name, value in figures.items() if value)
    return [line for lines in told for line in lines]


def _rows(result: Result) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the cells of Fieldstone and of the floor."""
    fastest, paced = result.fastest, result.paced
    ours = (result.scenario, "Fieldstone", *fastest.fieldstone.cells(), f"{fastest.ratio:.2f}")
    theirs = ("", "floor", *fastest.floor.cells(), "")
    if paced is None:
        return (*ours, "", "", ""), (*theirs, "", "", "")
    pace = (f"{paced.fieldstone.rate:,.0f}", f"{paced.fieldstone.cpu:,.0f}", f"{paced.ratio:.2f}")
    return (*ours, *pace), (*theirs, f"{paced.floor.rate:,.0f}", f"{paced.floor.cpu:,.0f}", "")


THROUGHPUT = Part("requests", tuple(scenario.name for scenario in SCENARIOS), measure_throughput)
