"""Roads to an object as a whole, and to what is told of objects and fields beside the records: metadata and the OpenAPI document."""

from collections.abc import Awaitable, Callable
from typing import Any

from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer


async def _listed(trip: Trip) -> Verdict:
    return _may_ask(await trip.ask())


async def _queried(trip: Trip) -> Verdict:
    return _may_ask(await trip.ask(body={}))


async def _got(trip: Trip) -> Verdict:
    """By an id that no record has: who may read the object is told that, who may not is told that he may not."""
    answer = await trip.ask(ABSENT)
    return ALLOWED if answer.status == 404 else _may_ask(answer)


def _may_ask(answer: Answer) -> Verdict:
    match answer.status:
        case 200:
            return ALLOWED
        case 401 | 403:
            return REFUSED
        case 404 | 405:
            return CLOSED
    raise Leak(f"an object is asked for and {answer} comes back")


async def _in_metadata_list(trip: Trip) -> Verdict:
    answer = await trip.ask(places={"type": "object"})
    if answer.status == 200:
        known = [item for item in answer.json["items"] if item["name"] == trip.name]
        return _among_fields(trip, known[0]) if known else REFUSED
    return _may_ask(answer)


async def _in_metadata(trip: Trip) -> Verdict:
    answer = await trip.ask(places={"type": "objects", "name": trip.name})
    if answer.status == 200:
        return _among_fields(trip, answer.json["item"])
    if answer.status in (401, 403):
        return REFUSED
    return await answered_as_unknown(trip, answer)


async def answered_as_unknown(trip: Trip, answer: Answer) -> Verdict:
    """Returns REFUSED when the answer about the object is what one gets that is not there, by the same route of metadata."""
    lists = next(route for route in trip.mount.table.routes if route.declaration.handler == "meta.items")
    listed = await trip.ask(route=lists, places={"type": "object"})
    unknown = trip.unknown_object(tuple(item["name"] for item in listed.json["items"]))
    other = await trip.ask(places={"type": "objects", "name": unknown})
    if answer.without(trip.name) != other.without(unknown):
        raise Leak(f"an unknown object is answered by {other}, this one by {answer}")
    return REFUSED


def _among_fields(trip: Trip, document: Any) -> Verdict:
    """A declared field is told of to whoever may read or set it, in the fields or nowhere; system fields are declared nowhere."""
    test, who, refused = trip.stage.test, trip.sentence.who, trip.sentence.outlook != "can"
    if trip.sentence.field is None:
        return CLOSED if refused and test.says_of(who, "creates", trip.name) else ALLOWED
    name = trip.field.name
    if trip.field.system or (refused and trip.sets()):
        return CLOSED
    told = name in document["fields"]
    beside = {key: document[key] for key in ("indexes", "nameField") if key in document}
    if not told and (f"'{name}'" in str(beside) or None in beside.values() or [] in beside.values()):
        raise Leak(f"`{name}` is not among the fields, and beside them there is {beside}")
    return ALLOWED if told else REFUSED


async def _among_rights(trip: Trip) -> Verdict:
    """Is the object, or the field, among all that the person may do?"""
    answer = await trip.ask()
    if answer.status != 200:
        return _may_ask(answer)
    told = answer.json["objects"].get(trip.name)
    if trip.sentence.field is None:
        return ALLOWED if told is not None and told["allowRead"] else REFUSED
    field = told["fields"].get(trip.field.name) if told is not None else None
    if field is None or not field["editable" if trip.sentence.verb == "writes" else "readable"]:
        return CLOSED if trip.sentence.verb == "writes" else REFUSED
    return ALLOWED


async def _explained(trip: Trip) -> Verdict:
    """Only who may explain access is told anything of the object, and nothing of one that he may not know of."""
    answer = await trip.ask(body={"object": trip.name, "operation": "read"})
    if answer.status in (401, 403):
        return CLOSED
    return await _apart_from_unknown(trip, answer, lambda name: trip.ask(body={"object": name, "operation": "read"}))


async def _explained_by_parameters(trip: Trip) -> Verdict:
    answer = await trip.ask(query={"object": trip.name, "operation": "read"})
    if answer.status in (401, 403):
        return CLOSED
    return await _apart_from_unknown(trip, answer, lambda name: trip.ask(query={"object": name, "operation": "read"}))


async def _apart_from_unknown(trip: Trip, answer: Answer, again: Callable[[str], Awaitable[Answer]]) -> Verdict:
    """Returns whether an answer about the object differs from that about an unknown one."""
    unknown = trip.unknown_object(tuple(trip.stage.runtime.catalog.objects))
    other = await again(unknown)
    return REFUSED if answer.without(trip.name) == other.without(unknown) else ALLOWED


def _in_document(*names: Callable[[str], str]) -> Any:
    """Returns the road of the OpenAPI document: the field's place in the schemas, or the object's own schema."""

    async def walk(trip: Trip) -> Verdict:
        answer = await trip.ask()
        if answer.status != 200:
            return _may_ask(answer)
        schemas = answer.json["components"]["schemas"]
        held = [schemas[name(trip.name)]["properties"] for name in names if name(trip.name) in schemas]
        if trip.sentence.field is None:
            return ALLOWED if held else REFUSED
        if not held:
            return CLOSED
        return ALLOWED if any(trip.field.name in properties for properties in held) else REFUSED

    return walk


async def _own_parameter_told(trip: Trip) -> Verdict:
    """Does the document show the parameter that the second dialect has for the field?"""
    declared = [route.declaration for route in trip.mount.table.routes if route.declaration.object == trip.name]
    known = {
        name
        for operation in declared
        for name, parameter in operation.parameters.items()
        if parameter.field == trip.sentence.field
    }
    answer = await trip.ask()
    if not known or answer.status != 200:
        return CLOSED
    paths = [trip.mount.table.dialect.api.base_path + operation.path for operation in declared]
    shown = {
        parameter["name"]
        for path in paths
        if path in answer.json["paths"]
        for parameter in answer.json["paths"][path]["get"]["parameters"]
    }
    return ALLOWED if known <= shown else REFUSED


LIST_ROADS = (Road("asked for", _listed),)
QUERY_ROADS = (Road("asked for", _queried),)
GET_ROADS = (Road("asked for", _got),)
META_LIST_ROADS = (Road("told of", _in_metadata_list),)
META_ROADS = (Road("told of", _in_metadata),)
RIGHTS_ROADS = (Road("among one's rights", _among_rights),)
EXPLAIN_ROADS = (Road("access explained", _explained),)
EXPLAIN_BY_PARAMETERS_ROADS = (Road("access explained", _explained_by_parameters),)
READ_IN_DOCUMENT = Road("read in the document", _in_document(lambda name: f"{name}.read"))
DOCUMENT_ROADS = (READ_IN_DOCUMENT,)
FIELD_IN_DOCUMENT_ROADS = (READ_IN_DOCUMENT, Road("parameter in the document", _own_parameter_told))
WRITTEN_IN_DOCUMENT_ROADS = (
    Road("set in the document", _in_document(lambda name: f"{name}.create", lambda name: f"{name}.update")),
)
