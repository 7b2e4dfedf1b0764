"""Queries that cannot be meant or are too much: each refused with its reason, its place and what was perhaps meant, at once."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest

from tests.surfaces.running import DATA, Person, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
ONE_DATABASE = True
QUERY = f"{DATA}/ticket/query"
LONGEST = 0.1
"""Seconds that a refusal may take, in the best of a few tries: other work goes on beside the tests."""


class Refusal(msgspec.Struct, frozen=True):
    """What is refused: parameters of a GET or the body of a query, and what the refusal says."""

    sent: Any
    reason: str
    path: str | None
    hint: str | None = None


def where(condition: Any) -> bytes:
    return msgspec.json.encode({"where": condition})


PARAMETERS: Mapping[str, Refusal] = {
    "an unknown parameter": Refusal("sort_by=subject", "INVALID_FIELD", "sort_by"),
    "a misspelled parameter": Refusal("ordrBy=subject", "INVALID_FIELD", "ordrBy", "Did you mean `orderBy`?"),
    "a parameter twice": Refusal("limit=5&limit=5", "INVALID_QUERY", "limit"),
    "a field twice": Refusal("subject=a&subject=b", "INVALID_QUERY", "subject"),
    "two spellings that differ": Refusal("limit=5&top=6", "INVALID_QUERY", "top"),
    "two spellings of a where": Refusal('where={"id":"a"}&$filter={"id":"b"}', "INVALID_QUERY", "$filter"),
    "two spellings of an order": Refusal("sort=subject&$orderby=id", "INVALID_QUERY", "$orderby"),
    "two spellings of an offset": Refusal("skip=1&$skip=2", "INVALID_QUERY", "$skip"),
    "two spellings of fields": Refusal("select=id&fields=subject", "INVALID_QUERY", "fields"),
    "two spellings of expand": Refusal("expand=customer&$expand=contact", "INVALID_QUERY", "$expand"),
    "two spellings of count": Refusal("count=true&$count=false", "INVALID_QUERY", "$count"),
    "no JSON": Refusal("where={status:open}", "INVALID_FILTER", "where"),
    "NaN": Refusal('where={"hours":NaN}', "INVALID_FILTER", "where"),
    "Infinity": Refusal('where={"hours":-Infinity}', "INVALID_FILTER", "where"),
    "a plain text for a where": Refusal('where="open"', "INVALID_FILTER", "where"),
    "an empty where": Refusal("where=", "INVALID_FILTER", "where"),
    "a limit of nothing": Refusal("limit=0", "INVALID_QUERY", "limit"),
    "a negative limit": Refusal("limit=-1", "INVALID_QUERY", "limit"),
    "a limit that is no number": Refusal("limit=ten", "INVALID_QUERY", "limit"),
    "a fraction of a limit": Refusal("limit=1.5", "INVALID_QUERY", "limit"),
    "a limit of other digits": Refusal("limit=%D9%A3", "INVALID_QUERY", "limit"),
    "an enormous limit": Refusal(f"limit={'9' * 400}", "INVALID_QUERY", "limit"),
    "a negative offset": Refusal("offset=-1", "INVALID_QUERY", "offset"),
    "an enormous offset": Refusal("offset=1000001", "INVALID_QUERY", "offset", "A cursor goes further."),
    "a cursor and an offset": Refusal("cursor=x&offset=1", "INVALID_QUERY", "cursor"),
    "a cursor of somebody's own making": Refusal("cursor=eyJpZCI6IngifQ", "INVALID_CURSOR", "cursor"),
    "a cursor of nothing": Refusal("cursor=", "INVALID_CURSOR", "cursor"),
    "a count that is none": Refusal("count=yes", "INVALID_QUERY", "count"),
    "an order with a colon": Refusal("orderBy=subject:desc", "INVALID_SORT", "orderBy"),
    "an order of nothing": Refusal("orderBy=", "INVALID_SORT", "orderBy"),
    "an order twice": Refusal("orderBy=subject,-subject", "INVALID_SORT", "orderBy"),
    "an unknown order": Refusal("orderBy=subjekt", "INVALID_SORT", "orderBy", "Did you mean `subject`?"),
    "an unknown order over a path": Refusal("orderBy=customer.tear", "INVALID_SORT", "orderBy", "Did you mean `customer.tier`?"),
    "an order over a list of orders": Refusal('orderBy=[["subject"]]', "INVALID_SORT", "orderBy.0"),
    "an order by what has none": Refusal('orderBy={"subject":"up"}', "INVALID_SORT", "orderBy.subject"),
    "an unknown field": Refusal("select=subjekt", "INVALID_FIELD", "fields.0", "Did you mean `subject`?"),
    "a parameter that is a wrong value": Refusal("hours=many", "INVALID_FILTER", "hours"),
    "a parameter with NUL": Refusal("subject=a%00b", "INVALID_FILTER", "subject"),
    "a condition that gives a field twice": Refusal('where={"hours":1,"hours":2}', "INVALID_FILTER", "where"),
    "an order that gives a field twice": Refusal('orderBy={"subject":"asc","subject":"desc"}', "INVALID_SORT", "orderBy"),
    "groups in a GET": Refusal("groupBy=status", "INVALID_QUERY", "groupBy"),
}  # fmt: skip

_THREE = {"subject": {"$ne": "a", "$like": "%", "$gt": ""}}
_LATE = {"opened_at": {"$gt": "9999-12-31T23:59:59-14:00"}}
_MISSPELLED = {"due_on": {"$lt": {"$cel": "todya()"}}}
_MEANT = "Did you mean `customer.tier`?"
BODIES: Mapping[str, Refusal] = {
    "an unknown key": Refusal(b'{"wher":{}}', "INVALID_QUERY", "wher", "Did you mean `where`?"),
    "joins": Refusal(b'{"joins":[]}', "INVALID_QUERY", "joins"),
    "an unknown field": Refusal(where({"stauts": "open"}), "INVALID_FIELD", "where.stauts", "Did you mean `status`?"),
    "an unknown field at the end of a path": Refusal(where({"customer.teer": 1}), "INVALID_FIELD", "where.customer.teer", _MEANT),
    "an unknown operator": Refusal(where({"status": {"$equals": "open"}}), "INVALID_FILTER", "where.status.$equals", "Did you mean `$eq`?"),
    "an unknown junction": Refusal(where({"$nor": []}), "INVALID_FILTER", "where.$nor", "Did you mean `$or`?"),
    "an operator that does not fit": Refusal(where({"hours": {"$contains": "1"}}), "INVALID_FILTER", "where.hours.$contains"),
    "an unknown operator in a list": Refusal(where(["status", "equal", "open"]), "INVALID_FILTER", "where.1", "Did you mean `equals`?"),
    "a list that is no condition": Refusal(where(["status"]), "INVALID_FILTER", "where"),
    "a list of four": Refusal(where(["status", "=", "open", 1]), "INVALID_FILTER", "where"),
    "an infix list": Refusal(where([["status", "=", "open"], "and", ["hours", ">", 1]]), "INVALID_FILTER", "where.$and.1"),
    "an empty list": Refusal(where([]), "INVALID_FILTER", "where"),
    "a text as an object": Refusal(where({"status": {"$eq": {"a": 1}}}), "INVALID_FILTER", "where.status.$eq"),
    "a number as an object": Refusal(where({"hours": {"$gt": {}}}), "INVALID_FILTER", "where.hours.$gt"),
    "a flag as a text": Refusal(where({"status": {"$null": "true"}}), "INVALID_FILTER", "where.status.$null"),
    "a text as a number": Refusal(where({"subject": 5}), "INVALID_FILTER", "where.subject"),
    "a number as a text": Refusal(where({"hours": "5"}), "INVALID_FILTER", "where.hours"),
    "a boolean as a number": Refusal(where({"hours": True}), "INVALID_FILTER", "where.hours"),
    "a limit as an object": Refusal(b'{"limit":{"$gt":1}}', "INVALID_QUERY", "limit"),
    "a limit as a text": Refusal(b'{"limit":"5"}', "INVALID_QUERY", "limit"),
    "a limit as a flag": Refusal(b'{"limit":true}', "INVALID_QUERY", "limit"),
    "an offset as a list": Refusal(b'{"offset":[1]}', "INVALID_QUERY", "offset"),
    "a cursor as an object": Refusal(b'{"cursor":{}}', "INVALID_CURSOR", "cursor"),
    "a count as a number": Refusal(b'{"count":1}', "INVALID_QUERY", "count"),
    "fields as a text": Refusal(b'{"fields":"id"}', "INVALID_QUERY", "fields"),
    "an order as a number": Refusal(b'{"orderBy":5}', "INVALID_SORT", "orderBy"),
    "an order of objects in objects": Refusal(b'{"orderBy":[{"field":{"a":1}}]}', "INVALID_SORT", "orderBy"),
    "9 orders": Refusal(msgspec.json.encode({"orderBy": ["subject"] * 9}), "INVALID_SORT", "orderBy"),
    "10,000 terms": Refusal(where({"$or": [{"subject": "a"}] * 10_000}), "INVALID_FILTER", "where.$or.200.subject"),
    "10,000 terms in a list": Refusal(where(["or", *[["subject", "=", "a"]] * 10_000]), "INVALID_FILTER", "where.$or.200.subject.$eq"),
    "10,000 empty terms": Refusal(where({"$or": [{}] * 10_000}), "INVALID_FILTER", "where.$or.200"),
    "10,000 operators": Refusal(where({"$and": [_THREE] * 4000}), "INVALID_FILTER", "where.$and.66.subject.$gt"),
    "10,000 levels": Refusal(b'{"where":' + b'{"$not":' * 10_000 + b"{}" + b"}" * 10_001, "INVALID_JSON", None),
    "10,000 levels of lists": Refusal(b'{"where":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "INVALID_JSON", None),
    "200 levels": Refusal(b'{"where":' + b'{"$not":' * 200 + b"{}" + b"}" * 201, "INVALID_FILTER", "where" + ".$not" * 9),
    "200 levels of lists": Refusal(b'{"where":' + b'["or",' * 200 + b"{}" + b"]" * 200 + b"}", "INVALID_FILTER", "where" + ".$or.0" * 9),
    "a megabyte in a list": Refusal(where({"subject": {"$in": ["x" * 100] * 10_000}}), "INVALID_FILTER", "where.subject.$in"),
    "a megabyte as a text": Refusal(where({"subject": {"$like": "x" * 1_000_000}}), "INVALID_FILTER", "where.subject.$like"),
    "a megabyte as a name": Refusal(where({"x" * 1_000_000: 1}), "INVALID_FIELD", "where." + "x" * 64 + "..."),
    "a megabyte as a path": Refusal(where({"customer." * 100_000: 1}), "INVALID_FIELD", "where." + ("customer." * 8)[:64] + "..."),
    "a megabyte as an expression": Refusal(where({"subject": {"$cel": "x" * 1_000_000}}), "INVALID_FILTER", "where.subject.$cel"),
    "a long pattern of wildcards": Refusal(where({"subject": {"$like": "%_" * 501}}), "INVALID_FILTER", "where.subject.$like"),
    "a dangling backslash": Refusal(where({"subject": {"$like": "50\\"}}), "INVALID_FILTER", "where.subject.$like"),
    "NUL": Refusal(where({"subject": "a\0b"}), "INVALID_FILTER", "where.subject"),
    "NUL in a list": Refusal(where({"subject": {"$in": ["a\0"]}}), "INVALID_FILTER", "where.subject.$in.0"),
    "NUL in a name": Refusal(where({"sub\0ject": "a"}), "INVALID_FIELD", "where.sub\0ject", "Did you mean `subject`?"),
    "half a surrogate pair": Refusal(b'{"where":{"subject":"\\ud800"}}', "INVALID_JSON", None),
    "half a surrogate pair as a name": Refusal(b'{"where":{"\\udfff":"x"}}', "INVALID_JSON", None),
    "no UTF-8": Refusal(b'{"where":{"subject":"\xff"}}', "INVALID_JSON", None),
    "a key twice": Refusal(b'{"limit":1,"limit":2}', "INVALID_JSON", None, "Give each key once."),
    "a key twice, before a blank": Refusal(b'{"limit" :1,"limit":2}', "INVALID_JSON", None),
    "a key twice, once in an escape": Refusal(b'{"limit":1,"l\\u0069mit":2}', "INVALID_JSON", None),
    "a key twice, beside a colon in a text": Refusal(b'{"where":{"subject":":","subject":":"}}', "INVALID_JSON", None),
    "a key twice, in a list": Refusal(b'{"where":{"$or":[{"hours":1},{"hours":1,"hours":2}]}}', "INVALID_JSON", None),
    "NaN": Refusal(b'{"where":{"hours":NaN}}', "INVALID_JSON", None),
    "the year 10,000": Refusal(where({"due_on": "10000-01-01"}), "INVALID_FILTER", "where.due_on"),
    "an instant of the year 10,000": Refusal(where({"opened_at": "10000-01-01T00:00:00Z"}), "INVALID_FILTER", "where.opened_at"),
    "an instant beyond the last": Refusal(where(_LATE), "INVALID_FILTER", "where.opened_at.$gt"),
    "the year 0": Refusal(where({"due_on": {"$lt": "0000-12-31"}}), "INVALID_FILTER", "where.due_on.$lt"),
    "the 30th of February": Refusal(where({"due_on": "2026-02-30"}), "INVALID_FILTER", "where.due_on"),
    "an instant without a zone": Refusal(where({"opened_at": "2026-01-01T00:00:00"}), "INVALID_FILTER", "where.opened_at"),
    "a relative date that there is not": Refusal(where({"due_on": "{toady}"}), "INVALID_FILTER", "where.due_on", "Did you mean `{today}`?"),
    "an expression that does not compile": Refusal(where(_MISSPELLED), "INVALID_FILTER", "where.due_on.$lt.$cel"),
    "a deep expression": Refusal(where({"due_on": {"$cel": "(" * 400}}), "INVALID_FILTER", "where.due_on.$cel"),
    "another object": Refusal(b'{"object":"customer"}', "INVALID_QUERY", "object"),
}  # fmt: skip


async def refused(person: Person, ask: Any, refusal: Refusal) -> None:
    best, answer = LONGEST + 1, httpx.Response(500)
    for _ in range(5):
        started = time.perf_counter()
        answer = await ask()
        best = min(best, time.perf_counter() - started)
        if best < LONGEST:
            break
    error = error_of(answer, 400, "VALIDATION_ERROR")
    assert error["details"].get("reason") == refusal.reason
    assert error["details"].get("path") == refusal.path
    assert refusal.hint is None or error["details"]["hint"] == refusal.hint
    assert len(answer.content) < 2000
    assert best < LONGEST


@pytest.mark.parametrize("refusal", PARAMETERS.values(), ids=PARAMETERS)
async def test_parameters_are_refused(mia: Person, refusal: Refusal) -> None:
    await refused(mia, lambda: mia.get(f"{DATA}/ticket?{refusal.sent}"), refusal)


@pytest.mark.parametrize("refusal", BODIES.values(), ids=BODIES)
async def test_bodies_are_refused(mia: Person, refusal: Refusal) -> None:
    headers = {"Content-Type": "application/json"}
    await refused(mia, lambda: mia.ask("POST", QUERY, content=refusal.sent, headers=headers), refusal)


@pytest.mark.parametrize("surface", ["/api/v1/data", "/dressed/v1"])
async def test_deep_conditions_are_refused_on_every_surface(mia: Person, surface: str) -> None:
    for depth in (20, 400, 900):
        for opening, closing in ((b'{"$not":', b"}"), (b'["or",', b"]"), (b'{"$or":[', b"]}"), (b"[[", b"]]")):
            body = b'{"where":' + opening * depth + b"{}" + closing * depth + b"}"
            answer = await mia.ask(
                "POST", f"{surface}/ticket/query", content=body, headers={"Content-Type": "application/json"}
            )
            error_of(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "condition",
    [
        {"subject": {"$contains": "%"}},
        {"subject": {"$startsWith": "_"}},
        {"subject": {"$like": "%" * 1000}},
        {"subject": {"$like": "%_" * 500}},
        {"subject": {"$ilike": "%a" * 500}},
        {"subject": {"$contains": "x" * 100_000}},
        {"subject": {"$in": ["%", "_", "\\", "'", '"', ";--", "\u202e", "\U0001f600"]}},
        {"hours": {"$gt": 1e308}},
        {"hours": 10**400},
        {"$or": [{"customer.tier": {"$ne": "plus"}}] * 100},
        {"$and": [{"contact.customer.name": {"$ilike": "%a%"}}] * 66},
    ],
    ids=lambda condition: str(condition)[:60],
)
async def test_what_is_merely_odd_is_answered(mia: Person, condition: Any) -> None:
    answer = await mia.ask("POST", QUERY, {"where": condition, "limit": 1})
    assert answer.status_code == 200, answer.text
