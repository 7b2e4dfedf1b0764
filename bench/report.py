"""The report: a table on the terminal, and the same in `docs/performance.md` between two marks."""

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.exports import Taken
from bench.measure import Figures, Plan, Result
from bench.policy import Cost

TARGET = 0.4
DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN = "<!-- bench: begin, written by `make bench ARGS=--write` -->"
END = "<!-- bench: end -->"
EXPORT_HEADINGS = (
    "format",
    "records",
    "file MB",
    "s",
    "memory MB",
    "a get alone: p50, p99 ms",
    "beside it: p50, p99 ms",
)
COST_HEADINGS = ("request", "CPU µs under no rule", "CPU µs under three rules and two masks", "ratio")
HEADINGS = ("scenario", "server", "requests/s", "p50 ms", "p99 ms", "CPU µs", "ratio")


def meets_target(result: Result) -> bool:
    """Tells whether a scenario is close enough to the floor."""
    return result.ratio >= TARGET


def print_results(database: str, results: list[Result], plan: Plan, rows: int, console: Console) -> None:
    """Prints the table of one database and what is to be known about it."""
    table = Table(title=f"{database}, {rows:,} rows, {plan.connections} connections")
    for place, heading in enumerate((*HEADINGS, f"at least {TARGET}")):
        table.add_column(heading, justify="left" if place < 2 else "right")
    for result in results:
        verdict = "[green]yes" if meets_target(result) else "[bold red]NO"
        ours, theirs = _rows(result)
        table.add_row(*ours, verdict)
        table.add_row(*theirs, end_section=True)
    console.print(table)
    console.print(_load_line(results))


def print_costs(costs: Sequence[Cost], console: Console) -> None:
    """Prints what a policy costs, if that was measured."""
    if costs:
        table = Table(*COST_HEADINGS, title="What a policy costs")
        for cost in costs:
            table.add_row(*_cost_cells(cost))
        console.print(table)


def print_exports(taken: Sequence[Taken], console: Console) -> None:
    """Prints what exports take, if that was measured."""
    if taken:
        table = Table(*EXPORT_HEADINGS, title="Exports")
        for each in taken:
            table.add_row(*_export_cells(each))
        console.print(table)


def write_document(
    document: Path,
    database: str,
    results: list[Result],
    plan: Plan,
    rows: int,
    costs: Sequence[Cost] = (),
    taken: Sequence[Taken] = (),
) -> None:
    """Puts the tables of one database between the marks of a document, each in the place of its old one; one not measured stays."""
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    sections = {section.splitlines()[0]: section for section in inside.split("### ") if section.strip()}
    if results:
        sections[database] = "\n".join([database, "", *_lines(results, plan, rows), "", ""])
    if costs:
        title = f"{database}: what a policy costs"
        sections[title] = "\n".join([title, "", *_markdown(COST_HEADINGS, map(_cost_cells, costs)), "", ""])
    if taken:
        title = f"{database}: exports"
        sections[title] = "\n".join([title, "", *_markdown(EXPORT_HEADINGS, map(_export_cells, taken)), "", ""])
    inside = "".join(f"### {sections[name]}" for name in sorted(sections, reverse=True))
    document.write_text(f"{before}{BEGIN}\n\n{inside.rstrip()}\n\n{END}{after}", encoding="utf-8")


def _lines(results: list[Result], plan: Plan, rows: int) -> list[str]:
    python = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores"
    bounds = f"{rows:,} rows, {plan.connections} connections, median of {plan.rounds} rounds of {plan.seconds:g} s"
    table = [" | ".join(row) for result in results for row in _rows(result)]
    head = [" | ".join(HEADINGS), "---|---|" + "|".join(["---:"] * (len(HEADINGS) - 2))]
    return [f"{bounds}; {python}. {_load_line(results)}", "", *(f"| {line} |" for line in (*head, *table))]


def _markdown(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Returns the lines of a table whose first column has names and whose others have numbers."""
    table = (headings, ("---", *["---:"] * (len(headings) - 1)), *rows)
    return [f"| {' | '.join(row)} |" for row in table]


def _export_cells(taken: Taken) -> tuple[str, ...]:
    waits = (f"{p50:.1f}, {p99:.1f}" for p50, p99 in (taken.alone, taken.beside))
    return (
        taken.format,
        f"{taken.records:,}",
        f"{taken.file:.1f}",
        f"{taken.seconds:.1f}",
        f"{taken.memory:.0f}",
        *waits,
    )


def _cost_cells(cost: Cost) -> tuple[str, ...]:
    return (cost.request, f"{cost.without:,.0f}", f"{cost.under:,.0f}", f"{cost.ratio:.2f}")


def _load_line(results: list[Result]) -> str:
    share = max((result.client for result in results), default=0.0)
    return f"The load generator (`bench/load.py`, one process) took {share:.0%} of one core at most."


def _rows(result: Result) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the cells of Fieldstone and of the floor."""
    ours = (result.scenario, "Fieldstone", *_cells(result.fieldstone), f"{result.ratio:.2f}")
    return ours, ("", "floor", *_cells(result.floor), "")


def _cells(figures: Figures) -> tuple[str, ...]:
    return (f"{figures.rate:,.0f}", f"{figures.p50:.2f}", f"{figures.p99:.2f}", f"{figures.cpu:,.0f}")
