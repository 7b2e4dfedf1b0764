"""Masks over records that are at hand: what a store's statement has not masked, because the engine needed the whole, is masked here."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.access.policy import Policy


def masked_record(read: Policy, record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a record with the texts masked that are masked under a policy for reading."""
    masks = read.shape.masks
    return {
        name: masks[name](value) if name in masks and isinstance(value, str) else value
        for name, value in record.items()
    }


def masked_row(read: Policy, columns: Sequence[str], row: Sequence[Any]) -> tuple[Any, ...]:
    """Returns the same of a row whose places columns name."""
    return tuple(masked_record(read, dict(zip(columns, row, strict=True))).values()) if read.shape.masks else tuple(row)
