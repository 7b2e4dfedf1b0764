"""Delivery: sends the mails that are waiting, beside the requests, and tries again later when one did not leave.

A mail is claimed in one Unit, sent outside any, and settled in another. What a process was sending when it died is sent again when its
claim is over, by whichever process comes first: at least once, and exactly once where nobody dies. A mail keeps its `Message-ID`.
"""

import asyncio
from typing import Any, Final

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import Clock, later
from fieldstone.engine.operation import Read, Update
from fieldstone.engine.outcome import Page
from fieldstone.engine.records import Execute
from fieldstone.errors import ConcurrentUpdate, FieldstoneError, Internal, NotFound, SettingsError
from fieldstone.log import Log
from fieldstone.query.document import QueryDocument
from fieldstone.services.mail.post import EMAIL, QUEUED, SENDING, Sealing
from fieldstone.services.mail.transport import NotDelivered, Parcel, Transport

PAUSES: Final = (30, 120, 600, 1800, 7200, 21_600, 43_200)
"""After how many seconds a mail that did not leave is tried again: after the first time, the second, ... ; then it has failed."""

CLAIMED_SECONDS: Final = 300
"""For how long a mail belongs to the process that is sending it."""

AT_ONCE: Final = 8
POLL_SECONDS: Final = 20.0
"""How often it is looked for mails that others have left, or that are due again."""

CLOSING_SECONDS: Final = 10.0
DAY: Final = 86_400
_FIELDS = ("id", "version", "attempts", "content")


class Delivery:
    """Sends what is waiting."""

    def __init__(
        self,
        execute: Execute,
        transport: Transport,
        sealing: Sealing,
        waiting: asyncio.Event,
        *,
        clock: Clock,
        log: Log,
        days: int,
    ) -> None:
        """Takes the door, the transport, what is set when mails are waiting, and for how many days their rows are kept."""
        self._execute = execute
        self._transport = transport
        self._sealing = sealing
        self._clock = clock
        self._log = log
        self._days = days
        self._waiting = waiting
        self._closing = False

    async def run(self) -> None:
        """Sends mails until it is closed."""
        while not self._closing:
            self._waiting.clear()
            try:
                found = await self.deliver_due()
            except FieldstoneError:
                found = 0
                self._log.exception("mail_delivery_failed")
            if found < AT_ONCE and not self._closing:
                await self._pause()

    async def close(self, running: asyncio.Task[None]) -> None:
        """Ends a run: mails that are just being sent have a while to get away."""
        self._closing = True
        self._waiting.set()
        await asyncio.wait([running], timeout=CLOSING_SECONDS)
        running.cancel()
        await asyncio.wait([running])

    async def deliver_due(self) -> int:
        """Sends some of the mails that are due; returns how many there were."""
        due = await self._due()
        for outcome in await asyncio.gather(*map(self._deliver, due), return_exceptions=True):
            if isinstance(outcome, BaseException):
                self._log.error("mail_delivery_failed", exc_info=outcome)
        return len(due)

    async def _due(self) -> list[dict[str, Any]]:
        where = {"due_at": {"$lte": self._clock()}}
        query = QueryDocument(where=where, fields=list(_FIELDS), order_by="due_at", limit=AT_ONCE, count=False)
        page = await self._execute(Read(EMAIL, query), SYSTEM)
        if not isinstance(page, Page):
            raise Internal(f"A read answered with {type(page).__name__}.")
        return page.records()

    async def _deliver(self, row: dict[str, Any]) -> None:
        """Sends one mail, unless another process has it already."""
        attempts = row["attempts"] + 1
        claim = {"status": SENDING, "attempts": attempts, "due_at": later(self._clock(), CLAIMED_SECONDS)}
        if not await self._settle(row["id"], row["version"], claim):
            return
        try:
            told = await self._transport.deliver(self._opened(row["content"], attempts))
        except NotDelivered as error:
            values = self._after_failure(attempts, str(error), final=error.final)
            self._log.warning(
                "mail_not_sent",
                mail=row["id"],
                attempts=attempts,
                reason=str(error),
                final=values["status"] == "failed",
            )
        else:
            values = self._over("sent", told) | {"sent_at": self._clock()}
            self._log.info("mail_sent", mail=row["id"], attempts=attempts, by=self._transport.name)
        await self._settle(row["id"], row["version"] + 1, values)

    def _opened(self, content: str | None, attempts: int) -> Parcel:
        """Returns a mail as it travels; raises NotDelivered for one that cannot be read, or was begun too often."""
        if attempts > len(PAUSES) + 1:
            raise NotDelivered("It was begun too often.", final=True)
        try:
            return msgspec.json.decode(self._sealing.open(content or ""), type=Parcel)
        except (SettingsError, msgspec.DecodeError):
            raise NotDelivered("It was sealed with a secret that is gone.", final=True) from None

    async def _settle(self, mail_id: str, version: int, values: dict[str, Any]) -> bool:
        """Writes what became of a mail; False when somebody else has it."""
        try:
            await self._execute(Update(EMAIL, mail_id, values, version), SYSTEM)
        except (ConcurrentUpdate, NotFound):
            return False
        return True

    def _after_failure(self, attempts: int, told: str, *, final: bool) -> dict[str, Any]:
        if final or attempts > len(PAUSES):
            return self._over("failed", told)
        return {"status": QUEUED, "failure": told, "due_at": later(self._clock(), PAUSES[attempts - 1])}

    def _over(self, status: str, told: str | None) -> dict[str, Any]:
        """Returns the values of a mail that will not be sent any more: its content is gone, the row stays for a while."""
        expires_at = later(self._clock(), self._days * DAY)
        return {"status": status, "failure": told, "due_at": None, "content": None, "expires_at": expires_at}

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._waiting.wait(), POLL_SECONDS)
        except TimeoutError:
            return
