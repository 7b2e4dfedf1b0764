"""One serving process: opens the app, answers on a socket that is there already, and closes it all when it is told to stop."""

import asyncio
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
import uvicorn
import uvloop

from fieldstone.app import SERVER, open_runtime
from fieldstone.app_process import Seams
from fieldstone.cli.draining import DrainingServer, Signals
from fieldstone.cli.protocol import WholeAnswerProtocol
from fieldstone.late import late
from fieldstone.log import ServerLog, open_log
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings

_reload_on_change = late("fieldstone.cli.watching:reload_on_change")


def serve_app(
    folder: Path,
    settings: Settings,
    listener: socket.socket,
    tell: Callable[[Catalog], None],
    *,
    watch: bool = False,
    worker: int = 1,
) -> None:
    """Serves until SIGTERM or SIGINT; requests that are being answered are answered first. May `watch` the files, too.

    `tell` is called once what is declared can be served. `worker` is the number of the process among those that serve.
    """
    signals, seams = Signals(), msgspec.structs.replace(SERVER, worker=worker)
    # Python's own stream has no buffer in most containers: a system call for each line, where one for a turn of the loop does.
    with (
        open(sys.stderr.fileno(), "wb", closefd=False) as stream,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        log = open_server_log(settings, stream)
        runner.run(_serve(folder, settings, listener, tell, signals, seams, log, watch=watch))


def open_server_log(settings: Settings, stream: BinaryIO | None = None) -> ServerLog:
    """Returns the log of a process, for people in development: on a stream, or else on the standard error stream."""
    return open_log(stream or sys.stderr.buffer, readable=settings.environment == "development")


async def _serve(
    folder: Path,
    settings: Settings,
    listener: socket.socket,
    tell: Callable[[Catalog], None],
    signals: Signals,
    seams: Seams,
    log: ServerLog,
    *,
    watch: bool,
) -> None:
    async with open_runtime(folder, settings, log, seams) as runtime:
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
            timeout_graceful_shutdown=settings.stopping_seconds,
        )
        watching = asyncio.create_task(_reload_on_change(folder, runtime)) if watch else None
        tell(runtime.catalog)
        await DrainingServer(config, signals, runtime.process.places, settings, log).serve(sockets=[listener])
        if watching is not None:
            watching.cancel()
            await asyncio.wait([watching])
