"""The functions that SQLite lacks.

Folding and casing by Unicode, exact sums and averages, doubles rounded as they are written, lists in order, days in a time zone.
"""

import sqlite3
from typing import Any

import msgspec

from fieldstone.query.measures import SEPARATOR
from fieldstone.query.operators import fold
from fieldstone.query.result import rounded
from fieldstone.store.wide import kept_mean, kept_total, mean, narrowed, total, widened
from fieldstone.store.zones import local_day


def register_functions(connection: sqlite3.Connection) -> None:
    """Makes every function known to a connection."""
    create = connection.create_function
    create("fs_fold", 1, _fold, deterministic=True)
    create("fs_upper", 1, _upper, deterministic=True)
    create("fs_lower", 1, _lower, deterministic=True)
    create("fs_total", 2, total, deterministic=True)
    create("fs_mean", 3, mean, deterministic=True)
    create("fs_kept_total", 3, kept_total, deterministic=True)
    create("fs_kept_mean", 5, kept_mean, deterministic=True)
    create("fs_wide", 2, widened, deterministic=True)
    create("fs_narrow", 2, narrowed, deterministic=True)
    create("fs_rounded", 2, _rounded, deterministic=True)
    create("fs_local_day", 2, _local_day, deterministic=True)
    connection.create_aggregate("fs_list", 1, _List)
    connection.create_aggregate("fs_joined", 1, _Joined)


class _List:
    """Collects values into a JSON list, in ascending order."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def step(self, value: Any) -> None:
        if value is not None:
            self._values.append(value)

    def finalize(self) -> Any:
        return msgspec.json.encode(sorted(self._values)).decode() if self._values else None


class _Joined:
    """Collects texts into one, in ascending order."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def step(self, text: Any) -> None:
        if text is not None:
            self._texts.append(text)

    def finalize(self) -> Any:
        return SEPARATOR.join(sorted(self._texts)) if self._texts else None


def _fold(text: Any) -> str | None:
    return fold(text) if isinstance(text, str) else None


def _upper(text: Any) -> str | None:
    return text.upper() if isinstance(text, str) else None


def _lower(text: Any) -> str | None:
    return text.lower() if isinstance(text, str) else None


def _rounded(value: float | None, scale: int) -> int | None:
    return None if value is None else rounded(value, scale)


def _local_day(instant: str | None, zone: str) -> str | None:
    return None if instant is None else local_day(instant, zone)
