"""Metadata changed over HTTP while the app runs: compiled, stored as deltas, in effect at once, told with its history, taken back."""

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live.living import Files, Live, living

NOTE = "/meta/object/note"
SIZE = {"type": "number", "scale": 0}
CLERK = "name: clerk\nobjects: {note: {allowRead: true, allowCreate: true}}\nfields: {note.title: {readable: true, editable: true}}\n"


@asynccontextmanager
async def running(folder: Path, database_url: str) -> AsyncIterator[Live]:
    """Opens an app of notes and a permission set."""
    files = Files(folder / "app")
    files.write("clerk.permission", CLERK)
    async with living(files.folder, database_url) as live:
        yield live


async def layers(live: Live, path: str = NOTE) -> dict[str, Any]:
    """Returns an item by its layers."""
    answer = await live.ask("GET", f"{path}?layers=true")
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def changed(live: Live, **keys: Any) -> dict[str, Any]:
    """Returns the item in effect, with keys in other words."""
    effective: dict[str, Any] = (await layers(live))["effective"]
    return effective | keys


async def put(live: Live, item: dict[str, Any], query: str = "", path: str = NOTE) -> dict[str, Any]:
    """Changes an item; returns the answer."""
    answer = await live.ask("PUT", f"{path}{query}", item)
    assert answer.status_code in (httpx.codes.OK, httpx.codes.CREATED), answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Returns the details of a refusal."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code, error
    details: dict[str, Any] = error.get("details", {})
    return details


async def test_an_item_in_other_words_is_stored_as_what_is_different_and_in_effect_at_once(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as live:
        before = await layers(live)
        assert (before["version"], before["layers"]["overlay"], before["overlayScope"]) == (0, None, None)
        item = copy.deepcopy(before["effective"]) | {"label": "Remark"}
        item["fields"]["size"] = SIZE
        answer = await put(live, {"item": item, "message": "Says what it is."})
        assert (answer["version"], answer["item"]) == (1, item)
        after = await layers(live)
        assert after["layers"] == {
            "base": None,
            "package": before["effective"],
            "overlay": {"label": "Remark", "fields": {"size": SIZE}},
        }
        named = (after["effective"], after["version"], after["overlayScope"], after["packageId"])
        assert named == (item, 1, "env", "notes")
        assert after["diff"] == [
            {"path": "label", "package": "Note 0", "overlay": "Remark"},
            {"path": "fields.size", "overlay": SIZE},
        ]
        made = await live.ask("POST", "/data/note", {"title": "one", "size": 3})
        assert made.status_code == httpx.codes.CREATED, made.text


async def test_what_was_changed_is_there_after_a_new_start_and_in_another_process(
    tmp_path: Path, postgres_url: str
) -> None:
    async with running(tmp_path, postgres_url) as live, living(tmp_path / "app", postgres_url) as other:
        await put(live, await changed(live, label="Remark"))
        assert (await layers(other))["effective"]["label"] == "Note 0"
        await other.runtime.generations.catch_up()
        assert (await layers(other))["effective"]["label"] == "Remark"
        await put(other, await changed(other, label="Hint"))
        answer = await live.ask("PUT", NOTE, await changed(live, description="One."))
        assert told(answer, httpx.codes.CONFLICT, "CONCURRENT_UPDATE") is not None
    async with living(tmp_path / "app", postgres_url) as again:
        assert (await layers(again))["effective"]["label"] == "Hint"


async def test_a_new_item_is_made_and_taken_away_again(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as live:
        path = "/meta/object/visit"
        answer = await live.ask("POST", path, {"item": {"fields": {"day": {"type": "date"}}}})
        assert (answer.status_code, answer.json()["version"]) == (httpx.codes.CREATED, 1), answer.text
        assert (await live.ask("POST", "/data/visit", {"day": "2026-03-01"})).status_code == httpx.codes.CREATED
        told(await live.ask("DELETE", path), httpx.codes.CONFLICT, "DESTRUCTIVE_CHANGE")
        gone = (await live.ask("DELETE", f"{path}?force=true")).json()
        assert gone == {"type": "object", "name": "visit", "deleted": True, "reset": False, "version": 2}
        told(await live.ask("GET", "/data/visit"), httpx.codes.NOT_FOUND, "NOT_FOUND")
        back = await live.ask("POST", f"{path}/rollback", {"version": 1})
        assert (back.status_code, back.json()["version"]) == (httpx.codes.OK, 3), back.text
        assert (await live.ask("GET", "/data/visit")).json()["total"] == 1


async def test_history_tells_every_change_the_newest_first_and_one_call_goes_back(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as live:
        await put(live, {"item": await changed(live, label="Remark"), "message": "Better."})
        await put(live, await changed(live, label="Hint", pluralLabel="Hints"))
        assert (await live.ask("DELETE", NOTE)).json()["reset"] is True
        assert (await layers(live))["effective"]["label"] == "Note 0"
        back = await live.ask("POST", f"{NOTE}/rollback", {"version": 2, "message": "It was good."})
        assert (back.json()["item"]["label"], back.json()["version"]) == ("Hint", 4), back.text
        events = (await live.ask("GET", f"{NOTE}/history")).json()["events"]
        assert [(event["version"], event["op"]) for event in events] == [
            (4, "rollback"),
            (3, "delete"),
            (2, "update"),
            (1, "create"),
        ]
        assert events[2]["diff"] == [
            {"path": "label", "before": "Remark", "after": "Hint"},
            {"path": "pluralLabel", "after": "Hints"},
        ]
        assert (events[0]["message"], events[3]["message"]) == ("It was good.", "Better.")
        assert events[0]["actor"]
        assert events[0]["org"] == live.runtime.organization_id
        assert events[0]["hash"] == events[2]["hash"]
        later = (await live.ask("GET", f"{NOTE}/history?sinceSeq={events[1]['seq']}&limit=5")).json()["events"]
        assert later == events[:1]
        logged = await live.ask("GET", "/data/sys_audit_log?orderBy=-created_at&limit=1&select=action,details")
        details = {"type": "object", "name": "note", "version": 4}
        assert logged.json()["items"] == [{"action": "metadata.rollback", "details": details}]


async def test_what_does_not_compile_is_refused_with_every_fault_and_changes_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url) as live:
        before = live.runtime.current
        item = await changed(live, labell="x", fields={"mark_0": {"type": "txet"}})
        details = told(await live.ask("PUT", f"{NOTE}?force=true", item), httpx.codes.BAD_REQUEST, "VALIDATION_ERROR")
        assert details["reason"] == "INVALID_METADATA"
        assert {(fault.get("path"), fault["code"]) for fault in details["faults"]} >= {
            ("labell", "UNKNOWN_KEY"),
            ("fields.mark_0.type", "UNKNOWN_FIELD_TYPE"),
        }
        assert all(fault["message"] for fault in details["faults"])
        item = await changed(live, fields={"mark_0": {"type": "text"}})
        details = told(await live.ask("PUT", f"{NOTE}?force=true", item), httpx.codes.BAD_REQUEST, "VALIDATION_ERROR")
        assert details["faults"][0]["place"] == "notes/clerk.permission.yaml:3"
        assert live.runtime.current is before
        assert (await layers(live))["version"] == 0
        told(await live.ask("GET", "/meta/object/nothing/history"), httpx.codes.NOT_FOUND, "NOT_FOUND")


async def test_what_would_lose_stored_values_asks_for_force_and_what_needs_a_migration_is_refused_even_so(
    tmp_path: Path, database_url: str
) -> None:
    async with running(tmp_path, database_url) as live:
        await live.ask("POST", "/data/note", {"title": "one", "mark_0": "kept"})
        fields = (await layers(live))["effective"]["fields"]
        without = await changed(live, fields={"title": fields["title"]})
        details = told(await live.ask("PUT", NOTE, without), httpx.codes.CONFLICT, "DESTRUCTIVE_CHANGE")
        assert [change["path"] for change in details["changes"]] == ["fields.mark_0"]
        assert "force=true" in details["hint"]
        assert "fieldstone migrate" in details["hint"]
        await put(live, without, "?force=true")
        assert "mark_0" not in (await live.ask("GET", "/data/note")).json()["items"][0]
        await live.ask("DELETE", NOTE)
        assert (await live.ask("GET", "/data/note")).json()["items"][0]["mark_0"] == "kept"
        longer = await changed(live, fields=fields | {"mark_0": {"type": "textarea"}})
        told(await live.ask("PUT", NOTE, longer), httpx.codes.CONFLICT, "DESTRUCTIVE_CHANGE")
        await put(live, longer, "?force=true")
        number = await changed(live, fields=fields | {"mark_0": {"type": "number"}})
        details = told(await live.ask("PUT", f"{NOTE}?force=true", number), httpx.codes.CONFLICT, "DESTRUCTIVE_CHANGE")
        assert details["changes"][0]["code"] == "NEEDS_MIGRATION"
        assert "fieldstone migrate" in details["hint"]


async def test_a_part_of_an_object_is_changed_by_its_own_path_and_its_history_is_the_objects(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url) as live:
        answer = await live.ask("POST", "/meta/note/fields/size", {"item": SIZE})
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.json() == {"type": "note", "name": "fields/size", "item": SIZE, "version": 1}
        rule = {"message": "No.", "predicate": "record.size > 0"}
        answer = await live.ask("PUT", "/meta/note/validations/positive", rule)
        assert answer.json()["item"] == {"name": "positive"} | rule, answer.text
        assert (await layers(live))["layers"]["overlay"] == {
            "fields": {"size": SIZE},
            "validations": [{"name": "positive"} | rule],
        }
        told(await live.ask("POST", "/data/note", {"size": -1}), httpx.codes.BAD_REQUEST, "VALIDATION_ERROR")
        removed = (await live.ask("DELETE", "/meta/note/validations/positive")).json()
        assert (removed["name"], removed["reset"], removed["version"]) == ("validations/positive", False, 3)
        told(await live.ask("DELETE", "/meta/note/fields/title"), httpx.codes.NOT_FOUND, "NOT_FOUND")
        told(await live.ask("PUT", "/meta/note/felds/size", SIZE), httpx.codes.BAD_REQUEST, "VALIDATION_ERROR")
        assert len((await live.ask("GET", f"{NOTE}/history")).json()["events"]) == 3


async def test_a_dry_run_answers_the_same_and_changes_nothing(tmp_path: Path, sqlite_url: str) -> None:
    async with running(tmp_path, sqlite_url) as live:
        item = await changed(live, label="Remark")
        dry = await put(live, item, "?dryRun=true")
        assert (await layers(live))["version"] == 0
        assert await put(live, item) == dry


WORDS = "label: Notiz, fields: {title: Titel, state: {label: Zustand, options: {new: Neu}}}"
GERMAN = f"name: german\nlanguage: de\nobjects: {{note: {{{WORDS}}}}}\n"
STATE = "state: {type: select, label: State, options: [{value: new, label: New}, {value: old, label: Old}]}"


async def test_what_is_sent_back_in_the_language_in_which_it_was_read_is_stored_as_it_is_declared(
    tmp_path: Path, sqlite_url: str
) -> None:
    files = Files(tmp_path / "app")
    files.mark(0, STATE)
    files.write("german.translation", GERMAN)
    async with living(files.folder, sqlite_url) as live:
        declared = (await layers(live))["effective"]
        live.client.headers["accept-language"] = "de-at, fr"
        read = (await live.ask("GET", NOTE)).json()["item"]
        assert (read["label"], read["fields"]["title"]["label"]) == ("Notiz", "Titel")
        answer = await put(live, read)
        assert (answer["version"], answer["item"]) == (0, declared)
        read["fields"]["state"]["options"] = [{"value": "late", "label": "Neu"}, *read["fields"]["state"]["options"]]
        read["fields"]["title"]["label"] = "Betreff"
        await put(live, read)
        options = [
            {"value": "late", "label": "Neu"},
            {"value": "new", "label": "New"},
            {"value": "old", "label": "Old"},
        ]
        effective = (await layers(live))["effective"]
        assert effective["label"] == "Note 0"
        assert effective["fields"]["state"] == {"type": "select", "label": "State", "options": options}
        assert effective["fields"]["title"] == {"type": "text", "label": "Betreff"}
        title = (await live.ask("GET", "/meta/note/fields/title")).json()["item"]
        assert title["label"] == "Titel"
        made = await live.ask("POST", "/meta/note/fields/title", title | {"maxLength": 80})
        assert made.json()["item"] == {"type": "text", "label": "Betreff", "maxLength": 80}
        del live.client.headers["accept-language"]
        await put(live, await changed(live, label="Notiz"))
        assert (await layers(live))["effective"]["label"] == "Notiz"


async def test_a_dry_run_is_refused_what_the_database_would_not_allow(tmp_path: Path, database_url: str) -> None:
    async with running(tmp_path, database_url) as live:
        for _ in range(2):
            await live.ask("POST", "/data/note", {"title": "twice"})
        fields = (await layers(live))["effective"]["fields"]
        number = await changed(live, fields=fields | {"title": {"type": "number"}})
        unique = await changed(live, fields=fields | {"title": {"type": "text", "unique": True}})
        renamed = await changed(
            live, fields={"title": fields["title"], "mark": {"type": "text", "renamedFrom": "mark_0"}}
        )
        for item in (number, unique, renamed):
            answers = [await live.ask("PUT", f"{NOTE}?force=true{dry}", item) for dry in ("&dryRun=true", "")]
            details = [told(answer, httpx.codes.CONFLICT, "DESTRUCTIVE_CHANGE") for answer in answers]
            assert details[0] == details[1]
            assert details[0]["changes"][0]["code"] == "NEEDS_MIGRATION"
        more = await changed(live, fields=fields | {"size": SIZE})
        assert (await put(live, more, "?dryRun=true"))["version"] == 1
        assert (await layers(live))["version"] == 0
        assert (await put(live, more))["version"] == 1


async def test_who_names_the_version_that_he_saw_is_refused_when_it_is_another(tmp_path: Path, sqlite_url: str) -> None:
    async with running(tmp_path, sqlite_url) as live:
        await put(live, await changed(live, label="Remark"))
        item = await changed(live, label="Hint")
        live.client.headers["if-match"] = '"0"'
        details = told(await live.ask("PUT", NOTE, item), httpx.codes.CONFLICT, "CONCURRENT_UPDATE")
        assert details["currentVersion"] == 1
        live.client.headers["if-match"] = '"1"'
        assert (await put(live, item))["version"] == 2


async def test_what_is_said_already_is_no_change(tmp_path: Path, sqlite_url: str) -> None:
    async with running(tmp_path, sqlite_url) as live:
        before = live.runtime.current
        assert (await put(live, await changed(live)))["version"] == 0
        assert live.runtime.current is before
        told(await live.ask("DELETE", NOTE), httpx.codes.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "item", "code"),
    [
        ("/meta/api/v1", {"name": "v1"}, "NOT_OVERRIDABLE"),
        ("/meta/api/mine", {"name": "mine"}, "NOT_CREATABLE"),
        ("/meta/capability/more", {"name": "more"}, "NOT_CREATABLE"),
        ("/meta/object/sys_user", {"name": "sys_user"}, "NOT_OVERRIDABLE"),
        ("/meta/object/sys_more", {"name": "sys_more", "fields": {}}, "NOT_CREATABLE"),
        ("/meta/permission/admin_full_access", {"name": "admin_full_access"}, "NOT_OVERRIDABLE"),
        ("/meta/sys_user/fields/email", {"type": "text"}, "NOT_OVERRIDABLE"),
    ],
)
async def test_what_comes_with_packages_alone_is_refused_with_the_reason(
    path: str, item: dict[str, Any], code: str, tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url) as live:
        told(await live.ask("PUT", path, item), httpx.codes.FORBIDDEN, code)
