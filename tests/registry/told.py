"""Catalogs as plain values, to the last: what functions are made of as well, so that two may be compared that were made apart."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import msgspec


def told(value: Any) -> Any:
    """Returns a value in which equality is that of what everything is made of."""
    if isinstance(value, msgspec.Struct):
        return (type(value).__name__, [told(getattr(value, name)) for name in value.__struct_fields__])
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, [told(getattr(value, field.name)) for field in fields(value)])
    if isinstance(value, Mapping):
        return [(told(key), told(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((told(item) for item in value), key=repr)
    return _told_function(value)


def _told_function(value: Any) -> Any:
    if isinstance(value, MethodType):
        return ("method", value.__func__.__qualname__, told(value.__self__))
    if isinstance(value, partial):
        return ("partial", told(value.func), told(value.args), told(value.keywords))
    if isinstance(value, FunctionType):
        cells = [told(cell.cell_contents) for cell in value.__closure__ or ()]
        return ("function", value.__qualname__, cells, told(value.__defaults__), told(value.__kwdefaults__))
    if isinstance(value, BuiltinFunctionType | type) or not hasattr(value, "__dict__"):
        return value
    return (type(value).__name__, told(vars(value)))
