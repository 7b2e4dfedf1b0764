"""One serving process: opens the app, answers on a socket that is there already, and closes it all when it is told to stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
import uvloop

from fieldstone.app import open_runtime
from fieldstone.cli.protocol import WholeAnswerProtocol
from fieldstone.cli.watching import reload_on_change
from fieldstone.log import ServerLog, open_log
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings

STOPPING_SECONDS = 10


def serve_app(
    folder: Path, settings: Settings, listener: socket.socket, tell: Callable[[Catalog], None], *, watch: bool = False
) -> None:
    """Serves until SIGTERM or SIGINT; requests that are being answered are answered first. May `watch` the files, too.

    `tell` is called once what is declared can be served.
    """
    _end_by_server_alone()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder, settings, listener, tell, watch=watch))


def open_server_log(settings: Settings) -> ServerLog:
    """Returns the log of a serving process: on the standard error stream, for people in development."""
    return open_log(sys.stderr.buffer, readable=settings.environment == "development")


async def _serve(
    folder: Path, settings: Settings, listener: socket.socket, tell: Callable[[Catalog], None], *, watch: bool
) -> None:
    async with open_runtime(folder, settings, open_server_log(settings)) as runtime:
        config = uvicorn.Config(
            runtime.asgi,
            loop="none",
            http=WholeAnswerProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOPPING_SECONDS,
        )
        watching = asyncio.create_task(reload_on_change(folder, runtime)) if watch else None
        tell(runtime.catalog)
        await uvicorn.Server(config).serve(sockets=[listener])
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])


def _end_by_server_alone() -> None:
    """Takes the signals' usual effect away: the server stops on them, then raises them again, before the app is closed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
