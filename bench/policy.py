"""What a policy costs: the same requests for the same rows, once under none and once under three row rules and masks of texts.

Both callers ask the same server in turn, round by round; what counts is the CPU time that it takes for a request.
"""

import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec
from rich.progress import Progress

from bench.measure import Different, Plan, ask, cpu_of, message_of, run_once
from bench.part import Bench, Part, Section
from bench.scenarios import PAGE, Data, Request, Scenario, lists_of
from bench.server import Stand
from bench.targets import missed
from bench.workload import INSPECTION

HEADINGS = ("request", "CPU µs under no rule", "CPU µs under three rules and two masks", "ratio")
PATH = f"/api/v1/data/{INSPECTION}"


class Cost(msgspec.Struct, frozen=True):
    """A request, measured: microseconds of CPU under no rule and under rules and masks, and the median of their ratios."""

    request: str
    without: float
    under: float
    ratio: float


def gets(data: Data) -> Iterator[Request]:
    """Reads records one by one, all over the table."""
    for record_id in data.inspections:
        yield Request("GET", f"{PATH}/{record_id}")


Pair = tuple[Scenario, Scenario]


def _pair(name: str, make: Callable[[Data], Iterator[Request]], compare: Literal["record", "items"]) -> Pair:
    return Scenario(name, "inspector", make, compare), Scenario(name, "visitor", make, compare)


PAIRS = {
    "policy: get by id": _pair("get by id", gets, "record"),
    f"policy: list of {PAGE}": _pair(f"list of {PAGE}", lists_of(PATH, count=False), "items"),
}
"""The same requests twice: by whom no rule holds, and by whom they do."""


def check_rows(stand: Stand, pairs: Sequence[Pair]) -> None:
    """Checks that both callers of each pair are answered the same records, of which one sees texts in part; raises Different."""
    for pair in pairs:
        request = next(pair[0].make(stand.data))
        answers = [
            json.loads(ask(stand.fieldstone, message_of(request, stand.tokens[each.caller]), each)) for each in pair
        ]
        whole, masked = ([answer] if isinstance(answer, dict) else answer for answer in answers)
        same = [
            one["id"] == other["id"] and one["phone"] != other["phone"]
            for one, other in zip(whole, masked, strict=True)
        ]
        if not same or not all(same):
            raise Different(f"{pair[0].name}: the rows are not the same, or not masked.")


def measure_policy(stand: Stand, pair: Pair, plan: Plan, advance: Callable[[], None]) -> Cost:
    """Measures a pair in turn, as often as the plan says; who goes first changes with each round."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(plan.rounds):
        for place in (0, 1) if number % 2 == 0 else (1, 0):
            taken[place].append(cpu_of(run_once(stand.fieldstone, stand, pair[place], plan)))
            advance()
    ratio = statistics.median(under / without for without, under in zip(*taken, strict=True))
    return Cost(pair[0].name, statistics.median(taken[0]), statistics.median(taken[1]), ratio)


def measure_policies(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures what a policy costs a get and a list."""
    pairs = [PAIRS[name] for name in names]
    stand = bench.stand()
    check_rows(stand, pairs)
    with Progress(console=bench.console) as progress:
        task = progress.add_task("Measuring policies", total=len(pairs) * bench.plan.rounds * 2)
        costs = [measure_policy(stand, pair, bench.plan, lambda: progress.advance(task)) for pair in pairs]
    return [section_of(costs, bench.database)]


def section_of(costs: Sequence[Cost], database: str) -> Section:
    """Returns the section of what a policy costs."""
    return Section(
        title="what a policy costs",
        headings=HEADINGS,
        rows=[(each.request, f"{each.without:,.0f}", f"{each.under:,.0f}", f"{each.ratio:.2f}") for each in costs],
        missed=[line for each in costs for line in missed("policy: ratio", each.ratio, database, each.request)],
    )


POLICY = Part("policy", tuple(PAIRS), measure_policies)
