"""What a page far from the first costs beside it: by the cursor of the page before, and by an offset."""

from collections.abc import Sequence

from bench.pairs import Pair, chosen_of, measure_pairs, section_of
from bench.part import Bench, Part, Section
from bench.scenarios import DEEP_BY_CURSOR, DEEP_BY_OFFSET, FIRST_PAGE, SCENARIOS

HEADINGS = ("page", "CPU µs of page 1", "CPU µs of this")


def _beside_the_first(name: str) -> Pair:
    scenarios = {scenario.name: scenario for scenario in SCENARIOS}
    return scenarios[FIRST_PAGE], scenarios[name]


PAIRS = {f"{name}, beside page 1": _beside_the_first(name) for name in (DEEP_BY_CURSOR, DEEP_BY_OFFSET)}


def measure_pages(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures deep pages beside the first."""
    costs = measure_pairs(bench, chosen_of(PAIRS, names))
    return [section_of("deep pages beside the first", HEADINGS, costs, bench.database)]


PAGES = Part("pages", tuple(PAIRS), measure_pages)
