"""Bodies of fixed shape: a decoded JSON value becomes a Struct, and every fault of it is told at once."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import msgspec

from fieldstone.errors import FieldFault, Invalid
from fieldstone.query.names import did_you_mean, shown

S = TypeVar("S", bound=msgspec.Struct)


def json_object(body: Any) -> Mapping[str, Any]:
    """Returns a body that is a JSON object; raises Invalid for any other."""
    if isinstance(body, dict):
        return body
    raise Invalid("The body is not a JSON object.", reason="INVALID_JSON")


def convert_body(value: Any, struct: type[S]) -> S:
    """Returns the Struct of a decoded body, of none as of an empty one; raises Invalid with one fault for each member that is wrong."""
    value = json_object({} if value is None else value)
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    faults = [FieldFault(shown(name), "unknown_field", _unknown(name, fields)) for name in value if name not in fields]
    members: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in value:
            if field.required:
                faults.append(FieldFault(name, "required", f"`{name}` is required."))
            continue
        try:
            members[field.name] = msgspec.convert(value[name], field.type)
        except msgspec.ValidationError as error:
            code = "required" if value[name] is None and type(None) not in get_args(field.type) else "invalid_type"
            faults.append(FieldFault(name, code, f"`{name}`: {error}."))
    if faults:
        raise Invalid(f"{len(faults)} field{'s are' if len(faults) > 1 else ' is'} not valid.", faults=faults)
    return struct(**members)


def _unknown(name: str, fields: dict[str, Any]) -> str:
    hint = did_you_mean(name, fields)
    return f"Unknown field `{shown(name)}`." + (f" {hint}" if hint else "")
