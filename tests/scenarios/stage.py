"""The stage of scenarios: an app that runs in as many processes as its database takes, its people, its mails, and a clock that is moved.

Requests go to the processes in turn, so that whatever one of them remembers of a caller has to be right in the next request to another.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher

from fieldstone.app import Runtime, open_runtime
from fieldstone.app_process import Seams
from fieldstone.clock import later
from fieldstone.identity.bootstrap import Account, create_account
from fieldstone.log import open_log
from fieldstone.settings import Limits, Settings
from tests.surfaces.mails import messages_in

WORLD = Path(__file__).parent / "world"
BASE = "http://stage.test"
API = "/api/v1"
PASSWORD = "correct horse"
ADA = "ada@example.org"
SETTINGS = Settings(
    limits=Limits(sign_ins=10_000),
    public_url="https://app.example",
    secret="a secret for tests, long enough",
    admin_email=ADA,
    admin_password=PASSWORD,
)
BEGINNING = "2026-03-02T08:00:00.000Z"
COOKIE = "better-auth.session_token"


class Movable:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> str:
        return self.now

    def move(self, hours: float) -> None:
        """Goes ahead by so many hours."""
        self.now = later(self.now, hours * 3600)


class Stage:
    """The running app; `processes` are its runtimes on one database."""

    def __init__(
        self, folder: Path, processes: list[Runtime], clients: list[httpx.AsyncClient], clock: Movable
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.first = processes[0]
        self._turns = cycle(clients)
        self._tokens: dict[str, str] = {}

    async def make_person(
        self, name: str, *, sets: tuple[str, ...] = (), role: str = "member", verified: bool = True
    ) -> str:
        """Makes `<name>@example.org` in the first organisation and returns his id."""
        account = Account(f"{name}@example.org", PASSWORD, name.title(), role=role, sets=sets, verified=verified)
        return await create_account(self.first.door.execute, account, self.first.organization_id)

    async def ask(
        self, who: str | None, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sends one request as somebody (`name`, or `name/another session`), to the process whose turn it is."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {await self.token(who)}"
        more = {} if body is None else {"json": body}
        return await next(self._turns).request(method, API + path, headers=sent, **more)

    async def token(self, who: str) -> str:
        """Returns the token of one of somebody's sessions, which is opened when it is first asked for."""
        if who not in self._tokens:
            body = {"email": f"{who.partition('/')[0]}@example.org", "password": PASSWORD}
            answer = await next(self._turns).post(f"{API}/auth/sign-in", json=body)
            assert answer.status_code == httpx.codes.OK, answer.text
            self._tokens[who] = answer.json()["token"]
        return self._tokens[who]

    async def mail(self, to: str) -> EmailMessage:
        """Returns the latest mail to an address, once none is on its way any more."""
        return [mail for mail in await messages_in(self.first, self.folder) if mail["to"] == to][-1]


def token_in(mail: EmailMessage) -> str:
    """Returns the token of the link in a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    link = urlsplit(re.findall(r"https://\S+", body.get_content())[0])
    assert link.netloc == "app.example"
    (token,) = (value for values in parse_qs(link.query).values() for value in values)
    return token


@asynccontextmanager
async def open_stage(folder: Path, database_url: str, settings: Settings = SETTINGS) -> AsyncIterator[Stage]:
    """Opens an app on an empty database: in two processes on PostgreSQL, in one on SQLite."""
    clock = Movable()
    cheap = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1)
    seams = Seams(hasher=cheap, clock=clock, runs="here")
    chosen = msgspec.structs.replace(settings, database_url=database_url)
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_runtime(folder, chosen, open_log(BytesIO(), readable=False), seams))
            for _ in range(2 if database_url.startswith("postgresql") else 1)
        ]
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=process.asgi, raise_app_exceptions=False), base_url=BASE
                )
            )
            for process in processes
        ]
        yield Stage(folder, processes, clients, clock)
