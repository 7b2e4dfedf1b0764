"""`docs/security.md`, "Keys": what a key opens by its scopes, each cell asked for over HTTP."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import yaml

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Update
from fieldstone.proof.stage import Stage, open_stage
from tests.access.world import HEADER, write_world
from tests.databases import sqlite_address
from tests.docs.page import ALL, OBJECTS, rows_under, said

ROWS = rows_under("Keys")
GONE = {
    "a key that was revoked": "revoked",
    "a key whose user was suspended": "suspended",
    "a key that is over": "over",
}
"""What the page calls keys that hold no more, and what they are called here."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """An app with a second surface, somebody who may read and change, and the keys of the page."""
    scoped = {f"key_{number}": said(row[0]) for number, row in enumerate(ROWS) if row[0][0] == "["}
    world = {
        "says": "The keys of the page.",
        "objects": {"personal": OBJECTS["personal"]},
        "sets": {"worker": {"objects": {"personal": ALL}}},
        "users": {"tom": ["worker"], "suspended": ["worker"], "revoked": ["worker"], "over": ["worker"]},
        "keys": {name: {"of": "tom", "scopes": scopes} for name, scopes in scoped.items()},
        "rows": {"record": {"object": "personal", "owner": "tom", "title": "a record"}},
        "can": ["tom reads record"],
    }
    folder = tmp_path_factory.mktemp("keys")
    app = write_world(yaml.safe_dump(world), folder / "app", "page")
    async with open_stage(app, "page", sqlite_address(folder / "page.db")) as stage:
        execute = stage.runtime.door.execute
        await execute(Update("sys_user", stage.ids["suspended"][1], {"active": False}), SYSTEM)
        await execute(Update("sys_api_key", stage.ids["revoked_key"][1], {"revoked": True}), SYSTEM)
        await execute(Update("sys_api_key", stage.ids["over_key"][1], {"expires_at": "2020-01-01T00:00:00Z"}), SYSTEM)
        yield stage


@pytest.mark.parametrize(("number", "row"), list(enumerate(ROWS)), ids=str)
async def test_a_key_opens_what_the_page_says(stage: Stage, number: int, row: tuple[str, ...]) -> None:
    whose = GONE.get(row[0], "tom" if row[0] == "none" else f"key_{number}")
    native, second = stage.mounts
    record = second.shown("personal", stage.ids["record"][1])
    key = None if row[0] == "no key" else stage.people[whose].key
    asked = (
        ("GET", f"/second/v3/records/personal/{record}", None),
        ("PUT", f"/second/v3/records/personal/{record}", {"title": "changed"}),
        ("GET", native.path(native.routes("get")[0], object="personal", id=stage.ids["record"][1]), None),
        ("GET", f"/second/v3/open/personal/{record}", None),
    )
    told = []
    for method, path, body in asked:
        header = HEADER if path.startswith("/second") else "X-Api-Key"
        answer = await stage.send(method, path, headers={header: key} if key else {}, body=body)
        told.append("yes" if answer.status == 200 else str(answer.status))
    assert tuple(told) == row[1:]
