"""The router: from method and path to a route, by one dictionary per segment of the path.

A fixed segment is tried before a pattern such as `{id}`; where the fixed one leads nowhere, the pattern is tried after all.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

R = TypeVar("R")
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


class Router(Generic[R]):
    """Routes by method and path; made once, then only read."""

    def __init__(self) -> None:
        """Makes a router without routes."""
        self._root: _Node[R] = _Node()
        self._fixed: dict[tuple[str, str], Found[R]] = {}

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
        methods: set[str] = set()
        hit = self._walk(self._root, method, path.split("/"), 1, (), methods)
        return frozenset(methods) if hit is None else hit

    def _walk(
        self, node: _Node[R], method: str, segments: list[str], at: int, values: tuple[str, ...], methods: set[str]
    ) -> Found[R] | None:
        if at == len(segments):
            end = node.ends.get(method)
            if end is not None:
                return Found(end[0], dict(zip(end[1], values, strict=True)))
            methods.update(node.ends)
            return None
        segment = segments[at]
        if not segment:
            return None
        child = node.children.get(segment)
        if child is not None:
            found = self._walk(child, method, segments, at + 1, values, methods)
            if found is not None:
                return found
        child = node.children.get(_PATTERN)
        return None if child is None else self._walk(child, method, segments, at + 1, (*values, segment), methods)
