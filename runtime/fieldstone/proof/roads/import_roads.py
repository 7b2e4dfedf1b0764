"""Roads through imports: a record as what a row changes or refers to, by its name too; a field as a column and by what is told of names."""

from collections.abc import Awaitable, Callable
from typing import Any

from fieldstone.proof.roads.record_roads import references_to
from fieldstone.proof.roads.write_roads import change_of, judge, one_row, raised, refused, succeeded, values_of
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict, unknown_name
from fieldstone.proof.wire import Answer

NOT_FOR_HIM = frozenset({401, 403, 404, 405})


def _changed(*, atomic: bool) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a row that changes the record with its id."""

    async def walk(trip: Trip) -> Verdict:
        values = change_of(trip)

        async def about(record_id: str) -> Answer:
            return await trip.ask(
                body=one_row(values, trip.shown(record_id)), query={"atomic": "true"} if atomic else {}
            )

        return await judge(trip, about, raised)

    return walk


def _made(**more: Any) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of a row that becomes a new record; one that is only tried leaves nothing."""
    dry = "dryRun" in more

    async def walk(trip: Trip) -> Verdict:
        values = trip.body({**trip.stage.test.new.get(trip.name, {}), **values_of(trip)}) or _own_columns(trip)
        if "create" not in trip.object.offered or not values:
            return CLOSED
        answer = await trip.ask(body={"rows": [values], **more})
        effect = trip.done()
        if answer.status == 405:
            return CLOSED
        if not succeeded(trip, answer):
            return refused(effect)
        if [name for name, _ in effect.made].count(trip.name) != (0 if dry else 1) or effect.gone:
            raise Leak(f"a new record did {effect}")
        return ALLOWED

    return walk


def _own_columns(trip: Trip) -> dict[str, Any]:
    """Returns something for a row to say of a new record: what a change would, without what only a change may set."""
    return {name: value for name, value in change_of(trip).items() if not trip.object.fields[name].system}


async def _called(trip: Trip) -> Verdict:
    """By the name that a row of another object refers to it by: that of a record that is not seen is nobody's."""
    name_field = trip.object.declaration.name_field
    name = trip.stored.get(name_field or "")
    others = [trip.stage.stored[trip.name, each].get(name_field or "") for each in trip.stage.rows_of(trip.name)]
    if not isinstance(name, str) or others.count(name) != 1:
        return CLOSED
    seen = await trip.sees(trip.id)
    if seen and (await trip.record(trip.id)).get(name_field or "") != name:
        return CLOSED
    nobody = unknown_name(name, tuple(other for other in others if isinstance(other, str)))
    for source, field in references_to(trip):

        async def ask(called: str, name: str = field.name, of: str = source.name) -> Answer:
            answer = await trip.ask(body={"rows": [{name: called}]}, object=of)
            trip.done()
            return answer

        absent, answer = await ask(nobody), await ask(name)
        if "reference_not_found" in absent.body.decode():
            return REFUSED if answer.without(name) == absent.without(nobody) else ALLOWED
    return CLOSED


async def _matched(trip: Trip) -> Verdict:
    """By the field by which rows find their records; those that hold no value of a kind that can be looked for find none."""

    async def ask(field: str) -> Answer:
        body = {"rows": [{field: "1"}], "writeMode": "update", "matchFields": [field]}
        answer = await trip.ask(body=body)
        trip.done()
        return answer

    if _known(trip) or (await ask("id")).status in NOT_FOR_HIM:
        return CLOSED
    return await trip.told_apart(ask)


async def _labelled(trip: Trip) -> Verdict:
    """By its label above a column."""
    label, labels = trip.field.label, [field.label.casefold() for field in trip.object.fields.values()]
    if _known(trip) or labels.count(label.casefold()) != 1 or label in trip.object.fields:
        return CLOSED
    answer = await trip.ask(body={"rows": [{label: "1"}], "dryRun": True})
    if answer.status in NOT_FOR_HIM and "forbiddenFields" not in answer.body.decode():
        return CLOSED
    return REFUSED if f"No field `{label}`" in answer.body.decode() else ALLOWED


def _known(trip: Trip) -> bool:
    """Tells whether the person knows of a field that he may not read, since he may set it."""
    return trip.sentence.outlook != "can" and trip.sets()


UPDATE_ROADS = (
    Road("changed by an import", _changed(atomic=False)),
    Road("changed by an atomic import", _changed(atomic=True)),
)
CREATE_ROADS = (Road("imported", _made()), Road("imported dry", _made(dryRun=True)))
RECORD_ROADS = (Road("called by an import", _called),)
JOB_ROADS = (Road("matched by an import beside the requests", _matched),)
FIELD_ROADS = (Road("matched by an import", _matched), Road("the label of a column", _labelled))
