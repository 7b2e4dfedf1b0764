"""Variables: values that steps set; some are given by whoever starts the flow, some are told when it has ended."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.fields.table import FIELD_TYPES
from fieldstone.kinds.flow import VariableDeclaration
from fieldstone.query.cel.types import BOOL, DATE, DECIMAL, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, optional
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Input
from fieldstone.registry.objects import label_of

_TYPES: Mapping[str, tuple[Type, str]] = {
    "text": (STRING, "textarea"),
    "number": (DECIMAL, "number"),
    "integer": (INT, "number"),
    "boolean": (BOOL, "boolean"),
    "date": (DATE, "date"),
    "datetime": (TIMESTAMP, "datetime"),
    "record": (map_of(DYN), "json"),
    "object": (map_of(DYN), "json"),
    "list": (list_of(DYN), "json"),
    "json": (DYN, "json"),
}
"""The type of a variable in expressions, and the field type that reads what is given for it."""


class Variables(msgspec.Struct, frozen=True, eq=False):
    """The variables of a flow: their types, what they begin with, those that are inputs, and the names of those that are outputs."""

    types: Mapping[str, Type]
    values: Mapping[str, Any]
    inputs: Mapping[str, Input]
    outputs: tuple[str, ...]


def link_variables(declared: tuple[VariableDeclaration, ...]) -> Variables:
    """Returns the variables of a flow."""
    return Variables(
        types={each.name: optional(_TYPES[each.type][0]) for each in declared},
        values={each.name: each.default_value for each in declared},
        inputs={each.name: _input(each) for each in declared if each.is_input},
        outputs=tuple(each.name for each in declared if each.is_output),
    )


def variable_faults(
    document: Document, declared: tuple[VariableDeclaration, ...], taken: frozenset[str]
) -> Iterator[Fault]:
    """Yields what is wrong with variables: names that have a meaning already, values of another type. `taken` are the other names."""
    seen: dict[str, int] = {}
    for number, each in enumerate(declared):
        path = ("variables", number)
        if each.name in taken:
            message = f"`{each.name}` already has a meaning in expressions."
            yield document.fault((*path, "name"), Code.NAME_RESERVED, message, "Choose another name.")
        if seen.setdefault(each.name, number) != number:
            yield document.fault(
                (*path, "name"), Code.NAME_CLASH, f"There is a variable `{each.name}` already.", "Rename one."
            )
        if each.required and not each.is_input:
            message = "Only an input can be required."
            yield document.fault((*path, "required"), Code.FLOW, message, "Say `isInput: true`, or drop `required`.")
        if each.default_value is not None:
            try:
                _input(each).reader(each.default_value)
            except Rejected as rejected:
                yield document.fault((*path, "defaultValue"), Code.WRONG_VALUE, f"{rejected.message}.")


def _input(declared: VariableDeclaration) -> Input:
    kind, type_name = _TYPES[declared.type]
    field_type = FIELD_TYPES[type_name]
    whole = {"scale": 0} if declared.type == "integer" else {}
    label = label_of(declared.name)
    options = msgspec.convert({"type": type_name, "label": label, **whole}, field_type.declaration)
    default = declared.default_value
    return Input(declared.name, label, field_type.reader(options), kind, declared.required, default)
