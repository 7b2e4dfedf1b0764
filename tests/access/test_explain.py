"""What explains access says what the door does: of every sentence about a record, in every case of this folder."""

import asyncio
from pathlib import Path

import pytest

from fieldstone.access.caller import system_in
from fieldstone.errors import NotFound
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
                question = asked(stage, sentence)
                if question is None:
                    continue
                try:
                    told = await service.explain(asker, question)
                except NotFound:
                    continue
                if told.allowed is not (sentence.outlook == "can"):
                    wrong.append(f"{sentence}: {[(layer.layer, layer.verdict) for layer in told.layers]}")
        return wrong

    assert asyncio.run(compared()) == []
