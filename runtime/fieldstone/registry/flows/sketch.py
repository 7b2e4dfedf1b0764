"""Sketches: steps as either dialect has declared them, before anything in them is looked up."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.flow import ErrorHandling
from fieldstone.kinds.step import Retry
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import StepKind
from fieldstone.registry.flows.site import Path, Surroundings
from fieldstone.registry.mismatch import mismatches


class Sketch(msgspec.Struct, frozen=True, eq=False):
    """One step: its id, its kind, what its kind takes and where that stands (`config_path`), and what every step may say."""

    id: str
    kind: StepKind
    config: Declared
    path: Path
    config_path: Path
    label: str
    when: str | None = None
    output: str | None = None
    retry: Retry | None = None
    goes_on: bool = False
    timeout_ms: int | None = None
    said: frozenset[str] = frozenset()
    """Which of `retry` and `timeout_ms` it says itself."""


class Names:
    """The ids of the steps of one declaration, each new in it."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._taken: dict[str, Path] = {}

    def take(self, name: str, path: Path) -> None:
        """Takes an id; notes a fault where it is taken."""
        first = self._taken.setdefault(name, path)
        if first != path:
            document = self._around.document
            message = f"A step `{name}` already stands on line {document.value_at(*first).line}."
            self._around.faults.append(document.fault(path, Code.NAME_CLASH, message, "Rename one of the two."))

    def make(self, tag: str, path: Path) -> str:
        """Returns an id for a step that has no name: its type, and how many steps stand before it."""
        count = len(self._taken) + 1
        while (made := f"{tag}_{count}") in self._taken:
            count += 1
        self._taken[made] = path
        return made


def unknown_type(around: Surroundings, path: Path, tag: Any, known: Mapping[str, StepKind]) -> None:
    """Notes that there is no such type of step."""
    hint = did_you_mean(tag, known) or f"It takes {', '.join(f'`{each}`' for each in sorted(known))}."
    message = f"There is no step type `{shown(tag)}`."
    around.faults.append(around.document.fault(path, Code.WRONG_VALUE, message, hint))


def decoded(around: Surroundings, raw: Any, struct: Any, path: Path) -> Any:
    """Returns a part of a document as a Struct; notes every fault of it, and returns None, where it does not fit."""
    try:
        return msgspec.convert(raw, struct)
    except msgspec.ValidationError as error:
        spot, file = around.document.source.spot, around.document.file
        before = len(around.faults)
        for found in mismatches(raw, struct, path):
            at = spot.find(found.path)
            place = at.of_key(file) if found.at_key else at.of_value(file)
            around.faults.append(Fault(place, found.code, found.message, found.hint))
        if len(around.faults) == before:
            around.faults.append(around.document.fault(path, Code.WRONG_VALUE, str(error)))
        return None


def retry_of(handling: ErrorHandling) -> Retry | None:
    """Returns how steps that say nothing are tried again."""
    if handling.strategy != "retry" or handling.max_retries == 0:
        return None
    return Retry(
        attempts=handling.max_retries + 1,
        backoff_ms=handling.backoff_ms,
        multiplier=handling.backoff_multiplier,
        max_delay_ms=handling.max_retry_delay_ms,
        jitter=handling.jitter,
    )
