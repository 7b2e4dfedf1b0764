"""`approximate: true`: a number that is a double on the wire, in Python and in the database."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fieldstone.kinds.fields.field_type import FieldOptions, Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES, AnyField
from fieldstone.query.cel.types import DOUBLE, optional
from fieldstone.query.storage import StorageClass

NUMBER = FIELD_TYPES["number"]


def declared(**options: Any) -> FieldOptions:
    declaration: FieldOptions = msgspec.convert({"type": "number", "approximate": True, **options}, AnyField)
    return declaration


def test_an_approximate_number_is_stored_as_a_double() -> None:
    assert NUMBER.storage(declared()).kind is StorageClass.DOUBLE
    assert NUMBER.expression_type(declared()) == optional(DOUBLE)
    assert NUMBER.schema(declared(min=0)) == {"type": "number", "format": "double", "minimum": 0}


def test_a_number_that_says_nothing_stays_exact() -> None:
    exact = msgspec.convert({"type": "number"}, AnyField)
    assert NUMBER.storage(exact).kind is StorageClass.DECIMAL
    assert NUMBER.reader(exact)(Decimal("1.5")) == Decimal("1.5")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (3, 3.0),
        (Decimal("10.357019999999999"), 10.357019999999999),
        (Decimal("48.053808600000004"), 48.053808600000004),
        (2.5, 2.5),
        (-7, -7.0),
        (Decimal("1e300"), 1e300),
        (Decimal("1e-400"), 0.0),
    ],
)
def test_any_finite_number_is_read_as_the_nearest_double(sent: Any, kept: float) -> None:
    value = NUMBER.reader(declared())(sent)
    assert type(value) is float
    assert value == kept


@pytest.mark.parametrize("sent", [Decimal("-0"), Decimal("-0.0"), -0.0, Decimal("-1e-400")])
def test_there_is_one_zero(sent: Any) -> None:
    assert math.copysign(1, NUMBER.reader(declared())(sent)) == 1


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("3", "invalid_type"),
        (True, "invalid_type"),
        ([1], "invalid_type"),
        (math.nan, "invalid_number"),
        (math.inf, "invalid_number"),
        (Decimal("NaN"), "invalid_number"),
        (Decimal("1e309"), "max_value"),
        (Decimal("-1e309"), "min_value"),
        (90.5, "max_value"),
        (Decimal("-90.000000000000000000001"), "min_value"),
    ],
)
def test_what_is_no_finite_number_within_bounds_is_refused(sent: Any, code: str) -> None:
    bounds = {} if isinstance(sent, Decimal) and sent.adjusted() > 300 else {"min": -90, "max": 90}
    with pytest.raises(Rejected) as refusal:
        NUMBER.reader(declared(**bounds))(sent)
    assert refusal.value.code == code


@pytest.mark.parametrize(("key", "value"), [("scale", 6), ("scale", 0), ("precision", 10)])
def test_digits_beside_approximate_are_refused(key: str, value: int) -> None:
    assert NUMBER.check(declared(**{key: value})) == [(key, f"an approximate number has no {key}")]
    assert NUMBER.check(declared()) == []


@pytest.mark.parametrize("name", ["currency", "percent"])
def test_money_and_shares_are_always_exact(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="approximate"):
        msgspec.convert({"type": name, "approximate": True}, AnyField)
