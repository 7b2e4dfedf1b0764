"""What a refusal tells, compared byte for byte: a clash, a missing value, a circle, an unknown permission set, a method that is not there.

Of these no caller is allowed more than another, so that no sentence of a case could have its twin; each stands beside its own control.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fieldstone.proof.mount import Mount
from fieldstone.proof.stage import ABSENT, Stage, open_stage
from fieldstone.proof.wire import Answer
from tests.access.world import write_world

HOUSE = """
says: A small house.
objects:
  flat:
    ownership: none
    indexes:
      - {fields: [street, number], unique: true}
    fields:
      street: {type: text, maxLength: 80}
      number: {type: text, maxLength: 80}
      code: {type: text, maxLength: 80, unique: true}
      rent: {type: text, maxLength: 80, unique: true}
  lease:
    ownership: none
    fields:
      title: {type: text, maxLength: 80}
      deposit: {type: currency, required: true}
  place:
    fields:
      title: {type: text, maxLength: 80}
      within: {type: tree, reference: place}
sets:
  tenant:
    objects:
      flat: {allowRead: true, allowCreate: true, allowEdit: true}
      lease: {allowRead: true, allowCreate: true}
      place: {allowRead: true, allowCreate: true, allowEdit: true}
    fields:
      flat.number: {readable: false}
      flat.rent: {readable: false}
      lease.deposit: {readable: false}
  careful:
    objects: {lease: {allowRead: true, allowCreate: true}}
    rowLevelSecurity: [{name: never, object: lease, operation: insert, check: title == "nothing is called so"}]
  owner:
    objects:
      flat: {allowRead: true, allowCreate: true, allowEdit: true}
      lease: {allowRead: true, allowCreate: true}
      place: {allowRead: true, allowCreate: true, allowEdit: true, viewAllRecords: true, modifyAllRecords: true}
  granter: {objects: {sys_user_permission_set: {allowRead: true, allowCreate: true}}}
users: {tom: [tenant], cara: [careful], kim: [owner], gil: [granter], ada: [admin_full_access]}
rows:
  f: {object: flat, street: Elm, number: "7", code: one, rent: low}
  g: {object: flat, street: Elm, number: "8", code: two, rent: high}
  h: {object: flat, street: Oak, number: "7", code: three}
  high: {object: place, owner: tom, title: a place of Tom}
  low: {object: place, owner: kim, title: a place of Kim, within: high}
  lone: {object: place, owner: kim, title: another of Kim}
"""

Told = Callable[..., Awaitable[Answer]]


def told(tmp_path: Path, database_url: str, ask: Callable[[Stage, Told], Awaitable[None]]) -> None:
    """Opens the house and lets somebody ask in it: `tell(who, method, path, body)` answers on the native surface."""

    async def run() -> None:
        async with (
            open_stage(write_world(HOUSE, tmp_path / "house", "house"), "house", database_url) as stage,
            stage.rehearsing(),
        ):
            mount: Mount = stage.mounts[0]

            async def tell(who: str, method: str, path: str, body: Any = None) -> Answer:
                headers = mount.headers(stage.people[who])
                answer = await stage.send(method, f"/api/v1{path}", headers=headers, body=body)
                stage.effect()
                return answer

            await ask(stage, tell)

    asyncio.run(run())


def error_of(answer: Answer, status: int) -> Mapping[str, Any]:
    assert answer.status == status, answer
    error: Mapping[str, Any] = answer.json["error"]
    return error


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_clash_names_no_hidden_field(tmp_path: Path, database_url: str, method: str) -> None:
    async def ask(stage: Stage, tell: Told) -> None:
        path = "/data/flat" if method == "POST" else f"/data/flat/{stage.ids['g'][1]}"
        plain = error_of(await tell("tom", method, path, {"code": "one"}), 409)
        assert (plain["code"], plain["details"]["fields"]) == ("UNIQUE_VIOLATION", ["code"])
        whole = error_of(await tell("kim", method, path, {"street": "Elm", "number": "7"}), 409)
        assert whole["details"]["fields"] == ["street", "number"]

    told(tmp_path, database_url, ask)


def test_a_clash_of_a_key_with_a_hidden_part_names_the_part_that_was_sent(tmp_path: Path, database_url: str) -> None:
    async def ask(stage: Stage, tell: Told) -> None:
        path, body = f"/data/flat/{stage.ids['h'][1]}", {"street": "Elm"}
        clash = await tell("tom", "PATCH", path, body)
        assert error_of(clash, 409)["details"]["fields"] == ["street"]
        assert "number" not in clash.body.decode()
        batch = {"operation": "update", "records": [{"id": stage.ids["h"][1], "data": body}]}
        in_batch = await tell("tom", "POST", "/data/flat/batch", batch)
        assert in_batch.json["results"][0]["errors"][0]["details"]["fields"] == ["street"]
        assert "number" not in in_batch.body.decode()
        assert error_of(await tell("kim", "PATCH", path, body), 409)["details"]["fields"] == ["street", "number"]

    told(tmp_path, database_url, ask)


def test_a_missing_value_that_nobody_could_give_is_refused_as_any_other_row_that_may_not_stand(
    tmp_path: Path, database_url: str
) -> None:
    async def ask(_stage: Stage, tell: Told) -> None:
        hidden = await tell("tom", "POST", "/data/lease", {"title": "mine"})
        forbidden = await tell("cara", "POST", "/data/lease", {"title": "mine", "deposit": 1})
        assert hidden.without() == forbidden.without()
        assert error_of(hidden, 403)["code"] == "PERMISSION_DENIED"
        control = error_of(await tell("kim", "POST", "/data/lease", {"title": "mine"}), 400)
        assert [fault["field"] for fault in control["details"]["fields"]] == ["deposit"]
        batch = {"operation": "create", "records": [{"data": {"title": "mine"}}, {"data": {"titel": "mine"}}]}
        answer = await tell("tom", "POST", "/data/lease/batch", batch)
        assert [row["errors"][0]["code"] for row in answer.json["results"]] == ["PERMISSION_DENIED", "VALIDATION_ERROR"]
        assert "eposit" not in answer.body.decode()

    told(tmp_path, database_url, ask)


def test_a_circle_over_an_invisible_record_is_told_from_no_absence(tmp_path: Path, database_url: str) -> None:
    async def ask(stage: Stage, tell: Told) -> None:
        path = f"/data/place/{stage.ids['high'][1]}"
        answers = {}
        for name, target in (("below", stage.ids["low"][1]), ("beside", stage.ids["lone"][1]), ("absent", ABSENT)):
            answers[name] = (await tell("tom", "PATCH", path, {"within": target})).without(target)
        assert answers["below"] == answers["beside"] == answers["absent"]
        control = error_of(await tell("kim", "PATCH", path, {"within": stage.ids["low"][1]}), 400)
        assert "above itself" in control["details"]["fields"][0]["message"]

    told(tmp_path, database_url, ask)


def test_who_grants_learns_of_no_set_that_he_does_not_hold(tmp_path: Path, database_url: str) -> None:
    async def ask(stage: Stage, tell: Told) -> None:
        def granting(name: str) -> dict[str, str]:
            return {"user_id": stage.ids["tom"][1], "permission_set": name}

        path = "/data/sys_user_permission_set"
        known = await tell("gil", "POST", path, granting("owner"))
        unknown = await tell("gil", "POST", path, granting("renwo"))
        slip = await tell("gil", "POST", path, granting("ownerx"))
        assert known.without("owner") == unknown.without("renwo")
        assert slip.without("ownerx")[2].count(b"owner") == 0
        assert error_of(known, 403)["code"] == "PERMISSION_DENIED"
        assert "`owner`" in error_of(await tell("ada", "POST", path, granting("ownerx")), 400)["details"]["hint"]

    told(tmp_path, database_url, ask)


@pytest.mark.parametrize("method", ["OPTIONS", "PUT"])
def test_methods_are_the_same_for_everybody_and_every_record(tmp_path: Path, sqlite_url: str, method: str) -> None:
    async def ask(stage: Stage, tell: Told) -> None:
        answers = [
            (await tell(who, method, f"/data/place/{target}")).without(target)
            for who in ("tom", "kim", "nobody")
            for target in (stage.ids["high"][1], stage.ids["low"][1], ABSENT)
        ]
        assert answers == [answers[0]] * len(answers)

    told(tmp_path, sqlite_url, ask)
