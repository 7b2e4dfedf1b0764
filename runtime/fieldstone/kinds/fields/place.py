"""Field types that say where something is: a point on the earth, a postal address."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fieldstone.kinds.fields.field_type import FieldOptions, FieldType, PartsRejected, Reader, Rejected, subject
from fieldstone.query.cel.types import DYN
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.storage import Storage, StorageClass
from fieldstone.query.values import is_clean, read_number

_DEEPEST, _HIGHEST = -12_000, 10_000_000
_POINT: Mapping[str, tuple[int, int]] = {
    "lat": (-90, 90),
    "lng": (-180, 180),
    "altitude": (_DEEPEST, _HIGHEST),
    "accuracy": (0, _HIGHEST),
}
_NEEDED = ("lat", "lng")
_MOST_PLACES = 15
_ADDRESS = ("street", "city", "state", "postalCode", "country", "countryCode", "formatted")
_LONGEST = 500


class LocationOptions(FieldOptions, frozen=True, kw_only=True, tag="location"):
    """A point: `lat` and `lng` in degrees, perhaps `altitude` and `accuracy` in metres."""


class AddressOptions(FieldOptions, frozen=True, kw_only=True, tag="address"):
    """A postal address; every part may be left out, `countryCode` has two capital letters (ISO 3166)."""


def rejected_part(path: str, code: str, message: str, constraint: Any = None) -> Rejected:
    """Returns what is wrong with the part of a value at a path."""
    rejected = Rejected(code, message, constraint)
    rejected.path = path
    return rejected


def unknown_parts(value: Mapping[Any, Any], known: tuple[str, ...]) -> list[Rejected]:
    """Returns a fault for each key that a value of parts does not have."""
    return [
        rejected_part(
            f".{shown(key)}", "unknown_field", f"No part `{shown(key)}`. {did_you_mean(key, known) or ''}".strip()
        )
        for key in value
        if key not in known
    ]


def _read_location(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Rejected("invalid_type", f"{subject(declaration)} is an object with `lat` and `lng`")
        faults = unknown_parts(value, tuple(_POINT))
        point: dict[str, Any] = {}
        for name, (least, most) in _POINT.items():
            try:
                if value.get(name) is not None:
                    point[name] = _measure(name, value[name], least, most)
                elif name in _NEEDED:
                    faults.append(rejected_part(f".{name}", "required", f"`{name}` is required"))
            except Rejected as rejected:
                rejected.value = value[name]
                faults.append(rejected)
        if faults:
            raise PartsRejected(faults)
        return point

    return read


def _measure(name: str, value: Any, least: int, most: int) -> Decimal | int:
    number = read_number(value)
    if number is None:
        raise rejected_part(f".{name}", "invalid_type", f"`{name}` is a number")
    if number < least:
        raise rejected_part(f".{name}", "min_value", f"`{name}` is at least {least}", least)
    if number > most:
        raise rejected_part(f".{name}", "max_value", f"`{name}` is at most {most}", most)
    if not number:
        return 0
    exponent = number.normalize().as_tuple().exponent if isinstance(number, Decimal) else 0
    if not isinstance(exponent, int) or exponent < -_MOST_PLACES:
        message = f"`{name}` takes at most {_MOST_PLACES} digits after the point"
        raise rejected_part(f".{name}", "max_scale", message, _MOST_PLACES)
    return number


def _read_address(declaration: FieldOptions) -> Reader:
    def read(value: Any) -> dict[str, str]:
        if type(value) is not dict:
            raise Rejected(
                "invalid_type", f"{subject(declaration)} is an object with parts such as `street` and `city`"
            )
        faults = unknown_parts(value, _ADDRESS)
        address: dict[str, str] = {}
        for name in _ADDRESS:
            if value.get(name) is None:
                continue
            try:
                address[name] = _line(name, value[name])
            except Rejected as rejected:
                rejected.value = value[name]
                faults.append(rejected)
        if faults:
            raise PartsRejected(faults)
        if not address and declaration.required:
            raise Rejected("required", f"{subject(declaration)} is required")
        return address

    return read


def _line(name: str, value: Any) -> str:
    if type(value) is not str:
        raise rejected_part(f".{name}", "invalid_type", f"`{name}` is a text")
    if not is_clean(value):
        raise rejected_part(f".{name}", "invalid_value", f"`{name}` holds a character that cannot be stored")
    if len(value) > _LONGEST:
        raise rejected_part(f".{name}", "max_length", f"`{name}` takes at most {_LONGEST} characters", _LONGEST)
    if name == "countryCode" and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
        raise rejected_part(f".{name}", "invalid_format", "`countryCode` has two capital letters, such as `DE`")
    return value


def _location_schema(_declaration: FieldOptions) -> dict[str, Any]:
    parts = {name: {"type": "number", "minimum": least, "maximum": most} for name, (least, most) in _POINT.items()}
    return {"type": "object", "properties": parts, "required": list(_NEEDED), "additionalProperties": False}


def _address_schema(_declaration: FieldOptions) -> dict[str, Any]:
    parts = {name: {"type": "string", "maxLength": _LONGEST} for name in _ADDRESS}
    return {"type": "object", "properties": parts, "additionalProperties": False}


TYPES = (
    FieldType(
        name="location",
        declaration=LocationOptions,
        summary="A point on the earth",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=_read_location,
        schema=_location_schema,
        expression_type=lambda _declaration: DYN,
    ),
    FieldType(
        name="address",
        declaration=AddressOptions,
        summary="A postal address",
        storage=lambda _declaration: Storage(StorageClass.JSON),
        comparison="json",
        reader=_read_address,
        schema=_address_schema,
        expression_type=lambda _declaration: DYN,
    ),
)
