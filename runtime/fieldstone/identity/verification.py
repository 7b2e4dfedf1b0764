"""Verifications: tokens that go out in mails and come back once, each for one user, one purpose and one address.

They are stored as a hash, and end after a while, with their use, with a later one of the same purpose, and with a new password.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later
from fieldstone.engine.operation import Batch, Create, Delete
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.errors import Invalid
from fieldstone.identity.tokens import hash_token, new_session_token

OBJECT = "sys_verification"
HOUR = 3600
Purpose = Literal["verify_email", "reset_password", "change_email"]
HOURS: dict[Purpose, int] = {"verify_email": 24, "reset_password": 2, "change_email": 24}
"""For how long a token of each purpose holds."""


class Verification(msgspec.Struct, frozen=True):
    """A token that is out; `value` is the address that it is about."""

    id: str
    user_id: str
    purpose: Purpose
    value: str


def issue(user_id: str, purpose: Purpose, value: str, now: str) -> tuple[str, Create]:
    """Returns a fresh token and the write that makes it hold."""
    token = new_session_token()
    row = {
        "user_id": user_id,
        "purpose": purpose,
        "value": value,
        "token_hash": hash_token(token),
        "expires_at": later(now, HOURS[purpose] * HOUR),
    }
    return token, Create(OBJECT, (row,))


async def find_verification(execute: Execute, token: str, purposes: Sequence[Purpose], now: str) -> Verification | None:
    """Returns what a token is for; None for one of other purposes, one that is over, and one that never was."""
    where = {"token_hash": hash_token(token), "purpose": {"$in": list(purposes)}, "expires_at": {"$gt": now}}
    row = await read_first(execute, OBJECT, where, Verification.__struct_fields__)
    return None if row is None else Verification(**row)


def use(found: Verification) -> Delete:
    """Returns the write that uses a token up; it raises NotFound when somebody was faster."""
    return Delete(OBJECT, found.id)


async def drop_verifications(execute: Execute, user_id: str, purpose: Purpose | None = None) -> None:
    """Makes the tokens of a user void, all of them or those of one purpose."""
    where = {"user_id": user_id} if purpose is None else {"user_id": user_id, "purpose": purpose}
    records = tuple({"id": row["id"]} for row in await read_records(execute, OBJECT, where, ("id",)))
    if records:
        await execute(Batch(OBJECT, "delete", records), SYSTEM)


def not_valid() -> Invalid:
    """Returns the refusal of a token, whatever is wrong with it."""
    return Invalid("The link is over, was used, or never was.", reason="INVALID_TOKEN", hint="Ask for another mail.")
