"""Roads to a record: every way by which somebody could learn that it is there."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from msgspec.json import encode

from fieldstone.proof.mount import Listing
from fieldstone.proof.roads.nested_roads import refers_to
from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Field, Object

BEHIND_ALL = 1000
"""An offset behind every record: the total cannot be read off the page, and is counted."""


async def _by_id(trip: Trip, **more: Any) -> Verdict:
    answer = await trip.ask(trip.id, **more)
    if answer.status == 200:
        if trip.mount.one(answer)["id"] != trip.shown(trip.id):
            raise Leak("another record is answered")
        return ALLOWED
    return await trip.told_alike(answer, lambda other: trip.ask(other, **more))


async def _selected(trip: Trip) -> Verdict:
    return await _by_id(trip, query={"select": "id"})


async def _not_modified(trip: Trip) -> Verdict:
    """Whoever holds any version of it is told that nothing changed, but only if he may see it."""
    more: dict[str, Any] = {"headers": {"If-None-Match": "*"}}
    answer = await trip.ask(trip.id, **more)
    return ALLOWED if answer.status == 304 else await trip.told_alike(answer, lambda other: trip.ask(other, **more))


async def _head(trip: Trip) -> Verdict:
    answer = await trip.ask(trip.id, method="HEAD")
    if answer.body:
        raise Leak("HEAD is answered with a body")
    return ALLOWED if answer.status == 200 else await trip.told_alike(answer, lambda id_: trip.ask(id_, method="HEAD"))


async def _whole_list(trip: Trip) -> Verdict:
    return judge_pages(trip, await trip.pages({}))


async def _page_by_page(trip: Trip) -> Verdict:
    return judge_pages(trip, await trip.pages({trip.mount.limit: "1"}))


async def _ordered(trip: Trip) -> Verdict:
    """Sorted backwards and by every field that sorts: a cursor holds the values of the last record that was shown."""
    verdicts = set()
    for name in ("-id", "-created_at", *_sortable(trip.object)):
        answer = await trip.ask(query={"orderBy": name, "limit": "1"})
        if answer.status == 400:
            continue
        verdicts.add(judge_pages(trip, await trip.pages({"orderBy": name, "limit": "1"})))
    return _agreed(verdicts)


async def _posted_pages(trip: Trip) -> Verdict:
    body: dict[str, Any] = {"orderBy": [{"field": "updated_at", "order": "desc"}], "limit": 1}
    found: list[Listing] = []
    while not found or found[-1].cursor:
        answer = await trip.ask(body=body)
        if answer.status != 200:
            return judge_pages(trip, answer)
        found.append(trip.mount.page(answer))
        body["cursor"] = found[-1].cursor
    return judge_pages(trip, found)


def _where(where: Callable[[str], Any], **more: str) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a list under a condition that holds for one id alone."""

    async def walk(trip: Trip) -> Verdict:
        async def ask(record_id: str) -> Answer:
            return await trip.ask(query={"where": encode(where(record_id)).decode(), **more})

        return await _found(trip, ask)

    return walk


def _posted(where: Callable[[str], Any], **more: Any) -> Callable[[Trip], Awaitable[Verdict]]:
    async def walk(trip: Trip) -> Verdict:
        async def ask(record_id: str) -> Answer:
            return await trip.ask(body={"where": where(record_id), **more})

        return await _found(trip, ask)

    return walk


async def _bare_parameter(trip: Trip) -> Verdict:
    return await _found(trip, lambda record_id: trip.ask(query={"id": record_id}))


async def _own_parameter(trip: Trip) -> Verdict:
    """By the parameter that a list of the second dialect declares for the id."""
    parameters = trip.route.declaration.parameters
    if trip.route.object is None or trip.route.object.object.name != trip.name:
        return CLOSED
    name = next(name for name, parameter in parameters.items() if parameter.field == "id")
    return await _found(trip, lambda record_id: trip.ask(query={name: trip.shown(record_id)}))


async def _by_its_values(trip: Trip) -> Verdict:
    """By a condition on each of its values; what may not be named is left out."""
    verdicts = set()
    for name, value in trip.stored.items():
        if isinstance(value, str) and name != "id" and not name.endswith("_at"):
            answer = await trip.ask(query={"where": encode({name: value}).decode(), "limit": "200"})
            if answer.status != 400:
                verdicts.add(judge_pages(trip, answer if answer.status != 200 else [trip.mount.page(answer)]))
    return _agreed(verdicts) if verdicts else CLOSED


async def _total(trip: Trip) -> Verdict:
    async def ask(record_id: str) -> Answer:
        where = encode({"id": record_id}).decode()
        return await trip.ask(query={"where": where, "offset": str(BEHIND_ALL)})

    return await _counted(trip, ask)


async def _posted_total(trip: Trip) -> Verdict:
    async def ask(record_id: str) -> Answer:
        return await trip.ask(body={"where": {"id": record_id}, "offset": BEHIND_ALL, "fields": ["id"]})

    return await _counted(trip, ask)


async def _expanded(trip: Trip) -> Verdict:
    """Out of another record that refers to it: as a whole record, or as the id that stands there anyway."""
    verdicts = set()
    for source, field, source_id in _pointing(trip):
        places = {"object": source.name, "of": source.name}
        if not await trip.sees(source_id, source.name):
            continue
        for answer in await _expansions(trip, source_id, field.name, places):
            if answer.status != 200:
                continue
            value = trip.mount.page(answer).items[0] if "items" in answer.json else trip.mount.one(answer)
            shown = value[field.name]
            if field.multiple:
                verdicts.add(ALLOWED if trip.id in [each["id"] for each in shown] else REFUSED)
                continue
            if shown not in (trip.id, None) and shown["id"] != trip.id:
                raise Leak("another record is expanded")
            verdicts.add(ALLOWED if isinstance(shown, dict) else REFUSED)
    return _agreed(verdicts) if verdicts else CLOSED


async def _expansions(trip: Trip, source_id: str, name: str, places: Mapping[str, Any]) -> list[Answer]:
    match trip.route.declaration.operation:
        case "get":
            return [await trip.ask(source_id, query={"expand": name}, **places)]
        case "query":
            return [await trip.ask(body={"where": {"id": source_id}, "expand": [name]}, **places)]
        case _:
            return [await trip.ask(query={"id": source_id, "expand": name}, **places)]


async def _referred_to(trip: Trip) -> Verdict:
    """By making another record refer to it: an invisible record must answer as an absent one."""
    verdicts = set()
    for source, field in references_to(trip):
        new = {**trip.stage.test.new.get(source.name, {})}
        for reference in source.fields.values():
            if reference.name in new and reference.reference:
                value = trip.stage.value(source.name, reference.name, new[reference.name])
                new[reference.name] = trip.shown(value, reference.reference)

        async def ask(
            record_id: str, source: Object = source, field: Field = field, new: Mapping[str, Any] = new
        ) -> Answer:
            values = {**new, field.name: [trip.shown(record_id)] if field.multiple else trip.shown(record_id)}
            return await trip.ask(body=_as_batch(trip, values), object=source.name)

        verdicts.add(await _accepted(trip, field, ask))
    verdicts.discard(CLOSED)
    return _agreed(verdicts) if verdicts else CLOSED


async def _accepted(trip: Trip, field: Field, ask: Callable[[str], Awaitable[Answer]]) -> Verdict:
    absent = await ask(ABSENT)
    trip.done()
    if f'"{field.name}"' not in absent.body.decode() or "reference_not_found" not in absent.body.decode():
        return CLOSED
    answer = await ask(trip.id)
    trip.done()
    same = answer.without(trip.shown(trip.id)) == absent.without(trip.shown(ABSENT))
    if not same and "reference_not_found" in answer.body.decode():
        raise Leak(f"an absent record is answered by {absent}, this one by {answer}")
    return REFUSED if same else ALLOWED


def _as_batch(trip: Trip, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if trip.route.declaration.operation == "import":
        return {"rows": [values]}
    if trip.route.declaration.operation != "batch":
        return values
    return {"operation": "create", "records": [{"data": values}]}


async def _restricting(trip: Trip) -> Verdict:
    """By deleting what it refers to: the refusal names the object only of a record that is seen."""
    for field in trip.object.fields.values():
        target = trip.stored.get(field.name)
        if field.delete_behavior != "restrict" or target is None or field.reference is None:
            continue
        answer = await trip.ask(target, of=field.reference, object=field.reference)
        if answer.status != 409:
            trip.done()
        elif trip.mount.refusal(answer).code == "DELETE_RESTRICTED":
            trip.nothing_done()
            details = trip.mount.refusal(answer).details
            return ALLOWED if details.get("dependentObject") == trip.name else REFUSED
    return CLOSED


def judge_pages(trip: Trip, pages: list[Listing] | Answer) -> Verdict:
    """Returns whether the record is on some page; every page must count what all of them show together."""
    if isinstance(pages, Answer):
        return CLOSED if pages.status in (404, 405) else REFUSED
    ids = [item["id"] for page in pages for item in page.items]
    if len(set(ids)) != len(ids):
        raise Leak(f"a record is on two pages: {ids}")
    if any(page.total not in (None, len(ids)) for page in pages):
        raise Leak(f"{len(ids)} records are shown and {[page.total for page in pages]} counted")
    return ALLOWED if trip.shown(trip.id) in ids else REFUSED


async def _found(trip: Trip, ask: Callable[[str], Awaitable[Answer]]) -> Verdict:
    answer = await ask(trip.id)
    if answer.status == 200 and (verdict := judge_pages(trip, [trip.mount.page(answer)])) is ALLOWED:
        return verdict
    return await trip.told_alike(answer, ask)


async def _counted(trip: Trip, ask: Callable[[str], Awaitable[Answer]]) -> Verdict:
    answer = await ask(trip.id)
    if answer.status != 200:
        return await trip.told_alike(answer, ask)
    page = trip.mount.page(answer)
    if page.total == 1 and not page.items:
        return ALLOWED
    return await trip.told_alike(answer, ask)


def _agreed(verdicts: set[Verdict]) -> Verdict:
    if len(verdicts) != 1:
        raise Leak(f"its ways disagree: {sorted(verdict.value for verdict in verdicts)}")
    return verdicts.pop()


def _sortable(subject: Object) -> list[str]:
    return [name for name, field in subject.fields.items() if not field.system and not field.internal][:2]


def references_to(trip: Trip) -> Iterator[tuple[Object, Field]]:
    """Yields every field of a declared object of the test that refers to the record's object."""
    for name in trip.stage.own:
        source = trip.stage.object(name)
        for field in source.fields.values():
            if field.reference == trip.name and not field.system:
                yield source, field


def _pointing(trip: Trip) -> Iterator[tuple[Object, Field, str]]:
    """Yields every record of the test that refers to this one, with its object and the field."""
    for (object_name, record_id), stored in trip.stage.stored.items():
        source = trip.stage.object(object_name)
        for field in source.fields.values():
            if field.reference == trip.name and refers_to(field, stored, trip.id):
                yield source, field, record_id


EXPANDED = Road("expanded", _expanded, whole_language=True)
REFERRED_TO = Road("referred to", _referred_to)

GET_ROADS = (
    Road("by id", _by_id),
    Road("by id, selected", _selected, whole_language=True),
    Road("by id, not modified", _not_modified),
    Road("by id, head", _head),
    EXPANDED,
)
LIST_ROADS = (
    Road("listed", _whole_list),
    Road("listed, page by page", _page_by_page),
    Road("listed, ordered", _ordered, whole_language=True),
    Road("listed, where", _where(lambda record_id: {"id": record_id}), whole_language=True),
    Road("listed, where in", _where(lambda id_: {"id": {"$in": [id_, ABSENT]}}, count="false"), whole_language=True),
    Road("listed, negated", _where(lambda id_: {"$not": {"id": {"$ne": id_}}}), whole_language=True),
    Road("listed, bare parameter", _bare_parameter, whole_language=True),
    Road("listed, own parameter", _own_parameter, parameters=True),
    Road("listed, by its values", _by_its_values, whole_language=True),
    Road("counted", _total, whole_language=True),
    EXPANDED,
)
QUERY_ROADS = (
    Road("queried", _posted(lambda record_id: {"id": {"$eq": record_id}})),
    Road("queried, or", _posted(lambda record_id: {"$or": [{"id": record_id}, {"id": ABSENT}]}, fields=["id"])),
    Road("queried, page by page", _posted_pages),
    Road("queried, counted", _posted_total),
    EXPANDED,
)
CREATE_ROADS = (REFERRED_TO,)
BATCH_ROADS = (REFERRED_TO,)
DELETE_ROADS = (Road("keeping another from going", _restricting),)
