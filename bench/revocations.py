"""Revocations: whatever is taken from somebody through one process is gone at every process with the next request.

Lanes of people run beside each other, so that others' rights change all the while. Each revocation is prepared (a right is given, and
used at every process, so that each knows it), done through one process, and then tried at all of them, each on a connection that stays
open. An answer as if nothing had been taken is stale, and so is a refusal of what was given.
"""

import http.client
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import psutil

from bench.workload import OBJECT, work_order

API = "/api/v1"
RECORDS = f"{API}/data/{OBJECT}"
GRANTS = f"{API}/data/sys_user_permission_set"
PASSWORD = "a password of the lanes"
LANES = 3
MOST_CONNECTIONS = 64
IDLE_SECONDS = 3.0
FREE = {"priority": 1, "status": "new"}


class Given(msgspec.Struct, frozen=True):
    """A right that somebody has: what he asks for by it, how he is refused without it, and how it is taken from him."""

    path: str
    token: str
    refusal: int
    take: tuple[str, str, Any]
    taken_by: str


class Proof(msgspec.Struct, frozen=True):
    """How many revocations there were of each kind, and what was stale, line by line."""

    done: Mapping[str, int]
    stale: list[str]


class Lane:
    """Three people of its own, and a connection to every process.

    One of them has no rights, one sees his own records, one comes and goes.
    """

    def __init__(self, name: str, server: int, port: int, admin: str) -> None:
        """Makes the people; `server` is the process whose children answer at the port."""
        self._name, self._admin = name, admin
        self._numbers = itertools.count()
        self._turn = 0
        self.lines = [Line(port, process) for process in answering(server)]
        self.bare, self.bare_token = self._person("bare")
        self.sharer, self.sharer_token = self._person("sharer", "technician")
        self.guest, _ = self._person("guest", "dispatcher")
        shown = work_order(0, "new") | FREE | {"number": f"{name}-shared"}
        self.record = self.ask("POST", RECORDS, admin, shown)["id"]

    def grant(self) -> Given:
        """A permission set."""
        made = self.ask("POST", GRANTS, self._admin, {"user_id": self.bare, "permission_set": "dispatcher"})
        return Given(
            f"{RECORDS}?limit=1", self.bare_token, 403, ("DELETE", f"{GRANTS}/{made['id']}", None), self._admin
        )

    def share(self) -> Given:
        """A share of a record."""
        path = f"{RECORDS}/{self.record}"
        share = self.ask("POST", f"{path}/shares", self._admin, {"recipientId": self.sharer})
        return Given(path, self.sharer_token, 404, ("DELETE", f"{path}/shares/{share['id']}", None), self._admin)

    def key(self) -> Given:
        """An API key."""
        made = self.ask("POST", f"{API}/keys", self.sharer_token, {"name": f"key {next(self._numbers)}"})
        taken = ("DELETE", f"{API}/data/sys_api_key/{made['id']}", None)
        return Given(f"{RECORDS}?limit=1", made["key"], 401, taken, self.sharer_token)

    def session(self) -> Given:
        """A session, by signing out."""
        token = self._sign_in("sharer")
        return Given(f"{RECORDS}?limit=1", token, 401, ("POST", f"{API}/auth/sign-out", {}), token)

    def user(self) -> Given:
        """A user, by suspending him."""
        path = f"{API}/data/sys_user/{self.guest}"
        self.ask("PATCH", path, self._admin, {"active": True})
        token = self._sign_in("guest")
        return Given(f"{RECORDS}?limit=1", token, 401, ("PATCH", path, {"active": False}), self._admin)

    def revoke(self, give: Callable[["Lane"], Given]) -> list[str]:
        """Gives a right and takes it; returns what was stale."""
        given = give(self)
        stale = [f"{give.__name__} is not there yet" for status in self._tried(given) if status != http.client.OK]
        method, path, body = given.take
        self.ask(method, path, given.taken_by, body)
        answered = [status for status in self._tried(given) if status != given.refusal]
        return [*stale, *(f"{give.__name__} is still there: {status}" for status in answered)]

    def ask(self, method: str, path: str, token: str, body: Any = None) -> Any:
        """Sends a request that must succeed to the processes in turn; returns what is answered."""
        self._turn += 1
        status, content = self.lines[self._turn % len(self.lines)].exchange(method, path, token, body)
        if status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {status} {content[:500]!r}")
        return json.loads(content) if content else None

    def close(self) -> None:
        """Hangs up."""
        for line in self.lines:
            line.close()

    def _tried(self, given: Given) -> list[int]:
        """Returns what every process answers to the next request."""
        return [line.exchange("GET", given.path, given.token)[0] for line in self.lines]

    def _person(self, role: str, *sets: str) -> tuple[str, str]:
        values = {"name": role, "email": self._email(role), "password": PASSWORD}
        user: str = self.ask("POST", f"{API}/data/sys_user", self._admin, values)["id"]
        for name in sets:
            self.ask("POST", GRANTS, self._admin, {"user_id": user, "permission_set": name})
        return user, self._sign_in(role)

    def _sign_in(self, role: str) -> str:
        body = {"email": self._email(role), "password": PASSWORD}
        token: str = self.ask("POST", f"{API}/auth/sign-in", "", body)["token"]
        return token

    def _email(self, role: str) -> str:
        return f"{role}-{self._name}@lanes.example"


MIX: Sequence[Callable[[Lane], Given]] = (
    Lane.session,
    *(Lane.grant, Lane.share, Lane.key) * 16,
    Lane.user,
    *(Lane.grant, Lane.share, Lane.key) * 16,
)
"""What is taken, in turn: mostly what can be given again without hashing a password."""


def prove_revocations(server: int, port: int, admin: str, count: int) -> Proof:
    """Takes so many rights through the processes that answer at a port, and tries each at all of them afterwards."""
    turns = itertools.cycle(MIX)
    work = [[next(turns) for _ in range(place, count, LANES)] for place in range(LANES)]

    def run(place: int) -> list[str]:
        lane = Lane(str(place), server, port, admin)
        try:
            return [line for give in work[place] for line in lane.revoke(give)]
        finally:
            lane.close()

    with ThreadPoolExecutor(LANES) as pool:
        stale = [line for lines in pool.map(run, range(LANES)) for line in lines]
    return Proof(Counter(give.__name__ for part in work for give in part), stale)


class Line:
    """A connection to one of the processes that answer at a port; one that was idle is opened anew, for the process hangs up by itself."""

    def __init__(self, port: int, process: psutil.Process) -> None:
        """Opens it."""
        self._port, self._process = port, process
        self._connection = self._opened()
        self._used = time.monotonic()

    def exchange(self, method: str, path: str, token: str, body: Any = None) -> tuple[int, bytes]:
        """Sends one request and returns status and body."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
            self._connection = self._opened()
        answer = _exchange(self._connection, method, path, token, body)
        self._used = time.monotonic()
        return answer

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()

    def _opened(self) -> http.client.HTTPConnection:
        """Opens connections until the process has taken one; the others are open that long, so that it comes to its turn."""
        others: list[http.client.HTTPConnection] = []
        try:
            while len(others) < MOST_CONNECTIONS:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                _exchange(connection, "GET", "/ready", "")
                if self._has(connection):
                    return connection
                others.append(connection)
        finally:
            for other in others:
                other.close()
        raise RuntimeError(f"Process {self._process.pid} takes no connection.")

    def _has(self, connection: http.client.HTTPConnection) -> bool:
        own = connection.sock.getsockname()[1]
        open_ones = self._process.net_connections("tcp")
        return own in (each.raddr.port for each in open_ones if each.status == psutil.CONN_ESTABLISHED)


def answering(server: int) -> list[psutil.Process]:
    """Returns the processes that answer: those of its children that serve, else the server itself."""
    whole = psutil.Process(server)
    serving = [child for child in whole.children() if "spawn_main" in " ".join(child.cmdline())]
    return serving or [whole]


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, token: str, body: Any = None
) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, answer.read()
