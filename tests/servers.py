"""Servers for tests and for the programs beside them: `fieldstone serve` started as a user would, in a process of its own.

The process listens on 127.0.0.1 at a free port, writes its log to a file, and is stopped at the end of the block. An exception
that leaves the block carries the end of that log as a note. All tests come from one address, so the server admits as many
sign-ins a minute as they can make; a test of the limit gives its own.
"""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import OK, HTTPConnection, HTTPException
from os import environ
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec

ADMIN_EMAIL = "admin@fieldstone.example"
COMMAND = Path(sys.executable).with_name("fieldstone")
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 15.0
SECONDS_BETWEEN = 0.01
LINES_OF_LOG = 15
SIGN_INS_A_MINUTE = 10_000


class Server(msgspec.Struct, frozen=True):
    """A running server: its address without a slash at the end, its process, and the administrator's password."""

    url: str
    process_id: int
    admin_password: str


class ServerDied(Exception):
    """A server that did not come up."""


@contextmanager
def running_server(
    app: Path,
    *,
    database_url: str,
    folder: Path,
    production: bool = False,
    settings: Mapping[str, str] | None = None,
    workers: int = 1,
) -> Iterator[Server]:
    """Starts `fieldstone serve` for an app on a database, with its log in `folder`, and yields it once it is ready."""
    port, password = free_port(), secrets.token_urlsafe(18)
    environment = {
        **environ,
        "FIELDSTONE_ENV": "production" if production else "development",
        "FIELDSTONE_SECRET": secrets.token_urlsafe(32),
        "FIELDSTONE_DATABASE_URL": database_url,
        "FIELDSTONE_ADMIN_EMAIL": ADMIN_EMAIL,
        "FIELDSTONE_ADMIN_PASSWORD": password,
        "FIELDSTONE_LIMIT_SIGN_INS": str(SIGN_INS_A_MINUTE),
        **(settings or {}),
    }
    command = [str(COMMAND), "serve", str(app), "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with started(command, environment, folder / f"server-{port}.log") as process:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(process, f"{url}/ready")
        yield Server(url=url, process_id=process.pid, admin_password=password)


@contextmanager
def started(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a process that writes to a log, and ends it with the block: asked first, killed when it does not go."""
    with log.open("ab") as sink:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        yield process
    except Exception as error:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG:]
        error.add_note("\n".join([f"{log.name} ends with:", *lines]))
        raise
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    """Returns when the address answers 200; raises ServerDied when the process ends or takes too long."""
    deadline = time.monotonic() + SECONDS_TO_START
    address = urlsplit(url)
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection(address.netloc)
        try:
            connection.request("GET", address.path)
            if connection.getresponse().status == OK:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(SECONDS_BETWEEN)
    raise ServerDied(f"Nothing answers at {url}.")


def sign_in(url: str, email: str, password: str) -> str:
    """Returns the token of a new session."""
    body = {"email": email, "password": password}
    answer = httpx.post(f"{url}/api/v1/auth/sign-in", json=body, trust_env=False).raise_for_status()
    token: str = answer.json()["token"]
    return token


def free_port() -> int:
    """Returns a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
