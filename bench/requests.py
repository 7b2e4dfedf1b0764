"""The requests of the benchmark: makers that yield them one by one, out of what is known of the data."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from bench.workload import OBJECT, STATUSES, VISIT, WORDS, work_order

PATH = f"/api/v1/data/{OBJECT}"
VISITS = f"/api/v1/data/{VISIT}"
SEARCH = "/api/v1/search"
PAGE = 20
PAGING = {"orderBy": "-number", "limit": str(PAGE), "count": "false"}
RUNS_OF_PATCHES = 36
"""So many runs may patch records, each its own."""


class Data(msgspec.Struct, frozen=True):
    """What requests are made of.

    `ids` are those of some work orders and `inspections` those of inspections; `places` numbers new work orders and `turns` changes, and
    no number comes twice. `fresh` yields ids of work orders, of `rows` in all, that nobody changed. `pages` are the offsets of deep pages
    with their cursors.
    """

    ids: list[str]
    inspections: list[str]
    places: Iterator[int]
    turns: Iterator[int] = iter(())
    rows: int = 0
    fresh: Iterator[str] = iter(())
    pages: list[tuple[int, str]] = []


class Request(msgspec.Struct, frozen=True):
    """One request; the credential is added when it is sent. `version` is the one that it matches."""

    method: str
    target: str
    body: bytes = b""
    version: int | None = None


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


def first_pages(_data: Data) -> Iterator[Request]:
    """Asks for the first of all pages."""
    yield Request("GET", f"{PATH}?{urlencode(PAGING)}")


def pages_by_cursor(data: Data) -> Iterator[Request]:
    """Asks for deep pages by the cursors of those before."""
    for _, cursor in data.pages:
        yield Request("GET", f"{PATH}?{urlencode(PAGING | {'cursor': cursor})}")


def pages_by_offset(data: Data) -> Iterator[Request]:
    """Asks for the same deep pages by the number of records to pass over."""
    for offset, _ in data.pages:
        yield Request("GET", f"{PATH}?{urlencode(PAGING | {'offset': str(offset)})}")


def expansions(_data: Data) -> Iterator[Request]:
    """Lists visits, each with its work order and its site within."""
    for minutes in range(30, 100, 10):
        where = json.dumps({"minutes": {"$gte": minutes}})
        query = {"where": where, "orderBy": "-planned_at", "limit": str(PAGE), "count": "false"}
        yield Request("GET", f"{VISITS}?{urlencode(query | {'expand': 'work_order,site'})}")


def groups(_data: Data) -> Iterator[Request]:
    """Asks, status by status, how many work orders of a priority and above there are, what they cost, and how urgent they are."""
    measures = [
        {"function": "count", "alias": "orders"},
        {"function": "sum", "field": "cost", "alias": "cost"},
        {"function": "max", "field": "priority", "alias": "priority"},
    ]
    for priority in range(1, 5):
        query = {"where": {"priority": {"$gte": priority}}, "groupBy": ["status"], "aggregations": measures}
        yield Request("POST", f"{PATH}/query", _body(query))


def searches(_data: Data) -> Iterator[Request]:
    """Searches for one word of the titles and the beginning of a number, for two words, and for one that a fifth of them has."""
    for place, (word, other) in enumerate(itertools.permutations(WORDS, 2)):
        for text in (f"{word} {place * 11}", f"{word} {other}", word):
            yield Request("GET", f"{SEARCH}?{urlencode({'q': text, 'object': OBJECT, 'limit': str(PAGE)})}")


def creates(data: Data) -> Iterator[Request]:
    """Makes work orders of a status that no list asks for."""
    for place in data.places:
        yield Request("POST", PATH, _body(work_order(place, "new")))


def patches(data: Data) -> Iterator[Request]:
    """Changes work orders, each once, if nobody changed it before."""
    for record_id in itertools.islice(data.fresh, data.rows // RUNS_OF_PATCHES):
        yield _patch(record_id, next(data.turns), version=1)


def batches_of(size: int) -> Callable[[Data], Iterator[Request]]:
    """Returns the maker of batches that make so many work orders, all or none."""

    def make(data: Data) -> Iterator[Request]:
        while True:
            records = [{"data": work_order(place, "new")} for place in itertools.islice(data.places, size)]
            batch = {"operation": "create", "records": records, "options": {"atomic": True}}
            yield Request("POST", f"{PATH}/batch", _body(batch))

    return make


def mixed(data: Data) -> Iterator[Request]:
    """Five gets, three lists, a create and a change of a record, over and over."""
    reads, lists = itertools.cycle(gets(data)), itertools.cycle(lists_of(PATH, count=False)(data))
    made, ids = creates(data), itertools.cycle(data.ids)
    for number in data.turns:
        yield from itertools.islice(reads, 3)
        yield from itertools.islice(lists, 2)
        yield next(made)
        yield from itertools.islice(reads, 2)
        yield next(lists)
        yield _patch(next(ids), number, version=None)


def _patch(record_id: str, number: int, version: int | None) -> Request:
    values = {"title": f"Look after the {WORDS[number % len(WORDS)]} again {number}", "cost": number + 0.25}
    return Request("PATCH", f"{PATH}/{record_id}", _body(values), version)


def _body(value: Any) -> bytes:
    return json.dumps(value).encode()
