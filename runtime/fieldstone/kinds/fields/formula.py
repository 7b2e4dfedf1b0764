"""The field type that is computed from other fields of its record whenever it is read; nothing is stored."""

from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, Reader, Rejected, check_computed, subject
from fieldstone.kinds.fields.number import DIGITS, SCALE, Scale
from fieldstone.query.cel.types import BOOL, DATE, DECIMAL, DOUBLE, INT, STRING, TIMESTAMP, Type, optional
from fieldstone.query.storage import Storage, StorageClass

ReturnType = Literal["number", "text", "boolean", "date", "datetime"]


class FormulaOptions(FieldOptions, frozen=True, kw_only=True, tag="formula"):
    """A value that is computed from the record's other fields, and null where it cannot be; it is never set."""

    expression: str
    """CEL over the record's fields, as `amount` or `record.amount`; other formulas among them, `today()` and `now()`."""
    return_type: ReturnType
    """What it gives; the expression must be of that type."""
    scale: Scale | msgspec.UnsetType = msgspec.UNSET
    """How many digits a number has after the point, half a last digit rounded away from zero; 6 unless said, 0 makes it whole."""
    approximate: bool = False
    """Give a number as the IEEE double that it is, without a scale."""
    discloses: tuple[str, ...] = ()
    """The inputs that it may tell of to readers from whom a permission set hides them."""


FAMILIES: Mapping[str, str] = {
    "number": "number",
    "text": "text",
    "boolean": "boolean",
    "date": "day",
    "datetime": "instant",
}
"""By `returnType`: the family of operators that fit."""

EXPRESSION_TYPES: Mapping[str, frozenset[str]] = {
    "number": frozenset({"int", "decimal", "double"}),
    "text": frozenset({"string"}),
    "boolean": frozenset({"bool"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"timestamp", "date"}),
}
"""By `returnType`: what an expression may be; what is only known when it is computed (`dyn`) is looked at then."""

_OF_COLUMNS = (("index", "index"), ("renamed_from", "renamedFrom"))
_STORAGE = {
    "text": Storage(StorageClass.TEXT),
    "boolean": Storage(StorageClass.BOOLEAN),
    "date": Storage(StorageClass.DAY),
    "datetime": Storage(StorageClass.INSTANT),
}
_TYPES = {"text": STRING, "boolean": BOOL, "date": DATE, "datetime": TIMESTAMP}
_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def result_of(declaration: FormulaOptions) -> Storage:
    """Returns the storage class that the values of a formula are like, though they are not stored."""
    if declaration.return_type != "number":
        return _STORAGE[declaration.return_type]
    if declaration.approximate:
        return Storage(StorageClass.DOUBLE)
    scale = _scale(declaration)
    return Storage(StorageClass.DECIMAL, precision=DIGITS, scale=scale) if scale else Storage(StorageClass.INTEGER)


def _scale(declaration: FormulaOptions) -> int:
    return SCALE if declaration.scale is msgspec.UNSET else declaration.scale


def _expression_type(declaration: FormulaOptions) -> Type:
    kind = result_of(declaration).kind
    numbers = {StorageClass.DOUBLE: DOUBLE, StorageClass.INTEGER: INT, StorageClass.DECIMAL: DECIMAL}
    return optional(numbers.get(kind) or _TYPES[declaration.return_type])


def _reader(declaration: FormulaOptions) -> Reader:
    def read(_value: Any) -> NoReturn:
        raise Rejected("invalid_value", f"{subject(declaration)} is computed")

    return read


def _schema(declaration: FormulaOptions) -> dict[str, Any]:
    if declaration.return_type != "number":
        return dict(_SCHEMAS[declaration.return_type])
    if declaration.approximate:
        return {"type": "number", "format": "double"}
    return {"type": "number"} if _scale(declaration) else {"type": "integer", "format": "int64"}


def _check(declaration: FormulaOptions) -> list[tuple[str, str]]:
    faults = check_computed(declaration)
    faults += [
        (key, f"a formula is not stored, so it cannot say `{key}`")
        for name, key in _OF_COLUMNS
        if getattr(declaration, name)
    ]
    scaled = declaration.scale is not msgspec.UNSET
    if declaration.return_type != "number":
        measures = (("scale", scaled), ("approximate", declaration.approximate))
        faults += [(key, f"a {declaration.return_type} has no {key}") for key, there in measures if there]
    elif declaration.approximate and scaled:
        faults.append(("scale", "an approximate number has no scale"))
    return faults


TYPES = (
    FieldType(
        name="formula",
        declaration=FormulaOptions,
        summary="A value that is computed from other fields of the record",
        storage=lambda _declaration: Storage(StorageClass.NONE),
        comparison="none",
        reader=_reader,
        schema=_schema,
        expression_type=_expression_type,
        check=_check,
        computed=True,
        family_of=lambda declaration: FAMILIES[declaration.return_type],
    ),
)
