"""A siege: carries out an attack and its control on a stage, and insists that the first comes to nothing and the second does not."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.engine.records import read_first
from fieldstone.proof.mount import Mount
from fieldstone.proof.rehearsal import NOTHING_DONE
from fieldstone.proof.stage import ABSENT, Stage
from fieldstone.proof.trip import unknown_name
from fieldstone.proof.wire import Answer
from tests.attacks.attack import Attack, Control, Request, Step
from tests.scenarios.walker import filled, found_otherwise, part_at

HIDDEN = "hush"
"""Occurs in whatever an attacker of the world may not see, and in no answer of his."""

REFUSED = range(400, 500)


class Siege:
    """The attacks of one stage; what is kept lasts for one attack."""

    def __init__(self, stage: Stage, organizations: Mapping[str, str]) -> None:
        """Takes the stage and the ids of its organisations."""
        self.stage = stage
        self._kept: dict[str, Any] = {**organizations}
        for name, person in stage.people.items():
            self._kept |= {f"token_of_{name}": person.session, f"key_of_{name}": person.key}

    @classmethod
    async def laid(cls, stage: Stage) -> "Siege":
        """Returns the siege of a stage that is settled."""
        there = await read_first(stage.runtime.door.execute, "sys_organization", {"slug": "there"}, ("id",))
        assert there is not None
        return cls(stage, {"here": stage.runtime.organization_id, "there": there["id"]})

    async def carry_out(self, attack: Attack) -> None:
        """Raises AssertionError when an attack succeeds, or when its control does not."""
        kept = await self._prepared(attack.first, dict(self._kept))
        answer = await self._sent(attack.request, kept)
        assert answer.status < 500, (_told(answer), self.stage.crashes[-1:])
        asked = msgspec.json.encode(attack.request).decode()
        assert HIDDEN in asked or HIDDEN not in answer.body.decode(), _told(answer)
        if not attack.lasts:
            effect = self.stage.effect()
            assert effect == NOTHING_DONE, f"it was answered by {_told(answer)} and did {effect}"
        self._judge(attack, answer, kept)
        await self._compare(attack, answer, kept)
        self.stage.effect()
        await self._control(attack, kept)

    def _judge(self, attack: Attack, answer: Answer, kept: dict[str, Any]) -> None:
        if attack.gets is not None:
            assert answer.status == attack.gets, _told(answer)
        elif attack.unknown is not None:
            assert answer.status == 400, _told(answer)
        elif attack.shows is msgspec.UNSET and not attack.alike and not attack.lacks:
            assert answer.status in REFUSED, _told(answer)
        if attack.code is not None:
            body = answer.json.get("error", answer.json)
            assert body["code"] == attack.code, _told(answer)
        lacked = filled(list(attack.lacks), self._names(kept))
        assert not any(text in answer.body.decode() for text in lacked), _told(answer)
        if attack.shows is not msgspec.UNSET:
            difference = found_otherwise(filled(attack.shows, self._names(kept)), _unwrapped(answer), "the answer")
            assert difference is None, f"{difference}; it is {_told(answer)}"

    async def _compare(self, attack: Attack, answer: Answer, kept: dict[str, Any]) -> None:
        """Asks the same of what is not there, and insists on the same answer."""
        twins = dict(attack.alike)
        if attack.unknown is not None:
            object_name, _, field = attack.unknown.partition(".")
            twins[field] = unknown_name(field, tuple(self.stage.object(object_name).fields))
        rivals = [
            (sent, other, await self._sent(_replaced(attack.request, sent, other), kept))
            for sent, other in twins.items()
        ]
        mine: list[str] = []
        if attack.absent is not None:
            object_name, record_id = self.stage.ids.get(attack.absent, ("", kept.get(attack.absent, "")))
            mine.append(record_id)
            mount = self._mount(attack.request.sends)
            sent, other = mount.shown(object_name, record_id), mount.shown(object_name, ABSENT)
            rivals.append((sent, other, await self._sent(attack.request, {**kept, attack.absent: other})))
        for sent, other, rival in rivals:
            alike = _compared(answer, sent, *mine) == _compared(rival, other, ABSENT)
            assert alike, f"{_told(answer)}, and in its place {_told(rival)}"

    async def _control(self, attack: Attack, kept: dict[str, Any]) -> None:
        control = attack.control
        kept = await self._prepared(control.first, kept)
        answer = await self._sent(_of_control(attack.request, control), kept)
        wanted = answer.status in range(200, 300) if control.gets is None else answer.status == control.gets
        assert wanted, f"the control is refused: {_told(answer)} {self.stage.crashes[-1:]}"
        lacked = filled(list(attack.lacks), self._names(kept))
        assert all(text in answer.body.decode() for text in lacked), _told(answer)
        if control.shows is not msgspec.UNSET:
            difference = found_otherwise(filled(control.shows, self._names(kept)), _unwrapped(answer), "the control")
            assert difference is None, f"{difference}; it is {_told(answer)}"
        self.stage.effect()

    async def _prepared(self, steps: list[Step] | tuple[Step, ...], kept: dict[str, Any]) -> dict[str, Any]:
        """Takes steps that succeed, and returns what is kept with theirs."""
        for step in steps:
            answer = await self._sent(step, kept)
            assert answer.status < 300, f"what goes before the attack is refused: {_told(answer)}"
            for name, place in step.keeps.items():
                kept[name] = answer.headers[place[:-1]] if place.endswith(":") else part_at(answer.json, place)
            self.stage.effect()
        return kept

    async def _sent(self, request: Request, kept: Mapping[str, Any]) -> Answer:
        method, _, path = request.sends.partition(" ")
        mount = self._mount(request.sends)
        shown = {name: mount.shown(*spot) for name, spot in self.stage.ids.items()}
        names = {**shown, **kept}
        path, _, query = filled(path if path.startswith("/") else f"/api/v1/data/{path}", names).partition("?")
        pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]
        body = filled(request.body, names) if request.raw is None else filled(request.raw, names).encode()
        headers = mount.headers(self.stage.people[request.who]) | filled(request.headers, names)
        return await self.stage.send(method, path, query=pairs, headers=headers, body=body)

    def _names(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what texts in braces stand for in an answer of the native surface."""
        return {**{name: record_id for name, (_, record_id) in self.stage.ids.items()}, **kept}

    def _mount(self, sends: str) -> Mount:
        """Returns the surface that a request goes to; the native one for paths of none."""
        path = sends.partition(" ")[2]
        mounts = self.stage.mounts
        return next((mount for mount in mounts if path.startswith(mount.table.dialect.api.base_path)), mounts[0])


def _replaced(request: Request, sent: str, other: str) -> Request:
    """Returns a request with one text in the place of another, wherever it stands."""
    text = msgspec.json.encode(request).decode()
    return msgspec.json.decode(text.replace(sent, other), type=Request)


def _unwrapped(answer: Answer) -> Any:
    """Returns the body of an answer without the envelope of the second surface."""
    body = answer.json
    return body["data"] if isinstance(body, dict) and "data" in body else body


def _compared(answer: Answer, *sent: str) -> tuple[int, Mapping[str, str], bytes]:
    """Returns what tells two answers apart, without what was sent and the count of one's own requests."""
    status, headers, body = answer.without(*sent)
    return status, {name: value for name, value in headers.items() if not name.startswith("ratelimit-")}, body


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.body.decode()[:400]}"


def _of_control(request: Request, control: Control) -> Request:
    said = {name: getattr(control, name) for name in ("who", "sends", "body", "raw", "headers")}
    return msgspec.structs.replace(
        request, **{name: value for name, value in said.items() if value is not msgspec.UNSET}
    )
