"""The garbage collector, while much is made that stays: walking that again and again would double the time that it takes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OLDEST = 2
"""The generation that only a full collection walks."""


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


def settle() -> None:
    """Lets the next full collection be the last that walks what it leaves alive, until this is called again.

    For what stays as long as its generation: walking it once more takes longer than all else that a collection does.
    """
    gc.unfreeze()
    if _stay not in gc.callbacks:
        gc.callbacks.append(_stay)


def _stay(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == OLDEST:
        gc.callbacks.remove(_stay)
        gc.freeze()
