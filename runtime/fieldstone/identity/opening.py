"""Opening a session for somebody who has shown who he is, active in his only organisation."""

from typing import Any

from fieldstone.clock import Clock, later
from fieldstone.engine.records import Execute, read_records
from fieldstone.identity.documents import SignedIn, user_document
from fieldstone.identity.placement import ACTIVE_MEMBER
from fieldstone.identity.sessions import DAY, Origin, open_session
from fieldstone.kinds.app import Auth


async def open_for(execute: Execute, auth: Auth, clock: Clock, user: dict[str, Any], origin: Origin) -> SignedIn:
    """Opens a session of a user's record."""
    members = await read_records(execute, "sys_member", {"user_id": user["id"], **ACTIVE_MEMBER}, ("organization_id",))
    organization_id = members[0]["organization_id"] if len(members) == 1 else None
    now = clock()
    expires_at = later(now, auth.session_days * DAY)
    token = await open_session(execute, user["id"], organization_id, expires_at, origin, now)
    return SignedIn(token=token, expires_at=expires_at, user=user_document(user))
