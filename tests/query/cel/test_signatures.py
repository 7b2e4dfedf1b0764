"""The table of functions is whole: everything in it can be called, and everything that can be called is in it."""

import pytest

from fieldstone.query.cel import functions
from fieldstone.query.cel.frame import clock_function
from fieldstone.query.cel.signatures import CLOCK, SIGNATURES, Match, Signature, resolve
from fieldstone.query.cel.types import (
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    optional,
)

# What the evaluator itself does, because not every argument is always computed or may be null.
SPECIAL = {"&&", "||", "?:", "coalesce", "in"}


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda row: f"{row.name}({', '.join(map(str, row.params))})")
def test_every_signature_has_an_implementation(signature: Signature) -> None:
    match = Match(signature, signature.params, signature.result)
    if signature.name in CLOCK:
        assert callable(clock_function(signature.name))
    elif signature.name not in SPECIAL:
        assert callable(functions.implementation(match))


def test_every_signature_can_be_reached() -> None:
    for row in SIGNATURES:
        match = resolve(row.name, tuple(map(_concrete, row.params)))
        assert match is not None
        assert match.signature == row


@pytest.mark.parametrize(
    ("name", "args", "result"),
    [
        ("+", (INT, INT), INT),
        ("+", (INT, DECIMAL), DECIMAL),
        ("+", (DECIMAL, DOUBLE), DOUBLE),
        ("/", (DECIMAL, INT), DOUBLE),
        ("<", (DATE, TIMESTAMP), BOOL),
        ("==", (optional(INT), NULL), BOOL),
        ("==", (INT, STRING), None),
        ("coalesce", (optional(DECIMAL), INT), DECIMAL),
        ("coalesce", (optional(INT), optional(INT)), optional(INT)),
        ("?:", (BOOL, INT, NULL), optional(INT)),
        ("?:", (BOOL, optional(INT), DECIMAL), optional(DECIMAL)),
        ("in", (INT, list_of(DECIMAL)), BOOL),
        ("in", (STRING, list_of(INT)), None),
        ("+", (DYN, INT), DYN),
        ("upper", (DYN,), STRING),
        ("+", (INT, NULL), None),
    ],
)
def test_a_call_is_resolved_by_the_types_of_its_arguments(
    name: str, args: tuple[Type, ...], result: Type | None
) -> None:
    match = resolve(name, args)
    assert (match and match.result) == result


def _concrete(param: Type) -> Type:
    if param.item is not None:
        return Type(param.name, item=_concrete(param.item))
    return STRING if param.name in ("any", "T") else param
