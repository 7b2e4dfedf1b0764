"""How much memory something takes at most, beside what was taken before."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def within_bytes(most: int) -> Iterator[None]:
    """Fails when the block takes more memory at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak // 1024 // 1024} MB"
