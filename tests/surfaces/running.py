"""A running app in the test's own process: the whole ASGI application, over HTTP semantics, without a socket."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from fieldstone.app import Runtime, open_runtime
from fieldstone.app_process import Seams
from fieldstone.log import open_log
from fieldstone.settings import Limits, Settings

HOST = "http://world.test"
WORLD = Path(__file__).parent / "world"
ADMIN = "admin@world.example"
PASSWORD = "fieldstone-world"
DATA = "/api/v1/data"
HERE = Seams(runs="here")


class Person:
    """Somebody who talks to the app with a bearer token, or with nothing; answers come back as they are."""

    def __init__(self, client: httpx.AsyncClient, token: str | None = None) -> None:
        """Takes the connection and the token."""
        self._client = client
        self.token = token

    async def ask(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Sends one request; `headers` and anything else that httpx takes may be added."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if json is not None:
            more |= {"json": json}
        return await self._client.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """Sends a GET."""
        return await self.ask("GET", path, **more)

    async def make(self, object_name: str, **values: Any) -> dict[str, Any]:
        """Creates a record and returns it."""
        answer = await self.ask("POST", f"{DATA}/{object_name}", values)
        assert answer.status_code == 201, answer.text
        return decoded(answer)


class World:
    """The running app and those who use it; `log` is what it has logged, line by line, `folder` where it lies."""

    def __init__(self, runtime: Runtime, log: io.BytesIO, folder: Path) -> None:
        """Takes the app and the stream that its log goes to."""
        self.runtime = runtime
        self.folder = folder
        self._log = log
        transport = httpx.ASGITransport(app=runtime.asgi, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=HOST)
        self.nobody = Person(self.client)

    async def person(self, email: str, password: str = PASSWORD) -> Person:
        """Signs somebody in."""
        answer = await self.nobody.ask("POST", "/api/v1/auth/sign-in", {"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        self.client.cookies.clear()
        return Person(self.client, answer.json()["token"])

    @property
    def log(self) -> list[dict[str, Any]]:
        """What was logged so far."""
        return [msgspec.json.decode(line) for line in self._log.getvalue().splitlines()]


@asynccontextmanager
async def running(
    folder: Path, database_url: str, settings: Settings | None = None, seams: Seams = HERE
) -> AsyncIterator[World]:
    """Opens an app on a database, with an administrator and a log in memory."""
    stream = io.BytesIO()
    chosen = settings or Settings(limits=Limits(sign_ins=10_000))
    chosen = msgspec.structs.replace(
        chosen,
        database_url=database_url,
        secret="a secret for tests, long enough",
        admin_email=ADMIN,
        admin_password=PASSWORD,
    )
    async with open_runtime(folder, chosen, open_log(stream, readable=False), seams) as runtime:
        world = World(runtime, stream, folder)
        async with world.client:
            yield world


def browser_of(world: World) -> httpx.AsyncClient:
    """Returns a browser with cookies of its own; its forms come from the app's own pages."""
    transport = httpx.ASGITransport(app=world.runtime.asgi, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HOST, headers={"Origin": HOST})


def decoded(answer: httpx.Response) -> Any:
    """Returns an answer's JSON."""
    return msgspec.json.decode(answer.content)


def error_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Returns the error of a native answer after checking its whole shape."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"code", "message", "details", "requestId"}
    assert (error["code"], error["requestId"]) == (code, answer.headers["x-request-id"])
    assert error["message"]
    assert isinstance(error["details"], dict)
    assert answer.headers["content-type"] == "application/json"
    return error
