"""The benchmark: Fieldstone beside hand-written floors and beside its own targets, in one run.

    python -m bench.run [--quick] [--postgres] [--rows N] [--only NAME] [--write]

Ends with 1 when a target of `bench/targets.py` is missed, or when the two sides of a comparison do not answer alike.
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import cyclopts
from rich.console import Console

from bench.exports import EXPORTS
from bench.growth.part import GROWTH
from bench.lifetimes import LIFETIMES
from bench.measure import Plan
from bench.pages import PAGES
from bench.part import Bench, Part, Section
from bench.peers.comparison import PEER
from bench.policy import POLICY
from bench.report import DOCUMENT, print_missed, print_sections, write_document
from bench.statements import STATEMENTS
from bench.throughput import THROUGHPUT
from bench.workers import WORKERS_PART
from bench.workload import ROWS

WIDTH = 160
QUICK = Plan(rounds=3, seconds=0.5)
QUICK_ROWS = 20_000
PARTS: tuple[Part, ...] = (
    THROUGHPUT,
    POLICY,
    PAGES,
    STATEMENTS,
    EXPORTS,
    PEER,
    LIFETIMES,
    WORKERS_PART,
    GROWTH,
)

program = cyclopts.App(name="bench", help="Measures Fieldstone beside hand-written floors.")


@program.default
def main(
    *,
    quick: bool = False,
    postgres: bool = False,
    rows: int | None = None,
    only: Annotated[list[str] | None, cyclopts.Parameter(negative=())] = None,
    write: bool = False,
) -> int:
    """Measures all parts and returns the exit status.

    Parameters
    ----------
    quick
        Fewer rows and shorter runs: good for a first look, not for a figure to quote.
    postgres
        Measure on PostgreSQL in place of SQLite.
    rows
        How many rows to load.
    only
        Measure only the parts and rows whose name holds this text; may be given several times.
    write
        Put the tables of the parts that were measured as a whole into docs/performance.md.
    """
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    count = rows or (QUICK_ROWS if quick else ROWS)
    sections: list[Section] = []
    with tempfile.TemporaryDirectory(prefix="fieldstone-bench-") as folder:
        plan = QUICK if quick else Plan()
        with Bench(plan, count, Path(folder), console, postgres=postgres) as bench:
            for part, chosen in ((part, part.chosen(only or ())) for part in PARTS):
                made = part.measure(bench, chosen) if chosen else []
                print_sections(bench.database, made, console)
                if made and write and len(chosen) == len(part.rows):
                    write_document(DOCUMENT, bench.database, made)
                sections += made
    return 1 if print_missed(sections, console) else 0


if __name__ == "__main__":
    program()
