"""The user's side: he looks at who asks, and lets the device in or not (RFC 8628, 3.3). Guessed codes are counted exactly."""

from typing import Literal

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import moment
from fieldstone.engine.operation import Update
from fieldstone.errors import ConcurrentUpdate, Conflict, NotFound, PermissionDenied, Unavailable
from fieldstone.identity.device.codes import hash_user_code, shown_code
from fieldstone.identity.device.polling import DevicePolling
from fieldstone.identity.device.waiting import OBJECT, Status, Waiting, find_waiting
from fieldstone.identity.documents import SessionDocument
from fieldstone.identity.means import Means
from fieldstone.identity.throttle import Throttle

MOST_CODES = 20
"""How many codes one user may look at or answer within `WINDOW` seconds."""

WINDOW = 10 * 60
_TRIES = 10

Answer = Literal["approved", "denied"]


class DeviceRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A device that asks to be let in; `scopes` is None when it wants to reach as far as its user."""

    user_code: str
    client_id: str
    client_name: str
    scopes: tuple[str, ...] | None
    status: Status
    expires_in: int


class DeviceConsent:
    """Answers for devices."""

    def __init__(self, means: Means, polling: DevicePolling, throttle: Throttle) -> None:
        """Takes whose devices they are, and who counts the codes that one user tries."""
        self._means = means
        self._polling = polling
        self._throttle = throttle

    async def look(self, session: SessionDocument, user_code: str) -> DeviceRequest:
        """Returns who asks under a code; raises NotFound, RateLimited."""
        now = self._means.clock()
        await self._throttle.admit(f"device codes of {session.user.id}")
        waiting = await self._find(user_code, now)
        return DeviceRequest(
            user_code=shown_code(user_code),
            client_id=waiting.client_id,
            client_name=self._polling.clients[waiting.client_id].label,
            scopes=waiting.scopes,
            status=waiting.status,
            expires_in=int((moment(waiting.expires_at) - moment(now)).total_seconds()),
        )

    async def answer(self, session: SessionDocument, user_code: str, answer: Answer) -> None:
        """Lets a device in as whoever is signed in, or not; raises NotFound, Conflict, PermissionDenied, RateLimited."""
        now = self._means.clock()
        await self._throttle.admit(f"device codes of {session.user.id}")
        organization_id = session.session.active_organization_id
        if answer == "approved" and organization_id is None:
            raise PermissionDenied("A device acts within an organisation, and none is active.")
        said = {"status": answer, "user_id": session.user.id, "active_organization_id": organization_id}
        for _ in range(_TRIES):
            waiting = await self._find(user_code, now)
            if waiting.status != "pending":
                raise Conflict("This code was answered already.", hint="Let the device ask for another one.")
            try:
                await self._means.execute(Update(OBJECT, waiting.id, said, waiting.version), SYSTEM)
            except ConcurrentUpdate:
                continue
            return
        raise Unavailable("The device asks too often to be answered.")

    async def _find(self, user_code: str, now: str) -> Waiting:
        where = {"user_hash": hash_user_code(user_code), "expires_at": {"$gt": now}}
        waiting = await find_waiting(self._means.execute, where)
        if waiting is None or waiting.client_id not in self._polling.clients:
            raise NotFound(
                "No device waits under this code.", hint="Look at it again, or let the device ask for another."
            )
        return waiting
