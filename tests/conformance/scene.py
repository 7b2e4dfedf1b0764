"""The scene of an exploration: who asks, who stands in for him where a request ends his session or changes him, and what nobody can guess.

A line of `KNOWN` tells with what an operation of the native surface succeeds; operations on records need none.
"""

import itertools
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import httpx
import msgspec

from tests.conformance.explorer import Known
from tests.servers import sign_in

API = "/api/v1"
PASSWORD = "fieldstone-world"
TO_FILL_IN = "the id of a record that there is"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Person(msgspec.Struct, frozen=True):
    """Somebody who is signed in."""

    email: str
    password: str
    headers: Mapping[str, str]
    http: httpx.Client

    def get(self, path: str) -> Any:
        """Returns what is answered; raises for a refusal."""
        return self._answer("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Returns what is answered; raises for a refusal."""
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: Any) -> Any:
        answer = self.http.request(method, f"{API}{path}", json=body, headers=dict(self.headers))
        if not answer.is_success:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer.json()


def enter(http: httpx.Client, email: str, password: str) -> Person:
    """Returns somebody who has just signed in."""
    token = sign_in(str(http.base_url).rstrip("/"), email, password)
    return Person(email, password, {"Authorization": f"Bearer {token}"}, http)


def make_records(person: Person) -> None:
    """Makes a record of each object that would have none."""
    ids: dict[str, str] = {}
    for name, values in RECORDS.items():
        record = {field: ids[value[1:]] if value.startswith("@") else value for field, value in values.items()}
        ids[name] = person.post(f"/data/{name}", record)["id"]


class Scene:
    """A caller, the administrator, and newcomers who hold what the caller holds."""

    def __init__(self, admin: Person, caller: Person) -> None:
        self.admin = admin
        self.caller = caller
        self._numbers = itertools.count(1)
        self.organization = {"organizationId": admin.get("/auth/me/permissions")["organizationId"]}
        rights = caller.get("/auth/me/permissions")
        self.user: str = rights["userId"]
        self._sets = [name for name in rights["permissionSets"] if name != "everyone"]

    def known(self, operation_id: str) -> Known:
        """Returns what is known of an operation, by which it should succeed."""
        tell = KNOWN.get(operation_id)
        return Known() if tell is None else tell(self)

    @cached_property
    def stand_in(self) -> Person:
        """A newcomer whom requests may change as long as they leave his session."""
        return self.newcomer()

    def newcomer(self) -> Person:
        """Makes a user who holds what the caller holds, and signs him in."""
        email = self.address()
        user = self.admin.post("/data/sys_user", {"email": email, "name": "Newcomer", "password": PASSWORD})
        for name in self._sets:
            self.admin.post("/data/sys_user_permission_set", {"user_id": user["id"], "permission_set": name})
        return enter(self.admin.http, email, PASSWORD)

    def address(self) -> str:
        """Returns an address that nobody has."""
        return f"newcomer-{next(self._numbers)}-{self.caller.email}"

    def member(self) -> Mapping[str, Any]:
        """Returns the membership of somebody new, who cannot sign in."""
        user = self.admin.post("/data/sys_user", {"email": self.address(), "name": "Newcomer"})
        found = self.admin.post("/data/sys_member/query", {"where": {"user_id": user["id"]}})
        member: Mapping[str, Any] = found["items"][0]
        return member

    def team(self, *users: str) -> str:
        """Makes a team with these users in it and returns its id."""
        made = self.admin.post("/auth/organization/create-team", {"name": f"Team of {self.address()}"})
        for user in users:
            self.admin.post("/auth/organization/add-team-member", {"teamId": made["id"], "userId": user})
        return str(made["id"])

    def device(self) -> Mapping[str, Any]:
        """Returns the codes of a device that waits to be let in."""
        codes: Mapping[str, Any] = self.caller.post("/auth/device/code", {"client_id": "tool"})
        return codes


RECORDS: Mapping[str, Mapping[str, str]] = {
    "customer": {"name": "Made before"},
    "ticket": {"customer": "@customer", "subject": "Made before"},
    "comment": {"ticket": "@ticket", "body": "Made before"},
    "draft": {"title": "Made before"},
    "expense": {"title": "Made before"},
    "sys_user": {"email": "before@world.example", "name": "Made before"},
    "sys_business_unit": {"name": "Made before"},
    "sys_position": {"name": "made_before"},
    "sys_position_permission_set": {"position_id": "@sys_position", "permission_set": "claimant"},
    "sys_user_position": {"position_id": "@sys_position", "user_id": "@sys_user"},
}
"""Records to look at; `@` stands before the name of an object whose record is meant."""


def _known(**parts: Any) -> Callable[[Scene], Known]:
    return lambda _scene: Known(**parts)


def _by_newcomer(
    body: Callable[[Scene, Person], Any] = lambda _scene, _person: msgspec.UNSET,
) -> Callable[[Scene], Known]:
    def known(scene: Scene) -> Known:
        person = scene.newcomer()
        return Known(body=body(scene, person), headers=person.headers)

    return known


def _by_stand_in(body: Callable[[Scene], Any]) -> Callable[[Scene], Known]:
    return lambda scene: Known(body=body(scene), headers=scene.stand_in.headers)


def _with(body: Callable[[Scene], Any]) -> Callable[[Scene], Known]:
    return lambda scene: Known(body=body(scene))


def _own_organization(scene: Scene) -> dict[str, str]:
    slug = f"own-{scene.address().partition('@')[0]}"
    made = scene.stand_in.post("/auth/organization/create", {"name": "Own", "slug": slug})
    return {"organizationId": made["id"]}


def _team_with_member(scene: Scene) -> dict[str, str]:
    user = scene.member()["user_id"]
    return {"teamId": scene.team(user), "userId": user}


def _invitation(scene: Scene) -> dict[str, str]:
    return {"invitationId": scene.admin.post("/auth/organization/invite-member", {"email": scene.address()})["id"]}


def _let_in(scene: Scene) -> dict[str, str]:
    codes = scene.device()
    scene.caller.get(f"/auth/device?user_code={codes['user_code']}")
    scene.caller.post("/auth/device/approve", {"userCode": codes["user_code"]})
    return {"grant_type": DEVICE_GRANT, "device_code": codes["device_code"], "client_id": "tool"}


def _claimed(scene: Scene) -> dict[str, str]:
    code = scene.device()["user_code"]
    scene.caller.get(f"/auth/device?user_code={code}")
    return {"userCode": code}


def _own_session(scene: Scene) -> Known:
    person = scene.newcomer()
    return Known(path={"id": person.get("/data/sys_session")["items"][0]["id"]}, headers=person.headers)


def _hand_over(scene: Scene) -> Known:
    return Known(path={"flow": "hand_over"}, body={"from": scene.user, "to": scene.user})


def _run(scene: Scene) -> Known:
    run = scene.caller.post("/flows/hand_over/start", {"from": scene.user, "to": scene.user})
    return Known(path={"flow": "hand_over", "run_id": run["runId"]})


def _job(scene: Scene, rows: int = 1) -> Known:
    may = scene.caller.get("/auth/me/permissions")["objects"]
    name, field = next(item for item in IMPORTED.items() if may.get(item[0], {}).get("allowCreate"))
    job = scene.caller.post(f"/data/{name}/import/jobs", {"rows": [{field: "Imported"}] * rows})
    return Known(path={"job_id": job["jobId"]})


def _cancelled_job(scene: Scene) -> Known:
    job = _job(scene)
    scene.caller.http.post(f"{API}/data/import/jobs/{job.path['job_id']}/cancel", headers=scene.caller.headers)
    return job


def _signing_in(scene: Scene) -> dict[str, str]:
    return {"email": scene.caller.email, "password": scene.caller.password}


_MEMBER = {"type": "sys_user", "section": "fields", "name": "name"}
_CALENDAR = {"type": "calendar", "name": "explored"}
_GROUP = {"type": "customer", "section": "fieldGroups", "name": "explored"}
_WEEK = {"week": {"monday": "09:00-17:00"}}


def _declared(scene: Scene) -> Known:
    scene.admin.post("/meta/calendar/explored_first", {"item": _WEEK})
    return Known(path={"type": "calendar", "name": "explored_first"})


def _grouped(scene: Scene) -> Known:
    scene.admin.post("/meta/customer/fieldGroups/explored_first", {"item": {"label": "Explored"}})
    return Known(path={**_GROUP, "name": "explored_first"})


ROWS_FOR_A_WHILE = 2000
"""Rows of an import that is not over before it can be cancelled."""

IMPORTED: Mapping[str, str] = {
    "expense": "title",
    "ticket": "subject",
    "draft": "title",
    "contact": "name",
    "comment": "body",
    "customer": "name",
}
"""Objects of which somebody may import records, with the name of a field."""

KNOWN: Mapping[str, Callable[[Scene], Known]] = {
    "get_import_job": _job,
    "get_import_job_results": _job,
    "cancel_import_job": lambda scene: _job(scene, ROWS_FOR_A_WHILE),
    "undo_import_job": _cancelled_job,
    **{f"import_{name}": _known(body={"rows": [{field: "Imported"}]}) for name, field in IMPORTED.items()},
    **{f"start_import_job_{name}": _known(body={"rows": [{field: "Imported"}]}) for name, field in IMPORTED.items()},
    "get_docs_asset": _known(path={"asset": "swagger-ui.css"}),
    "sign_in": _with(_signing_in),
    "sign_in_email": _with(_signing_in),
    "sign_up_email": _with(lambda scene: {"name": "Stranger", "email": scene.address(), "password": PASSWORD}),
    "change_password": _by_stand_in(lambda _scene: {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD}!"}),
    "change_email": _with(lambda scene: {"newEmail": scene.address()}),
    "sign_out": _by_newcomer(),
    "revoke_session": _with(
        lambda scene: {
            "token": enter(scene.caller.http, scene.caller.email, scene.caller.password)
            .headers["Authorization"]
            .removeprefix("Bearer ")
        }
    ),
    "revoke_sessions": _by_newcomer(),
    "revoke_other_sessions": _by_stand_in(lambda _scene: msgspec.UNSET),
    "delete_user": _by_newcomer(lambda _scene, person: {"password": person.password}),
    "hand_over": _with(lambda scene: {"fromUserId": scene.member()["user_id"], "toUserId": scene.member()["user_id"]}),
    "enable_two_factor": _by_stand_in(lambda _scene: {"password": f"{PASSWORD}!"}),
    "device_code": _known(body={"client_id": "tool"}),
    "device_token": _with(_let_in),
    "get_device": lambda scene: Known(query={"user_code": scene.device()["user_code"]}),
    "approve_device": _with(_claimed),
    "deny_device": _with(_claimed),
    "create_organization": _by_stand_in(
        lambda scene: {"name": "New", "slug": f"new-{scene.address().partition('@')[0]}"}
    ),
    "check_organization_slug": _known(body={"slug": "nobody-has-this"}),
    "set_active_organization": _by_stand_in(lambda scene: scene.organization),
    "update_organization": _known(body={"data": {"name": "Riverside Support"}}),
    "delete_organization": _by_stand_in(_own_organization),
    "leave_organization": _by_stand_in(lambda scene: scene.organization),
    "update_member_role": _with(lambda scene: {"memberId": scene.member()["id"], "role": "member"}),
    "remove_member": _with(lambda scene: {"memberIdOrEmail": scene.member()["id"]}),
    "invite_member": _with(lambda scene: {"email": scene.address()}),
    "cancel_invitation": _with(_invitation),
    "create_team": _known(body={"name": "Night shift"}),
    "update_team": _with(lambda scene: {"teamId": scene.team(), "data": {"name": f"Team by {scene.address()}"}}),
    "remove_team": _with(lambda scene: {"teamId": scene.team()}),
    "list_team_members": lambda scene: Known(query={"teamId": scene.team(scene.user)}),
    "add_team_member": _with(lambda scene: {"teamId": scene.team(), "userId": scene.member()["user_id"]}),
    "remove_team_member": _with(_team_with_member),
    "send_email": _known(body={"to": "somebody@world.example", "subject": "Hello", "text": "Good day."}),
    "delete_sys_session": _own_session,
    "create_sys_position": _known(body={"name": "night_manager"}),
    "create_sys_position_permission_set": _known(body={"position_id": TO_FILL_IN, "permission_set": "claimant"}),
    "create_sys_user_permission_set": _known(body={"user_id": TO_FILL_IN, "permission_set": "claimant"}),
    "clone_customer": _known(body={"overrides": {"name": "Another"}}),
    "clone_sys_position": _known(body={"overrides": {"name": "day_manager"}}),
    "clone_sys_team": _known(body={"overrides": {"name": "Another"}}),
    "clone_sys_user": _with(lambda scene: {"overrides": {"email": scene.address()}}),
    "explain_access": _known(body={"object": "ticket", "operation": "read"}),
    "explain_access_by_parameters": _known(query={"object": "ticket", "operation": "read"}),
    "start_flow": _hand_over,
    "list_runs": _known(path={"flow": "hand_over"}),
    "get_run": _run,
    "replay_run": _run,
    "list_items": _known(path={"type": "object"}),
    "get_item": _known(path={"type": "object", "name": "sys_user"}),
    "list_references": _known(path={"type": "object", "name": "sys_user"}),
    "get_member": _known(path=_MEMBER),
    "list_member_references": _known(path=_MEMBER),
    "put_item": _known(path=_CALENDAR, body={"item": _WEEK}),
    "post_item": _known(path=_CALENDAR, body={"item": _WEEK}),
    "delete_item": _declared,
    "get_item_history": _declared,
    "roll_item_back": lambda scene: msgspec.structs.replace(_declared(scene), body={"version": 1}),
    "put_member": _known(path=_GROUP, body={"item": {"label": "Explored"}}),
    "post_member": _known(path=_GROUP, body={"item": {"label": "Explored"}}),
    "delete_member": _grouped,
}
"""With what operations of the native surface succeed."""
