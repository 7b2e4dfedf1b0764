"""Generated objects, rows and queries: every field type that can be compared, nulls in a fifth of the places, paths in between.

An object of each world refers to the next and to itself; each has its own fields and its own rule for what a caller may see of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cmp_to_key
from random import Random
from typing import Any, NamedTuple

import msgspec

from fieldstone.query.ast import (
    CallerValue,
    Exists,
    FieldValue,
    Filter,
    Literal,
    Not,
    OrderKey,
    Term,
    conjunction,
)
from fieldstone.query.evaluate import Record, Surroundings, value_of
from fieldstone.query.operators import OPERATORS, SCALARS, Comparand, Operator
from fieldstone.query.storage import FieldShape
from fieldstone.query.viewpoint import Related, Viewpoint
from fieldstone.registry.catalog import Catalog

OBJECTS = ("alpha", "beta", "gamma")
PATHS: Mapping[str, str] = {
    "": "alpha",
    "peer.": "alpha",
    "up.": "beta",
    "up.up.": "gamma",
    "peer.up.": "beta",
    "peer.peer.up.": "beta",
    "up.peer.up.": "gamma",
}
"""The paths of the first object, and where each leads."""

NOW = "2026-03-31T23:30:00.000Z"
CALLER = {"id": "zebra", "email": "ann@example.org", "timezone": "Europe/Berlin"}
ROWS_EACH = 40

_TEXTS = ("", "a", "A", "Straße", "STRASSE", "ΟΔΟΣ", "οδος", "100%", "a_b", "\\", "zebra", "Zebra*", "[é]", "a\nb")
_DAYS = ("0001-01-01", "2026-02-28", "2026-03-01", "2026-03-31", "9999-12-31")
_TIMES = ("00:00:00.000", "12:30:00.000", "12:30:00.001", "23:59:59.999")
_INSTANTS = ("2026-03-01T00:00:00.000Z", "2026-03-31T23:59:59.999Z", "2026-04-01T00:00:00.000Z", NOW)
_MEMBERS = ("red", "Red", 'it\'s "%"', "grün")
_TYPES: Mapping[str, Sequence[tuple[Mapping[str, Any], Sequence[Any]]]] = {
    "text": (
        ({"type": "text"}, _TEXTS),
        ({"type": "textarea"}, _TEXTS),
        ({"type": "select", "options": [{"value": value} for value in ("a", "A", "zebra")]}, ("a", "A", "zebra")),
    ),
    "number": (
        ({"type": "number", "scale": 0}, (0, 1, -1, 7, 2**53 + 1, -(2**63), 2**63 - 1)),
        ({"type": "currency"}, tuple(map(Decimal, ("0.00", "-0.01", "7.00", "7.01", "9999999999999999.99")))),
        ({"type": "number", "scale": 3}, tuple(map(Decimal, ("0.001", "-7.125", "1.5", "0.1")))),
        ({"type": "number", "approximate": True}, (0.0, 0.1, -7.125, 1e300, 7.0, float(2**53))),
    ),
    "instant": (({"type": "datetime"}, _INSTANTS),),
    "day": (({"type": "date"}, _DAYS),),
    "time": (({"type": "time"}, _TIMES),),
    "boolean": (({"type": "boolean"}, (True, False)),),
    "list": (
        (
            {"type": "multiselect", "options": [{"value": value} for value in _MEMBERS]},
            ([], ["red"], ["Red", "red"], ["red", "Red"], ['it\'s "%"', "grün"]),
        ),
    ),
    "json": (({"type": "json"}, ({}, [1], "x", False)),),
}
_SENT: Mapping[str, Sequence[Any]] = {
    "text": (*_TEXTS, "nobody"),
    "number": (0, 1, -1, 7, Decimal("7.005"), Decimal("-0.005"), Decimal("0.1"), 2**53, 10**30, -(10**30)),
    "instant": ("2026-03-01", "2026-03-31", "9999-12-31", "2026-04-01T02:00:00+02:00", "{today}", "{now}", *_INSTANTS),
    "day": (*_DAYS, "{today}", "{current_month_start}", "{1_month_ago}"),
    "time": ("12:30", "00:00", "12:30:00.0005"),
    "boolean": (True, False),
    "list": ([], ["red"], ["red", "Red"], ["grün", 'it\'s "%"', "grün"]),
}


class World(NamedTuple):
    """A generated app: its objects as YAML, and the values that each of their fields may hold."""

    declared: tuple[str, ...]
    values: Mapping[str, Mapping[str, Sequence[Any]]]


def generated_world(random: Random) -> World:
    """Returns objects with a field of each type, and two at least of each family, some with an index."""
    declared, values = [], {}
    for name, above in zip(OBJECTS, (*OBJECTS[1:], None), strict=True):
        fields: dict[str, Any] = {"peer": {"type": "lookup", "reference": name}}
        if above:
            fields["up"] = {"type": "lookup", "reference": above}
        kept: dict[str, Sequence[Any]] = {}
        for family, types in _TYPES.items():
            drawn = random.sample(types, len(types))
            for number in range(max(2, len(types))):
                options, kept[f"{family}_{number}"] = drawn[number % len(types)]
                indexed = {"index": True} if family in SCALARS and random.random() < 0.5 else {}
                fields[f"{family}_{number}"] = {**options, **indexed}
        declared.append(
            f"name: {name}\nownership: none\ntenancy: none\nfields: {msgspec.json.encode(fields).decode()}\n"
        )
        values[name] = kept
    return World(tuple(declared), values)


def generated_rows(world: World, random: Random) -> dict[str, list[dict[str, Any]]]:
    """Returns the rows of each object, in wire form; references lead to rows, to nothing, and to rows that are not there."""
    ids = {name: [f"{name[0]}{number:02}" for number in range(ROWS_EACH)] for name in OBJECTS}
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, above in zip(OBJECTS, (*OBJECTS[1:], None), strict=True):
        rows[name] = []
        for row_id in ids[name]:
            references = {"peer": ids[name], **({"up": ids[above]} if above else {})}
            choices = {**references, **world.values[name]}
            drawn = {field: None if random.random() < 0.2 else random.choice(pool) for field, pool in choices.items()}
            rows[name].append({"id": row_id, **drawn})
    return rows


def viewpoint_of(catalog: Catalog) -> Viewpoint:
    """Returns a caller's viewpoint, for whom each related object has rows that are hidden."""
    hiding: dict[str, Filter] = {
        "alpha": Not(Term("boolean_0", "eq", Literal(value=True))),
        "beta": conjunction(
            Not(Term("text_0", "eq", CallerValue("id"))),
            Exists("gamma", "up", "id", Not(Term("boolean_1", "eq", Literal(value=False)))),
        ),
        "gamma": Term("day_0", "null", Literal(value=True)),
    }
    hiding["gamma"] = Not(hiding["gamma"])
    return Viewpoint(lambda name: Related(catalog.objects[name].shape, hiding[name], 200), CALLER, NOW)


def comparisons(catalog: Catalog, path: str, random: Random) -> Iterator[tuple[str, Operator, Any]]:
    """Yields, at the end of a path, each field with each operator that fits it and what it is compared with."""
    fields = catalog.objects[PATHS[path]].shape.fields
    for field in fields.values():
        if field.name.partition("_")[0] in _TYPES:
            for operator in OPERATORS.values():
                if field.comparison in operator.families:
                    yield field.name, operator, comparand(field, operator, random)


def comparand(field: FieldShape, operator: Operator, random: Random) -> Any:
    """Returns something that an operator may compare a field with."""
    family = field.comparison
    pool = _MEMBERS if family == "list" and operator.comparand is not Comparand.VALUE else _SENT.get(family, ())
    match operator.comparand:
        case Comparand.BOOLEAN:
            return random.random() < 0.5
        case Comparand.VALUES:
            return random.choices(pool, k=random.randrange(4))
        case Comparand.PAIR:
            return random.choices(pool, k=2)
        case Comparand.PATTERN:
            text = "".join(random.choice((letter, letter, "%", "_")) for letter in random.choice(_TEXTS))
            return text + "\\" * ((len(text) - len(text.rstrip("\\"))) % 2) + random.choice(("", "%", "\\%"))
    return random.choice(pool)


def in_order(rows: Sequence[Record], keys: Sequence[OrderKey], around: Surroundings) -> list[Record]:
    """Returns rows sorted: absent values last going up and first going down."""

    def compare(one: Record, other: Record) -> int:
        for key in keys:
            item = FieldValue(key.field, key.through)
            left, right = value_of(item, one, around), value_of(item, other, around)
            if left != right:
                later = left is None or (right is not None and left > right)
                return 1 if later != key.descending else -1
        return 0

    return sorted(rows, key=cmp_to_key(compare))
