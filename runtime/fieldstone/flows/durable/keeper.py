"""The keeper: says for each process that carries runs that it lives, and hands on what a dead one was carrying.

A lease is a row with an instant; its process puts the instant off while it lives. One whose instant has passed belongs to whoever moves
it first: he takes over, and looks again until nothing is left of it. Instants are those of the machines, not of the app's clock.
"""

import asyncio
import os
import socket
from typing import Any, Final

from fieldstone.clock import Clock, later
from fieldstone.engine.door import Door
from fieldstone.engine.own_rows import delete_own, insert_own, update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import Execute, in_one_unit, read_records
from fieldstone.engine.unit import Unit
from fieldstone.errors import FieldstoneError
from fieldstone.flows.durable.carrier import Carrier
from fieldstone.log import Log
from fieldstone.query.ast import And, Slot, Term

LEASES: Final = "sys_flow_executor"
BEAT_SECONDS: Final = 2.0
"""How often a process says that it lives, and looks for others that do not."""

LEASE_SECONDS: Final = 8.0
"""How long a process that says nothing counts as living."""

_STANDING = And((Term("id", "eq", Slot(0)), Term("expires_at", "eq", Slot(1))))


class Keeper:
    """Keeps the lease of one executor, and watches those of the others."""

    def __init__(
        self, execute: Execute, carrier: Carrier, executor: str, *, clock: Clock, log: Log, alone: bool
    ) -> None:
        """Takes the door, the carrier and its executor's id; `alone`: no other machine shares the database."""
        self._execute = execute
        self._carrier = carrier
        self._executor = executor
        self._clock = clock
        self._log = log
        self._alone = alone
        self._begun = False
        self._beginning = asyncio.Lock()

    async def begin(self) -> None:
        """Takes out the lease, before anything is carried under it."""
        async with self._beginning:
            if not self._begun:
                await self.beat()
                self._begun = True

    async def run(self) -> None:
        """Keeps the lease, once there is one, and watches the others until it is cancelled."""
        while True:
            try:
                if self._begun:
                    await self.beat()
                await self.hand_on()
            except FieldstoneError:
                self._log.exception("flow_leases_failed")
            await asyncio.sleep(BEAT_SECONDS)

    async def beat(self) -> None:
        """Puts off the end of the own lease; makes it when there is none."""
        await in_one_unit(self._execute, self._renew)

    async def hand_on(self) -> int:
        """Takes over what dead executors were carrying; returns how many segments that were."""
        found = 0
        for lease in await read_records(self._execute, LEASES, {}, ("id", "host", "process", "expires_at")):
            if lease["id"] != self._executor and self._is_dead(lease) and await self._claim(lease):
                await self.begin()
                handed_on = await self._carrier.take_over([lease["id"]])
                self._log.info("flow_executor_died", executor=lease["id"], segments=handed_on)
                found += handed_on
                if not handed_on:
                    await self._forget(lease["id"])
        return found

    async def release(self) -> None:
        """Lets the own lease end now, so that what is left is handed on at once."""
        if self._begun:
            await in_one_unit(self._execute, self._end)

    def _is_dead(self, lease: dict[str, Any]) -> bool:
        return lease["expires_at"] <= self._clock() or (self._alone and not _runs(lease["host"], lease["process"]))

    async def _claim(self, lease: dict[str, Any]) -> bool:
        """Moves a lease on, so that no other process takes over at the same time."""
        until = later(self._clock(), LEASE_SECONDS)

        async def move(_door: Door, unit: Unit) -> int:
            return await update_own(unit, LEASES, {"expires_at": until}, _STANDING, lease["id"], lease["expires_at"])

        return bool(await in_one_unit(self._execute, move))

    async def _forget(self, executor: str) -> None:
        async def delete(_door: Door, unit: Unit) -> None:
            await delete_own(unit, LEASES, ID_IS, executor)

        await in_one_unit(self._execute, delete)

    async def _renew(self, door: Door, unit: Unit) -> None:
        until = {"expires_at": later(self._clock(), LEASE_SECONDS)}
        if not await update_own(unit, LEASES, until, ID_IS, self._executor):
            own = {"id": self._executor, "host": socket.gethostname(), "process": os.getpid()}
            await insert_own(door, unit, LEASES, own | until)

    async def _end(self, _door: Door, unit: Unit) -> None:
        await update_own(unit, LEASES, {"expires_at": self._clock()}, ID_IS, self._executor)


def _runs(host: str, process: int) -> bool:
    """Tells whether a process may be running: one of another machine may."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
