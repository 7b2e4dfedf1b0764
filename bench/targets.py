"""The targets: what each figure is held to, in one table. A run that misses one says so and ends with 1."""

from collections.abc import Mapping

import msgspec


class Target(msgspec.Struct, frozen=True):
    """What a figure must reach, or must not pass if `at_most`; `postgresql` where that database has a bound of its own."""

    bound: float
    postgresql: float | None = None
    at_most: bool = False

    def of(self, database: str) -> float:
        """Returns the bound on a database."""
        return self.bound if self.postgresql is None or database != "PostgreSQL" else self.postgresql

    def words(self, database: str) -> str:
        """Returns the bound as it is printed."""
        return f"{'at most' if self.at_most else 'at least'} {self.of(database):g}"

    def is_met(self, value: float, database: str) -> bool:
        """Tells whether a figure is good enough."""
        return value <= self.of(database) if self.at_most else value >= self.of(database)


TARGETS: Mapping[str, Target] = {
    "get by id: ratio": Target(0.75, postgresql=0.8),
    "list of 20: ratio": Target(0.75, postgresql=0.8),
    "create: ratio": Target(0.6),
    "PATCH with If-Match: ratio": Target(0.6),
    "policy: get by id: ratio": Target(1.1, at_most=True),
    "policy: list of 20: ratio": Target(1.1, at_most=True),
    "page 2,000 by cursor, beside page 1: ratio": Target(1.1, at_most=True),
    "expand of two relations: statements": Target(3, at_most=True),
    "bulk of 5,000: seconds": Target(1, at_most=True),
    "mixed, 256 connections: p99 / p50": Target(10, at_most=True),
    "PocketBase: ratio": Target(1.0),
    "start, 1,000 objects, cold: s": Target(3, at_most=True),
    "start, 1,000 objects, from cache: s": Target(1, at_most=True),
    "reload, 1,000 objects, another label: ms": Target(200, at_most=True),
    "memory, demo, idle: MB": Target(120, at_most=True),
    "memory, demo, after load: MB": Target(200, at_most=True),
    "memory, 1,000 objects, idle: MB": Target(250, at_most=True),
    "workers: ratio": Target(1.1, at_most=True),
    "workers: memory ratio": Target(1.2, at_most=True),
    "workers: idle": Target(10, at_most=True),
    "revocations: stale answers": Target(0, at_most=True),
    "exports: memory MB": Target(80, at_most=True),
}
"""The name of a figure is its row and what is told of it."""


def missed(figure: str, value: float, database: str, row: str = "") -> list[str]:
    """Returns a line that tells of a target that a figure misses, or nothing; `row` is told where one target holds for many."""
    target = TARGETS.get(figure)
    if target is None or target.is_met(value, database):
        return []
    return [f"{figure}{row and f' ({row})'} is {value:.2f}, {target.words(database)}"]
