"""Plans: whether a statement is quick enough for the loop's own thread, judged by how SQLite means to find its rows."""

from collections.abc import Sequence

import msgspec

RUNS_BESIDE = 1000
"""After a read took too long on the loop's thread, so many runs of the same text go to another."""


class Pace(msgspec.Struct):
    """How one text of SQL is run; `beside` counts the runs left before the loop's thread is tried again."""

    quick: bool
    beside: int = 0


def reads_quickly(plan: Sequence[str], *, bounded: bool) -> bool:
    """Tells whether a read looks rows up by an index, or walks along one and stops at its limit."""
    scans = [step for step in plan if step.startswith("SCAN ") and not _is_list(step)]
    sorts = any("B-TREE" in step and "ORDER BY" in step and "PART" not in step and "LAST" not in step for step in plan)
    return not scans or (bounded and not sorts and all("INDEX" in step for step in scans))


def writes_quickly(plan: Sequence[str]) -> bool:
    """Tells whether a write reaches rows by their id, or has no rows to find."""
    return all("(id=?" in step or _is_list(step) or not step.startswith(("SCAN ", "SEARCH ")) for step in plan)


def _is_list(step: str) -> bool:
    return "VIRTUAL TABLE" in step or step.startswith("SCAN CONSTANT")
