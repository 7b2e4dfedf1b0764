"""What is measured: one row per scenario, with the requests that it sends. The floor has a handler for each.

To add a scenario: a request maker, a row in `SCENARIOS`, and in `bench/floor.py` what a hand-written server does for it.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlencode

import msgspec

from bench.workload import OBJECT, STATUSES, WORDS, work_order

PATH = f"/api/v1/data/{OBJECT}"
SEARCH = "/api/v1/search"
PAGE = 20


class Data(msgspec.Struct, frozen=True):
    """What requests are made of: ids of work orders and of inspections, and numbers for new work orders that never come twice."""

    ids: list[str]
    inspections: list[str]
    places: "itertools.count[int]"


class Request(msgspec.Struct, frozen=True):
    """One request; the credential is added when it is sent."""

    method: str
    target: str
    body: bytes = b""


class Scenario(msgspec.Struct, frozen=True):
    """A kind of request: who sends it, what a right answer is, and what of the answer must be equal on both sides.

    `repeat` says that a request may be sent again. `compare` names the part of the body: the whole record, the `items`
    of a page, or the values of a record but for those that are new each time. `connections` is how many there are, unless the plan's.
    """

    name: str
    caller: Literal["dispatcher", "technician", "inspector", "visitor"]
    make: Callable[[Data], Iterator[Request]]
    compare: Literal["record", "items", "created"]
    status: int = 200
    repeat: bool = True
    connections: int | None = None


def gets(data: Data) -> Iterator[Request]:
    """Reads records one by one, all over the table."""
    for record_id in data.ids:
        yield Request("GET", f"{PATH}/{record_id}")


def lists_of(path: str, *, count: bool) -> Callable[[Data], Iterator[Request]]:
    """Returns the maker of lists: the newest twenty of a status and a priority, with their exact total or without."""

    def make(_data: Data) -> Iterator[Request]:
        for status, priority in itertools.product(STATUSES, range(1, 5)):
            where = json.dumps({"status": status, "priority": {"$gte": priority}})
            query = {"where": where, "orderBy": "-reported_at", "limit": str(PAGE), "count": str(count).lower()}
            yield Request("GET", f"{path}?{urlencode(query)}")

    return make


def searches(_data: Data) -> Iterator[Request]:
    """Searches for one word of the titles and the beginning of a number, for two words, and for one that a fifth of them has."""
    for place, (word, other) in enumerate(itertools.permutations(WORDS, 2)):
        for text in (f"{word} {place * 11}", f"{word} {other}", word):
            yield Request("GET", f"{SEARCH}?{urlencode({'q': text, 'object': OBJECT, 'limit': str(PAGE)})}")


def creates(data: Data) -> Iterator[Request]:
    """Makes work orders of a status that no list asks for."""
    for place in data.places:
        yield Request("POST", PATH, json.dumps(work_order(place, "new")).encode())


SCENARIOS = (
    Scenario("get by id", "dispatcher", gets, "record"),
    Scenario("list of 20", "dispatcher", lists_of(PATH, count=False), "items"),
    Scenario("list of 20 with total", "dispatcher", lists_of(PATH, count=True), "items"),
    Scenario("list of 20 under a row rule", "technician", lists_of(PATH, count=False), "items"),
    Scenario("search, alone", "dispatcher", searches, "items", connections=1),
    Scenario("create", "dispatcher", creates, "created", status=201, repeat=False),
)
