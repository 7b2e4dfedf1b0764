"""Plans of statements: how the database would run one, and how many rows it would read for that."""

from math import ceil
from typing import Any

import msgspec


class PlanReading(msgspec.Struct, frozen=True):
    """A database's plan as a JSON value without any value of the request, and a guess at the rows that it reads.

    To its end it reads `rows`. Until the first answer it reads `first`, and for `each` answer so many more.
    """

    plan: Any
    rows: int
    first: int
    each: float = 0.0


class StatementPlan(msgspec.Struct, frozen=True):
    """How a statement would be run: its SQL, the types of what is bound, and its reading."""

    sql: str
    binds: tuple[str, ...]
    reading: PlanReading

    def rows_read(self, most: int | None) -> int:
        """Returns about how many rows a run reads that answers at most so many; None: all."""
        reading = self.reading
        return reading.rows if most is None else min(reading.rows, reading.first + ceil(reading.each * most))
