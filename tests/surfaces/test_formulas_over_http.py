"""Formulas on the native surface: asked for by their names, described as read-only, and refused in a body."""

import pytest

from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS = f"{DATA}/ticket"


async def test_an_overdue_ticket_is_found_shown_and_counted_until_it_is_closed(mia: Person) -> None:
    customer = (await mia.make("customer", name="Always late"))["id"]
    late, *_ = [
        await mia.make("ticket", subject=subject, customer=customer, due_on=due)
        for subject, due in (("late", "2020-02-29"), ("early", "9999-12-31"), ("open end", None))
    ]
    assert late["overdue"] is True
    page = decoded(await mia.get(f"{TICKETS}?customer={customer}&overdue=true&select=subject"))
    assert (page["items"], page["total"]) == ([{"subject": "late"}], 1)
    page = decoded(await mia.get(f"{TICKETS}?customer={customer}&orderBy=-overdue,subject&select=subject,overdue"))
    assert [(item["subject"], item["overdue"]) for item in page["items"]] == [
        ("late", True),
        ("early", False),
        ("open end", False),
    ]
    groups = {"where": {"customer": customer}, "groupBy": ["overdue"], "aggregations": [_COUNT]}
    counted = decoded(await mia.ask("POST", f"{TICKETS}/query", groups))["items"]
    assert counted == [{"overdue": False, "n": 2}, {"overdue": True, "n": 1}]
    answer = await mia.ask("PATCH", f"{TICKETS}/{late['id']}", {"status": "closed", "hours": 1})
    assert decoded(answer)["overdue"] is False
    for body in ({"overdue": True}, {"overdue": None}):
        error = error_of(await mia.ask("PATCH", f"{TICKETS}/{late['id']}", body), 400, "VALIDATION_ERROR")
        assert error["details"]["fields"][0]["message"] == "Overdue is read-only"


async def test_a_formula_is_described_as_read_only(mia: Person) -> None:
    document = decoded(await mia.get("/api/v1/openapi.json"))["components"]["schemas"]
    described = {"title": "Overdue", "type": "boolean", "nullable": True, "readOnly": True}
    assert document["ticket.read"]["properties"]["overdue"] == described
    assert "overdue" not in {*document["ticket.create"]["properties"], *document["ticket.update"]["properties"]}
    field = decoded(await mia.get("/api/v1/meta/object/ticket"))["item"]["fields"]["overdue"]
    assert field["expression"] == 'due_on != null && due_on < today() && status != "closed"'


_COUNT = {"function": "count", "alias": "n"}
