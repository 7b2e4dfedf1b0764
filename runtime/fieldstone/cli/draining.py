"""How a serving process ends: it says that it is about to, takes nothing new, ends what it has begun, and cuts what takes too long.

SIGTERM -> `/ready` answers 503 -> so long as it lingers it still takes requests, for whoever sends them looks at `/ready` now and then ->
nobody is listened to any more -> what is under way has its time -> what is left is answered 503, and streams break off.
"""

import asyncio
import signal
import socket
from contextlib import suppress
from types import FrameType

import uvicorn

from fieldstone.log import Log
from fieldstone.settings import Settings
from fieldstone.surfaces.http.places import Places

CUT_SECONDS = 5.0
"""How long what is cut may take to undo what it has done."""


class Signals:
    """Takes the signals' usual effect away: a server stops on them, then raises them again, before the app is closed.

    `told` says that one came, perhaps before there was a server.
    """

    def __init__(self) -> None:
        """Takes SIGTERM and SIGINT."""
        self.told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.told = True


class DrainingServer(uvicorn.Server):
    """A server that ends in order."""

    def __init__(self, config: uvicorn.Config, signals: Signals, places: Places, settings: Settings, log: Log) -> None:
        """Takes what says that it is to end, the places for requests, how long it lingers, and the log."""
        super().__init__(config)
        self._signals = signals
        self._places = places
        self._linger = float(settings.linger_seconds or 0)
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._forced = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes a signal; the second SIGINT means at once."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            self._loop.call_soon_threadsafe(self._forced.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen; ends at once where it was told to before."""
        await super().startup(sockets)
        self.should_exit = self.should_exit or self._signals.told

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends."""
        self._places.stopping = True
        self._log.info("stopping", answering=self._places.taken, connections=len(self.server_state.connections))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._linger):
                await self._forced.wait()
        await super().shutdown(sockets)
        cut = tuple(self.server_state.tasks)
        if cut:
            self._log.warning("cut_off", requests=len(cut))
            await asyncio.wait(cut, timeout=CUT_SECONDS)
