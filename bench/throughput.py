"""Requests beside their floor: how many a second, how long each takes, and what it costs the server."""

import os
import platform
import sqlite3
from collections.abc import Sequence

from rich.progress import Progress

from bench.measure import Plan, Result, check, measure
from bench.part import Bench, Part, Section
from bench.scenarios import SCENARIOS
from bench.targets import missed

HEADINGS = ("scenario", "server", "requests/s", "p50 ms", "p99 ms", "CPU µs", "ratio")


def measure_throughput(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Checks that both servers answer alike, then measures them in turn."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in names]
    stand = bench.stand()
    for scenario in chosen:
        bench.console.print(f"{scenario.name}: {check(stand, scenario)} answers equal")
    with Progress(console=bench.console) as progress:
        task = progress.add_task("Measuring requests", total=len(chosen) * bench.plan.rounds * 2)
        results = [measure(stand, scenario, bench.plan, lambda: progress.advance(task)) for scenario in chosen]
    return [section_of(results, bench.plan, bench.rows, bench.database)]


def section_of(results: Sequence[Result], plan: Plan, rows: int, database: str) -> Section:
    """Returns the section of some scenarios."""
    machine = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores"
    bounds = f"{rows:,} rows, {plan.connections} connections, median of {plan.rounds} rounds of {plan.seconds:g} s"
    share = max((result.client for result in results), default=0.0)
    return Section(
        title="requests beside the floor",
        headings=HEADINGS,
        rows=[row for result in results for row in _rows(result)],
        names=2,
        note=f"{bounds}; {machine}. The load generator (`bench/load.py`, one process) took {share:.0%} of one core at most.",
        missed=[line for each in results for line in missed(f"{each.scenario}: ratio", each.ratio, database)],
    )


def _rows(result: Result) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the cells of Fieldstone and of the floor."""
    ours = (result.scenario, "Fieldstone", *result.fieldstone.cells(), f"{result.ratio:.2f}")
    return ours, ("", "floor", *result.floor.cells(), "")


THROUGHPUT = Part("requests", tuple(scenario.name for scenario in SCENARIOS), measure_throughput)
