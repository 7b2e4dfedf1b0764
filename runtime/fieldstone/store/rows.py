"""Rows: from the driver's form to wire form, only the columns that need it; many rows a column at a time, few by themselves."""

from collections.abc import Iterable, Sequence
from typing import Any

from fieldstone.store.columns import Convert
from fieldstone.store.interface import Row

FEW = 3
"""Up to so many rows, turning them into columns and back costs more than it saves."""


def changes_of(converts: Iterable[Convert | None]) -> tuple[tuple[int, Convert], ...]:
    """Returns the places of the columns that need a conversion, each with it."""
    return tuple((index, convert) for index, convert in enumerate(converts) if convert is not None)


def converted(rows: Sequence[Iterable[Any]], changes: tuple[tuple[int, Convert], ...]) -> list[Row]:
    """Returns rows as tuples with some of their columns converted; nulls stay nulls."""
    if not changes or not rows:
        return [tuple(row) for row in rows]
    if len(rows) <= FEW:
        return [_converted_row(row, changes) for row in rows]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for index, convert in changes:
        columns[index] = [None if value is None else convert(value) for value in columns[index]]
    return list(zip(*columns, strict=True))


def _converted_row(row: Iterable[Any], changes: tuple[tuple[int, Convert], ...]) -> Row:
    values = list(row)
    for index, convert in changes:
        if values[index] is not None:
            values[index] = convert(values[index])
    return tuple(values)
