"""The files of a running app are read again over HTTP: by whom, what is answered, and what requests see in the meantime."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import msgspec

from fieldstone.access.caller import system_in
from fieldstone.engine.records import create_records
from fieldstone.identity.bootstrap import Account, create_account
from tests.live.living import PASSWORD, STILL, Files, Live, living

RELOAD = "/meta/_reload"
NOTES = "/data/note"
AT_ONCE = 6
EDITS = 8
AT_THE_LATEST = 10.0
"""Two processes agree within a second; so much longer may it take where the machine has more to do."""

FOLLOWING = msgspec.structs.replace(STILL, chores=True)


async def test_an_administrator_is_told_what_has_changed(tmp_path: Path, database_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, database_url) as live:
        files.mark(1)
        answer = await live.ask("POST", RELOAD)
        assert answer.status_code == httpx.codes.OK, answer.text
        version = live.runtime.catalog.version
        changed = [{"type": "object", "name": "note"}]
        assert answer.json() == {"reloaded": True, "version": version, "changed": changed}
        assert await live.fields() == {"mark_1"}
        again = await live.ask("POST", RELOAD)
        assert again.json() == {"reloaded": False, "version": version, "changed": []}


async def test_faults_are_answered_all_together_with_their_places_and_told_by_ready_until_they_are_gone(
    tmp_path: Path, sqlite_url: str
) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, sqlite_url) as live:
        files.write("note.object", "name: note\nfields: {title: {type: txet}}\n")
        files.write("memo.object", "name: memo\nfields: {note: {type: nmber}}\n")
        answer = await live.ask("POST", RELOAD)
        assert answer.status_code == httpx.codes.BAD_REQUEST
        faults = answer.json()["error"]["details"]["faults"]
        told = [(fault["place"], fault["code"], fault.get("hint")) for fault in faults]
        assert told == [
            ("memo.object.yaml:2", "UNKNOWN_FIELD_TYPE", "Did you mean `number`?"),
            ("notes/note.object.yaml:2", "UNKNOWN_FIELD_TYPE", "Did you mean `text`?"),
        ]
        ready = (await live.client.get("/ready")).json()
        assert (ready["status"], ready["failedReload"]["faults"]) == ("ready", 2)
        assert await live.fields() == {"mark_0"}
        files.mark(0)
        files.write("memo.object", "name: memo\nfields: {note: {type: lookup, reference: note}}\n")
        assert (await live.ask("POST", RELOAD)).json()["changed"] == [{"type": "object", "name": "memo"}]
        assert (await live.client.get("/ready")).json() == {"status": "ready"}


async def test_nobody_else_has_the_files_read_again(tmp_path: Path, sqlite_url: str) -> None:
    files = Files(tmp_path / "app")
    files.write("changer.permission", "name: changer\nlabel: Changer\nsystemPermissions: [manage_metadata]\n")
    async with living(files.folder, sqlite_url) as live:
        files.mark(1)
        elsewhere = await _organization(live)
        people = {
            "member": await _person(live, "member"),
            "changer": await _person(live, "changer", "changer"),
            "elsewhere": await _person(live, "elsewhere", "admin_full_access", organization_id=elsewhere),
            "nobody": {},
        }
        for name, headers in people.items():
            answer = await live.client.post(f"/api/v1{RELOAD}", headers=headers)
            assert answer.status_code == (401 if name == "nobody" else 403), (name, answer.text)
        assert await live.fields() == {"mark_0"}
        assert (await live.ask("POST", RELOAD)).status_code == httpx.codes.OK


async def test_no_request_fails_while_files_change_and_each_sees_one_version(tmp_path: Path, database_url: str) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, database_url) as live:
        await live.fields()
        over = asyncio.Event()
        visitors = [asyncio.create_task(_visit(live, over)) for _ in range(AT_ONCE)]
        for number in range(1, EDITS + 1):
            if number % 3 == 0:
                files.write("note.object", "name: note\nfields: {title: {type: txet}}\n")
                assert (await live.ask("POST", RELOAD)).status_code == httpx.codes.BAD_REQUEST
            files.mark(number)
            assert (await live.ask("POST", RELOAD)).status_code == httpx.codes.OK
        over.set()
        seen = set().union(*await asyncio.gather(*visitors))
        assert len(seen) >= 2
        assert await live.fields() == {f"mark_{EDITS}"}


async def test_two_processes_agree_soon_under_load(tmp_path: Path, postgres_url: str) -> None:
    files = Files(tmp_path / "app")
    async with (
        living(files.folder, postgres_url, FOLLOWING) as one,
        living(files.folder, postgres_url, FOLLOWING) as other,
    ):
        await asyncio.gather(one.fields(), other.fields())
        over = asyncio.Event()
        visitors = [asyncio.create_task(_visit(live, over)) for live in (one, other) for _ in range(2)]
        for number in (1, 2):
            files.mark(number)
            live, follower = (one, other) if number % 2 else (other, one)
            assert (await live.ask("POST", RELOAD)).status_code == httpx.codes.OK
            async with asyncio.timeout(AT_THE_LATEST):
                while await follower.fields() != {f"mark_{number}"}:
                    continue
        over.set()
        await asyncio.gather(*visitors)


async def test_a_new_column_gives_way_to_whoever_reads_the_table_and_nobody_waits_for_it(
    tmp_path: Path, postgres_url: str
) -> None:
    files = Files(tmp_path / "app")
    async with living(files.folder, postgres_url) as live:
        await live.fields()
        reader = await asyncpg.connect(postgres_url)
        try:
            await reader.execute("BEGIN")
            await reader.execute("SELECT count(*) FROM note")
            files.mark(1)
            reloading = asyncio.create_task(live.runtime.generations.reload())
            for _ in range(5):
                assert (await live.ask("GET", NOTES)).status_code == httpx.codes.OK
                await asyncio.sleep(0.1)
            assert not reloading.done()
        finally:
            await reader.close()
        await reloading
        assert await live.fields() == {"mark_1"}


async def _visit(live: Live, over: asyncio.Event) -> set[str]:
    """Asks again and again for what is declared, and for records; returns the marks that were seen."""
    seen: set[str] = set()
    while not over.is_set():
        item = await live.ask("GET", "/meta/object/note")
        assert item.status_code == httpx.codes.OK, item.text
        declared = item.json()["item"]
        (mark,) = (name for name in declared["fields"] if name.startswith("mark_"))
        assert declared["label"] == f"Note {mark.removeprefix('mark_')}"
        made = await live.ask("POST", NOTES, {"title": mark})
        assert made.status_code == httpx.codes.CREATED, made.text
        page = await live.ask("GET", f"{NOTES}?limit=3&orderBy=-created_at")
        assert page.status_code == httpx.codes.OK, page.text
        for records in ([made.json()], page.json()["items"]):
            (columns,) = {tuple(record) for record in records}
            assert sum(name.startswith("mark_") for name in columns) == 1
        seen.add(mark)
        await asyncio.sleep(0)
    return seen


async def _organization(live: Live) -> str:
    row = {"name": "Elsewhere", "slug": "elsewhere"}
    execute = live.runtime.door.execute
    return (await create_records(execute, "sys_organization", [row], system_in(live.runtime.organization_id)))[0]


async def _person(live: Live, name: str, *sets: str, organization_id: str | None = None) -> dict[str, str]:
    """Makes somebody, and returns the headers of his session."""
    account = Account(f"{name}@live.example", PASSWORD, name.title(), sets=sets, verified=True)
    home = organization_id or live.runtime.organization_id
    await create_account(live.runtime.door.execute, account, home)
    answer = await live.client.post("/api/v1/auth/sign-in", json={"email": account.email, "password": PASSWORD})
    assert answer.status_code == httpx.codes.OK, answer.text
    live.client.cookies.clear()
    return {"authorization": f"Bearer {answer.json()['token']}"}
