"""How a serving process ends: what it says, whom it still answers, and what it cuts off."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx

from tests.databases import sqlite_address
from tests.servers import COMMAND, free_port, started, wait_until_ready
from tests.surfaces.running import WORLD

LINGER, STOPPING = 3, 2
WAITING = 20.0
BODY = b'{"email": "nobody@world.example", "password": "wrong"}'


def _begun(port: int) -> socket.socket:
    """Returns a connection on which a request is under way whose body has not come."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=WAITING)
    head = "POST /api/v1/auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    connection.sendall(f"{head}content-length: {len(BODY)}\r\n\r\n".encode() + BODY[:5])
    return connection


def _answer(connection: socket.socket) -> tuple[int, str, str]:
    """Returns the status, the head and the body of what comes before the connection ends."""
    received = b""
    while more := connection.recv(65536):
        received += more
    head, _, body = received.decode().partition("\r\n\r\n")
    return int(head.split()[1]), head, body


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=WAITING).close()
    except ConnectionRefusedError:
        return True
    return False


def _waited(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAITING
    while not condition():
        assert time.monotonic() < deadline, "It never came to that."
        time.sleep(0.05)


def test_a_server_says_that_it_stops_ends_what_it_has_begun_and_cuts_what_takes_too_long(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTONE_")} | {
        "FIELDSTONE_DATABASE_URL": sqlite_address(tmp_path / "world.db"),
        "FIELDSTONE_LINGER_SECONDS": str(LINGER),
        "FIELDSTONE_STOPPING_SECONDS": str(STOPPING),
        "FIELDSTONE_SECRET": "s" * 40,
    }
    command = [str(COMMAND), "serve", str(WORLD), "--port", str(port)]
    with (
        started(command, environment, tmp_path / "log") as process,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        wait_until_ready(process, f"{url}/ready")
        assert client.get("/ready").status_code == 200
        with closing(_begun(port)) as ending, closing(_begun(port)) as endless:
            process.send_signal(signal.SIGTERM)
            _waited(lambda: client.get("/ready").status_code == 503)
            error = client.get("/ready").json()["error"]
            assert (error["code"], error["message"]) == ("SERVICE_UNAVAILABLE", "The server is stopping.")
            assert httpx.get(f"{url}/api/v1/data/customer", trust_env=False).status_code == 401
            assert 'fieldstone_stopping{worker="1"} 1.0' in client.get("/metrics").text
            _waited(lambda: _refuses(port))
            ending.sendall(BODY[5:])
            assert _answer(ending)[0] == 401
            status, head, body = _answer(endless)
            assert (status, json.loads(body)["error"]["message"]) == (503, "The server is stopping.")
            assert "retry-after: 1" in head.lower()
        assert process.wait(WAITING) == 0
    assert "cut_off requests=1" in (tmp_path / "log").read_text()


def test_a_server_that_is_told_to_stop_before_it_serves_ends(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "FIELDSTONE_DATABASE_URL": sqlite_address(tmp_path / "world.db")}
    log = tmp_path / "log"
    with started([str(COMMAND), "serve", str(WORLD), "--port", str(port)], environment, log) as process:
        _waited((tmp_path / "world.db").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAITING) == 0
