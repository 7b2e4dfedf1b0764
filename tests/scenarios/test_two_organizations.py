"""`docs/security.md`, "The wall": what an administrator of one organisation may do to a member of two, each cell asked for over HTTP."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from fieldstone.engine.records import read_first
from tests.databases import sqlite_address
from tests.house.source import ROOT
from tests.scenarios.stage import WORLD, Stage, open_stage, token_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("| of a member of two organisations |")[2].partition("\n\n")[0].splitlines()[2:]
ROWS = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in TABLE]
ORGANIZATION = "/auth/organization"

REQUESTS: dict[str, tuple[str, str, Any]] = {
    "his name": ("PATCH", "/data/sys_user/{user}", {"name": "Other"}),
    "his e-mail address": ("PATCH", "/data/sys_user/{user}", {"email": "other@example.org"}),
    "his password": ("PATCH", "/data/sys_user/{user}", {"password": "another horse"}),
    "his suspension": ("PATCH", "/data/sys_user/{user}", {"active": False}),
    "his account": ("DELETE", "/data/sys_user/{user}", None),
    "his membership here": ("PATCH", "/data/sys_member/{member}", {"active": False}),
    "his membership there": ("PATCH", "/data/sys_member/{member there}", {"active": False}),
    "his sessions": ("DELETE", "/data/sys_session/{session}", None),
    "his key here": ("DELETE", "/data/sys_api_key/{key}", None),
    "his key there": ("DELETE", "/data/sys_api_key/{key there}", None),
    "a team there": ("PATCH", "/data/sys_team/{team there}", {"name": "Other"}),
    "the organisation there": ("PATCH", "/data/sys_organization/{there}", {"name": "Other"}),
}


class Ids(dict[str, str]):
    """The ids of what is asked for, by the names that stand in the requests."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Ids]]:
    """A member of the first organisation and of another, with a key in each."""
    folder = tmp_path_factory.mktemp("stage") / "world"
    shutil.copytree(WORLD, folder)
    async with open_stage(folder, sqlite_address(folder / "stage.db")) as stage:
        yield stage, await _prepared(stage)


async def _prepared(stage: Stage) -> Ids:
    await stage.make_person("olga", sets=("admin_full_access",))
    ids = Ids(user=await stage.make_person("otto"), key=await _key(stage, "otto"))
    ids["there"] = (await _post(stage, "olga", f"{ORGANIZATION}/create", name="There", slug="there"))["id"]
    ids["team there"] = (await _post(stage, "olga", f"{ORGANIZATION}/create-team", name="Team"))["id"]
    await _post(stage, "olga", f"{ORGANIZATION}/invite-member", email="otto@example.org")
    token = token_in(await stage.mail("otto@example.org"))
    accepted = await _post(stage, "otto", f"{ORGANIZATION}/accept-invitation", invitationId=token)
    ids["member there"] = accepted["member"]["id"]
    ids["key there"] = await _key(stage, "otto")
    place = {"user_id": ids["user"], "organization_id": stage.first.organization_id}
    for name, object_name, where in (
        ("member", "sys_member", place),
        ("session", "sys_session", {"user_id": ids["user"]}),
    ):
        found = await read_first(stage.first.door.execute, object_name, where, ("id",))
        assert found is not None
        ids[name] = found["id"]
    return ids


async def _key(stage: Stage, who: str) -> str:
    made: str = (await _post(stage, who, "/keys", name="robot"))["id"]
    return made


async def _post(stage: Stage, who: str, path: str, **body: Any) -> dict[str, Any]:
    answer = await stage.ask(who, "POST", path, body)
    assert answer.is_success, answer.text
    decoded: dict[str, Any] = answer.json()
    return decoded


@pytest.mark.parametrize(("what", "said"), ROWS, ids=[row[0] for row in ROWS])
async def test_an_administrator_of_one_may_what_the_page_says(both: tuple[Stage, Ids], what: str, said: str) -> None:
    stage, ids = both
    method, path, body = REQUESTS[what]
    answer = await stage.ask("ada", method, path.format_map(ids), body)
    assert ("yes" if answer.is_success else str(answer.status_code)) == said, answer.text


async def test_every_request_has_its_row() -> None:
    assert {row[0] for row in ROWS} == REQUESTS.keys()


async def test_what_is_elsewhere_is_told_from_nothing_by_nothing(both: tuple[Stage, Ids]) -> None:
    stage, ids = both
    absent = "01M80000000000000000000000"
    for name in ("there", "team there", "member there", "key there"):
        path = next(path for _, path, _ in REQUESTS.values() if f"{{{name}}}" in path)
        hidden, none = [
            await stage.ask("ada", "GET", path.format_map({name: record_id})) for record_id in (ids[name], absent)
        ]
        assert hidden.status_code == none.status_code == httpx.codes.NOT_FOUND
        assert hidden.json()["error"]["message"].replace(ids[name], absent) == none.json()["error"]["message"]
