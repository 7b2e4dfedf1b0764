"""The router: from method and path to a route, by one dictionary per segment of the path.

A fixed segment is tried before a pattern such as `{id}`; where the fixed one leads nowhere, the pattern is tried after all.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec

R = TypeVar("R")
PARENTS_KEPT = 1024
"""For so many paths it is kept where they lead: `/data/ticket` is the parent of as many paths as there are tickets."""

_PATTERN = ""


class Found(msgspec.Struct, Generic[R], frozen=True, eq=False):
    """A route, and what stood in the place of its patterns."""

    route: R
    path: Mapping[str, str]


class _Node(Generic[R]):
    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str, _Node[R]] = {}
        self.ends: dict[str, tuple[R, tuple[str, ...]]] = {}


class _Below(msgspec.Struct, Generic[R], frozen=True, eq=False):
    """Where the last segment of a path leads: a fixed one, or else any other one, by the `pattern` of that name behind `values`."""

    fixed: Mapping[str, Found[R]]
    pattern: tuple[R, Mapping[str, str], str] | None


_Reached = tuple[_Node[R], tuple[str, ...]]
"""A node, and what stood in the place of the patterns on the way to it."""


class Router(Generic[R]):
    """Routes by method and path; made once, then only read."""

    def __init__(self) -> None:
        """Makes a router without routes."""
        self._root: _Node[R] = _Node()
        self._below = lru_cache(maxsize=PARENTS_KEPT)(self._look_below)

    def add(self, method: str, path: str, route: R) -> R | None:
        """Adds a route; returns the one that already answers this method on this path, in which case nothing is added."""
        segments = path.split("/")[1:]
        names = tuple(segment[1:-1] for segment in segments if segment.startswith("{"))
        node = self._root
        for segment in segments:
            node = node.children.setdefault(_PATTERN if segment.startswith("{") else segment, _Node())
        if method in node.ends:
            return node.ends[method][0]
        node.ends[method] = (route, names)
        self._below.cache_clear()
        return None

    def find(self, method: str, path: str) -> Found[R] | frozenset[str]:
        """Returns the route of a path, or the methods that the path does answer: none when there is no such path."""
        parent, slash, segment = path.rpartition("/")
        below = self._below(method, parent if slash else None)
        found = below.fixed.get(segment)
        if found is not None:
            return found
        if below.pattern is not None and segment:
            route, values, name = below.pattern
            return Found(route, {**values, name: segment})
        return frozenset[str]().union(*(node.ends for node, _ in self._nodes(path)))

    def _look_below(self, method: str, parent: str | None) -> _Below[R]:
        """Returns where what stands behind a path leads; None is the parent of the root, which has no segment."""
        fixed: dict[str, Found[R]] = {}
        if parent is None:
            if method in self._root.ends:
                fixed[""] = Found(self._root.ends[method][0], {})
            return _Below(fixed, None)
        for node, values in self._nodes(parent):
            for segment, child in node.children.items():
                if segment != _PATTERN and method in child.ends:
                    route, names = child.ends[method]
                    fixed.setdefault(segment, Found(route, dict(zip(names, values, strict=True))))
            pattern = node.children.get(_PATTERN)
            if pattern is not None and method in pattern.ends:
                route, names = pattern.ends[method]
                return _Below(fixed, (route, dict(zip(names, values, strict=False)), names[-1]))
        return _Below(fixed, None)

    def _nodes(self, path: str) -> tuple[_Reached[R], ...]:
        """Returns the nodes that a path leads to, each with what stood in the place of patterns; the one to be tried first comes first."""
        reached: list[_Reached[R]] = [(self._root, ())]
        for segment in path.split("/")[1:]:
            reached = [step for node, values in reached for step in _steps(node, values, segment)]
        return tuple(reached)


def _steps(node: _Node[R], values: tuple[str, ...], segment: str) -> Iterator[_Reached[R]]:
    """Yields the nodes below a node that a segment leads to."""
    fixed, pattern = node.children.get(segment), node.children.get(_PATTERN)
    if segment and fixed is not None:
        yield fixed, values
    if segment and pattern is not None:
        yield pattern, (*values, segment)
