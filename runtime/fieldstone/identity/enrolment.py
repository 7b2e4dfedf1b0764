"""The enrolment: what a user's second factor is checked against, kept as one record of `sys_two_factor`.

A code is checked and counted in one conditional write, at the version that was read: of guesses that come at once, to whichever
processes, one is checked, and the others look again at what it left behind.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later, moment
from fieldstone.engine.operation import Update
from fieldstone.engine.records import Execute, read_first
from fieldstone.errors import ConcurrentUpdate, NotFound, RateLimited, Unavailable
from fieldstone.identity.backup_codes import without
from fieldstone.identity.seal import Seal
from fieldstone.identity.totp import matching_step

OBJECT = "sys_two_factor"
FREE_FAILURES = 5
"""After so many wrong codes in a row each further attempt has to wait, twice as long as the one before."""

LONGEST_WAIT = 60 * 60
_TRIES = 20


class Enrolment(msgspec.Struct, frozen=True):
    """A second factor as it is stored; `secret` is sealed, `backup_codes` are hashes."""

    id: str
    user_id: str
    secret: str
    confirmed: bool
    last_step: int
    failures: int
    retry_at: str | None
    backup_codes: tuple[str, ...]
    trust: int
    version: int


Proof = Callable[[Enrolment], Mapping[str, Any] | None]
"""Returns what a right code changes of an enrolment; None for a wrong one."""


def by_totp(seal: Seal, code: str, now: str) -> Proof:
    """Returns the proof by a code of the authenticator: no code of its step or an earlier one is taken again."""

    def prove(enrolment: Enrolment) -> Mapping[str, Any] | None:
        step = matching_step(seal.open(enrolment.secret), code, now, enrolment.last_step)
        return None if step is None else {"last_step": step}

    return prove


def by_backup_code(code: str) -> Proof:
    """Returns the proof by a backup code, which is gone then."""

    def prove(enrolment: Enrolment) -> Mapping[str, Any] | None:
        left = without(enrolment.backup_codes, code)
        return None if left is None else {"backup_codes": left}

    return prove


async def find_enrolment(execute: Execute, user_id: str) -> Enrolment | None:
    """Returns the enrolment of a user, confirmed or not."""
    row = await read_first(execute, OBJECT, {"user_id": user_id}, Enrolment.__struct_fields__)
    if row is None:
        return None
    stored = row["backup_codes"]
    codes = msgspec.json.decode(stored) if isinstance(stored, msgspec.Raw) else stored
    return Enrolment(**row | {"backup_codes": tuple(codes or ())})


async def prove(execute: Execute, user_id: str, proof: Proof, now: str) -> Enrolment | None:
    """Checks a code of a user and counts it; returns the enrolment that it was right for, None for a wrong one.

    Raises RateLimited, without a look at the code, while the next attempt has to wait.
    """
    for _ in range(_TRIES):
        enrolment = await find_enrolment(execute, user_id)
        if enrolment is None:
            return None
        if enrolment.retry_at is not None and enrolment.retry_at > now:
            wait = (moment(enrolment.retry_at) - moment(now)).total_seconds()
            raise RateLimited("Too many wrong codes.", details={"retryAfter": math.ceil(wait)})
        found = proof(enrolment)
        changes = _failed(enrolment, now) if found is None else {**found, "failures": 0, "retry_at": None}
        try:
            await execute(Update(OBJECT, enrolment.id, changes, enrolment.version), SYSTEM)
        except ConcurrentUpdate:
            continue
        except NotFound:
            return None
        return None if found is None else enrolment
    raise Unavailable("Too many codes of one user are being checked at once.")


def _failed(enrolment: Enrolment, now: str) -> dict[str, Any]:
    failures = enrolment.failures + 1
    beyond = failures - FREE_FAILURES
    wait = None if beyond < 0 else later(now, min(60 * 2 ** min(beyond, 10), LONGEST_WAIT))
    return {"failures": failures, "retry_at": wait}
