"""Attempts that are counted exactly: in the database, before they are looked at, whichever process they come to.

A count is raised by one conditional write at the version that was read; of attempts that come at once, each is counted.
"""

import math

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later, moment
from fieldstone.engine.operation import Create, Update
from fieldstone.engine.records import Execute, read_first
from fieldstone.errors import ConcurrentUpdate, NotFound, RateLimited, Unavailable, UniqueViolation
from fieldstone.identity.tokens import hash_token

OBJECT = "sys_attempt_count"
_TRIES = 20


async def count_attempt(execute: Execute, key: str, now: str, *, most: int, seconds: int) -> None:
    """Counts an attempt under a key; raises RateLimited beyond so many within so many seconds of the first."""
    hashed = hash_token(key)
    for _ in range(_TRIES):
        row = await read_first(execute, OBJECT, {"key": hashed}, ("id", "count", "expires_at", "version"))
        if row is not None and row["expires_at"] > now and row["count"] >= most:
            wait = (moment(row["expires_at"]) - moment(now)).total_seconds()
            raise RateLimited("Too many attempts.", details={"retryAfter": math.ceil(wait)})
        try:
            if row is None:
                first = {"key": hashed, "count": 1, "expires_at": later(now, seconds)}
                await execute(Create(OBJECT, (first,)), SYSTEM)
            elif row["expires_at"] <= now:
                again = {"count": 1, "expires_at": later(now, seconds)}
                await execute(Update(OBJECT, row["id"], again, row["version"]), SYSTEM)
            else:
                await execute(Update(OBJECT, row["id"], {"count": row["count"] + 1}, row["version"]), SYSTEM)
        except (ConcurrentUpdate, NotFound, UniqueViolation):
            continue
        return
    raise Unavailable("Too many attempts at once.")
