"""Fifty changes of one record at once that name the same version: one is made, by whichever process, and no other."""

from collections import Counter
from typing import Any

import pytest

from tests.concurrency.crowd import DATA, Office

CROWD = 50


@pytest.fixture(params=["two processes on PostgreSQL", "one process on SQLite"])
def office(request: pytest.FixtureRequest) -> Office:
    found: Office = request.getfixturevalue("two" if "two" in request.param else "one")
    return found


def customer(office: Office) -> dict[str, Any]:
    """Returns a new record to change."""
    return office.make("customer", name=office.fresh("Customer"))


def read(office: Office, record: dict[str, Any]) -> dict[str, Any]:
    answers = [
        office.ask(server, office.admin, "GET", f"{DATA}/customer/{record['id']}") for server in range(len(office.urls))
    ]
    assert {answer.text for answer in answers} == {answers[0].text}
    found: dict[str, Any] = answers[0].json()
    return found


def test_of_changes_that_name_one_version_one_is_made(office: Office) -> None:
    record = customer(office)
    path, headers = f"{DATA}/customer/{record['id']}", {"If-Match": str(record["version"])}
    answers = office.at_once(
        [("PATCH", path, {"headers": headers, "json": {"notes": f"note {number}"}}) for number in range(CROWD)]
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: CROWD - 1}
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert {(error["code"], error["details"]["currentVersion"]) for error in refused} == {("CONCURRENT_UPDATE", 2)}
    (made,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (read(office, record)["version"], read(office, record)["notes"]) == (2, made["notes"])


def test_of_changes_and_deletions_that_name_one_version_one_is_made(office: Office) -> None:
    record = customer(office)
    path, version = f"{DATA}/customer/{record['id']}", {"expectedVersion": record["version"]}
    change = ("PATCH", path, {"json": {"notes": "a note"} | version})
    answers = office.at_once([change, ("DELETE", path, {"params": version})] * (CROWD // 2))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 404, 409}


def test_changes_that_name_no_version_are_all_made_one_after_the_other(office: Office) -> None:
    record = customer(office)
    path = f"{DATA}/customer/{record['id']}"
    answers = office.at_once([("PATCH", path, {"json": {"notes": f"note {number}"}}) for number in range(20)])
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 22))
    assert read(office, record)["version"] == 21
