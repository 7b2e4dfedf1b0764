"""A user's own sessions: what he is shown of them, and how he ends one, the others or all.

The token of a session is stored as a hash, so the list cannot tell it: there a session's `id` stands in the place of its token, and whoever
ends a session may name either. Somebody else's session is told from none at all by nothing.
"""

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.clock import Clock
from fieldstone.engine.records import Execute, read_first
from fieldstone.errors import NotFound, Unauthenticated
from fieldstone.identity.credential import Credential
from fieldstone.identity.documents import ListedSession, listed_session
from fieldstone.identity.sessions import close_session, close_sessions, find_session, sessions_of
from fieldstone.identity.tokens import hash_token
from fieldstone.kinds.app import Auth


class OwnSessions:
    """Lists and ends the sessions of whoever asks."""

    def __init__(self, execute: Execute, *, auth: Auth, clock: Clock) -> None:
        self._execute = execute
        self._auth = auth
        self._clock = clock

    async def list(self, caller: Caller, credential: Credential | None) -> list[ListedSession]:
        """Returns the caller's sessions, the latest first; the one that asks is `current`."""
        current = await self._current(credential)
        found = await sessions_of(self._execute, _user_of(caller), self._clock(), self._auth)
        return [listed_session(session, current=session.id == current) for session in found]

    async def revoke(self, caller: Caller, token: str) -> None:
        """Ends the caller's session of an id or a token; raises NotFound when he has none."""
        named = {"$or": [{"id": token}, {"token_hash": hash_token(token)}]}
        found = await read_first(self._execute, "sys_session", {"user_id": _user_of(caller), **named}, ("id",), SYSTEM)
        if found is None:
            raise NotFound("You have no such session.")
        await close_session(self._execute, found["id"])

    async def revoke_all(self, caller: Caller) -> None:
        """Ends all the caller's sessions, the one that asks among them."""
        await close_sessions(self._execute, _user_of(caller))

    async def revoke_others(self, caller: Caller, credential: Credential | None) -> None:
        """Ends the caller's sessions but the one that asks."""
        await close_sessions(self._execute, _user_of(caller), keep=await self._current(credential))

    async def _current(self, credential: Credential | None) -> str | None:
        """Returns the id of the session that asks; None when it is an API key that does."""
        if credential is None or credential.kind != "session":
            return None
        found = await find_session(self._execute, hash_token(credential.secret), self._clock(), self._auth)
        return None if found is None else found.id


def _user_of(caller: Caller) -> str:
    if caller.id is None:
        raise Unauthenticated("You are not signed in.")
    return caller.id
