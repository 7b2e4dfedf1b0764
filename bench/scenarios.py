"""What is measured: one row per scenario, with the requests that it sends. The floor has a handler for each.

To add a scenario: a request maker in `bench/requests.py`, a row in `SCENARIOS`, and in `bench/floor.py` what a hand-written server does
for it. They are measured in this order: what adds records comes after what reads them.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from bench import requests
from bench.requests import PAGE, PATH, Data, Request

Role = Literal["dispatcher", "technician", "inspector", "visitor"]
Compare = Literal["record", "items", "created", "updated", "results", "any"]
COMPARED = 24
SUCCESS = 0
FIRST_PAGE, DEEP_BY_CURSOR, DEEP_BY_OFFSET = "page 1", "page 2,000 by cursor", "page 2,000 by offset"
BULK = "bulk of 5,000"


class Scenario(msgspec.Struct, frozen=True):
    """A kind of request: who sends it, what a right answer is, and what of the answer must be equal on both sides.

    `repeat` says that a request may be sent again. `compare` names the part of the body: the whole record, the `items` of a page, the
    values of a record but for those that are new each time, the `results` of a batch but for its ids, or what goes with the request.
    `status` is that of every answer, `SUCCESS` any that tells of one. `connections` is how many there are, unless the plan's, `most` how
    many requests a run sends at most, and `compared` how many are compared. `paced` ones are measured once more at one rate for both.
    """

    name: str
    caller: Role
    make: Callable[[Data], Iterator[Request]]
    compare: Compare
    status: int = 200
    repeat: bool = True
    connections: int | None = None
    most: int | None = None
    compared: int = COMPARED
    paced: bool = False


def _read(name: str, make: Callable[[Data], Iterator[Request]], compare: Compare = "items") -> Scenario:
    return Scenario(name, "dispatcher", make, compare, paced=True)


_LISTS = requests.lists_of(PATH, count=False)
_TWO_HUNDRED, _FIVE_THOUSAND = requests.batches_of(200), requests.batches_of(5_000)
_MIXED = Scenario("mixed", "dispatcher", requests.mixed, "any", status=SUCCESS, repeat=False)

SCENARIOS = (
    _read("get by id", requests.gets, "record"),
    _read(f"list of {PAGE}", _LISTS),
    _read(f"list of {PAGE} with total", requests.lists_of(PATH, count=True)),
    Scenario(f"list of {PAGE} under a row rule", "technician", _LISTS, "items", paced=True),
    _read(FIRST_PAGE, requests.first_pages),
    _read(DEEP_BY_CURSOR, requests.pages_by_cursor),
    _read(DEEP_BY_OFFSET, requests.pages_by_offset),
    _read("expand of two relations", requests.expansions),
    _read("grouped aggregate", requests.groups),
    Scenario("search, alone", "dispatcher", requests.searches, "items", connections=1, paced=True),
    Scenario("create", "dispatcher", requests.creates, "created", status=201, repeat=False),
    Scenario("PATCH with If-Match", "dispatcher", requests.patches, "updated", repeat=False),
    Scenario("batch of 200", "dispatcher", _TWO_HUNDRED, "results", repeat=False, connections=4, most=100, compared=4),
    *(
        msgspec.structs.replace(_MIXED, name=f"mixed, {connections} connections", connections=connections)
        for connections in (16, 256)
    ),
    Scenario(BULK, "technician", _FIVE_THOUSAND, "results", repeat=False, connections=1, most=4, compared=1),
)
