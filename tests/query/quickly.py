"""How long something takes by itself, whatever else the machine and the other tests of the process are doing."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when the block takes this process longer; garbage that others have left is not collected in it."""
    gc.disable()
    begun = time.process_time()
    try:
        yield
        taken = time.process_time() - begun
    finally:
        gc.enable()
    assert taken < seconds
