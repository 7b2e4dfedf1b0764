"""From a credential to a Caller: who he is, where he is active, which permission sets he holds there.

Every look-up is a fixed Read as the system. A credential that does not hold gives None: gone, over, revoked, or its user suspended.
"""

from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.identity.keys import find_key
from fieldstone.identity.sessions import find_session

EVERYONE = "everyone"


class Resolved(msgspec.Struct, frozen=True):
    """A caller, and the instant at which his credential ends (None: never)."""

    caller: Caller
    ends_at: str | None


async def resolve_session(execute: Execute, token_hash: str, now: str, declared: frozenset[str]) -> Resolved | None:
    """Returns the caller of a session, without an organisation when he is no longer a member of the active one."""
    session = await find_session(execute, token_hash, now)
    if session is None:
        return None
    caller = await _caller(execute, session.user_id, session.active_organization_id, None, declared)
    return None if caller is None else Resolved(caller, session.expires_at)


async def resolve_key(execute: Execute, key_hash: str, now: str, declared: frozenset[str]) -> Resolved | None:
    """Returns the caller of an API key; it ends with its user's membership."""
    key = await find_key(execute, key_hash, now)
    if key is None:
        return None
    caller = await _caller(execute, key.user_id, key.organization_id, key.scopes, declared)
    return None if caller is None or caller.organization_id is None else Resolved(caller, key.expires_at)


async def _caller(
    execute: Execute,
    user_id: str,
    organization_id: str | None,
    scopes: frozenset[str] | None,
    declared: frozenset[str],
) -> Caller | None:
    user = await read_first(execute, "sys_user", {"id": user_id, "active": True}, ("email",))
    if user is None:
        return None
    values: dict[str, Any] = {"id": user_id, "email": user["email"], "roles": (), "positions": ()}
    sets = {EVERYONE}
    place = {"user_id": user_id, "organization_id": organization_id}
    member = await read_first(execute, "sys_member", place, ("role",)) if organization_id else None
    if member is not None:
        grants = await read_records(execute, "sys_user_permission_set", place, ("permission_set",))
        sets |= declared.intersection(grant["permission_set"] for grant in grants)
        home = await read_first(execute, "sys_organization", {"id": organization_id}, ("timezone",))
        values |= {"organization_id": organization_id, "roles": (member["role"],)}
        values |= {"timezone": home["timezone"] if home else None}
    values["permissions"] = tuple(sorted(sets))
    return Caller(sets=frozenset(sets), values=values, scopes=scopes)
