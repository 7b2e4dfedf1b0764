"""The benchmark: Fieldstone beside a hand-written floor, in one run.

    python -m bench.run [--quick] [--postgres] [--rows N] [--only NAME] [--write]

Ends with 1 when a scenario costs more than its target allows, when a policy does, or when the two do not answer alike.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import cyclopts
from rich.console import Console
from rich.progress import Progress

from bench.exports import EXPORTS, MOST_MEGABYTES, Taken, measure_exports
from bench.measure import Plan, Result, check, measure
from bench.policy import MOST, PAIRS, POLICY, Cost, check_rows, measure_policy
from bench.report import DOCUMENT, TARGET, meets_target, print_costs, print_exports, print_results, write_document
from bench.scenarios import SCENARIOS
from bench.server import stand
from bench.workload import ROWS

QUICK = Plan(rounds=3, seconds=0.7)
QUICK_ROWS = 20_000

program = cyclopts.App(name="bench", help="Measures Fieldstone beside a hand-written floor.")


@program.default
def main(
    *,
    quick: bool = False,
    postgres: bool = False,
    rows: int | None = None,
    only: Annotated[list[str] | None, cyclopts.Parameter(negative=())] = None,
    write: bool = False,
) -> int:
    """Measures every scenario and returns the exit status.

    Parameters
    ----------
    quick
        Fewer rows and shorter runs: good for a first look, not for a figure to quote.
    postgres
        Measure on PostgreSQL in place of SQLite.
    rows
        How many rows to load.
    only
        Measure only the scenarios whose name holds this text (`policy`: what one costs; `exports`); may be given several times.
    write
        Put the table into docs/performance.md.
    """
    console = Console()
    plan = QUICK if quick else Plan()
    count = rows or (QUICK_ROWS if quick else ROWS)
    database = "PostgreSQL" if postgres else "SQLite"
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as folder:
        results, costs, taken = run(plan, count, Path(folder), console, postgres=postgres, only=only or [""])
    if results:
        print_results(database, results, plan, count, console)
    print_costs(costs, console)
    print_exports(taken, console)
    if write:
        write_document(DOCUMENT, database, results, plan, count, costs, taken)
    late = [result.scenario for result in results if not meets_target(result)]
    if late:
        console.print(f"[bold red]Below {TARGET} of the floor: {', '.join(late)}")
    dear = [cost.request for cost in costs if cost.ratio > MOST]
    if dear:
        console.print(f"[bold red]More than {MOST} times as dear under rules and masks: {', '.join(dear)}")
    large = [each.format for each in taken if each.memory > MOST_MEGABYTES]
    if large:
        console.print(f"[bold red]More than {MOST_MEGABYTES} MB beside the idle server: {', '.join(large)}")
    return 1 if late or dear or large else 0


def run(
    plan: Plan, rows: int, folder: Path, console: Console, *, postgres: bool, only: list[str]
) -> tuple[list[Result], list[Cost], list[Taken]]:
    """Prepares both servers, checks that they answer alike, and measures the chosen scenarios, what a policy costs, and exports."""
    chosen = [scenario for scenario in SCENARIOS if any(text in scenario.name for text in only)]
    with stand(rows, folder, console, postgres=postgres) as ready:
        for scenario in chosen:
            compared = check(ready, scenario)
            console.print(f"{scenario.name}: {compared} answers equal")
        pairs = PAIRS if any(text in POLICY for text in only) else ()
        check_rows(ready, pairs)
        with Progress(console=console) as progress:
            task = progress.add_task("Measuring", total=(len(chosen) + len(pairs)) * plan.rounds * 2)
            results = [measure(ready, scenario, plan, lambda: progress.advance(task)) for scenario in chosen]
            costs = [measure_policy(ready, pair, plan, lambda: progress.advance(task)) for pair in pairs]
        taken = measure_exports(ready, rows) if any(text in EXPORTS for text in only) else []
        return results, costs, taken


if __name__ == "__main__":
    program()
