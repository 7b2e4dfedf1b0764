"""A trip: one sentence on its way by one road, which is a way of asking over one route of one surface.

A road answers with a verdict. Whatever is wrong besides (a refusal that is told apart from an absence, a write that did more than it
should, a crash) is a Leak, whichever verdict the sentence expects.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from fieldstone.proof.mount import Listing, Mount, Person
from fieldstone.proof.rehearsal import NOTHING_DONE, Effect
from fieldstone.proof.stage import ABSENT, Stage
from fieldstone.proof.wire import Answer
from fieldstone.query.names import nearest
from fieldstone.query.text_forms import PARAMETERS
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.policy_test import Sentence
from fieldstone.surfaces.rest.table import Route

MOST_PAGES = 40
FREE_TEXT = frozenset({"text", "textarea", "markdown"})
"""The field types that hold any text."""

SAMPLES: Mapping[str, Any] = {
    "boolean": True,
    "toggle": True,
    "currency": 7,
    "number": 7,
    "percent": 7,
    "date": "2026-01-02",
    "datetime": "2026-01-02T03:04:05.000Z",
    "time": "03:04:05",
    "email": "changed@case.example",
    "url": "https://changed.example",
    "phone": "+491234567",
    "json": {"changed": True},
    "password": "a changed password",
}
"""What is written to a field of a type when the test does not say; to a field of any other type, the text `changed`."""


class Verdict(Enum):
    """What came of a trip; `CLOSED`: the road does not lead there for anybody, or not for this person."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    CLOSED = "closed"


ALLOWED, REFUSED, CLOSED = Verdict.ALLOWED, Verdict.REFUSED, Verdict.CLOSED


class NoLikeName(Exception):
    """No name that is unknown is as far from all others as this one, so that nothing can be told from how it is answered."""


class Leak(Exception):
    """An answer that tells what it must not, or a write that did what it must not."""


class Trip:
    """A sentence, a route of a surface, and the person who asks."""

    def __init__(
        self, stage: Stage, mount: Mount, route: Route, sentence: Sentence, secrets: Mapping[str, str]
    ) -> None:
        """Takes what may occur in no answer of this person's either: `secrets`, with the sentence that says so."""
        self.stage, self.mount, self.route, self.sentence = stage, mount, route, sentence
        self.person: Person = stage.people[sentence.who]
        self._secrets = secrets
        spot = stage.ids[sentence.row] if sentence.row is not None else (str(sentence.object), "")
        self.object: Object = stage.object(spot[0])
        self.id = spot[1]

    @property
    def name(self) -> str:
        """The object's name."""
        return self.object.name

    @property
    def stored(self) -> Mapping[str, Any]:
        """The record of the sentence's row, as it is stored."""
        return self.stage.stored[self.name, self.id]

    @cached_property
    def field(self) -> Field:
        """The field of the sentence."""
        return self.object.fields[str(self.sentence.field)]

    @cached_property
    def unknown_field(self) -> str:
        """A name that no field has, as long as that of the sentence's field, and as like or unlike to every other name."""
        return unknown_name(self.field.name, tuple(self.object.fields))

    def unknown_object(self, visible: tuple[str, ...]) -> str:
        """A name that no object has, as long as that of the sentence's, and as like or unlike to every name that the person may know."""
        return unknown_name(self.name, tuple(self.stage.runtime.catalog.objects), visible)

    def shown(self, record_id: str, object_name: str | None = None) -> str:
        """Returns an id as it is written on this surface."""
        return self.mount.shown(object_name or self.name, record_id)

    async def ask(self, record_id: str = "", *, method: str = "", route: Route | None = None, **more: Any) -> Answer:
        """Sends a request over the route, about a record where its path names one."""
        taken = route or self.route
        places = {"object": more.pop("object", self.name), "id": self.shown(record_id, more.pop("of", None))}
        headers = self.mount.headers(self.person) | more.pop("headers", {})
        path = self.mount.path(taken, **places, **more.pop("places", {}))
        answer = await self.stage.send(method or taken.declaration.method, path, headers=headers, **more)
        if answer.status >= 500:
            raise Leak(f"{answer.status} {answer.body.decode()} {self.stage.crashes[-1:]}")
        self._look_for_secrets(answer, f"{path} {more}")
        return answer

    async def pages(self, query: Mapping[str, str]) -> list[Listing] | Answer:
        """Returns all pages of a list, or the refusal of the first."""
        found: list[Listing] = []
        cursor: str | None = None
        while len(found) < MOST_PAGES:
            answer = await self.ask(query={**query, **({self.mount.cursor: cursor} if cursor else {})})
            if answer.status != 200:
                return _only_at_first(answer, found)
            found.append(self.mount.page(answer))
            cursor = found[-1].cursor
            if cursor is None:
                return found
        raise Leak(f"more than {MOST_PAGES} pages")

    async def told_alike(self, answer: Answer, again: Callable[[str], Awaitable[Answer]]) -> Verdict:
        """Returns REFUSED when the answer about the record is what an absent one gets; `again` asks the same of another id."""
        other = await again(ABSENT)
        if answer.status == 405:
            return CLOSED
        mine, absent = answer.without(self.shown(self.id), self.id), other.without(self.shown(ABSENT), ABSENT)
        if mine != absent:
            raise Leak(f"an absent record is answered by {absent}, this one by {mine}")
        return REFUSED

    async def told_apart(self, again: Callable[[str], Awaitable[Answer]]) -> Verdict:
        """Returns whether the answer that names the field differs from the one that names an unknown one in its place."""
        answer, other = await again(self.field.name), await again(self.unknown_field)
        apart = answer.without(self.field.name) != other.without(self.unknown_field)
        return ALLOWED if apart else REFUSED

    async def sees(self, record_id: str, object_name: str | None = None) -> bool:
        """Tells whether the person gets a record by its id on this surface."""
        return (await self._got(record_id, object_name)).status == 200

    async def record(self, record_id: str, object_name: str | None = None) -> Mapping[str, Any]:
        """Returns a record that the person gets by its id."""
        found: Mapping[str, Any] = self.mount.one(await self._got(record_id, object_name))
        return found

    async def seen(self) -> str:
        """Returns the id of the first row of the object that the person sees; empty when he sees none."""
        for record_id in self.stage.rows_of(self.name):
            if await self.sees(record_id):
                return record_id
        return ""

    def sets(self) -> bool:
        """Tells whether the test lets the person set the field, so that he knows of it even where he may not read it."""
        return self.stage.test.says_of(self.person.name, "writes", self.name, self.field.name)

    async def may_change(self, record_id: str) -> bool:
        """Tells whether the person may change a record of the object on this surface, by a change of nothing."""
        key = ("change", self.mount.name, self.person.name, record_id)
        if key not in self.stage.answered:
            route = self.mount.routes("update")[0]
            self.stage.answered[key] = await self.ask(record_id, body={}, route=route)
        return self.stage.answered[key].status == 200

    def body(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns values as they are sent on this surface."""
        sent = {}
        for name, value in values.items():
            declared = self.object.fields.get(name)
            resolved = self.stage.value(self.name, name, value)
            reference = self.name if name == "id" else declared.reference if declared else None
            sent[name] = self.shown(resolved, reference) if reference and isinstance(resolved, str) else resolved
        return sent

    def sample(self, field: Field) -> Any:
        """Returns a value to write to a field."""
        test = self.stage.test
        said = {**test.new.get(self.name, {}), **test.change.get(self.name, {})}
        if field.name in said:
            return said[field.name]
        if field.name == "id":
            return ABSENT
        if field.reference is not None:
            named = (name for name, (object_name, _) in self.stage.ids.items() if object_name == field.reference)
            return next(named, "absent")
        most, options = getattr(field.declaration, "max", None), getattr(field.declaration, "options", None)
        if isinstance(most, Decimal | int):
            return int(most)
        return options[0].value if options else SAMPLES.get(field.type.name, "changed")

    def done(self) -> Effect:
        """Returns what the last request wrote."""
        return self.stage.effect()

    def nothing_done(self) -> None:
        """Insists that the last request wrote nothing."""
        effect = self.done()
        if effect != NOTHING_DONE:
            raise Leak(f"it was refused and yet did {effect}")

    async def _got(self, record_id: str, object_name: str | None) -> Answer:
        name = object_name or self.name
        key = ("get", self.mount.name, self.person.name, name, record_id)
        if key not in self.stage.answered:
            route = self.mount.routes("get")[0]
            self.stage.answered[key] = await self.ask(record_id, route=route, of=name, object=name)
        return self.stage.answered[key]

    def _look_for_secrets(self, answer: Answer, sent: str) -> None:
        text = answer.body.decode()
        for secret, told_by in self._secrets.items():
            if secret in text and secret not in sent:
                raise Leak(f"`{secret}` is in {' '.join(text[:300].split())}, though {told_by}")


@lru_cache
def unknown_name(name: str, known: tuple[str, ...], told: tuple[str, ...] | None = None) -> str:
    """Returns a name that is not known, as long as one that is, for which every hint would be the same.

    Hints are made of the names `told`, of all that are known unless given.
    """
    others = [other for other in (known if told is None else told) if other != name]
    swapped = (name[:at] + "q" + name[at + 1 :] for at in range(len(name)))
    for twin in (name[::-1], *swapped, "q" * len(name)):
        hints = (nearest(twin, among) == nearest(name, among) for among in (others, (*others, *PARAMETERS)))
        if twin not in known and all(hints):
            return twin
    raise NoLikeName(name)


class Road(msgspec.Struct, frozen=True, eq=False):
    """A way of asking; `whole_language` ones need the query language, `parameters` ones a list with parameters of its own."""

    name: str
    walk: Callable[[Trip], Awaitable[Verdict]]
    whole_language: bool = False
    parameters: bool = False

    async def verdict(self, trip: Trip) -> Verdict:
        """Returns what comes of a trip; the road is closed where no unknown name could stand for the one that it asks for.

        Raises Leak, too, for answers of which one does not fit the other.
        """
        try:
            return await self.walk(trip)
        except NoLikeName:
            return CLOSED
        except (LookupError, TypeError, ValueError) as error:
            raise Leak(f"the answers do not fit together: {error!r}") from error

    def leads(self, mount: Mount, route: Route) -> bool:
        """Tells whether the road can be walked over a route."""
        if self.whole_language and not mount.whole_language:
            return False
        return not self.parameters or bool(route.declaration.parameters)


def _only_at_first(answer: Answer, found: list[Listing]) -> Answer:
    if found:
        raise Leak(f"the first page is answered, the next by {answer.status} {answer.body.decode()}")
    return answer
