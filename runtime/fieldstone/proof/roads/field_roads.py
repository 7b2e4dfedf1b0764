"""Roads to a field: every place in which it could be shown, or in which naming it could tell that it is there.

Where a field is named, the answer is compared with that to a name as long that no field has: hidden is whatever cannot be told apart.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec.json import encode

from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer

FAR_VERSION = 999_999
"""A version that no record has come to."""

Ask = Callable[[Trip, str], Awaitable[Answer]]
Naming = Callable[[str], Any]


async def _shown(trip: Trip) -> Verdict:
    record_id = await _some_record(trip)
    if trip.route.declaration.operation == "get":
        return _has(trip, trip.mount.one(await trip.ask(record_id)))
    if trip.route.declaration.operation == "query":
        return _has(trip, trip.mount.page(await trip.ask(body={})).items[0])
    pages = await trip.pages({})
    return CLOSED if isinstance(pages, Answer) else _has(trip, pages[0].items[0])


async def _expanded(trip: Trip) -> Verdict:
    """In a record of its object that stands in the place of a reference to it."""
    for source_name in trip.stage.own:
        source = trip.stage.object(source_name)
        for reference in source.fields.values():
            if reference.reference != trip.name:
                continue
            for source_id in trip.stage.rows_of(source_name):
                places: dict[str, Any] = {"object": source_name, "of": source_name}
                answer = await trip.ask(source_id, query={"expand": reference.name}, **places)
                value = trip.mount.one(answer).get(reference.name) if answer.status == 200 else None
                if isinstance(value, dict):
                    return _has(trip, value)
    return CLOSED


def _parameter(name: str, naming: Naming) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road that names the field in a query parameter."""

    async def walk(trip: Trip) -> Verdict:
        record_id = await _some_record(trip) if trip.route.declaration.operation == "get" else ""
        return await trip.told_apart(lambda field: trip.ask(record_id, query={name: _text(naming(field))}))

    return walk


def _posted(naming: Naming) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road that names the field in the body of a query."""

    async def walk(trip: Trip) -> Verdict:
        return await trip.told_apart(lambda field: trip.ask(body=naming(field)))

    return walk


async def _bare_parameter(trip: Trip) -> Verdict:
    value = _text(next(iter(await _values(trip)), "1"))
    return await trip.told_apart(lambda field: trip.ask(query={field: value}))


async def _own_parameter(trip: Trip) -> Verdict:
    """By the parameter that a list of the second dialect declares for it: without the field, there is no such parameter."""
    parameters = trip.route.declaration.parameters
    known = [name for name, parameter in parameters.items() if parameter.field == trip.field.name]
    if not known:
        return CLOSED
    verdicts = set()
    for value in (*await _values(trip), "", "no such value"):
        answer, other = await trip.ask(query={known[0]: _text(value)}), await trip.ask(query={"z" * len(known[0]): "1"})
        verdicts.add(answer.without(known[0]) != other.without("z" * len(known[0])))
    return ALLOWED if verdicts == {True} else REFUSED if verdicts == {False} else CLOSED


def _hinted(ask: Ask) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a slip of the pen: does the hint name the field?"""

    async def walk(trip: Trip) -> Verdict:
        if trip.sentence.outlook != "can" and trip.sets():
            return CLOSED
        slip = f"{trip.field.name}x"
        text = (await ask(trip, slip)).body.decode()
        trip.nothing_done()
        if slip not in text:
            return CLOSED
        return ALLOWED if trip.field.name in text.replace(slip, "") else REFUSED

    return walk


async def _in_own_write(trip: Trip) -> Verdict:
    """In the answer to a change that changes nothing."""
    record_id = await _changeable(trip)
    return _has(trip, trip.mount.one(await trip.ask(record_id, body={}))) if record_id else CLOSED


async def _in_conflict(trip: Trip) -> Verdict:
    """In the record that a conflict of versions shows."""
    record_id = await _changeable(trip)
    if not record_id:
        return CLOSED
    answer = await trip.ask(record_id, body={}, headers={"If-Match": str(FAR_VERSION)})
    trip.nothing_done()
    if answer.status != 409:
        raise Leak(f"a version that nothing is at is answered by {answer}")
    return _has(trip, trip.mount.refusal(answer).details["record"])


async def _in_new_record(trip: Trip) -> Verdict:
    answer = await trip.ask(body=trip.body(trip.stage.test.new.get(trip.name, {})))
    trip.done()
    if answer.status != 201 or "version" not in trip.mount.one(answer):
        return CLOSED
    return _has(trip, trip.mount.one(answer))


async def _in_batch(trip: Trip) -> Verdict:
    """In the records that a batch answers with, changed and refused ones."""
    record_id = await _some_record(trip)
    records: list[Mapping[str, Any]] = [{"id": trip.shown(record_id), "data": {}}]
    stale = [{**records[0], "expectedVersion": FAR_VERSION}]
    options = {"returnRecords": True}
    good = await trip.ask(body={"operation": "update", "records": records, "options": options})
    bad = await trip.ask(body={"operation": "update", "records": stale, "options": options})
    trip.nothing_done()
    if good.status != 200 or not trip.mount.one(good)["success"]:
        return CLOSED
    verdicts = {
        _has(trip, trip.mount.one(good)["results"][0]["data"]),
        _has(trip, trip.mount.one(bad)["results"][0]["errors"][0]["details"]["record"]),
    }
    if len(verdicts) > 1:
        raise Leak(f"a batch shows it in one place and hides it in the other: {good} {bad}")
    return verdicts.pop()


def _slip_in_query(place: str) -> Ask:
    """Returns the question with a slip in one parameter, or as a parameter where no place is named."""

    async def ask(trip: Trip, slip: str) -> Answer:
        if place == "where":
            return await trip.ask(query={"where": _text({slip: 1})})
        return await trip.ask(query={place: slip} if place else {slip: "1"})

    return ask


def _slip_in_body(operation: str) -> Ask:
    async def ask(trip: Trip, slip: str) -> Answer:
        if operation == "import":
            return await trip.ask(body={"rows": [{slip: 1}]})
        if operation == "batch":
            return await trip.ask(body={"operation": "create", "records": [{"data": {slip: 1}}]})
        return await trip.ask(await _some_record(trip) if operation == "update" else "", body={slip: 1})

    return ask


async def _some_record(trip: Trip) -> str:
    record_id = await trip.seen()
    if not record_id:
        raise Leak("nobody can tell: the person sees no record of the object")
    return record_id


async def _changeable(trip: Trip) -> str:
    """Returns the id of a record that the person may change, empty when there is none."""
    for record_id in trip.stage.rows_of(trip.name):
        if await trip.may_change(record_id):
            return record_id
    return ""


async def _values(trip: Trip) -> list[Any]:
    """Returns the values of the field in the test's records."""
    found = [trip.stage.stored[trip.name, record_id][trip.field.name] for record_id in trip.stage.rows_of(trip.name)]
    return [value for value in found if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)]


def _has(trip: Trip, record: Mapping[str, Any]) -> Verdict:
    return ALLOWED if trip.field.name in record else REFUSED


def _text(value: Any) -> str:
    return encode(value).decode() if isinstance(value, dict) else str(value)


PLACES: tuple[tuple[str, Naming], ...] = (
    ("where", lambda field: {field: {"$null": False}}),
    ("where", lambda field: {field: {"$eq": "1"}}),
    ("where", lambda field: {field: {"$gt": 1}}),
    ("where", lambda field: {"$or": [{"id": "1"}, {"$not": {field: None}}]}),
    ("where", lambda field: {"id": {"$eq": {"$field": field}}}),
    ("orderBy", lambda field: f"-{field}"),
    ("select", lambda field: f"id,{field}"),
    ("expand", lambda field: field),
)
"""Where a list takes the name of a field: the parameter, and what it holds."""

POSTED: tuple[tuple[str, Naming], ...] = (
    ("where", lambda field: {"where": {"$and": [{field: {"$in": []}}]}}),
    ("orderBy", lambda field: {"orderBy": [{"field": field, "order": "desc"}]}),
    ("fields", lambda field: {"fields": [field]}),
    ("expand", lambda field: {"expand": [field]}),
)

SHOWN = Road("shown", _shown)
GET_ROADS = (
    SHOWN,
    Road("shown, expanded", _expanded, whole_language=True),
    Road("selected", _parameter("select", lambda field: field), whole_language=True),
    Road("expanded", _parameter("expand", lambda field: field), whole_language=True),
)
LIST_ROADS = (
    SHOWN,
    *(
        Road(f"named in {place} {number}", _parameter(place, naming), whole_language=True)
        for number, (place, naming) in enumerate(PLACES)
    ),
    *(
        Road(f"hinted at in {place}", _hinted(_slip_in_query(place)), whole_language=True)
        for place in ("where", "orderBy", "select", "expand", "")
    ),
    Road("bare parameter", _bare_parameter, whole_language=True),
    Road("own parameter", _own_parameter, parameters=True),
)
QUERY_ROADS = (SHOWN, *(Road(f"named in {place}, posted", _posted(naming)) for place, naming in POSTED))
UPDATE_ROADS = (
    Road("shown by a change", _in_own_write),
    Road("shown by a conflict", _in_conflict),
    Road("hinted at in a change", _hinted(_slip_in_body("update"))),
)
CREATE_ROADS = (
    Road("shown by its making", _in_new_record),
    Road("hinted at in a new record", _hinted(_slip_in_body("create"))),
)
BATCH_ROADS = (
    Road("shown by a batch", _in_batch),
    Road("hinted at in a batch", _hinted(_slip_in_body("batch"))),
)
IMPORT_ROADS = (Road("hinted at in an import", _hinted(_slip_in_body("import"))),)
IMPORT_JOB_ROADS = (Road("hinted at in an import beside the requests", _hinted(_slip_in_body("import"))),)
