"""What fields that hold a list share: how many members there may be, that there are no two of a kind, and the list's schema."""

from typing import Annotated, Any

import msgspec

from fieldstone.kinds.fields.field_type import FieldOptions, Rejected, subject
from fieldstone.query.values import is_clean

MOST_MEMBERS = 1000
"""The most members of any list."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_MEMBERS)]


def read_texts(declaration: FieldOptions, value: Any, what: str) -> list[str]:
    """Returns a list of texts, each there once and none empty; raises Rejected."""
    if type(value) is not list or not all(type(item) is str for item in value):
        raise Rejected("invalid_type", f"{subject(declaration)} is a list of {what}")
    if not value and declaration.required:
        raise Rejected("required", f"{subject(declaration)} is required")
    if not all(item and is_clean(item) for item in value):
        raise Rejected("invalid_value", f"{subject(declaration)} holds a text that is empty or cannot be stored")
    if len(set(value)) != len(value):
        raise Rejected("invalid_value", f"{subject(declaration)} holds a value twice")
    return value


def check_count(declaration: FieldOptions, count: int, least: int | None, most: int | None) -> None:
    """Raises Rejected for a list with too few members or too many; an empty list is one without a value, which may be."""
    limit = MOST_MEMBERS if most is None else most
    if count > limit:
        raise Rejected("max_items", f"{subject(declaration)} takes at most {_items(limit)}, this has {count}", limit)
    if least is not None and 0 < count < least:
        raise Rejected("min_items", f"{subject(declaration)} takes at least {_items(least)}, this has {count}", least)


def check_counts(declaration: Any) -> list[tuple[str, str]]:
    """Returns what is wrong with the bounds of a list that a declaration names; a field that is not `multiple` holds no list."""
    least, most = declaration.min_items, declaration.max_items
    if not getattr(declaration, "multiple", True):
        bounds = (("minItems", least), ("maxItems", most))
        return [(key, f"{key} bounds a list: say `multiple: true`") for key, bound in bounds if bound is not None]
    if least is not None and most is not None and least > most:
        return [("minItems", f"minItems ({least}) is above maxItems ({most})")]
    return []


def list_schema(items: dict[str, Any], least: int | None, most: int | None) -> dict[str, Any]:
    """Returns the JSON Schema of a list whose members are all different; `least` is left out, since an empty list may be."""
    schema: dict[str, Any] = {"type": "array", "uniqueItems": True, "items": items}
    if most is not None:
        schema["maxItems"] = most
    if least:
        schema["description"] = f"Empty, or at least {_items(least)}."
    return schema


def _items(count: int) -> str:
    return f"{count} item{'s' if count != 1 else ''}"
