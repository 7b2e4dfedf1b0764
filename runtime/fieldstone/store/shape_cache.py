"""A bounded cache from shapes to what was made for them, with one hash for each hit."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ShapeCache(Generic[K, V]):
    """Keeps between `most` / 2 and `most` of the shapes used last: two generations, and a full one becomes the older."""

    def __init__(self, most: int) -> None:
        """Begins empty."""
        self._half = most // 2
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Returns the value of a shape, made when it is not there."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is None:
                value = make()
            if len(self._young) >= self._half:
                self._old, self._young = self._young, {}
            self._young[key] = value
        return value
