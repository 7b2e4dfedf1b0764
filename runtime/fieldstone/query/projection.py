"""Projections: the `fields` of a query document become columns. Refuses names that are no field of the object itself."""

from collections.abc import Iterable
from typing import Any

import msgspec

from fieldstone.errors import Invalid
from fieldstone.query.paths import unknown_field
from fieldstone.query.storage import ObjectShape


def parse_fields(fields: Any, shape: ObjectShape, expanded: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the columns of a projection, each once, in the order asked; all when it is UNSET. `expanded` fields are among them."""
    if fields is msgspec.UNSET:
        return tuple(shape.fields)
    if type(fields) is not list or not fields:
        raise Invalid("`fields` is a list of names.", reason="INVALID_QUERY", path="fields")
    columns: dict[str, None] = {}
    for index, name in enumerate(fields):
        if type(name) is not str or name not in shape.fields:
            raise unknown_field(shape, name, f"fields.{index}")
        columns[name] = None
    return tuple(columns | dict.fromkeys(expanded))
