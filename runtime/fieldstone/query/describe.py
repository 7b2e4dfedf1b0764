"""Shapes told to people: a filter and an order as a query document would say them, with a question mark for each value."""

from typing import Any

from fieldstone.query.ast import (
    And,
    CallerHas,
    CallerValue,
    Exists,
    FieldValue,
    Filter,
    Holds,
    Literal,
    Match,
    Not,
    Operand,
    Or,
    OrderKey,
    Term,
)
from fieldstone.query.operators import OPERATORS

VALUE = "?"


def describe_filter(item: Filter) -> dict[str, Any]:
    """Returns a filter as a condition tree; what no caller can say is told by `$exists`, `$caller`, `$search` and `$expression`."""
    match item:
        case And(items=items):
            return {"$and": [describe_filter(part) for part in items]}
        case Or(items=items):
            return {"$or": [describe_filter(part) for part in items]}
        case Not(item=part):
            return {"$not": describe_filter(part)}
        case Term(field=field, operator=operator, operand=operand):
            return {field: {OPERATORS[operator].spelling: _operand(operand)}}
        case Exists(object=name, local=local, remote=remote, where=where):
            return {"$exists": {"object": name, "field": remote, "equals": local, "where": describe_filter(where)}}
        case Match(count=count, fields=fields):
            return {"$search": {"terms": count, "fields": list(fields)}}
        case CallerHas(name=name):
            return {"$caller": name}
        case Holds():
            return {"$expression": VALUE}


def describe_order(order: tuple[OrderKey, ...]) -> list[str]:
    """Returns sort keys as a text form of them: `-created_at`, `customer.name`."""
    return [f"{'-' if key.descending else ''}{_path(key.column)}" for key in order]


def _path(column: str | FieldValue) -> str:
    if isinstance(column, str):
        return column
    return ".".join([*(hop.local for hop in column.through), column.field])


def _operand(operand: Operand) -> Any:
    match operand:
        case FieldValue():
            return {"$field": _path(operand)}
        case CallerValue(name=name):
            return {"$caller": name}
        case Literal(value=value):
            return value
        case _:
            return VALUE
