"""Sessions: opened by a sign-in, found again by the hash of their token, ended by deleting them.

A session holds until `expires_at`, and only while it is used: `last_seen_at` is written beside the requests (`presence.py`), and one that
was not seen for `sessionIdleDays` is over. Every sign-in opens a new one under a new token, whatever token came with it.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later
from fieldstone.engine.operation import Batch, Delete
from fieldstone.engine.records import Execute, create_records, read_first, read_records
from fieldstone.errors import NotFound
from fieldstone.identity.tokens import hash_token, new_session_token
from fieldstone.kinds.app import Auth

DAY = 24 * 60 * 60
_USER_AGENT_LENGTH = 400
_STORED = (
    "id",
    "user_id",
    "expires_at",
    "last_seen_at",
    "ip",
    "user_agent",
    "active_organization_id",
    "created_at",
    "updated_at",
)


class Origin(msgspec.Struct, frozen=True):
    """Where an attempt to sign in comes from, as the transport tells it."""

    address: str
    user_agent: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A session as it is stored; `ends_at` is when it is over if it is not used again."""

    id: str
    user_id: str
    expires_at: str
    last_seen_at: str
    ip: str | None
    user_agent: str | None
    active_organization_id: str | None
    created_at: str
    updated_at: str
    ends_at: str


async def open_session(
    execute: Execute, user_id: str, organization_id: str | None, expires_at: str, origin: Origin, now: str
) -> str:
    """Stores a new session and returns its token, which is never to be had again."""
    token = new_session_token()
    row = {
        "user_id": user_id,
        "token_hash": hash_token(token),
        "expires_at": expires_at,
        "last_seen_at": now,
        "ip": origin.address,
        "user_agent": origin.user_agent[:_USER_AGENT_LENGTH] if origin.user_agent else None,
        "active_organization_id": organization_id,
    }
    await create_records(execute, "sys_session", [row], SYSTEM)
    return token


async def find_session(execute: Execute, token_hash: str, now: str, auth: Auth) -> Session | None:
    """Returns the session of a token; None when there is none or it is over."""
    row = await read_first(execute, "sys_session", {"token_hash": token_hash, **_lasting(now, auth)}, _STORED)
    return None if row is None else _session(row, auth)


async def sessions_of(execute: Execute, user_id: str, now: str, auth: Auth) -> list[Session]:
    """Returns the sessions of a user that are not over, the latest sign-in first."""
    rows = await read_records(execute, "sys_session", {"user_id": user_id, **_lasting(now, auth)}, _STORED)
    return [_session(row, auth) for row in reversed(rows)]


async def close_session(execute: Execute, session_id: str) -> None:
    """Ends a session; one that is gone already is fine."""
    try:
        await execute(Delete("sys_session", session_id), SYSTEM)
    except NotFound:
        return


async def close_sessions(execute: Execute, user_id: str, keep: str | None = None) -> None:
    """Ends all sessions of a user, those that are over too, but for one."""
    rows = await read_records(execute, "sys_session", {"user_id": user_id}, ("id",))
    records = tuple({"id": row["id"]} for row in rows if row["id"] != keep)
    if records:
        await execute(Batch("sys_session", "delete", records), SYSTEM)


def _lasting(now: str, auth: Auth) -> dict[str, Any]:
    """Returns the condition that a session is not over."""
    return {"expires_at": {"$gt": now}, "last_seen_at": {"$gt": later(now, -auth.session_idle_days * DAY)}}


def _session(row: dict[str, Any], auth: Auth) -> Session:
    idle_until = later(row["last_seen_at"], auth.session_idle_days * DAY)
    return Session(**row, ends_at=min(row["expires_at"], idle_until))
