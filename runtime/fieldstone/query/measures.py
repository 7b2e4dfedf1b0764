"""The one table of measures: what can be computed over a group of rows, of which fields, and what comes of it.

Absent values take no part in any of them. Over no values `count`, `count_distinct` and `sum` give 0, the others nothing (contract 1.7).
"""

from collections.abc import Callable, Mapping

import msgspec

from fieldstone.query.operators import FAMILIES, ORDERED, SCALARS
from fieldstone.query.storage import FieldShape, Storage, StorageClass

WIDE = 60
"""The digits of sums and averages, more than any can have: 2 to the 31 values of 64 bits come to 29, an average has 6 more."""

MEAN_DIGITS = 6
"""So many digits after the point has an average of exact numbers beyond those of its field; half a last digit is rounded away from 0."""

SEPARATOR = ", "
"""What stands between the texts of a `string_agg`."""


ROW = FieldShape("id", Storage(StorageClass.TEXT), "text", nullable=False)
"""What a function is asked of that is asked of rows."""


class MeasureFunction(msgspec.Struct, frozen=True):
    """One function; `shape` tells what it answers under a name, given the field.

    Only one that is `of_rows` may go without a field; one that is `of_values` answers some of the field's own values. `example` is an
    aggregation over a support ticket.
    """

    name: str
    families: frozenset[str]
    shape: Callable[[str, FieldShape], FieldShape]
    summary: str
    example: str
    of_rows: bool = False
    of_values: bool = False


def _count(name: str, _field: FieldShape) -> FieldShape:
    return FieldShape(name, Storage(StorageClass.INTEGER), "number", nullable=False)


def _sum(name: str, field: FieldShape) -> FieldShape:
    return FieldShape(name, _wide(field.storage, 0), "number", nullable=False)


def _mean(name: str, field: FieldShape) -> FieldShape:
    return FieldShape(name, _wide(field.storage, MEAN_DIGITS), "number")


def _wide(storage: Storage, more: int) -> Storage:
    if storage.kind is StorageClass.DOUBLE:
        return storage
    return Storage(StorageClass.DECIMAL, precision=WIDE, scale=storage.scale + more, fixed=storage.fixed and not more)


def _one_of_them(name: str, field: FieldShape) -> FieldShape:
    return msgspec.structs.replace(field, name=name, nullable=True)


def _text(name: str, _field: FieldShape) -> FieldShape:
    return FieldShape(name, Storage(StorageClass.TEXT), "text")


def _list(name: str, _field: FieldShape) -> FieldShape:
    return FieldShape(name, Storage(StorageClass.JSON), "json")


_NUMBERS = frozenset({"number"})

MEASURES: Mapping[str, MeasureFunction] = {
    function.name: function
    for function in (
        MeasureFunction(
            "count",
            FAMILIES - {"none"},
            _count,
            "How many records there are, or with a field, how many of them have a value in it",
            '{"function": "count", "alias": "n"}',
            of_rows=True,
        ),
        MeasureFunction(
            "count_distinct",
            SCALARS,
            _count,
            "How many different values there are",
            '{"function": "count_distinct", "field": "customer", "alias": "customers"}',
        ),
        MeasureFunction(
            "sum",
            _NUMBERS,
            _sum,
            "The sum of all values, exact but for approximate numbers; 0 over none",
            '{"function": "sum", "field": "amount", "alias": "won", "filter": {"status": "won"}}',
        ),
        MeasureFunction(
            "avg",
            _NUMBERS,
            _mean,
            "The mean of the values; of exact numbers with six digits more after the point than the field has, half a last "
            "digit rounded away from zero",
            '{"function": "avg", "field": "amount", "alias": "mean"}',
        ),
        MeasureFunction(
            "min",
            ORDERED,
            _one_of_them,
            "The least, first or earliest value",
            '{"function": "min", "field": "created_at", "alias": "first"}',
            of_values=True,
        ),
        MeasureFunction(
            "max",
            ORDERED,
            _one_of_them,
            "The greatest, last or latest value",
            '{"function": "max", "field": "amount", "alias": "largest"}',
            of_values=True,
        ),
        MeasureFunction(
            "array_agg",
            SCALARS,
            _list,
            "All values as a list in ascending order, equal ones as often as they occur",
            '{"function": "array_agg", "field": "priority", "alias": "priorities"}',
            of_values=True,
        ),
        MeasureFunction(
            "string_agg",
            frozenset({"text"}),
            _text,
            "All values in ascending order as one text, with a comma and a space between them",
            '{"function": "string_agg", "field": "subject", "alias": "subjects"}',
        ),
    )
}
"""By name, as a document writes it."""
