"""Leaving over HTTP: an account deleted by its user, and what somebody owns handed over by whoever has the capability."""

import itertools

import pytest

from tests.surfaces.running import DATA, PASSWORD, Person, World, error_of

ONE_DATABASE = True
pytestmark = pytest.mark.asyncio(loop_scope="session")
AUTH = "/api/v1/auth"
NUMBERS = itertools.count(1)


async def newcomer(world: World, admin: Person, *sets: str) -> tuple[str, Person]:
    """Makes somebody and signs him in; returns his id, too."""
    email = f"leaver{next(NUMBERS)}@world.example"
    user = await admin.make("sys_user", name="A leaver", email=email, password=PASSWORD)
    for name in sets:
        await admin.make("sys_user_permission_set", user_id=user["id"], permission_set=name)
    return user["id"], await world.person(email)


async def test_a_user_deletes_his_account_and_his_cookie_is_cleared(world: World, admin: Person) -> None:
    _, person = await newcomer(world, admin)
    wrong = await person.ask("POST", f"{AUTH}/delete-user", {"password": "wrong"})
    error_of(wrong, 400, "VALIDATION_ERROR")
    key = Person(world.client, (await person.ask("POST", "/api/v1/keys")).json()["key"])
    error_of(await key.ask("POST", f"{AUTH}/delete-user", {"password": PASSWORD}), 401, "UNAUTHENTICATED")
    answer = await person.ask("POST", f"{AUTH}/delete-user", {"password": PASSWORD})
    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "User deleted"})
    assert answer.headers["set-cookie"].startswith("better-auth.session_token=; Path=/; Max-Age=0")
    for gone in (person, key):
        error_of(await gone.get(f"{DATA}/sys_session"), 401, "UNAUTHENTICATED")


async def test_what_somebody_owns_is_handed_over_before_he_goes(world: World, admin: Person, mia: Person) -> None:
    giver, person = await newcomer(world, admin, "support_agent")
    taker, heir = await newcomer(world, admin, "support_agent")
    customer = (await admin.get(f"{DATA}/customer?limit=1")).json()["items"][0]["id"]
    ticket = await person.make("ticket", subject="Left behind", customer=customer)
    error_of(await person.ask("POST", f"{AUTH}/delete-user", {"password": PASSWORD}), 409, "DELETE_RESTRICTED")
    body = {"fromUserId": giver, "toUserId": taker}
    for other in (mia, person):
        error = error_of(await other.ask("POST", f"{AUTH}/admin/hand-over", body), 403, "PERMISSION_DENIED")
        assert error["details"]["permission"] == "hand_over_records"
    error_of(await world.nobody.ask("POST", f"{AUTH}/admin/hand-over", body), 401, "UNAUTHENTICATED")
    answer = await admin.ask("POST", f"{AUTH}/admin/hand-over", body)
    assert answer.json() == {"moved": {"ticket": 1}, "left": 0, "refusals": []}
    assert (await heir.get(f"{DATA}/ticket/{ticket['id']}")).json()["owner_id"] == taker
    assert (await person.ask("POST", f"{AUTH}/delete-user", {"password": PASSWORD})).status_code == 200
