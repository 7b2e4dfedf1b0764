"""Insisting: a transaction that changes tables gives way to whoever uses them, and is done again from its beginning a moment later.

On PostgreSQL whoever waits for a table to change it lets everybody wait who comes after him. So he waits briefly, and often.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from fieldstone.errors import SerializationFailure

TRIES: Final = 60
LONGEST_PAUSE: Final = 0.5
"""So long, in seconds, others have the tables to themselves between two tries, at the most."""


async def insist(work: Callable[[], Awaitable[None]]) -> None:
    """Does work until its tables are free for it; raises SerializationFailure when they never are."""
    for _ in range(TRIES - 1):
        try:
            await work()
        except SerializationFailure:
            await asyncio.sleep(random.uniform(LONGEST_PAUSE / 5, LONGEST_PAUSE))
        else:
            return
    await work()
