"""Sweeping records of the platform whose time is over: those of an object with an instant `expires_at`.

They go without events and without hooks: nobody has a use for them any more, and nothing hangs on them.
"""

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.door import Door
from fieldstone.query.ast import Slot, Term
from fieldstone.store.binds import Binds

_PAST = Term("expires_at", "lte", Slot(0))


async def sweep_past(door: Door, object_name: str) -> int:
    """Deletes the records of an object whose time is over; returns how many."""
    now = door.clock()
    async with door.store.transaction() as transaction:
        return await transaction.delete(object_name, _PAST, Binds((now,), SYSTEM.values, now))
