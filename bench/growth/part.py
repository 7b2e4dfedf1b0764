"""How the cost of a request grows with records, objects, fields and row rules: a table and a chart for each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from bench.growth.chart import draw
from bench.growth.points import AXES, Axis, costs_of
from bench.measure import Plan
from bench.part import Bench, Part, Section

PLAN = Plan(rounds=3, seconds=0.6, warm=0.2)
PREFIX = "growth: "
TITLE = "how cost grows with"


def measure_growth(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures axis by axis, on SQLite alone."""
    chosen = [axis for axis in AXES if f"{PREFIX}{axis.name}" in names and not bench.postgres]
    plan = msgspec.structs.replace(PLAN, connections=bench.plan.connections)
    sections = []
    for axis in chosen:
        bench.console.print(f"Measuring what requests cost with {axis.label}: {axis.values}", highlight=False)
        with TemporaryDirectory(dir=bench.folder) as folder:
            sections.append(section_of(axis, costs_of(axis, Path(folder), plan), plan))
    return sections


def section_of(axis: Axis, costs: Mapping[str, Sequence[float]], plan: Plan) -> Section:
    """Returns the section of an axis: its figures, and a chart of them."""
    title = f"{TITLE} {axis.name}"
    return Section(
        title=title,
        headings=(axis.label, *costs),
        rows=[
            (f"{value:,}", *(f"{cost[place]:,.0f}" for cost in costs.values()))
            for place, value in enumerate(axis.values)
        ],
        note=f"CPU µs per request, median of {plan.rounds} rounds of {plan.seconds:g} s, all servers of the table asked in turn.",
        charts={f"{axis.name}.svg": draw(_sentence(title), axis.label, axis.values, costs, powers=axis.powers)},
    )


def _sentence(title: str) -> str:
    return title[0].upper() + title[1:]


GROWTH = Part("growth", tuple(f"{PREFIX}{axis.name}" for axis in AXES), measure_growth)
