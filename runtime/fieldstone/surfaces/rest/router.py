"""The router: from method and path to a route, by one dictionary per segment of the path.

A fixed segment is tried before a pattern such as `{id}`; where the fixed one leads nowhere, the pattern is tried after all.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

R = TypeVar("R")
PARENTS_KEPT = 1024
"""For so many paths it is kept where they lead: `/data/ticket` is the parent of as many paths as there are tickets."""

_PATTERN = ""


class Found(Generic[R]):
    """A route, and what stood in the place of its patterns."""

    __slots__ = ("path", "route")

    def __init__(self, route: R, path: Mapping[str, str]) -> None:
        """Takes both."""
        self.route = route
        self.path = path


class _Node(Generic[R]):
    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str, _Node[R]] = {}
        self.ends: dict[str, tuple[R, tuple[str, ...]]] = {}


_Reached = tuple[_Node[R], tuple[str, ...]]
"""A node, and what stood in the place of the patterns on the way to it."""


class Router(Generic[R]):
    """Routes by method and path; made once, then only read."""

    def __init__(self) -> None:
        """Makes a router without routes."""
        self._root: _Node[R] = _Node()
        self._fixed: dict[tuple[str, str], Found[R]] = {}
        self._parents = lru_cache(maxsize=PARENTS_KEPT)(self._nodes)

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
        if not names:
            self._fixed[method, path] = Found(route, {})
        return None

    def find(self, method: str, path: str) -> Found[R] | frozenset[str]:
        """Returns the route of a path, or the methods that the path does answer: none when there is no such path."""
        found = self._fixed.get((method, path))
        if found is not None:
            return found
        if not path:
            return frozenset(self._root.ends)
        parent, _, segment = path.rpartition("/")
        methods: set[str] = set()
        for node, values in self._parents(parent) if segment else ():
            for name, taken in ((segment, values), (_PATTERN, (*values, segment))):
                child = node.children.get(name)
                end = None if child is None else child.ends.get(method)
                if end is not None:
                    return Found(end[0], dict(zip(end[1], taken, strict=True)))
                if child is not None:
                    methods.update(child.ends)
        return frozenset(methods)

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
