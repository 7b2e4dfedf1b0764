"""What loading found out the last time, and out of what: it is found again without work as long as that is the same.

Whoever works asks for the declarations of others by their names, and is watched while he does, so that what he has found is known to hang
on these and on no others. Nothing wrong is ever remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar

import msgspec

from fieldstone.errors import Fault
from fieldstone.registry.documents import Document
from fieldstone.registry.handlers import Handlers
from fieldstone.registry.known import Known

T = TypeVar("T")
R = TypeVar("R")


Faults = Sequence[Fault]
Given = tuple[object, ...]
Work = Callable[[Known[T]], tuple[R, Faults]]
"""Works on what it was given, and on those of the others for whom it asks."""

NOBODY: Known[object] = Known({})
"""The others of a step that asks for none."""


class Handled(msgspec.Struct, frozen=True, eq=False):
    """The code of packages, and what it came to when it was run."""

    source: bytes
    handlers: Handlers


class _Found(msgspec.Struct, frozen=True, eq=False):
    """What was found out of values `given`; `seen` are the others that were asked for, all of them where `all_seen`."""

    given: Given
    seen: Mapping[str, object]
    all_seen: bool
    result: Any


class Memory:
    """What is remembered from one time to the next, which is the last that came to something."""

    def __init__(self) -> None:
        self.turn = Lock()
        """Held by whoever loads: threads do so one after the other."""

        self.documents: dict[str, Document] = {}
        """What was read, by the path of its file."""

        self.handled: Handled | None = None
        self._kept: dict[tuple[str, str], _Found] = {}
        self._fresh: dict[tuple[str, str], _Found] = {}

    def recall(self, step: str, name: str, work: Work[T, R], given: Given, others: Known[T]) -> tuple[R, Faults]:
        """Returns what a step comes to for a name, and what is wrong with it: what it came to before where it was given the same values.

        Those count as the same that are one object, or equal texts and tuples.
        """
        key = (step, name)
        found = self._fresh.get(key) or self._kept.get(key)
        if found is None or not _holds(found, given, others.by_name):
            watched = _Watched(others.by_name)
            result, faults = work(Known(watched, others.broken))
            if faults:
                return result, faults
            found = _Found(given, others.by_name if watched.all_seen else watched.seen, watched.all_seen, result)
        self._fresh[key] = found
        remembered: R = found.result
        return remembered, ()

    def settle(self) -> None:
        """Forgets what was not asked for since the last time."""
        self._kept, self._fresh = self._fresh, {}


class _Watched(Mapping[str, T], Generic[T]):
    """A mapping that notes what is asked of it."""

    def __init__(self, inner: Mapping[str, T]) -> None:
        self._inner = inner
        self.seen: dict[str, object] = {}
        self.all_seen = False

    def __getitem__(self, name: str) -> T:
        self.seen[name] = self._inner.get(name)
        return self._inner[name]

    def get(self, name: str, default: Any = None, /) -> Any:
        """Returns what has a name, and notes that it was asked for."""
        found = self.seen[name] = self._inner.get(name)
        return default if found is None else found

    def __iter__(self) -> Iterator[str]:
        self.all_seen = True
        return iter(self._inner)

    def __len__(self) -> int:
        self.all_seen = True
        return len(self._inner)


def _holds(found: _Found, given: Given, others: Mapping[str, object]) -> bool:
    if len(given) != len(found.given) or not all(map(_same, given, found.given)):
        return False
    if found.all_seen and others.keys() != found.seen.keys():
        return False
    return all(others.get(name) is value for name, value in found.seen.items())


def _same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, (str, tuple)) and one == other)
