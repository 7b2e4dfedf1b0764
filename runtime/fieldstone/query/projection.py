"""Projections: the `fields` of a query document become columns. Refuses names that are no field of the object itself."""

from collections.abc import Iterable
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.names import shown
from fieldstone.query.paths import unknown_field
from fieldstone.query.storage import ObjectShape


def parse_fields(fields: Any, shape: ObjectShape, expanded: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the columns of a projection, each once, in the order asked; all when it is UNSET. `expanded` fields are among them."""
    if fields is msgspec.UNSET:
        return shape.columns
    if type(fields) is not list or not fields:
        raise Invalid("`fields` is a list of names.", reason="INVALID_QUERY", path="fields")
    columns: dict[str, None] = {}
    for index, name in enumerate(fields):
        if type(name) is not str or (name not in shape.fields and name not in shape.masks):
            raise _no_column(shape, name, f"fields.{index}")
        columns[name] = None
    return tuple(columns | dict.fromkeys(expanded))


def _no_column(shape: ObjectShape, name: Any, path: str) -> Invalid:
    """Returns the refusal of a name; the fields of a related record are not for here, and its hint says where they are."""
    reference = shape.fields.get(name.partition(".")[0]) if type(name) is str and "." in name else None
    if reference is None or not (reference.reference or reference.members):
        return unknown_field(shape, name, path)
    hint = f"Expand `{reference.name}` to have the fields of its record."
    return Invalid(f"No field `{shown(name)}` on `{shape.name}`.", reason="INVALID_FIELD", path=path, hint=hint)
