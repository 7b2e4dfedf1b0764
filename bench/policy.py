"""What a policy costs: the same requests for the same rows, once under none and once under three row rules and masks of texts.

Both callers ask the same server in turn, round by round; what counts is the CPU time that it takes for a request.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.answers import Different, ask, compared_part, message_of
from bench.pairs import Pair, chosen_of, measure_pairs, section_of
from bench.part import Bench, Part, Section
from bench.requests import PAGE, Data, Request, lists_of
from bench.scenarios import Compare, Scenario
from bench.server import Stand
from bench.workload import INSPECTION

HEADINGS = ("request", "CPU µs under no rule", "CPU µs under three rules and two masks")
PATH = f"/api/v1/data/{INSPECTION}"


def gets(data: Data) -> Iterator[Request]:
    """Reads records one by one, all over the table."""
    for record_id in data.inspections:
        yield Request("GET", f"{PATH}/{record_id}")


def _pair(name: str, make: Callable[[Data], Iterator[Request]], compare: Compare) -> Pair:
    return Scenario(name, "inspector", make, compare), Scenario(name, "visitor", make, compare)


PAIRS = {
    "policy: get by id": _pair("get by id", gets, "record"),
    f"policy: list of {PAGE}": _pair(f"list of {PAGE}", lists_of(PATH, count=False), "items"),
}
"""The same requests twice: by whom no rule holds, and by whom they do."""


def check_rows(stand: Stand, pairs: Iterable[Pair]) -> None:
    """Checks that both callers of each pair are answered the same records, of which one sees texts in part; raises Different."""
    for pair in pairs:
        request = next(pair[0].make(stand.data))
        parts = [
            compared_part(ask(stand.fieldstone, message_of(request, stand.tokens[each.caller])), request, each)
            for each in pair
        ]
        answers = [json.loads(part) for part in parts]
        whole, masked = ([answer] if isinstance(answer, dict) else answer for answer in answers)
        same = [
            one["id"] == other["id"] and one["phone"] != other["phone"]
            for one, other in zip(whole, masked, strict=True)
        ]
        if not same or not all(same):
            raise Different(f"{pair[0].name}: the rows are not the same, or not masked.")


def measure_policies(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Measures what a policy costs a get and a list."""
    pairs = chosen_of(PAIRS, names)
    check_rows(bench.stand(), pairs.values())
    return [section_of("what a policy costs", HEADINGS, measure_pairs(bench, pairs), bench.database)]


POLICY = Part("policy", tuple(PAIRS), measure_policies)
