"""Sessions: opened by a sign-in, found again by the hash of their token, ended by deleting them."""

from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Delete
from fieldstone.engine.records import Execute, create_records, read_first
from fieldstone.errors import NotFound
from fieldstone.identity.tokens import hash_token, new_session_token

_USER_AGENT_LENGTH = 400


class Origin(msgspec.Struct, frozen=True):
    """Where an attempt to sign in comes from, as the transport tells it."""

    address: str
    user_agent: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A session as it is stored."""

    id: str
    user_id: str
    expires_at: str
    active_organization_id: str | None
    created_at: str
    updated_at: str


async def open_session(
    execute: Execute, user_id: str, organization_id: str | None, expires_at: str, origin: Origin
) -> str:
    """Stores a new session and returns its token, which is never to be had again."""
    token = new_session_token()
    row = {
        "user_id": user_id,
        "token_hash": hash_token(token),
        "expires_at": expires_at,
        "ip": origin.address,
        "user_agent": origin.user_agent[:_USER_AGENT_LENGTH] if origin.user_agent else None,
        "active_organization_id": organization_id,
    }
    await create_records(execute, "sys_session", [row], SYSTEM)
    return token


async def find_session(execute: Execute, token_hash: str, now: str) -> Session | None:
    """Returns the session of a token; None when there is none or it is over."""
    condition: dict[str, Any] = {"token_hash": token_hash, "expires_at": {"$gt": now}}
    row = await read_first(execute, "sys_session", condition, Session.__struct_fields__)
    return Session(**row) if row else None


async def close_session(execute: Execute, session_id: str) -> None:
    """Ends a session; one that is gone already is fine."""
    try:
        await execute(Delete("sys_session", session_id), SYSTEM)
    except NotFound:
        return
