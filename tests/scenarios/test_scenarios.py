"""Every scenario is walked over HTTP, on both kinds of database; on PostgreSQL its requests go to two processes in turn."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from tests.databases import PostgresServer, sqlite_address
from tests.scenarios.stage import WORLD, Stage, open_stage, token_in
from tests.scenarios.walker import Scenario, found_otherwise, walk

FOLDER = Path(__file__).parent
SCENARIOS = [path for path in sorted(FOLDER.glob("*/*.yaml")) if path.parent != WORLD]
IN_TURN = pytest.mark.asyncio(loop_scope="module")


def read_scenario(path: Path) -> Scenario:
    """Returns the scenario in a file."""
    return msgspec.yaml.decode(path.read_bytes(), type=Scenario)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty database for the stage."""
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("data") / "stage.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(stage_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage on an empty database, which all scenarios share."""
    folder = tmp_path_factory.mktemp("stage") / "world"
    shutil.copytree(WORLD, folder)
    async with open_stage(folder, stage_url) as stage:
        yield stage


@IN_TURN
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name} {path.stem}")
async def test_a_scenario_goes_as_it_is_told(stage: Stage, path: Path) -> None:
    await walk(stage, read_scenario(path))


@IN_TURN
async def test_of_two_administrators_who_demote_each_other_at_once_one_stays(stage: Stage) -> None:
    for name in ("rosa", "rolf"):
        await stage.make_person(name, sets=("admin_full_access",))
    made = (await stage.ask("rosa", "POST", "/auth/organization/create", {"name": "Race", "slug": "race"})).json()
    rosa = made["members"][0]
    body = {"email": "rolf@example.org", "role": "owner"}
    await stage.ask("rosa", "POST", "/auth/organization/invite-member", body)
    token = token_in(await stage.mail("rolf@example.org"))
    accepted = await stage.ask("rolf", "POST", "/auth/organization/accept-invitation", {"invitationId": token})
    rolf = accepted.json()["member"]
    answers = await asyncio.gather(
        *(
            stage.ask(who, "POST", "/auth/organization/update-member-role", {"memberId": other["id"], "role": "member"})
            for who, other in (("rosa", rolf), ("rolf", rosa))
        )
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert {answer.status_code for answer in answers} <= {200, 403, 409}
    roles = [
        (await stage.ask(who, "GET", "/auth/organization/get-active-member")).json()["role"] for who in ("rosa", "rolf")
    ]
    assert sorted(roles) == ["member", "owner"]


@IN_TURN
async def test_of_two_who_use_an_invitation_at_once_one_joins(stage: Stage) -> None:
    await stage.make_person("uta", sets=("admin_full_access",))
    await stage.make_person("ugo")
    await stage.ask("uta", "POST", "/auth/organization/create", {"name": "Union", "slug": "union"})
    await stage.ask("uta", "POST", "/auth/organization/invite-member", {"email": "ugo@example.org"})
    body = {"invitationId": token_in(await stage.mail("ugo@example.org"))}
    sessions = ("ugo", "ugo/phone", "ugo/desk")
    for session in sessions:
        await stage.token(session)
    answers = await asyncio.gather(
        *(stage.ask(session, "POST", "/auth/organization/accept-invitation", body) for session in sessions)
    )
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} <= {200, 400, 409}
    members = (await stage.ask("uta", "GET", "/auth/organization/list-members")).json()
    assert members["total"] == 2


@pytest.mark.parametrize(
    ("expected", "found", "agrees"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {}, False),
        ([{"a": 1}], [{"a": 1, "b": 1}], True),
        ([], [1], False),
        ({"has": [{"a": 1}]}, [{"a": 2}, {"a": 1}], True),
        ({"has": [{"a": 1}]}, [{"a": 2}], False),
        ({"lacks": [{"a": 1}]}, [{"a": 2}], True),
        ({"lacks": [{"a": 1}]}, [{"a": 1}], False),
        (None, {}, False),
    ],
)
def test_the_walker_tells_what_is_otherwise(expected: object, found: object, agrees: bool) -> None:
    assert (found_otherwise(expected, found, "it") is None) is agrees


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 5
