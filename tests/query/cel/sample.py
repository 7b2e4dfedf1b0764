"""The environment and the values that the tables of these tests speak of."""

from decimal import Decimal
from typing import Any

from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.types import (
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    list_of,
    map_of,
    optional,
    struct_of,
)

RECORD = struct_of(
    {
        "id": STRING,
        "name": optional(STRING),
        "amount": optional(DECIMAL),
        "price": optional(DECIMAL),
        "qty": optional(INT),
        "ratio": optional(DOUBLE),
        "active": optional(BOOL),
        "at": optional(TIMESTAMP),
        "due": optional(DATE),
        "tags": optional(list_of(STRING)),
        "data": DYN,
    }
)
CALLER = struct_of({"id": STRING, "email": optional(STRING), "roles": list_of(STRING)})
ROOTS = {"record": RECORD, "current_user": CALLER, "previous": optional(RECORD), "vars": map_of(DYN)}
ENVIRONMENT = Environment(ROOTS)
BARE = Environment(ROOTS, bare="record")

ACTIVATION: dict[str, Any] = {
    "record": {
        "id": "r1",
        "name": "Ann Müller",
        "amount": Decimal("10.50"),
        "price": None,
        "qty": 7,
        "ratio": 0.5,
        "active": True,
        "at": "2026-07-01T12:30:45.678Z",
        "due": "2026-07-05",
        "tags": ["red", "blue"],
        "data": {"a": [1, 2.5, {"b": "c"}], "n": None},
    },
    "previous": None,
    "current_user": {"id": "u1", "email": None, "roles": ["admin", "agent"]},
    "vars": {"k": 2, "s": "x"},
    "now": "2026-07-01T23:30:00.000Z",
    "timezone": "Europe/Berlin",
}
