"""A user's sessions over HTTP: listed without their tokens, ended by their handle, by the browser's cookie or a bearer token."""

import pytest

from tests.surfaces.running import DATA, PASSWORD, Person, World, error_of

pytestmark = pytest.mark.asyncio(loop_scope="session")
AUTH = "/api/v1/auth"
ANN = "ann@world.example"


async def signed_in(world: World, agent: str) -> Person:
    """Returns Ann after she signed in anew with a browser of some name."""
    body = {"email": ANN, "password": PASSWORD}
    answer = await world.nobody.ask("POST", f"{AUTH}/sign-in/email", body, headers={"User-Agent": agent})
    world.client.cookies.clear()
    return Person(world.client, answer.json()["token"])


async def listed(person: Person) -> list[dict[str, object]]:
    answer = await person.get(f"{AUTH}/list-sessions")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert str(person.token) not in answer.text
    found: list[dict[str, object]] = answer.json()
    return found


async def test_the_list_is_better_auths_with_a_handle_in_the_place_of_the_token(world: World) -> None:
    person = await signed_in(world, "a browser of one's own")
    session = (await listed(person))[0]
    assert session.keys() == {
        *("id", "token", "userId", "expiresAt", "createdAt", "updatedAt", "lastSeenAt"),
        *("ipAddress", "userAgent", "activeOrganizationId", "current"),
    }
    assert (session["current"], session["userAgent"]) == (True, "a browser of one's own")
    assert session["token"] == session["id"]


async def test_a_session_is_ended_from_another(world: World) -> None:
    lost, here = await signed_in(world, "lost"), await signed_in(world, "here")
    handle = next(session["token"] for session in await listed(here) if session["userAgent"] == "lost")
    answer = await here.ask("POST", f"{AUTH}/revoke-session", {"token": handle})
    assert (answer.status_code, answer.json()) == (200, {"status": True})
    error_of(await lost.get(f"{DATA}/ticket"), 401, "UNAUTHENTICATED")
    assert (await here.get(f"{DATA}/ticket")).status_code == 200
    error_of(await here.ask("POST", f"{AUTH}/revoke-session", {"token": handle}), 404, "NOT_FOUND")
    error_of(await here.ask("POST", f"{AUTH}/revoke-session", {}), 400, "VALIDATION_ERROR")


async def test_the_others_are_ended_then_this_one_too(world: World) -> None:
    other, here = await signed_in(world, "other"), await signed_in(world, "here")
    assert (await here.ask("POST", f"{AUTH}/revoke-other-sessions")).json() == {"status": True}
    error_of(await other.get(f"{AUTH}/list-sessions"), 401, "UNAUTHENTICATED")
    assert [session["userAgent"] for session in await listed(here)] == ["here"]
    answer = await here.ask("POST", f"{AUTH}/revoke-sessions")
    assert answer.headers["set-cookie"].startswith("better-auth.session_token=; Path=/; Max-Age=0")
    error_of(await here.get(f"{AUTH}/list-sessions"), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", ["revoke-session", "revoke-sessions", "revoke-other-sessions"])
async def test_a_foreign_page_ends_no_session_and_nobody_any(world: World, path: str) -> None:
    person = await signed_in(world, "here")
    headers = {"Cookie": f"better-auth.session_token={person.token}", "Origin": "http://evil.test"}
    body = {"token": (await listed(person))[0]["token"]}
    error_of(await world.nobody.ask("POST", f"{AUTH}/{path}", body, headers=headers), 403, "PERMISSION_DENIED")
    error_of(await world.nobody.ask("POST", f"{AUTH}/{path}", body), 401, "UNAUTHENTICATED")
    assert (await person.get(f"{AUTH}/list-sessions")).status_code == 200


async def test_a_sign_in_never_takes_over_a_token_that_came_with_it(world: World) -> None:
    body, fixed = {"email": ANN, "password": PASSWORD}, "a-token-that-somebody-else-knows"
    for headers in ({"Cookie": f"better-auth.session_token={fixed}"}, {"Authorization": f"Bearer {fixed}"}):
        answer = await world.nobody.ask("POST", f"{AUTH}/sign-in", body, headers=headers)
        world.client.cookies.clear()
        assert answer.json()["token"] != fixed
        error_of(await Person(world.client, fixed).get(f"{DATA}/ticket"), 401, "UNAUTHENTICATED")
