"""The device's side: it asks for codes, and then, again and again, whether somebody has let it in (RFC 8628, 3.1 to 3.5).

What it gets is an API key of that user, within his organisation and the scopes he has granted, once. A surface gives the outcome its shape.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from fieldstone.access.caller import SYSTEM, system_in
from fieldstone.clock import later, moment
from fieldstone.engine.operation import Create, Delete, Together, Update
from fieldstone.errors import ConcurrentUpdate, NotFound, Unavailable, UniqueViolation
from fieldstone.identity.device.codes import hash_user_code, new_device_code, new_user_code
from fieldstone.identity.device.waiting import OBJECT, Waiting, find_waiting
from fieldstone.identity.keys import key_row
from fieldstone.identity.means import Means, find_user
from fieldstone.identity.sessions import DAY
from fieldstone.identity.tokens import hash_token
from fieldstone.kinds.sign_in import DeviceClient

SECONDS = 15 * 60
"""How long somebody has to answer."""

INTERVAL = 5
"""Seconds between two questions, and by how many more each question that comes too early makes it."""

_TRIES = 5
_PAGE = "/device"

NoGrant = Literal[
    "invalid_client",
    "invalid_scope",
    "invalid_grant",
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
]
"""Why a device gets nothing, or nothing yet, in the words of RFC 6749 and RFC 8628."""


class Codes(msgspec.Struct, frozen=True):
    """What a device was given: it keeps `device_code`, and shows `user_code` and the address."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class Granted(msgspec.Struct, frozen=True):
    """The token that a device gets, this once: whose it is, where he is active, and how far it reaches (None: as far as he does)."""

    token: str
    user_id: str
    organization_id: str
    expires_in: int
    scopes: tuple[str, ...] | None


class DevicePolling:
    """Serves the declared programs; `base` is where browsers reach this server."""

    def __init__(self, means: Means, clients: Mapping[str, DeviceClient], base: str) -> None:
        self._means = means
        self.clients = clients
        self._base = base

    async def begin(self, client_id: str, wanted: tuple[str, ...] | None) -> Codes | NoGrant:
        """Returns codes for a program that wants scopes, all it may ask for when none are named."""
        client = self.clients.get(client_id)
        if client is None:
            return "invalid_client"
        if wanted and not set(wanted) <= set(client.scopes or ()):
            return "invalid_scope"
        scopes = wanted if wanted and client.scopes is not None else client.scopes
        device_code = new_device_code()
        for _ in range(_TRIES):
            user_code = new_user_code()
            row = {
                "device_hash": hash_token(device_code),
                "user_hash": hash_user_code(user_code),
                "client_id": client_id,
                "scopes": None if scopes is None else sorted(scopes),
                "status": "pending",
                "interval": INTERVAL,
                "expires_at": later(self._means.clock(), SECONDS),
            }
            try:
                await self._means.execute(Create(OBJECT, (row,)), SYSTEM)
            except UniqueViolation:
                continue
            page = self._base + _PAGE
            return Codes(device_code, user_code, page, f"{page}?user_code={user_code}", SECONDS, INTERVAL)
        raise Unavailable("No code is free.")

    async def poll(self, device_code: str, client_id: str) -> Granted | NoGrant:
        """Returns the token of a device that was let in, or why there is none."""
        now = self._means.clock()
        waiting = await find_waiting(self._means.execute, {"device_hash": hash_token(device_code)})
        if client_id not in self.clients:
            return "invalid_client"
        if waiting is None or waiting.client_id != client_id:
            return "invalid_grant"
        if waiting.expires_at <= now:
            return "expired_token"
        early = waiting.polled_at is not None and later(waiting.polled_at, waiting.interval) > now
        try:
            if early:
                slower = {"polled_at": now, "interval": waiting.interval + INTERVAL}
                await self._means.execute(Update(OBJECT, waiting.id, slower, waiting.version), SYSTEM)
                return "slow_down"
            if waiting.status == "pending":
                await self._means.execute(Update(OBJECT, waiting.id, {"polled_at": now}, waiting.version), SYSTEM)
                return "authorization_pending"
            return await self._end(waiting, now)
        except ConcurrentUpdate:
            return "slow_down"
        except NotFound:
            return "invalid_grant"

    async def _end(self, waiting: Waiting, now: str) -> Granted | NoGrant:
        """Ends the wait of a device whose user has answered: of questions that come at once, one gets the token."""
        client, gone = self.clients[waiting.client_id], Delete(OBJECT, waiting.id, waiting.version)
        user = None if waiting.user_id is None else await find_user(self._means, {"id": waiting.user_id})
        if waiting.status == "denied" or user is None or waiting.active_organization_id is None:
            await self._means.execute(gone, SYSTEM)
            return "access_denied"
        expires_at = later(now, client.token_days * DAY)
        key, row = key_row(client.label, user["id"], waiting.scopes, expires_at)
        made = Create("sys_api_key", (row,))
        await self._means.execute(Together((gone, made)), system_in(waiting.active_organization_id))
        expires_in = int((moment(expires_at) - moment(now)).total_seconds())
        return Granted(key, user["id"], waiting.active_organization_id, expires_in, waiting.scopes)
