"""Identity: whose request it is. A credential becomes a Caller, kept for as long as the policy epoch stands.

The hot path is one look-up by the credential's hash and a comparison of epochs and instants. The epoch is read before anything is
looked up, so that a change in between makes the entry stale rather than wrong. Whoever is remembered may be taken for the same by a read
that heeds the epoch itself, in one trip with its answer. Now and then a credential in use is looked up anew and noted as seen.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.clock import Clock, later
from fieldstone.engine.records import Execute
from fieldstone.errors import Unauthenticated
from fieldstone.identity.credential import Credential
from fieldstone.identity.presence import EVERY, Presence
from fieldstone.identity.resolve import Resolved, resolve_key, resolve_member, resolve_session
from fieldstone.identity.tokens import hash_token
from fieldstone.registry.catalog import Catalog

Epoch = Callable[[], Awaitable[int]]
"""Returns the policy epoch of the database."""

_KEPT = 20_000


class Remembered(msgspec.Struct, frozen=True):
    """A caller as he was found at an epoch; at `due` he is looked up anew."""

    caller: Caller
    epoch: int
    due: str


class Identity:
    """Tells who asks, and which of the catalog's permission sets he holds."""

    def __init__(
        self,
        execute: Execute,
        catalog: Catalog,
        *,
        presence: Presence,
        clock: Clock,
        epoch: Epoch,
    ) -> None:
        """Takes the door, the catalog, who notes who was seen, and what tells the epoch of the database."""
        self._execute = execute
        self._sets = {name: held for name, held in catalog.permissions.items() if held.declaration.active}
        self._auth = catalog.app.auth
        self._presence = presence
        self._clock = clock
        self._epoch = epoch
        self._entries: OrderedDict[Credential, Remembered] = OrderedDict()
        self._latest = 0

    async def caller(self, credential: Credential | None) -> Caller:
        """Returns who shows a credential, ANONYMOUS for none; raises Unauthenticated for one that does not hold (any more)."""
        if credential is None:
            return ANONYMOUS
        epoch, now = await self._epoch(), self._clock()
        self._latest = max(epoch, self._latest)
        hashed = _hashed(credential)
        entry = self._entries.get(hashed)
        if entry is None or entry.epoch != epoch or entry.due <= now:
            entry = await self._resolve(hashed, now, epoch)
        return entry.caller

    def remembered(self, credential: Credential | None) -> Remembered | None:
        """Returns who showed a credential before, with the epoch of that, which may have passed; None where he is to be looked up."""
        if credential is None:
            return None
        entry = self._entries.get(_hashed(credential))
        return None if entry is None or entry.epoch != self._latest or entry.due <= self._clock() else entry

    async def is_at(self, epoch: int) -> bool:
        """Tells whether an epoch is still that of the database."""
        return await self._epoch() == epoch

    async def member(self, user_id: str, organization_id: str | None) -> Caller | None:
        """Returns a user as he would ask in an organisation; None when he is no active member of it."""
        return await resolve_member(self._execute, user_id, organization_id, self._clock(), self._sets)

    async def _resolve(self, hashed: Credential, now: str, epoch: int) -> Remembered:
        self._entries.pop(hashed, None)
        look_up = resolve_key if hashed.kind == "key" else resolve_session
        resolved = await look_up(self._execute, hashed.secret, now, self._sets, self._auth)
        if resolved is None:
            raise _not_signed_in()
        entry = self._entries[hashed] = Remembered(resolved.caller, epoch, self._see(resolved, now))
        while len(self._entries) > _KEPT:
            self._entries.popitem(last=False)
        return entry

    def _see(self, resolved: Resolved, now: str) -> str:
        """Notes a use unless one was noted lately; returns the instant at which to look again."""
        again = now if resolved.seen_at is None else later(resolved.seen_at, EVERY)
        if again <= now:
            self._presence.note(resolved.object, resolved.id, now)
            again = later(now, EVERY)
        return again if resolved.ends_at is None else min(again, resolved.ends_at)


def _hashed(credential: Credential) -> Credential:
    return Credential(credential.kind, hash_token(credential.secret))


def _not_signed_in() -> Unauthenticated:
    return Unauthenticated("The session or key is not known, or is over.", hint="Sign in again.")
