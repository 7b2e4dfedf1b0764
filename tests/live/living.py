"""An app of one object whose files are edited while it runs, in one process or more; each edit leaves its mark in a label and a field."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher

from fieldstone.app import Runtime, open_runtime
from fieldstone.app_process import Seams
from fieldstone.log import open_log
from fieldstone.settings import Limits, Settings

ADMIN = "admin@live.example"
PASSWORD = "fieldstone-live"
SECRET = "a secret for tests, long enough"
CHEAP = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1)
STILL = Seams(hasher=CHEAP, runs="here", chores=False)
"""Nothing is done beside the requests: a process follows others when a test says so."""


class Files:
    """The files of the app."""

    def __init__(self, folder: Path) -> None:
        """Writes them for the first time."""
        self.folder = folder
        self._package = folder / "notes"
        self._package.mkdir(parents=True)
        (folder / "app.yaml").write_text("name: live\nlabel: Live\npackages: [./notes]\n")
        (self._package / "package.yaml").write_text("name: notes\n")
        self.mark(0)

    def mark(self, number: int, *fields: str) -> None:
        """Declares the object with the field `mark_<number>`, and more fields beside it, each told as `name: {...}`."""
        lines = "".join(f"  {field}\n" for field in ("title: {type: text}", f"mark_{number}: {{type: text}}", *fields))
        self.write("note.object", f"name: note\nlabel: Note {number}\nfields:\n{lines}")

    def write(self, name: str, text: str) -> None:
        """Writes one declaration whole or not at all, as editors do."""
        path = self._package / f"{name}.yaml"
        aside = path.with_suffix(".new")
        aside.write_text(text)
        aside.replace(path)


class Live:
    """One process of the app, and somebody who asks it: who administers it, unless another is said."""

    def __init__(self, runtime: Runtime, log: io.BytesIO, email: str = ADMIN) -> None:
        self.runtime = runtime
        self._log = log
        self._email = email
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=runtime.asgi, raise_app_exceptions=False), base_url="http://live.test"
        )

    async def ask(self, method: str, path: str, json: Any = None) -> httpx.Response:
        """Sends a request as whoever asks, whose session is one for all processes over a database."""
        if "authorization" not in self.client.headers:
            body = {"email": self._email, "password": PASSWORD}
            answer = await self.client.post("/api/v1/auth/sign-in", json=body)
            assert answer.status_code == httpx.codes.OK, answer.text
            self.client.cookies.clear()
            self.client.headers["authorization"] = f"Bearer {answer.json()['token']}"
        more = {} if json is None else {"json": json}
        return await self.client.request(method, f"/api/v1{path}", **more)

    def asked_by(self, email: str) -> "Live":
        """Returns the same process, asked by somebody else."""
        return Live(self.runtime, self._log, email)

    async def fields(self) -> set[str]:
        """Returns the marks that `/meta` tells of."""
        answer = await self.ask("GET", "/meta/object/note")
        return {name for name in answer.json()["item"]["fields"] if name.startswith("mark_")}

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was logged so far."""
        return [msgspec.json.decode(line) for line in self._log.getvalue().splitlines()]


@asynccontextmanager
async def living(folder: Path, database_url: str, seams: Seams = STILL) -> AsyncIterator[Live]:
    """Opens one process of the app in a folder."""
    log = io.BytesIO()
    settings = Settings(
        database_url=database_url,
        secret=SECRET,
        admin_email=ADMIN,
        admin_password=PASSWORD,
        limits=Limits(sign_ins=10_000),
    )
    async with open_runtime(folder, settings, open_log(log, readable=False), seams) as runtime:
        live = Live(runtime, log)
        async with live.client:
            yield live
