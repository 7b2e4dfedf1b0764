"""Writers who never stop: each does one write after the other over HTTP, and writes down what it was told.

What was acknowledged must be there ever after; of what was sent and not answered, all of it or nothing.
"""

import asyncio
import itertools
import random
from collections.abc import Iterable
from typing import Any

import httpx

DATA = "/api/v1/data"
BATCH = 12


class Ledger:
    """What the writers know: `tickets` by id with version and subject as acknowledged (None: deleted), batches by their marker.

    `cut_off` counts the requests that the server had and never answered; `unsure` are the tickets, and `pending` the markers, of writes
    that were sent and not acknowledged.
    """

    def __init__(self) -> None:
        self.tickets: dict[str, tuple[int, str] | None] = {}
        self.unsure: dict[str, tuple[int, str] | None] = {}
        self.batches: set[str] = set()
        self.pending: set[str] = set()
        self.acknowledged = 0
        self.cut_off = 0
        self.refused: list[str] = []
        self.numbers = itertools.count(1)


class Writer:
    """One writer; no other touches its tickets."""

    def __init__(self, client: httpx.AsyncClient, ledger: Ledger, customer: str, seed: int) -> None:
        self._client = client
        self._ledger = ledger
        self._customer = customer
        self._random = random.Random(seed)
        self._own: list[str] = []

    async def write_on(self) -> None:
        """Writes until it is cancelled or nobody answers any more."""
        acts = (self._create, self._change, self._change, self._delete, self._batch)
        while True:
            await self._random.choice(acts)()

    async def _create(self) -> None:
        marker = self._marker()
        ticket = await self._send("POST", "/ticket", {"subject": marker, "customer": self._customer}, pending=marker)
        if ticket is None:
            return
        self._own.append(ticket["id"])
        self._ledger.tickets[ticket["id"]] = (1, marker)
        bodies = [{"data": {"ticket": ticket["id"], "body": marker}} for _ in range(self._random.randint(0, 4))]
        if bodies:
            await self._send("POST", "/comment/batch", _atomic(bodies), pending=marker)

    async def _change(self) -> None:
        if not self._own:
            return
        record_id, marker = self._random.choice(self._own), self._marker()
        known = self._ledger.tickets[record_id]
        version = known[0] + 1 if known else 0
        sent = {"subject": marker, "expectedVersion": version - 1}
        if await self._send("PATCH", f"/ticket/{record_id}", sent, about=(record_id, (version, marker))):
            self._ledger.tickets[record_id] = (version, marker)

    async def _delete(self) -> None:
        if len(self._own) < 3:
            return
        record_id = self._own.pop(self._random.randrange(len(self._own)))
        if await self._send("DELETE", f"/ticket/{record_id}", about=(record_id, None)):
            self._ledger.tickets[record_id] = None

    async def _batch(self) -> None:
        marker = self._marker()
        rows = [{"data": {"subject": marker, "customer": self._customer}} for _ in range(BATCH)]
        if await self._send("POST", "/ticket/batch", _atomic(rows), pending=marker):
            self._ledger.batches.add(marker)

    async def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        pending: str | None = None,
        about: tuple[str, tuple[int, str] | None] | None = None,
    ) -> Any:
        """Returns the answer to a write, None for one that said that nothing was done; raises when there is none."""
        try:
            answer = await self._client.request(method, DATA + path, json=body)
        except httpx.TransportError as error:
            self._ledger.cut_off += not isinstance(error, httpx.ConnectError)
            if pending is not None:
                self._ledger.pending.add(pending)
            if about is not None:
                self._ledger.unsure[about[0]] = about[1]
            raise
        if answer.status_code >= 400:
            self._ledger.refused.append(f"{answer.status_code} {answer.text}")
            if about is not None:
                self._ledger.unsure[about[0]] = about[1]
                self._own = [record_id for record_id in self._own if record_id != about[0]]
            if pending is not None:
                self._ledger.pending.add(pending)
            return None
        self._ledger.acknowledged += 1
        return answer.json()

    def _marker(self) -> str:
        return f"m{next(self._ledger.numbers)}"


def _atomic(records: list[dict[str, Any]]) -> dict[str, Any]:
    return {"operation": "create", "records": records, "options": {"atomic": True}}


async def run_until_cut_off(writers: Iterable[Writer]) -> None:
    """Lets all of them write until the server is gone."""
    ended = await asyncio.gather(*(writer.write_on() for writer in writers), return_exceptions=True)
    others = [error for error in ended if not isinstance(error, httpx.TransportError)]
    assert not others, f"a writer ended by {others[0]!r}"
