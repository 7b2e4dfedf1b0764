"""Every operator that fits a type selects over HTTP, on each kind of database, what it selects in memory; orders too.

The records are random, absent values and equal ones among them; the oracle is `query/evaluate.py`, over the wire forms that the
fields' own readers make of what was sent.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from fieldstone.query.evaluate import Surroundings, matches
from fieldstone.query.operators import OPERATORS, SORTABLE, Comparand, Operator
from fieldstone.query.where import Conditions
from fieldstone.registry.catalog import Object
from fieldstone.settings import Limits
from tests.every_type.test_types import EXACT, send
from tests.every_type.values import VALUES
from tests.surfaces.running import DATA, Person, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = 10


@pytest.mark.parametrize("name", VALUES)
async def test_conditions_and_orders_over_http_are_those_in_memory(types: World, admin: Person, name: str) -> None:
    subject = types.runtime.catalog.objects["sample"]
    field = subject.fields[name]
    random = Random(f"oracle of {name}")
    sent = [VALUES[name].make(random) for _ in range(COUNT)]
    sent += [sent[0], sent[1], None]
    answer = await send(admin, "POST", f"{DATA}/sample/createMany", [{name: value} for value in sent])
    assert answer.status_code in (200, 201), answer.text
    ids = [record["id"] for record in EXACT.decode(answer.content)["records"]]
    records = {
        record_id: None if value is None else field.reader(value) for record_id, value in zip(ids, sent, strict=True)
    }
    for condition in conditions(field.shape.comparison, name, sent[:-1], random):
        body = {"where": {"$and": [{"id": {"$in": ids}}, condition]}, "fields": ["id"], "limit": len(ids)}
        found = await send(admin, "POST", f"{DATA}/sample/query", body | {"orderBy": "id"})
        assert found.status_code == 200, (condition, found.text)
        selected = [record["id"] for record in EXACT.decode(found.content)["items"]]
        assert selected == selected_in_memory(subject, condition, name, records), condition
    if field.shape.comparison in SORTABLE:
        for descending in (False, True):
            body = {"where": {"id": {"$in": ids}}, "fields": ["id"], "limit": len(ids)}
            found = await send(
                admin, "POST", f"{DATA}/sample/query", body | {"orderBy": f"{'-' * descending}{name},id"}
            )
            ordered = [record["id"] for record in EXACT.decode(found.content)["items"]]
            assert ordered == ordered_in_memory(records, descending=descending)


def selected_in_memory(subject: Object, condition: Any, name: str, records: dict[str, Any]) -> list[str]:
    """Returns the ids of the records that satisfy a condition, in order."""
    values: list[Any] = []
    parsed = Conditions(subject.shape, Limits(), values).tree(condition)
    around = Surroundings(tuple(values))
    return sorted(record_id for record_id, value in records.items() if matches(parsed, {name: value}, around))


def ordered_in_memory(records: dict[str, Any], *, descending: bool) -> list[str]:
    """Returns all ids in the order of their values, then of the ids; absent values stand last, or first when it is turned round."""
    there = sorted(record_id for record_id, value in records.items() if value is not None)
    there.sort(key=lambda record_id: records[record_id], reverse=descending)
    absent = sorted(record_id for record_id, value in records.items() if value is None)
    return [*absent, *there] if descending else [*there, *absent]


def conditions(family: str, name: str, values: list[Any], random: Random) -> Iterator[dict[str, Any]]:
    """Yields conditions of every operator that fits a family, over some of the values, and the complement of each."""
    for operator in OPERATORS.values():
        if family in operator.families:
            condition = {name: {operator.spelling: comparand(operator, family, values, random)}}
            yield condition
            yield {"$not": condition}


def comparand(operator: Operator, family: str, values: list[Any], random: Random) -> Any:
    """Returns something to compare with."""
    value = random.choice(values)
    if operator.comparand is Comparand.BOOLEAN:
        return random.random() < 0.5
    if operator.comparand is Comparand.PAIR:
        return sorted(random.sample(values, 2))
    if operator.comparand is Comparand.PATTERN:
        return f"%{escaped(value[1:3])}%" if random.random() < 0.5 else f"{escaped(value[:1])}%"
    members = [member for each in values for member in each] if family == "list" else values
    if operator.comparand is Comparand.VALUES:
        return random.sample(members, min(3, len(members)))
    if operator.comparand is Comparand.TEXT:
        return random.choice(members) if family == "list" else value[random.randrange(2) :][:2]
    return value


def escaped(text: str) -> str:
    """Returns a text as a part of a pattern that stands for itself."""
    return "".join(f"\\{character}" if character in "%_\\" else character for character in text)
