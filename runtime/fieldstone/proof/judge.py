"""The judge: walks every sentence of a test by every road, and tells what does not hold.

All open roads must agree with the sentence; a road whose refusal nobody else's success vouches for proves nothing and is reported too.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Container, Iterator, Mapping
from pathlib import Path

import msgspec

from fieldstone.proof.roads.table import address, roads_of
from fieldstone.proof.stage import Stage, open_stage
from fieldstone.proof.trip import FREE_TEXT, Leak, Trip, Verdict
from fieldstone.registry.policy_test import Sentence

SHORTEST_SECRET = 6


class _Everything(Container[str]):
    def __contains__(self, _name: object) -> bool:
        return True


ANY_ROAD: Container[str] = _Everything()
"""Holds the name of every road."""


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold: the sentence, the road by its full name, and what came of it there."""

    sentence: str
    road: str
    told: str

    def __str__(self) -> str:
        return f"{self.sentence}: {self.road}: {self.told}"


Walked = dict[str, Verdict]
"""What came of a sentence by each open road."""


class Judgement(msgspec.Struct, frozen=True):
    """What came of a whole test: everything that does not hold, and how many sentences were walked by how many roads in all."""

    findings: tuple[Finding, ...]
    sentences: int
    roads: int


async def judge(folder: Path, name: str, database_url: str, only: Container[str] = ANY_ROAD) -> Judgement:
    """Returns what comes of a test of an app, on an empty database; `only` names the roads that are walked."""
    async with open_stage(folder, name, database_url) as stage:
        return await walk_all(stage, only)


async def walk_all(stage: Stage, only: Container[str]) -> Judgement:
    """Returns what comes of a stage's test."""
    async with stage.rehearsing():
        findings: list[Finding] = []
        walked: dict[Sentence, Walked] = {}
        for sentence in stage.test.sentences:
            walked[sentence], wrong = await _walk(stage, sentence, only)
            findings += wrong
        findings += _without_twin(walked)
        return Judgement(tuple(findings), len(walked), sum(map(len, walked.values())))


async def notices(stage: Stage) -> bool:
    """Tells whether some sentence of a stage's test does not hold by one of its shorter roads.

    The judge has shown that all roads agree, so that the first open one of each route stands for the others.
    """
    async with stage.rehearsing():
        for sentence in stage.test.sentences:
            expected = Verdict.ALLOWED if sentence.outlook == "can" else Verdict.REFUSED
            if any([verdict is not expected async for verdict in _first_verdicts(stage, sentence)]):
                return True
    return False


async def _first_verdicts(stage: Stage, sentence: Sentence) -> AsyncIterator[Verdict | None]:
    """Yields what comes of a sentence by the first open road of each route; None for a leak."""
    for mount in stage.mounts:
        if sentence.surface in (None, mount.name):
            answered: set[str] = set()
            for route, road in roads_of(mount, sentence, stage.subject(sentence)):
                if route.template in answered:
                    continue
                try:
                    verdict = await road.verdict(Trip(stage, mount, route, sentence, {}))
                except Leak:
                    stage.effect()
                    yield None
                    return
                if verdict is not Verdict.CLOSED:
                    answered.add(route.template)
                    yield verdict


async def _walk(stage: Stage, sentence: Sentence, only: Container[str]) -> tuple[Walked, list[Finding]]:
    """Returns what came of a sentence by each road, and the roads that do not agree with it."""
    walked: Walked = {}
    findings: list[Finding] = []
    expected = Verdict.ALLOWED if sentence.outlook == "can" else Verdict.REFUSED
    secrets = _secrets(stage, sentence.who)
    for mount in stage.mounts:
        if sentence.surface not in (None, mount.name):
            continue
        for route, road in roads_of(mount, sentence, stage.subject(sentence)):
            if road.name not in only:
                continue
            name = f"{' '.join(address(route))} {road.name}"
            try:
                verdict = await road.verdict(Trip(stage, mount, route, sentence, secrets))
            except Leak as leak:
                stage.effect()
                findings.append(Finding(str(sentence), name, str(leak)))
                continue
            if verdict not in (expected, Verdict.CLOSED):
                findings.append(Finding(str(sentence), name, verdict.value))
            elif verdict is expected:
                walked[name] = verdict
    if not walked and not findings and only is ANY_ROAD:
        findings.append(Finding(str(sentence), "every road", "closed"))
    return walked, findings


def _without_twin(walked: Mapping[Sentence, Walked]) -> Iterator[Finding]:
    """Yields every refusal by a road on which nobody was allowed the same deed; for what nobody can, the same sort of deed."""
    vouched: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    for sentence, roads in walked.items():
        if sentence.outlook == "can":
            vouched[sentence.deed] |= roads.keys()
            vouched[sentence.verb, sentence.field is None] |= roads.keys()
    for sentence, roads in walked.items():
        if sentence.outlook == "can":
            continue
        twins = vouched[sentence.deed if sentence.outlook == "cannot" else (sentence.verb, sentence.field is None)]
        for road in sorted(roads.keys() - twins):
            yield Finding(str(sentence), road, "nobody is allowed this by the same road")


def _secrets(stage: Stage, who: str) -> Mapping[str, str]:
    """Returns the texts that may be in no answer to somebody, each with the sentence that says so: names and values, if distinct.

    The names of his own permission sets are told to everybody.
    """
    values = [str(value) for stored in stage.stored.values() for value in stored.values()]
    names = [name for subject in stage.runtime.catalog.objects.values() for name in subject.fields]
    found = {said.row for said in stage.test.sentences if (said.who, said.verb, said.outlook) == (who, "finds", "can")}
    kept = [said for said in stage.test.sentences if (said.who, said.verb) == (who, "reads") and said.outlook != "can"]
    kept = [said for said in kept if said.row is None or said.row not in found]
    hidden = [said.field for said in kept if said.object in stage.own]
    key = stage.test.keys.get(who)
    user = stage.test.users.get(who if key is None else key.of)
    told = frozenset(user.sets if user is not None else ())
    secrets: dict[str, str] = {}
    for sentence in kept:
        name = sentence.field
        if sentence.surface is not None:
            continue
        if name and hidden.count(name) == names.count(name) and not _sets(stage, sentence):
            secrets[name] = str(sentence)
        for text in _values_kept(stage, sentence):
            if len(text) >= SHORTEST_SECRET and values.count(text) < 2 and text not in told:
                secrets[text] = str(sentence)
    return secrets


def _sets(stage: Stage, sentence: Sentence) -> bool:
    """Tells whether somebody may set the field that a sentence keeps from him."""
    return stage.test.says_of(sentence.who, "writes", str(sentence.object), sentence.field)


def _values_kept(stage: Stage, sentence: Sentence) -> Iterator[str]:
    """Yields what a sentence keeps from its person: the texts of a record, or all values of a field."""
    if sentence.row in stage.ids:
        spot = stage.ids[sentence.row]
        fields = stage.object(spot[0]).fields
        held = stage.stored[spot]
        yield from (str(held[name]) for name in held if fields[name].type.name in FREE_TEXT and not fields[name].system)
    elif sentence.field is not None and not stage.object(str(sentence.object)).fields[sentence.field].system:
        for record_id in stage.rows_of(str(sentence.object)):
            value = stage.stored[str(sentence.object), record_id].get(sentence.field)
            if value is not None and not isinstance(value, bool):
                yield str(value)
