"""`/data/:object/export`: all records of a list as a file, of one moment and bit by bit, in words for people (contract 3.7)."""

import csv
from typing import Any

import pytest
import pytest_asyncio

from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS, CUSTOMERS = f"{DATA}/ticket/export", f"{DATA}/customer/export"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(admin: Person, ann: Person) -> dict[str, str]:
    """Makes tickets of ann and one of somebody else, with texts that a program would run."""
    customer = (await admin.make("customer", name='=HYPERLINK(1) Export, "Ltd"'))["id"]
    for subject in ("-2+3", "+49 30", "@SUM(A1)", "\tTab", "Plain, with a comma", "-5", "Line\nbreak", "Ünïcode"):
        await ann.make("ticket", subject=subject, customer=customer, priority="urgent", due_on="2027-01-01")
    await admin.make("ticket", subject="Not ann's", customer=customer, internal_rating=4)
    return {"customer": customer}


async def table(person: Person, path: str = TICKETS, body: Any = None, **parameters: str) -> list[list[str]]:
    """Returns the cells of an exported table."""
    answer = await person.ask("POST", path, body) if body is not None else await person.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(answer.text.splitlines(keepends=True)))


async def test_a_table_has_headings_labels_and_names(filled: dict[str, str], ann: Person) -> None:
    where = {"customer": filled["customer"], "subject": "Plain, with a comma"}
    query = {"format": "csv", "where": where, "select": ["subject", "status", "priority", "customer", "overdue"]}
    headings, row = await table(ann, body=query)
    assert headings == ["Subject", "Status", "Priority", "Customer", "Overdue"]
    assert row == ["Plain, with a comma", "Open", "Urgent", '\'=HYPERLINK(1) Export, "Ltd"', "false"]
    names, raw = await table(ann, body={**query, "raw": True})
    assert names == query["select"]
    assert raw == ["Plain, with a comma", "open", "urgent", filled["customer"], "false"]
    assert await table(ann, body={**query, "header": False}) == [row]


async def test_nothing_in_a_cell_is_run(filled: dict[str, str], ann: Person) -> None:
    rows = await table(ann, body={"where": {"customer": filled["customer"]}, "select": ["subject"], "header": False})
    assert sorted(text for (text,) in rows) == sorted(
        ["'-2+3", "'+49 30", "'@SUM(A1)", "'\tTab", "Plain, with a comma", "-5", "Line\nbreak", "Ünïcode"]
    )


async def test_json_holds_the_records_of_the_list(filled: dict[str, str], ann: Person) -> None:
    query = {"where": {"customer": filled["customer"]}, "orderBy": "-subject", "limit": 3}
    listed = decoded(await ann.ask("POST", f"{DATA}/ticket/query", query))["items"]
    answer = await ann.ask("POST", TICKETS, {**query, "format": "json"})
    assert decoded(answer) == listed
    assert len(listed) == 3
    got = await ann.get(TICKETS, params={"format": "json", "orderBy": "-subject", "customer": filled["customer"]})
    assert [record["id"] for record in decoded(got)[:3]] == [record["id"] for record in listed]


async def test_one_takes_out_what_one_reads(filled: dict[str, str], ann: Person, admin: Person) -> None:
    where = {"customer": filled["customer"]}
    assert len(await table(ann, body={"where": where})) == 9
    everything = await table(admin, body={"where": where})
    assert len(everything) == 10
    assert "Internal rating" in everything[0]
    (headings,) = await table(ann, body={"where": {"subject": "nothing"}})
    assert "Internal rating" not in headings
    refused = error_of(await ann.ask("POST", TICKETS, {"select": ["internal_rating"]}), 400, "VALIDATION_ERROR")
    assert refused["message"] == "No field `internal_rating` on `ticket`."


async def test_the_file_has_a_name(filled: dict[str, str], ann: Person) -> None:
    answer = await ann.get(TICKETS, params={"limit": "1", "customer": filled["customer"]})
    disposition = answer.headers["content-disposition"]
    plain, star = disposition.removeprefix("attachment; ").split("; ")
    assert plain.startswith('filename="Tickets-2')
    assert plain.endswith('.csv"')
    assert star.startswith("filename*=UTF-8''Tickets-2")
    assert "content-length" not in answer.headers
    head = await ann.ask("HEAD", TICKETS)
    assert (head.status_code, head.content) == (200, b"")


async def test_what_an_export_cannot_do_is_refused(ann: Person) -> None:
    for body, path in (
        ({"format": "xls"}, "format"),
        ({"format": "pdf", "cursor": "x"}, "cursor"),
        ({"format": 7}, "format"),
        ({"raw": "perhaps"}, "raw"),
        ({"format": "json", "raw": True}, "raw"),
        ({"expand": ["customer"]}, "expand"),
        ({"offset": 5}, "offset"),
        ({"cursor": "x"}, "cursor"),
        ({"groupBy": ["status"]}, "groupBy"),
        ({"limit": 0}, "limit"),
        ({"formt": "csv"}, "formt"),
        ({"trash": True}, "trash"),
        ({"asOf": "2026-01-01T00:00:00.000Z"}, "asOf"),
    ):
        error = error_of(await ann.ask("POST", TICKETS, body), 400, "VALIDATION_ERROR")
        assert error["details"]["path"] == path
    error_of(await ann.ask("POST", f"{DATA}/nothing/export", {}), 404, "NOT_FOUND")
    error_of(await ann.get(TICKETS, params={"asOf": "2026-01-01T00:00:00.000Z"}), 400, "VALIDATION_ERROR")
