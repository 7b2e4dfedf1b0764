"""What is taken back through one process bites on the next request at every other."""

import pytest

from tests.concurrency.crowd import DATA, PASSWORD, Office
from tests.servers import sign_in

CUSTOMERS = f"{DATA}/customer"


@pytest.fixture(params=["two", "beside"])
def office(request: pytest.FixtureRequest) -> Office:
    found: Office = request.getfixturevalue(request.param)
    return found


def statuses(office: Office, token: str) -> list[int]:
    """Returns what somebody's list is answered with, at each server in turn."""
    return [office.ask(server, token, "GET", CUSTOMERS).status_code for server in range(len(office.urls))]


def last(office: Office) -> int:
    """Returns the server that has least to do with the first."""
    return len(office.urls) - 1


def test_a_grant_taken_back_at_one_server_is_gone_at_the_other(office: Office) -> None:
    _, (grant,), token = office.person("support_manager")
    for _ in range(5):
        assert set(statuses(office, token)) == {200}
        assert office.ask(0, office.admin, "DELETE", f"{DATA}/sys_user_permission_set/{grant}").status_code == 200
        assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 403
        assert set(statuses(office, token)) == {403}
        user = office.ask(0, token, "GET", "/api/v1/auth/get-session").json()["user"]["id"]
        grant = office.make("sys_user_permission_set", user_id=user, permission_set="support_manager")["id"]


def test_a_suspended_user_is_out_at_the_other_server(office: Office) -> None:
    user, _, token = office.person("support_manager")
    assert set(statuses(office, token)) == {200}
    office.ask(0, office.admin, "PATCH", f"{DATA}/sys_user/{user['id']}", json={"active": False})
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 401
    assert set(statuses(office, token)) == {401}


def test_a_member_who_is_removed_reaches_nothing_at_the_other_server(office: Office) -> None:
    user, _, token = office.person("support_manager")
    assert set(statuses(office, token)) == {200}
    (member,) = office.ask(0, office.admin, "GET", f"{DATA}/sys_member?user_id={user['id']}").json()["items"]
    office.ask(0, office.admin, "DELETE", f"{DATA}/sys_member/{member['id']}")
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 403


def test_a_session_that_is_ended_is_over_at_the_other_server(office: Office) -> None:
    _, _, token = office.person("support_manager")
    assert set(statuses(office, token)) == {200}
    assert office.ask(0, token, "POST", "/api/v1/auth/sign-out").status_code == 200
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 401


def test_a_session_that_is_revoked_by_another_is_over_at_the_other_server(office: Office) -> None:
    _, _, lost = office.person("support_manager")
    email = office.ask(0, lost, "GET", "/api/v1/auth/get-session").json()["user"]["email"]
    here = sign_in(office.urls[0], email, PASSWORD)
    assert set(statuses(office, lost)) == {200}
    listed = office.ask(0, here, "GET", "/api/v1/auth/list-sessions").json()
    (handle,) = [session["token"] for session in listed if not session["current"]]
    office.ask(0, here, "POST", "/api/v1/auth/revoke-session", json={"token": handle})
    assert office.ask(last(office), lost, "GET", CUSTOMERS).status_code == 401
    assert set(statuses(office, here)) == {200}


def test_a_new_password_ends_every_session_at_the_other_server(office: Office) -> None:
    user, _, token = office.person("support_manager")
    assert set(statuses(office, token)) == {200}
    office.ask(0, office.admin, "PATCH", f"{DATA}/sys_user/{user['id']}", json={"password": "a password of others"})
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 401


def test_a_key_that_is_revoked_opens_nothing_at_the_other_server(office: Office) -> None:
    _, _, token = office.person("support_manager")
    key = office.ask(0, token, "POST", "/api/v1/keys", json={"name": "mine"}).json()
    assert set(statuses(office, key["key"])) == {200}
    office.ask(0, token, "PATCH", f"{DATA}/sys_api_key/{key['id']}", json={"revoked": True})
    assert office.ask(last(office), key["key"], "GET", CUSTOMERS).status_code == 401


def test_a_position_that_is_left_or_put_to_sleep_gives_nothing_at_the_other_server(office: Office) -> None:
    user, _, token = office.person()
    post = office.make("sys_position", name=office.fresh("clerk").replace(" ", "_"))["id"]
    office.make("sys_position_permission_set", position_id=post, permission_set="support_manager")
    assert set(statuses(office, token)) == {403}
    held = office.make("sys_user_position", user_id=user["id"], position_id=post)["id"]
    assert set(statuses(office, token)) == {200}
    for active, expected in ((False, 403), (True, 200)):
        office.ask(0, office.admin, "PATCH", f"{DATA}/sys_position/{post}", json={"active": active})
        assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == expected
    assert office.ask(0, office.admin, "DELETE", f"{DATA}/sys_user_position/{held}").status_code == 200
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 403


def test_a_window_that_is_closed_at_one_server_is_closed_at_the_other(office: Office) -> None:
    _, (grant,), token = office.person("support_manager")
    assert set(statuses(office, token)) == {200}
    closed = {"valid_until": "2020-01-01T00:00:00.000Z"}
    office.ask(0, office.admin, "PATCH", f"{DATA}/sys_user_permission_set/{grant}", json=closed)
    assert office.ask(last(office), token, "GET", CUSTOMERS).status_code == 403


def test_who_leaves_a_team_or_a_unit_sees_at_the_other_server_what_his_new_place_shows(office: Office) -> None:
    """The demo shares nothing by team or unit: what follows from them is asked of a record that is shared."""
    user, _, token = office.person("support_agent")
    team = office.make("sys_team", name=office.fresh("Blue"))["id"]
    unit = office.make("sys_business_unit", name=office.fresh("South"))["id"]
    (member,) = office.ask(0, office.admin, "GET", f"{DATA}/sys_member?user_id={user['id']}").json()["items"]
    customer = office.make("customer", name=office.fresh("Shared"))["id"]
    ticket = office.make("ticket", subject=office.fresh("Shared"), customer=customer)["id"]

    def sees(server: int) -> bool:
        return office.ask(server, token, "GET", f"{DATA}/ticket/{ticket}").status_code == 200

    place = f"{DATA}/sys_member/{member['id']}"
    for kind, recipient in (("group", team), ("unit_and_subordinates", unit)):
        share = {"recipientType": kind, "recipientId": recipient, "accessLevel": "read"}
        shared = office.ask(0, office.admin, "POST", f"{DATA}/ticket/{ticket}/shares", json=share)
        assert shared.status_code == 201, shared.text
        assert not sees(last(office))
        if kind == "group":
            joined = office.make("sys_team_member", team_id=team, user_id=user["id"])["id"]
        else:
            office.ask(0, office.admin, "PATCH", place, json={"business_unit_id": unit})
        assert sees(0)
        assert sees(last(office))
        if kind == "group":
            office.ask(0, office.admin, "DELETE", f"{DATA}/sys_team_member/{joined}")
        else:
            office.ask(0, office.admin, "PATCH", place, json={"business_unit_id": None})
        assert not sees(last(office))


def test_a_share_that_is_revoked_at_one_server_is_over_at_the_other_for_its_tags_too(office: Office) -> None:
    user, _, token = office.person("support_agent")
    customer = office.make("customer", name=office.fresh("customer"))
    ticket = office.make("ticket", subject="shared", customer=customer["id"])["id"]
    path = f"{DATA}/ticket/{ticket}"
    for _ in range(2):
        assert office.ask(last(office), token, "GET", path).status_code == 404
        share = office.ask(0, office.admin, "POST", f"{path}/shares", json={"recipientId": user["id"]}).json()["id"]
        read = office.ask(last(office), token, "GET", path)
        assert read.status_code == 200
        held = {"If-None-Match": read.headers["etag"]}
        assert office.ask(last(office), token, "GET", path, headers=held).status_code == 304
        assert office.ask(0, office.admin, "DELETE", f"{path}/shares/{share}").status_code == 204
        assert office.ask(last(office), token, "GET", path, headers=held).status_code == 404
        assert office.ask(last(office), token, "GET", f"{DATA}/ticket").json()["total"] == 0
