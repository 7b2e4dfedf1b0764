"""Scenarios: files that tell, step by step, who asks for what and what he gets; the walker does it over HTTP.

A file holds `people`, who are members of the first organisation, and `steps`. A step is one of

    {as: bob, asks: POST /auth/x, with: {...}, gets: 200, shows: {...}, keeps: {name: path}}
    {mail: bob@example.org, says: [...], keeps: name}      the latest mail; its token is kept
    {wait: 49}                                             hours

`as` is a person, or `bob/phone` for another session of his; `key: '{name}'` shows an API key instead. `shows` is a part of the answer:
of an object the members that it names, of a list its items one by one; `{has: [...]}` and `{lacks: [...]}` look for items anywhere in a
list. `{name}` stands for what was kept. `because` is for the reader.
"""

import re
from typing import Any

import msgspec

from tests.scenarios.stage import Stage, token_in

NAME = re.compile(r"\{(\w+)\}")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"who": "as", "sent": "with"}):
    """One step of a scenario."""

    who: str | None = None
    key: str | None = None
    asks: str | None = None
    sent: Any = None
    gets: int = 200
    shows: Any = msgspec.UNSET
    keeps: dict[str, str] | str | None = None
    mail: str | None = None
    says: list[str] = []
    wait: float | None = None
    because: str = ""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of the first organisation."""

    sets: tuple[str, ...] = ()
    role: str = "member"
    verified: bool = True


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A flow with its wrong turns."""

    about: str
    people: dict[str, Person]
    steps: list[Step]


async def walk(stage: Stage, scenario: Scenario) -> None:
    """Walks a scenario to its end; an AssertionError tells the step that went otherwise."""
    kept: dict[str, Any] = {"first": stage.first.organization_id}
    for name, person in scenario.people.items():
        kept[name] = await stage.make_person(name, sets=person.sets, role=person.role, verified=person.verified)
    for number, step in enumerate(scenario.steps, 1):
        try:
            await _take(stage, step, kept)
        except AssertionError as error:
            error.add_note(f"In step {number}: {step.who or step.key or step.mail} {step.asks} {step.because}")
            raise


async def _take(stage: Stage, step: Step, kept: dict[str, Any]) -> None:
    if step.wait is not None:
        stage.clock.move(step.wait)
    elif step.mail is not None:
        await _read_mail(stage, step, kept)
    else:
        await _ask(stage, step, kept)


async def _read_mail(stage: Stage, step: Step, kept: dict[str, Any]) -> None:
    mail = await stage.mail(str(step.mail))
    body = mail.get_body(("plain",))
    assert body is not None
    for text in step.says:
        assert text in body.get_content()
    if isinstance(step.keeps, str):
        kept[step.keeps] = token_in(mail)


async def _ask(stage: Stage, step: Step, kept: dict[str, Any]) -> None:
    method, _, path = filled(step.asks, kept).partition(" ")
    headers = {} if step.key is None else {"X-Api-Key": filled(step.key, kept)}
    answer = await stage.ask(step.who, method, path, filled(step.sent, kept), headers)
    assert answer.status_code == step.gets, answer.text
    body = answer.json() if answer.content else None
    if step.shows is not msgspec.UNSET:
        difference = found_otherwise(filled(step.shows, kept), body, "the answer")
        assert difference is None, f"{difference}; it is {answer.text}"
    if isinstance(step.keeps, dict):
        for name, place in step.keeps.items():
            kept[name] = part_at(body, place)


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """Returns a value with what was kept in the place of its names."""
    if isinstance(value, str):
        return NAME.sub(lambda found: str(kept[found[1]]), value)
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    if isinstance(value, dict):
        return {filled(key, kept): filled(item, kept) for key, item in value.items()}
    return value


def found_otherwise(expected: Any, found: Any, where: str) -> str | None:
    """Returns in which place an answer is not what is expected of it; None when it is."""
    if isinstance(expected, dict) and isinstance(found, list) and expected.keys() <= {"has", "lacks"}:
        for item in expected.get("has", ()):
            if all(found_otherwise(item, one, where) for one in found):
                return f"{where} lacks {item}"
        for item in expected.get("lacks", ()):
            if not all(found_otherwise(item, one, where) for one in found):
                return f"{where} has {item}"
        return None
    if isinstance(expected, dict) and isinstance(found, dict):
        differences = (
            f"{where} has no {name}" if name not in found else found_otherwise(item, found[name], f"{where}.{name}")
            for name, item in expected.items()
        )
        return next(filter(None, differences), None)
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{where} has {len(found)} items, not {len(expected)}"
        pairs = enumerate(zip(expected, found, strict=True))
        return next(filter(None, (found_otherwise(*pair, f"{where}[{place}]") for place, pair in pairs)), None)
    return None if expected == found else f"{where} is {found!r}, not {expected!r}"


def part_at(body: Any, place: str) -> Any:
    """Returns the part of an answer at a place such as `items.0.id`."""
    for part in filter(None, place.split(".")):
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body
