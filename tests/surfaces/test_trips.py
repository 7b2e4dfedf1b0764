"""How often a request goes to the database: whoever was known is taken for the same by a read that tells whether he still is."""

from collections.abc import Callable

import pytest

from tests.statements import noted_statements
from tests.surfaces.running import DATA, Person, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
CUSTOMERS = f"{DATA}/customer"
NUMBERS = iter(range(1000, 9999))

Trips = Callable[[], int]


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    """Returns how many statements have asked for the policy epoch, or for customers, since the last time."""
    texts = noted_statements(monkeypatch, outside=True)

    def counted() -> int:
        count = sum(text.startswith("SELECT policy") or "customer" in text for text in texts)
        texts.clear()
        return count

    return counted


async def test_a_record_and_a_list_take_one_trip_to_a_server(world: World, mia: Person, trips: Trips) -> None:
    made = await mia.make("customer", name=f"Trip {next(NUMBERS)}")
    trips()
    for path in (f"{CUSTOMERS}/{made['id']}", f"{CUSTOMERS}?limit=1&count=false", f"{CUSTOMERS}?name={made['name']}"):
        for _ in range(2):
            assert (await mia.get(path)).status_code == 200
            assert trips() == 1, path


async def test_an_answer_without_rows_is_asked_whether_it_still_holds(world: World, mia: Person, trips: Trips) -> None:
    nothing, absent = f"{CUSTOMERS}?name=nobody", f"{CUSTOMERS}/{'0' * 26}"
    trips()
    assert (await mia.get(nothing)).json()["items"] == []
    assert trips() == 2
    assert (await mia.get(absent)).status_code == 404
    assert trips() == 3


async def test_a_change_of_rights_costs_one_more_look_and_is_heeded(
    world: World, mia: Person, admin: Person, trips: Trips
) -> None:
    made = await mia.make("customer", name=f"Trip {next(NUMBERS)}")
    ann = await admin.make(
        "sys_user", name="A guest", email=f"guest{next(NUMBERS)}@world.example", password="a long one"
    )
    path = f"{CUSTOMERS}/{made['id']}"
    guest = await world.person(ann["email"], "a long one")
    assert (await guest.get(path)).status_code == 403
    held = {"user_id": ann["id"], "permission_set": "support_manager"}
    for _ in range(3):
        grant = await admin.make("sys_user_permission_set", **held)
        assert (await guest.get(path)).status_code == 200
        trips()
        assert (await guest.get(path)).status_code == 200
        assert trips() == 1
        assert (await admin.ask("DELETE", f"{DATA}/sys_user_permission_set/{grant['id']}")).status_code == 200
        assert (await guest.get(path)).status_code == 403
        assert (await guest.get(CUSTOMERS)).status_code == 403
