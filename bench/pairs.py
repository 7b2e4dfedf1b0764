"""Pairs of requests to the server alone: how many times as much CPU the second of them costs."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from rich.progress import Progress

from bench.measure import Plan, cpu_of, run_once
from bench.part import Bench, Section
from bench.scenarios import Scenario
from bench.server import Stand
from bench.targets import missed

Pair = tuple[Scenario, Scenario]


class Cost(msgspec.Struct, frozen=True):
    """A pair, measured: microseconds of CPU for each request of the first and of the second, and the median of their ratios."""

    name: str
    first: float
    second: float
    ratio: float


def measure_pairs(bench: Bench, pairs: Mapping[str, Pair]) -> list[Cost]:
    """Measures pairs, one after the other."""
    stand = bench.stand()
    with Progress(console=bench.console) as progress:
        task = progress.add_task("Measuring pairs", total=len(pairs) * bench.plan.rounds)
        return [
            _measure_pair(stand, name, pair, bench.plan, lambda: progress.advance(task)) for name, pair in pairs.items()
        ]


def section_of(title: str, headings: tuple[str, str, str], costs: Iterable[Cost], database: str) -> Section:
    """Returns the section of some pairs, each held to the target of its name."""
    told = list(costs)
    return Section(
        title=title,
        headings=(*headings, "ratio"),
        rows=[(each.name, f"{each.first:,.0f}", f"{each.second:,.0f}", f"{each.ratio:.2f}") for each in told],
        missed=[line for each in told for line in missed(f"{each.name}: ratio", each.ratio, database)],
    )


def chosen_of(pairs: Mapping[str, Pair], names: Sequence[str]) -> dict[str, Pair]:
    """Returns the pairs with these names."""
    return {name: pairs[name] for name in names}


def _measure_pair(stand: Stand, name: str, pair: Pair, plan: Plan, advance: Callable[[], None]) -> Cost:
    """Measures both in turn, as often as the plan says; which goes first changes with each round."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(plan.rounds):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            taken[place].append(cpu_of(run_once(stand.fieldstone, stand, pair[place], plan)))
        advance()
    ratio = statistics.median(second / first for first, second in zip(*taken, strict=True))
    return Cost(name, statistics.median(taken[0]), statistics.median(taken[1]), ratio)
