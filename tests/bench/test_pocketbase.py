"""What PocketBase is asked for is what Fieldstone is asked for, on the same rows, and answers that differ are seen."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bench.peers.collections import OWNER, collection_of, copy_rows, declared_objects
from bench.peers.comparison import different
from bench.peers.translation import NoCounterpart, filter_of, translated
from bench.requests import PATH, Request

RECORDS = "/api/collections/work_order/records"
OWNER_ID = "01M821QMFV6KWMQJRBAQDY3KW0"


def page(query: str) -> dict[str, str]:
    """Returns the parameters of a page of work orders, as PocketBase is asked for it."""
    target = urlsplit(translated(Request("GET", f"{PATH}?{query}"), OWNER_ID).target)
    assert target.path == RECORDS
    return {name: values[0] for name, values in parse_qs(target.query).items()}


def test_a_get_asks_for_the_same_record() -> None:
    assert translated(Request("GET", f"{PATH}/01ABC"), OWNER_ID) == Request("GET", f"{RECORDS}/01abc")


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("limit=20&count=false", {"perPage": "20", "page": "1", "sort": "id", "skipTotal": "1"}),
        ("limit=20&orderBy=-reported_at", {"perPage": "20", "page": "1", "sort": "-reported_at,id"}),
        ("limit=20&offset=40", {"perPage": "20", "page": "3", "sort": "id"}),
        ("limit=20&expand=site,owner_id", {"perPage": "20", "page": "1", "sort": "id", "expand": "site,owner_id"}),
    ],
)
def test_a_page_holds_the_same_rows_in_the_same_order(query: str, asked: dict[str, str]) -> None:
    assert page(query) == asked


def test_a_filter_says_the_same() -> None:
    where = {"status": "open", "priority": {"$gte": 2, "$lt": 5}, "title": {"$contains": "pump"}}
    assert filter_of(where) == 'status = "open" && priority >= 2 && priority < 5 && title ~ "pump"'


def test_a_record_is_made_for_the_same_owner_alone_and_in_a_batch() -> None:
    made = translated(Request("POST", PATH, b'{"title": "x"}'), OWNER_ID)
    assert (made.method, made.target) == ("POST", RECORDS)
    assert json.loads(made.body) == {"title": "x", "owner_id": OWNER_ID}
    body = json.dumps({"operation": "create", "records": [{"data": {"title": "x"}}]}).encode()
    batch = translated(Request("POST", f"{PATH}/batch", body), OWNER_ID)
    assert batch.target == "/api/batch"
    request = {"method": "POST", "url": RECORDS, "body": {"title": "x", "owner_id": OWNER_ID}}
    assert json.loads(batch.body) == {"requests": [request]}


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/search?q=pump",
        f"{PATH}?limit=20&cursor=abc",
        f"{PATH}?limit=20&offset=3",
        f"{PATH}?limit=20&where=%7B%22title%22%3A%7B%22%24in%22%3A%5B1%5D%7D%7D",
    ],
)
def test_what_has_no_counterpart_is_refused(target: str) -> None:
    with pytest.raises(NoCounterpart):
        translated(Request("GET", target), OWNER_ID)


def test_every_object_has_a_collection_with_its_fields_and_indexes_and_its_rows_are_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "ours.db", tmp_path / "theirs.db"
    row: dict[str, Any] = {
        "id": "01A",
        "owner_id": OWNER_ID,
        "status": "open",
        "priority": 3,
        "cost": 12345,
        "urgent": 1,
    }
    row |= {"due_on": "2026-06-05", "reported_at": "2026-07-05T02:12:20.000Z"}
    with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as theirs:
        for declared in declared_objects():
            name, collection = declared["name"], collection_of(declared)
            names = [field["name"] for field in collection["fields"]]
            assert {"id", *OWNER, *declared["fields"]} < set(names)
            for connection in (ours, theirs):
                connection.execute(f"CREATE TABLE {name} ({', '.join(names)})")
            for index in collection["indexes"]:
                theirs.execute(index)
        ours.execute(f"INSERT INTO work_order ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])
        ours.commit()
    copy_rows(source, target)
    with closing(sqlite3.connect(target)) as theirs:
        copied = "SELECT id, owner_id, status, priority, cost, due_on, reported_at, title FROM work_order"
        assert theirs.execute(copied).fetchall() == [
            ("01a", OWNER_ID.lower(), "open", 3, 123.45, "2026-06-05 00:00:00.000Z", "2026-07-05 02:12:20.000Z", "")
        ]


OURS: dict[str, Any] = {"id": "a", "cost": 1.5, "due_on": "2026-06-05", "at": "2026-07-05T02:12:20.000Z", "note": None}
THEIRS: dict[str, Any] = OURS | {"due_on": "2026-06-05 00:00:00.000Z", "at": "2026-07-05 02:12:20.000Z", "note": ""}


def test_answers_are_equal_but_for_how_an_instant_a_date_and_nothing_are_written() -> None:
    assert different(OURS, THEIRS, is_new=False) == ""
    assert different({"items": [OURS], "total": 3}, {"items": [THEIRS], "totalItems": 3}, is_new=False) == ""


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (OURS, THEIRS | {"cost": 1.25}),
        (OURS, THEIRS | {"due_on": "2026-06-06 00:00:00.000Z"}),
        ({"items": [OURS], "total": 3}, {"items": [THEIRS], "totalItems": 4}),
        ({"items": [OURS]}, {"items": [THEIRS, THEIRS], "totalItems": -1}),
        ({"items": [OURS]}, {"items": [THEIRS | {"id": "b"}], "totalItems": -1}),
    ],
)
def test_other_values_other_records_and_other_totals_are_seen(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert different(ours, theirs, is_new=False)
