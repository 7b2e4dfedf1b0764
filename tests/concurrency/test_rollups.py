"""Records made and changed at once through every process: no number twice, and the figure above them right at each server."""

import pytest

from tests.concurrency.crowd import DATA, Office

CROWD = 40


@pytest.fixture(params=["two processes on PostgreSQL", "one process on SQLite"])
def office(request: pytest.FixtureRequest) -> Office:
    found: Office = request.getfixturevalue("two" if "two" in request.param else "one")
    return found


def open_tickets(office: Office, customer: str) -> set[int]:
    """Returns how many open tickets a customer has, by each server."""
    path = f"{DATA}/customer/{customer}?select=open_tickets"
    answers = [office.ask(server, office.admin, "GET", path) for server in range(len(office.urls))]
    return {answer.json()["open_tickets"] for answer in answers}


def test_a_crowd_gets_different_numbers_and_is_counted_right(office: Office) -> None:
    customer, other = (office.make("customer", name=office.fresh("Customer"))["id"] for _ in range(2))
    body = {"subject": "One of many", "customer": customer}
    answers = office.at_once([("POST", f"{DATA}/ticket", {"json": body})] * CROWD)
    assert {answer.status_code for answer in answers} == {201}
    made = [answer.json() for answer in answers]
    assert len({ticket["number"] for ticket in made}) == CROWD
    assert open_tickets(office, customer) == {CROWD}
    changes = ({"status": "closed", "hours": 1}, {"customer": other}, {"priority": "low"}, {"status": "waiting"})
    answers = office.at_once(
        [("PATCH", f"{DATA}/ticket/{ticket['id']}", {"json": changes[place % 4]}) for place, ticket in enumerate(made)]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert open_tickets(office, customer) == {CROWD // 2}
    assert open_tickets(office, other) == {CROWD // 4}
    answers = office.at_once([("DELETE", f"{DATA}/ticket/{ticket['id']}", {}) for ticket in made])
    assert {answer.status_code for answer in answers} == {200}
    assert open_tickets(office, customer) == open_tickets(office, other) == {0}
