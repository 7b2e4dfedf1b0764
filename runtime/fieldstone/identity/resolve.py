"""From a credential to a Caller: who he is, where he is active, what he holds there and where he stands.

Every look-up is a fixed Read as the system. A credential that does not hold gives None: gone, over, revoked, or its user suspended.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.records import Execute, read_first
from fieldstone.identity.holdings import Holdings, baseline, load_holdings
from fieldstone.identity.keys import find_key
from fieldstone.identity.placement import ACTIVE_MEMBER, load_placement
from fieldstone.identity.sessions import find_session
from fieldstone.identity.shared_objects import load_shared_objects
from fieldstone.identity.windows import earliest
from fieldstone.kinds.app import Auth
from fieldstone.registry.catalog import PermissionSet

Sets = Mapping[str, PermissionSet]
"""The permission sets that are active, by name."""

_MEMBER = ("id", "user_id", "organization_id", "role", "business_unit_id")


class Resolved(msgspec.Struct, frozen=True):
    """A caller with the record of his credential; when he has to be looked up anew, and when it was last used (None: never).

    He is looked up anew when his credential ends, or something that he holds begins or ends.
    """

    caller: Caller
    object: str
    id: str
    ends_at: str | None
    seen_at: str | None


class _Found(msgspec.Struct, frozen=True):
    """A caller, and the instant at which something that he holds begins or ends (None: never)."""

    caller: Caller
    changes_at: str | None


async def resolve_session(execute: Execute, token_hash: str, now: str, sets: Sets, auth: Auth) -> Resolved | None:
    """Returns the caller of a session, without an organisation when he is no longer a member of the active one."""
    session = await find_session(execute, token_hash, now, auth)
    if session is None:
        return None
    found = await _resolve(execute, session.user_id, session.active_organization_id, now, sets)
    if found is None:
        return None
    ends_at = earliest([found.changes_at, session.ends_at])
    return Resolved(found.caller, "sys_session", session.id, ends_at, session.last_seen_at)


async def resolve_member(
    execute: Execute, user_id: str, organization_id: str | None, now: str, sets: Sets
) -> Caller | None:
    """Returns a user as he would ask in an organisation; None when he is no active member of it."""
    found = await _resolve(execute, user_id, organization_id, now, sets)
    return None if found is None or found.caller.organization_id is None else found.caller


async def resolve_key(execute: Execute, key_hash: str, now: str, sets: Sets, _auth: Auth) -> Resolved | None:
    """Returns the caller of an API key; it ends with its user's membership."""
    key = await find_key(execute, key_hash, now)
    if key is None:
        return None
    found = await _resolve(execute, key.user_id, key.organization_id, now, sets)
    if found is None or found.caller.organization_id is None:
        return None
    caller = msgspec.structs.replace(found.caller, scopes=key.scopes, key=key.id)
    return Resolved(caller, "sys_api_key", key.id, earliest([found.changes_at, key.expires_at]), key.last_used_at)


async def _resolve(execute: Execute, user_id: str, organization_id: str | None, now: str, sets: Sets) -> _Found | None:
    user = await read_first(execute, "sys_user", {"id": user_id, "active": True}, ("email",))
    if user is None:
        return None
    values: dict[str, Any] = {"id": user_id, "email": user["email"], "roles": (), "positions": ()}
    holdings = Holdings(sets=baseline(sets, member=False), positions={})
    place = {"user_id": user_id, "organization_id": organization_id, **ACTIVE_MEMBER}
    member = await read_first(execute, "sys_member", place, _MEMBER) if organization_id else None
    shared: frozenset[str] | None = frozenset()
    if member is not None:
        holdings = await load_holdings(execute, sets, user_id, member["organization_id"], now)
        values |= await _membership(execute, member, holdings, sets)
        shared = await load_shared_objects(execute, member["organization_id"], values["recipient_ids"])
    values["permissions"] = tuple(sorted(holdings.sets))
    return _Found(Caller(sets=frozenset(holdings.sets), values=values, shared=shared), holdings.changes_at)


async def _membership(execute: Execute, member: Mapping[str, Any], holdings: Holdings, sets: Sets) -> Mapping[str, Any]:
    """Returns the values that somebody has as a member; a position is a role, too, beside that of the membership."""
    organization_id = member["organization_id"]
    home = await read_first(execute, "sys_organization", {"id": organization_id}, ("timezone",))
    wanted = frozenset().union(*(sets[name].caller_values for name in holdings.sets if name in sets))
    positions = tuple(sorted(holdings.positions))
    placement = await load_placement(execute, member, wanted)
    return {
        "organization_id": organization_id,
        "timezone": home["timezone"] if home else None,
        "roles": tuple(dict.fromkeys((member["role"], *positions))),
        "positions": positions,
        "position_ids": holdings.position_ids,
        "recipient_ids": (
            member["user_id"],
            *holdings.position_ids,
            *(placement["team_ids"] or ()),
            *(placement["unit_ids_above"] or ()),
        ),
        **placement,
    }
