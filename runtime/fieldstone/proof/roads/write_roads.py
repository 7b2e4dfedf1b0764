"""Roads of writing: every way to change, delete or make a record, and to set a field; each refusal must leave everything as it is.

A refusal about a record that is not seen is the one that an absent record gets; about one that is seen it is an open 403.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fieldstone.proof.rehearsal import Effect
from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, CLOSED, FREE_TEXT, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Field

FAR_VERSION = 999_999
DONE = frozenset({200, 201})
IN_NUMBER = frozenset({"batch", "update_many", "delete_many", "across"})
OPEN_REFUSALS = frozenset({400, 403, 409})

About = Callable[[str], Awaitable[Answer]]


def change_of(trip: Trip) -> dict[str, Any]:
    """Returns what the sentence sends: its own values, else the test's, else a first field that is changed: a text, if there is one."""
    if trip.sentence.values:
        return trip.body(values_of(trip))
    said = trip.stage.test.change.get(trip.name)
    if said is not None:
        return trip.body(said)
    fields = [field for field in trip.object.fields.values() if _open(trip, field)]
    texts = [field for field in fields if field.type.name in FREE_TEXT]
    return trip.body({field.name: trip.sample(field) for field in (*texts, *fields)[:1]})


def _open(trip: Trip, field: Field) -> bool:
    """Tells whether a field may be changed by whoever may change its record, as far as the test says."""
    test, who = trip.stage.test, trip.person.name
    kept = any(
        (said.who, said.object, said.field) == (who, trip.name, field.name) and said.outlook != "can"
        for said in test.sentences
    )
    filled = field.system or field.internal or field.declaration.readonly or field.type.computed
    return not (kept or filled or field.unique)


def values_of(trip: Trip) -> dict[str, Any]:
    """Returns the values that the sentence says, as the fields take them."""
    values: dict[str, Any] = {}
    for name, text in trip.sentence.values:
        field = trip.object.fields.get(name)
        values[name] = _read(text, field.type.name if field else "text")
    return values


def _read(text: str, type_name: str) -> Any:
    if text == "null":
        return None
    if type_name in ("number", "currency", "percent"):
        return int(text)
    if type_name in ("boolean", "toggle"):
        return text == "true"
    return text


def _update(headers: Mapping[str, str] | None = None, **more: Any) -> Callable[[Trip], Awaitable[Verdict]]:
    async def walk(trip: Trip) -> Verdict:
        version = str(trip.stored["version"])
        sent = {name: value.replace("<version>", version) for name, value in (headers or {}).items()}
        body = change_of(trip) | more

        async def about(record_id: str) -> Answer:
            return await trip.ask(record_id, body=body, headers=sent)

        return await judge(trip, about, raised)

    return walk


async def _stale_update(trip: Trip) -> Verdict:
    """At a version that is not its own: only who may change it learns that."""
    if trip.sentence.values:
        return CLOSED
    body = change_of(trip)

    async def about(record_id: str) -> Answer:
        return await trip.ask(record_id, body=body, headers={"If-Match": str(FAR_VERSION)})

    return await _judge_stale(trip, about, lambda record_id: trip.ask(record_id, body=body))


async def _empty_update(trip: Trip) -> Verdict:
    """A change of nothing needs the right to change."""
    if trip.sentence.values:
        return CLOSED
    return await judge(trip, lambda record_id: trip.ask(record_id, body={}), lambda _trip, effect: effect == Effect())


async def _delete_it(trip: Trip) -> Verdict:
    return await judge(trip, trip.ask, went)


async def _delete_at_version(trip: Trip) -> Verdict:
    query = {"expectedVersion": str(trip.stored["version"])}
    return await judge(trip, lambda record_id: trip.ask(record_id, query=query), went)


async def _stale_delete(trip: Trip) -> Verdict:
    headers = {"If-Match": f'"{FAR_VERSION}-0a"'}
    return await _judge_stale(trip, lambda record_id: trip.ask(record_id, headers=headers), trip.ask)


def _in_batch(operation: str, *, atomic: bool = False) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a batch that holds the record alone."""

    async def walk(trip: Trip) -> Verdict:
        data = {"data": change_of(trip)} if operation == "update" else {}

        async def about(record_id: str) -> Answer:
            records = [{"id": trip.shown(record_id), **data}]
            options = {"atomic": atomic, "returnRecords": True}
            return await trip.ask(body={"operation": operation, "records": records, "options": options})

        return await judge(trip, about, raised if operation == "update" else went)

    return walk


async def _beside_a_good_one(trip: Trip) -> Verdict:
    """An atomic batch of the record and an absent one does nothing, and tells of the first what it tells of it alone."""
    records = [{"id": trip.shown(trip.id)}, {"id": trip.shown(ABSENT)}]
    answer = await trip.ask(body={"operation": "delete", "records": records, "options": {"atomic": True}})
    trip.nothing_done()
    if answer.status != 200:
        return CLOSED if answer.status == 405 else REFUSED
    first, second = (result["errors"][0] for result in trip.mount.one(answer)["results"])
    if first["code"] == "ROLLED_BACK":
        return ALLOWED
    alike = str(first).replace(trip.id, "") == str(second).replace(ABSENT, "") or second["code"] == "NOT_ATTEMPTED"
    if not alike and not await trip.sees(trip.id):
        raise Leak(f"an absent record is answered by {second}, this one by {first}")
    return REFUSED


def _make(operation: str) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a new record, by itself or in a batch."""

    async def walk(trip: Trip) -> Verdict:
        test = trip.stage.test
        if "create" not in trip.object.offered:
            return CLOSED
        body = trip.body({**test.new.get(trip.name, {}), **values_of(trip)})
        answer = await trip.ask(body=body if operation == "create" else _batch_of_one(body))
        effect = trip.done()
        if answer.status == 405:
            return CLOSED
        if not succeeded(trip, answer):
            return refused(effect)
        made = [name for name, _ in effect.made]
        if made.count(trip.name) != 1 or effect.gone:
            raise Leak(f"a new record did {effect}")
        return ALLOWED

    return walk


async def _mint(trip: Trip) -> Verdict:
    """By the route that makes API keys, the only one that does."""
    if trip.name != "sys_api_key":
        return CLOSED
    values = dict(trip.sentence.values)
    body = {name: value.split("+") if name == "scopes" else value for name, value in values.items()}
    answer = await trip.ask(body=body)
    effect = trip.done()
    if answer.status != 201:
        return refused(effect)
    if [name for name, _ in effect.made] != ["sys_api_key"]:
        raise Leak(f"a new key did {effect}")
    return ALLOWED


def _set_in(operation: str) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of one field in a body: a change's or a new record's, alone or in a batch."""

    async def walk(trip: Trip) -> Verdict:
        record_id, value = await _writable_place(trip, operation)
        if record_id is None or (operation == "import" and trip.field.name == "id"):
            return CLOSED
        new = trip.stage.test.new.get(trip.name, {})

        async def ask(name: str) -> Answer:
            sent = trip.body({trip.field.name: value})[trip.field.name]
            values = {name: sent} if record_id else {**trip.body(new), name: sent}
            if operation == "import":
                return await trip.ask(body=one_row(values, trip.shown(record_id) if record_id else ""))
            if operation != "batch":
                return await trip.ask(record_id, body=values)
            record = {"id": trip.shown(record_id), "data": values} if record_id else {"data": values}
            return await trip.ask(body={"operation": "update" if record_id else "create", "records": [record]})

        return await _judge_setting(trip, ask)

    return walk


async def _judge_setting(trip: Trip, ask: Callable[[str], Awaitable[Answer]]) -> Verdict:
    name = trip.field.name
    answer = await ask(name)
    effect = trip.done()
    if succeeded(trip, answer):
        return ALLOWED
    refused(effect)
    other = await ask(trip.unknown_field)
    trip.nothing_done()
    if answer.without(name) == other.without(trip.unknown_field):
        return REFUSED
    seen = await trip.seen()
    if not seen or name not in await trip.record(seen):
        raise Leak(f"an unknown field is answered by {other}, this one by {answer}")
    text = answer.body.decode()
    if f'"forbiddenFields":["{name}"]' not in text and "is set by the system" not in text:
        raise Leak(f"it is read and not to be set, and the refusal does not say so: {text}")
    return REFUSED


async def _writable_place(trip: Trip, operation: str) -> tuple[str | None, Any]:
    """Returns a record that the person may change (empty: he may make one) and a value for the field; None for neither."""
    value = trip.sample(trip.field)
    if operation != "create":
        for record_id in trip.stage.rows_of(trip.name):
            if await trip.may_change(record_id):
                return record_id, value
    if operation != "update":
        new = trip.body(trip.stage.test.new.get(trip.name, {}))
        made = await trip.ask(body=new, route=trip.mount.routes("create")[0])
        trip.done()
        if made.status == 201:
            return "", value
    return None, value


async def judge(trip: Trip, about: About, as_meant: Callable[[Trip, Effect], bool]) -> Verdict:
    """Returns what came of a write: done as meant, refused with nothing done, or told as an absent record is."""
    answer = await about(trip.id)
    effect = trip.done()
    if succeeded(trip, answer):
        if not as_meant(trip, effect):
            raise Leak(f"it did {effect}")
        return ALLOWED
    refused(effect)
    return await _judge_refusal(trip, answer, about)


async def _judge_stale(trip: Trip, about: About, at_any_version: About) -> Verdict:
    """A conflict is told to who may write the record; where a rule over more than the record forbids it after all, it tells nothing."""
    answer = await about(trip.id)
    trip.nothing_done()
    if answer.status == 409:
        allowed = succeeded(trip, await at_any_version(trip.id))
        trip.done()
        return ALLOWED if allowed else CLOSED
    if answer.status in DONE:
        raise Leak("a version that nothing is at is accepted")
    return await _judge_refusal(trip, answer, about)


async def _judge_refusal(trip: Trip, answer: Answer, about: About) -> Verdict:
    if answer.status == 405:
        return CLOSED
    if not await trip.sees(trip.id):
        verdict = await trip.told_alike(answer, about)
        trip.nothing_done()
        return verdict
    if answer.status not in OPEN_REFUSALS | {200, 401}:
        raise Leak(f"a record that is seen is refused with {answer}")
    return REFUSED


def refused(effect: Effect) -> Verdict:
    """Returns that a write was refused; raises Leak for one that did something all the same."""
    if effect != Effect():
        raise Leak(f"it was refused and yet did {effect}")
    return REFUSED


def succeeded(trip: Trip, answer: Answer) -> bool:
    """Tells whether what was asked for was done: of writes in number, all of it."""
    if trip.route.declaration.operation == "import" and answer.status == 200:
        told = trip.mount.one(answer)
        return bool(told["ok"] == told["total"])
    if trip.route.declaration.operation in IN_NUMBER and answer.status == 200:
        return bool(trip.mount.one(answer)["success"])
    return answer.status in DONE


def _batch_of_one(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"operation": "create", "records": [{"data": values}]}


def one_row(values: Mapping[str, Any], record_id: str = "") -> dict[str, Any]:
    """Returns the body of an import of one row: that of a new record, or a change of the one with an id."""
    if not record_id:
        return {"rows": [values]}
    return {"rows": [{"id": record_id, **values}], "writeMode": "update", "matchFields": ["id"]}


_ALONG: Mapping[str, frozenset[str]] = {
    "sys_user": frozenset({"sys_session"}),
    "sys_member": frozenset({"sys_user_permission_set"}),
}
"""What comes and goes with a change: sessions with a password, the set of a role with the role."""


def raised(trip: Trip, effect: Effect) -> bool:
    """Tells whether a write changed the record once, and nothing else but what comes and goes with it."""
    along = _ALONG.get(trip.name, frozenset())
    others = {name for name, _ in effect.made | effect.gone} - along
    return not others and effect.changed == (((trip.name, trip.id), 1),)


def went(trip: Trip, effect: Effect) -> bool:
    """Tells whether a write took the record away, for good or to the trash that its object has, and made nothing."""
    trashed = trip.object.declaration.enable.trash and ((trip.name, trip.id), 1) in effect.changed
    return (trashed or (trip.name, trip.id) in effect.gone) and not effect.made


UPDATE_ROADS = (
    Road("changed", _update()),
    Road("changed at its version", _update({"If-Match": "<version>"})),
    Road("changed at any version", _update({"If-Match": "*"})),
    Road("changed at a version that is over", _stale_update),
    Road("changed in nothing", _empty_update),
)
DELETE_ROADS = (
    Road("deleted", _delete_it),
    Road("deleted at its version", _delete_at_version),
    Road("deleted at a version that is over", _stale_delete),
)
BATCH_UPDATE_ROADS = (
    Road("changed in a batch", _in_batch("update")),
    Road("changed in an atomic batch", _in_batch("update", atomic=True)),
)
BATCH_DELETE_ROADS = (
    Road("deleted in a batch", _in_batch("delete")),
    Road("deleted in an atomic batch", _in_batch("delete", atomic=True)),
    Road("deleted beside an absent one", _beside_a_good_one),
)
CREATE_ROADS = (Road("made", _make("create")),)
BATCH_CREATE_ROADS = (Road("made in a batch", _make("batch")),)
MINT_ROADS = (Road("made as a key", _mint),)
SET_IN_UPDATE = (Road("set by a change", _set_in("update")),)
SET_IN_CREATE = (Road("set in a new record", _set_in("create")),)
SET_IN_BATCH = (Road("set in a batch", _set_in("batch")),)
SET_IN_IMPORT = (Road("set by an import", _set_in("import")),)
