"""`/data/:object/import`: a table of cells becomes records, with a result for each row (contract 3.6)."""

from typing import Any

import pytest

from tests.surfaces.running import DATA, Person, decoded, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
TICKETS = f"{DATA}/ticket/import"


async def imported(person: Person, body: dict[str, Any], path: str = TICKETS, **more: Any) -> dict[str, Any]:
    """Returns the answer of an import."""
    answer = await person.ask("POST", path, body, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = decoded(answer)
    return found


async def test_a_table_becomes_records(ann: Person, admin: Person) -> None:
    name = (await admin.make("customer", name="Imported Ltd"))["name"]
    text = f"Subject,priority,customer,due_on\nOne,Urgent,{name},31.12.2027\nTwo,opn,{name},\nThree,,Nobody at all,2027-01-02\n"
    print(await imported(ann, {"csv": text, "dryRun": True}))
    assert 0
