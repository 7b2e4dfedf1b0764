"""The garbage collector, while much is made that stays: walking that again and again would double the time that it takes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """Pauses the garbage collector.

    To freeze and unfreeze is to call everything old, so that not even the next collection of young objects walks it.
    """
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
