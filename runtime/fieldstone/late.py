"""What comes late: large libraries that few processes ever need, and what is made of one object among many.

The libraries of workbooks, of PDF, of durable runs, of the other database and of requests to the outside would take most of the time of
every start, and of an idle process's memory.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from importlib import import_module
from pkgutil import resolve_name
from typing import Any, TypeVar

T = TypeVar("T")


def late(place: str) -> Callable[..., Any]:
    """Returns a function that stands for the one at `module:name`, whose module is loaded by the first call."""

    def call(*given: Any, **named: Any) -> Any:
        return resolve_name(place)(*given, **named)

    return call


class _LateModule:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self._name), name)
        setattr(self, name, found)
        return found


def late_module(name: str) -> Any:
    """Returns what stands for a library's module, which is loaded when something of it is asked for first.

    For a library that is named throughout a module, in what it catches and returns; types are checked against the library itself.
    """
    return _LateModule(name)


class AtFirstUse(Mapping[str, T]):
    """Values by name, each made when it is asked for first, and kept. Two threads that ask at once may make one twice; one is kept."""

    def __init__(self, names: Collection[str], make: Callable[[str], T]) -> None:
        """Takes the names that there are, and what makes the value of one, which nothing is wrong with."""
        self._names = names
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        found = self._made.get(name)
        if found is None:
            if name not in self._names:
                raise KeyError(name)
            found = self._made.setdefault(name, self._make(name))
        return found

    def get(self, name: str, default: Any = None, /) -> Any:
        """Returns a value, or the default where there is none of that name."""
        found = self._made.get(name)
        return super().get(name, default) if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    @property
    def made(self) -> Collection[str]:
        """The names of those that were asked for so far."""
        return self._made.keys()
