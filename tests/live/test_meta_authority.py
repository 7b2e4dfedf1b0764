"""Who may change metadata: holders of `manage_metadata` in the deployment's own organisation; what decides rights, administrators."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fieldstone.access.caller import ADMINISTRATOR, SYSTEM
from fieldstone.engine.records import create_records
from fieldstone.identity.bootstrap import Account, create_account
from tests.live.living import PASSWORD, Files, Live, living

FILES = {
    "keeper.permission": "name: keeper\nobjects: {note: {allowRead: true}}\nsystemPermissions: [manage_metadata]\n",
    "clerk.permission": "name: clerk\nobjects: {note: {allowRead: true, viewAllRecords: true, modifyAllRecords: true}}\n",
    "greet.action": "name: greet\nbody: '\"hello\"'\n",
}
WATCHER = """
name: watcher
objects: {note: {allowRead: true}}
rowLevelSecurity:
  - {name: small, object: note, operation: select, using: record.weight < 3.0}
"""
NOTE = {"name": "note", "label": "Note 0", "fields": {"title": {"type": "text"}, "mark_0": {"type": "text"}}}
FIELD = {"type": "text", "requiredPermissions": ["audit:read"]}

ROUTES: Sequence[tuple[str, str, Any]] = (
    ("GET", "/meta/object/note?layers=true", None),
    ("PUT", "/meta/object/note", NOTE | {"label": "Remark"}),
    ("POST", "/meta/object/visit", {"fields": {}}),
    ("DELETE", "/meta/object/note", None),
    ("PUT", "/meta/note/fields/size", {"type": "number"}),
    ("DELETE", "/meta/note/fields/title", None),
    ("GET", "/meta/object/note/history", None),
    ("POST", "/meta/object/note/rollback", {"version": 0}),
)
"""Every way in, as it would be open."""

DECIDING: Sequence[tuple[str, Any]] = (
    ("/meta/permission/clerk", {"name": "clerk", "objects": {"note": {"allowRead": True, "allowDelete": True}}}),
    ("/meta/permission/mine", {"name": "mine", "systemPermissions": ["*"]}),
    ("/meta/object/note", NOTE | {"sharingModel": "public_read_write"}),
    ("/meta/object/note", NOTE | {"tenancy": "none"}),
    ("/meta/note/fields/title", FIELD),
    ("/meta/action/greet", {"name": "greet", "body": "'bye'"}),
    ("/meta/hook/spy", {"name": "spy", "object": "note", "events": ["afterUpdate"], "steps": []}),
    ("/meta/flow/spy", {"name": "spy", "steps": []}),
    ("/meta/seed/more", {"name": "more", "object": "note", "externalId": "title", "records": [{"title": "x"}]}),
    ("/meta/email_template/reset_password", {"name": "reset_password", "subject": "x", "text": "x"}),
)


class People:
    """An app and those who ask it."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def signed_in(self, name: str, *sets: str, elsewhere: bool = False) -> Live:
        """Returns somebody who is signed in, with permission sets in the deployment's organisation or in another one."""
        execute = self._live.runtime.door.execute
        organization_id = self._live.runtime.organization_id
        if elsewhere:
            row = {"name": "Elsewhere", "slug": "elsewhere"}
            (organization_id,) = await create_records(execute, "sys_organization", [row], SYSTEM)
        email = f"{name}@live.example"
        await create_account(execute, Account(email, PASSWORD, name, sets=sets, verified=True), organization_id)
        return self._live.asked_by(email)


@asynccontextmanager
async def people(folder: Path, database_url: str, *fields: str, **sets: str) -> AsyncIterator[People]:
    """Opens the app, with more fields of its object and more permission sets."""
    files = Files(folder / "app")
    files.mark(0, *fields)
    for name, text in sets.items():
        files.write(f"{name}.permission", text)
    for name, text in FILES.items():
        files.write(name, text)
    async with living(files.folder, database_url) as live:
        yield People(live)


async def refused(somebody: Live, method: str, path: str, body: Any) -> dict[str, Any]:
    """Returns the refusal of a request."""
    answer = await somebody.ask(method, path, body)
    assert answer.status_code == httpx.codes.FORBIDDEN, (method, path, answer.text)
    error: dict[str, Any] = answer.json()["error"]
    return error


async def test_nobody_reaches_it_without_the_capability_or_from_another_organisation(
    tmp_path: Path, database_url: str
) -> None:
    async with people(tmp_path, database_url) as app:
        clerk, stranger = await app.signed_in("ann", "clerk"), await app.signed_in("bob", ADMINISTRATOR, elsewhere=True)
        for method, path, body in ROUTES:
            lacking = await refused(clerk, method, path, body)
            assert lacking["details"]["permission"] == "manage_metadata"
            assert "own organisation" in (await refused(stranger, method, path, body))["message"]
        item = (await clerk.ask("GET", "/meta/object/note")).json()["item"]
        assert (item["label"], set(item["fields"])) == ("Note 0", {"title", "mark_0"})


async def test_whoever_changes_metadata_alone_changes_nothing_that_decides_rights(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with people(tmp_path, sqlite_url) as app:
        keeper = await app.signed_in("kim", "keeper")
        for path, body in DECIDING:
            assert "administrators" in (await refused(keeper, "PUT", path, body))["message"]
        for method, path, body in ROUTES[:3]:
            answer = await keeper.ask(method, path, body)
            assert answer.is_success, answer.text
        boss = await app.signed_in("ida", ADMINISTRATOR)
        answer = await boss.ask("PUT", *DECIDING[0])
        assert answer.status_code == httpx.codes.OK, answer.text
        assert "administrators" in (await refused(keeper, "DELETE", "/meta/permission/clerk", None))["message"]
        body = {"version": 0}
        assert "administrators" in (await refused(keeper, "POST", "/meta/permission/clerk/rollback", body))["message"]


WEIGHED = {
    "by itself": ("weight", {"type": "number", "label": "Grams"}, {"type": "number", "defaultValue": 1}),
    "by what it is computed from": (
        "size",
        {"type": "number", "description": "Of the paper"},
        {"type": "formula", "returnType": "number", "expression": "1.0"},
    ),
}
"""What a row policy weighs records by: a field, in other words that anybody may choose who changes metadata, and in ones that decide."""


@pytest.mark.parametrize("how", WEIGHED)
async def test_a_field_that_a_row_policy_looks_at_is_for_administrators(
    how: str, tmp_path: Path, sqlite_url: str
) -> None:
    name, shown, deciding = WEIGHED[how]
    weight = "{type: number}" if how == "by itself" else "{type: formula, returnType: number, expression: record.size}"
    async with people(tmp_path, sqlite_url, "size: {type: number}", f"weight: {weight}", watcher=WATCHER) as app:
        keeper = await app.signed_in("kim", "keeper", "watcher")
        error = await refused(keeper, "PUT", f"/meta/note/fields/{name}?force=true", deciding)
        assert "administrators" in error["message"]
        answer = await keeper.ask("PUT", f"/meta/note/fields/{name}", shown)
        assert answer.status_code == httpx.codes.OK, answer.text


async def test_a_permission_set_in_other_words_bites_at_once(tmp_path: Path, sqlite_url: str) -> None:
    async with people(tmp_path, sqlite_url) as app:
        clerk, boss = await app.signed_in("ann", "clerk"), await app.signed_in("ida", ADMINISTRATOR)
        assert (await clerk.ask("GET", "/data/note")).status_code == httpx.codes.OK
        answer = await boss.ask("PUT", "/meta/permission/clerk", {"name": "clerk"})
        assert answer.status_code == httpx.codes.OK, answer.text
        assert (await clerk.ask("GET", "/data/note")).status_code == httpx.codes.FORBIDDEN
        await boss.ask("DELETE", "/meta/permission/clerk")
        assert (await clerk.ask("GET", "/data/note")).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/data/sys_metadata", "/data/sys_metadata_history"])
async def test_what_is_stored_is_reached_by_no_other_way(path: str, tmp_path: Path, sqlite_url: str) -> None:
    async with people(tmp_path, sqlite_url) as app:
        boss = await app.signed_in("ida", ADMINISTRATOR)
        assert (await boss.ask("GET", path)).status_code == httpx.codes.NOT_FOUND
        assert (await boss.ask("POST", path, {})).status_code == httpx.codes.NOT_FOUND
