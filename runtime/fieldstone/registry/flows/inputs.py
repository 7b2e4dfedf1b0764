"""Inputs: values that are declared like fields, and given by whoever starts a flow, invokes an action or fills in a screen."""

from collections.abc import Mapping
from typing import Any

from fieldstone.errors import FieldFault, Invalid
from fieldstone.kinds.fields.field_type import FieldOptions, Rejected
from fieldstone.query.cel.types import required
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.flows.graph import Input
from fieldstone.registry.objects import field_type_of, label_of


def link_inputs(declared: Mapping[str, FieldOptions]) -> dict[str, Input]:
    """Returns inputs by name."""
    return {name: _input(name, options) for name, options in declared.items()}


def _input(name: str, options: FieldOptions) -> Input:
    kind = field_type_of(options)
    return Input(
        name=name,
        label=options.label or label_of(name),
        reader=kind.reader(options),
        type=required(kind.expression_type(options)),
        required=options.required,
        secret=kind.internal or kind.mask is not None,
    )


def read_inputs(inputs: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns every input in wire form, null where it is not given; raises Invalid with all faults of what was sent."""
    faults: list[FieldFault] = []
    for name in given:
        if name not in inputs:
            hint = did_you_mean(name, inputs)
            message = f"There is no input `{shown(name)}`." + (f" {hint}" if hint else "")
            faults.append(FieldFault(shown(name), "unknown_field", message))
    values: dict[str, Any] = {}
    for name, each in inputs.items():
        value = given.get(name, each.default)
        values[name] = None
        if value is None:
            if each.required:
                faults.append(FieldFault(name, "required", f"{each.label} is required", each.label))
            continue
        try:
            values[name] = each.reader(value)
        except Rejected as rejected:
            faults += (
                FieldFault(name + part.path, part.code, part.message, part.label or each.label)
                for part in rejected.faults()
            )
    if faults:
        count = "1 input is" if len(faults) == 1 else f"{len(faults)} inputs are"
        raise Invalid(f"{count} not valid.", faults=faults)
    return values
