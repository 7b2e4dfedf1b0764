"""What explains access says what the door does: of every sentence about a record or a body, in every case of this folder."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fieldstone.access.caller import Caller, system_in
from fieldstone.engine.records import read_first
from fieldstone.errors import Invalid, NotFound
from fieldstone.proof.stage import Stage, open_stage
from fieldstone.registry.policy_test import Sentence, Verb
from fieldstone.services.explaining import Explaining, Question
from tests.access.world import write_world
from tests.databases import sqlite_address

CASES = sorted(Path(__file__).parent.glob("*.yaml"))
OPERATIONS: dict[Verb, str] = {"reads": "read", "updates": "update", "deletes": "delete"}
OTHERWISE = {
    "restricted_delete": "A delete is refused for what refers to the record, which is no matter of access.",
    "key_scopes": "A key's scopes close routes, not records.",
    "not_offered": "A method that an object does not offer is closed to everybody.",
}
"""Cases whose refusals have another reason than access."""


def asked(stage: Stage, sentence: Sentence) -> Question | None:
    """Returns the question that a sentence answers; None for what is not about a record and somebody who is a user."""
    here = sentence.who in stage.test.users and stage.test.users[sentence.who].at == "here"
    own = sentence.row is not None and stage.ids[sentence.row][0] in stage.own
    if not (here and own) or sentence.verb not in OPERATIONS or sentence.values or sentence.surface:
        return None
    object_name, record_id = stage.ids[str(sentence.row)]
    user_id = stage.ids[sentence.who][1]
    return Question(object=object_name, operation=OPERATIONS[sentence.verb], user_id=user_id, record_id=record_id)


def written(stage: Stage, sentence: Sentence) -> Question | None:
    """Returns the question of a sentence about what somebody who is a user writes; None for any other."""
    here = sentence.who in stage.test.users and stage.test.users[sentence.who].at == "here"
    making = sentence.verb == "creates" and sentence.object in stage.own
    changing = sentence.verb == "updates" and sentence.row is not None and stage.ids[sentence.row][0] in stage.own
    if not here or sentence.surface or not (making or changing):
        return None
    object_name, record_id = (str(sentence.object), None) if making else stage.ids[str(sentence.row)]
    said = dict(stage.test.new.get(object_name, {}) if making else {})
    said |= {name: value_of(stage, object_name, name, text) for name, text in sentence.values}
    said = said or dict({} if making else stage.test.change.get(object_name, {}))
    body = {name: stage.value(object_name, name, value) for name, value in said.items()}
    user_id, operation = stage.ids[sentence.who][1], "create" if making else "update"
    return Question(object_name, operation, user_id=user_id, record_id=record_id, body=body) if body or making else None


def value_of(stage: Stage, object_name: str, name: str, text: str) -> Any:
    """Returns a value of a sentence as its field takes it."""
    field = stage.object(object_name).fields.get(name)
    return text if field is not None and field.type.name == "text" and text != "null" else yaml.safe_load(text)


@pytest.mark.parametrize("path", [path for path in CASES if path.stem not in OTHERWISE], ids=lambda path: path.stem)
def test_an_explanation_says_what_the_door_does(path: Path, tmp_path: Path) -> None:
    folder = write_world(path.read_text(encoding="utf-8"), tmp_path / path.stem, path.stem)

    async def compared() -> list[str]:
        wrong: list[str] = []
        async with open_stage(folder, path.stem, sqlite_address(tmp_path / "case.db")) as stage:
            runtime = stage.runtime
            service = Explaining(runtime.door, runtime.catalog, runtime.room.identity.member)
            asker = system_in(runtime.organization_id)
            for sentence in stage.test.sentences:
                for question in filter(None, (asked(stage, sentence), written(stage, sentence))):
                    try:
                        told = await service.explain(asker, question)
                    except NotFound:
                        continue
                    except Invalid as error:
                        wrong += [f"{sentence}: {error.details}"] if sentence.outlook == "can" else []
                        continue
                    if told.allowed is not (sentence.outlook == "can"):
                        wrong.append(f"{sentence}: {[(layer.layer, layer.verdict) for layer in told.layers]}")
        return wrong

    assert asyncio.run(compared()) == []


def test_a_row_that_may_not_stand_is_told_with_the_rule_and_what_would_do(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "row_policies.yaml").read_text(encoding="utf-8")
    folder = write_world(text, tmp_path / "world", "row_policies")

    async def told() -> None:
        async with open_stage(folder, "row_policies", sqlite_address(tmp_path / "case.db")) as stage:
            runtime = stage.runtime
            service = Explaining(runtime.door, runtime.catalog, runtime.room.identity.member)
            asker, tom = system_in(runtime.organization_id), stage.ids["tom"][1]
            draft = stage.ids["draft"][1]
            change = Question("order", "update", user_id=tom, record_id=draft, body={"amount": 50})
            answer = await service.explain(asker, change)
            (*_, rows, check) = answer.layers
            assert (answer.allowed, answer.reached) == (False, 1)
            assert (rows.layer, rows.verdict, check.layer, check.verdict) == ("rls", "grants", "check", "denies")
            (rule,) = (each for each in check.contributors if each.what == "not_done")
            assert (rule.permission_set, rule.holds) == ("clerk", 0)
            assert rule.place.startswith("world/clerk.permission.yaml:")
            assert answer.smallest_grant is not None
            assert answer.smallest_grant.grant == "`modifyAllRecords: true` for `order` in `clerk`"
            made = await service.explain(asker, Question("order", "create", user_id=tom, body={"amount": 21}))
            assert (made.allowed, made.layers[-1].verdict) == (False, "denies")
            stays = Question("order", "update", user_id=tom, record_id=stage.ids["open"][1], body={"amount": 90})
            assert (await service.explain(asker, stays)).allowed
            stored = await read_first(runtime.door.execute, "order", {"id": draft}, ("amount", "version"))
            assert stored == {"amount": 10, "version": 1}

    asyncio.run(told())


def test_a_body_tells_nothing_of_a_record_or_a_field_that_the_asker_does_not_see(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "row_policies.yaml").read_text(encoding="utf-8")
    text = text.replace("    fields:\n", "    fields:\n      next: {type: lookup, reference: order}\n", 1)
    text = text.replace("  reader:\n", "  reader:\n    fields: {order.amount: {readable: false, editable: false}}\n", 1)
    folder = write_world(text, tmp_path / "world", "row_policies")

    async def told() -> None:
        async with open_stage(folder, "row_policies", sqlite_address(tmp_path / "case.db")) as stage:
            runtime = stage.runtime
            service = Explaining(runtime.door, runtime.catalog, runtime.room.identity.member)
            asker = await runtime.room.identity.member(stage.ids["ron"][1], runtime.organization_id)
            assert asker is not None
            for target, codes in (("open", {}), ("draft", {"next": "reference_not_found"})):
                body = {"title": "mine", "next": stage.ids[target][1]}
                kim = stage.ids["kim"][1]
                question = Question("order", "create", user_id=kim, body=body)
                assert await faults(service, asker, question) == codes
                hidden = msgspec.structs.replace(question, body=body | {"amount": 5})
                assert await faults(service, asker, hidden) == codes | {"amount": "unknown_field"}

    asyncio.run(told())


async def faults(service: Explaining, asker: Caller, question: Question) -> dict[str, str]:
    """Returns what is refused in a question, by field."""
    try:
        await service.explain(asker, question)
    except Invalid as error:
        return {fault.field: fault.code for fault in error.faults}
    return {}
