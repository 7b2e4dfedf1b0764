"""A post office for tests: the real door over a database, the post, and a transport that does what a test tells it."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fieldstone.clock import later
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.operation import SendMail
from fieldstone.engine.records import read_records
from fieldstone.ids import new_id
from fieldstone.log import open_log
from fieldstone.registry.catalog import Catalog
from fieldstone.services.mail.delivery import Delivery
from fieldstone.services.mail.post import EMAIL, Post, read_sender
from fieldstone.services.mail.transport import Parcel
from fieldstone.settings import Limits, Settings
from fieldstone.store.interface import Store
from fieldstone.store.open import open_store

MAIL = SendMail(
    "reset_password",
    "ann@example.org",
    {"app": "Test", "name": "Ann", "url": "https://app.example/x?token=a-token", "hours": "2"},
)
DAYS = 30


class Base64:
    """Seals so that a test can look at it, and sees whether the text of a mail is stored as it is."""

    async def seal(self, text: str) -> str:
        """Returns a text in base64."""
        return base64.b64encode(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Returns the text again."""
        return base64.b64decode(sealed).decode()


class ToldTransport:
    """Keeps what it is given; `answer` is what it does with it first."""

    name = "told"

    def __init__(self) -> None:
        self.taken: list[Parcel] = []
        self.answer: Callable[[Parcel], Awaitable[str | None]] | None = None

    async def deliver(self, parcel: Parcel) -> str | None:
        """Takes a mail."""
        told = None if self.answer is None else await self.answer(parcel)
        self.taken.append(parcel)
        return told


class Office:
    """One process's post over a database; the clock is moved by hand."""

    def __init__(self, catalog: Catalog, store: Store) -> None:
        self.now = "2026-03-01T08:00:00.000Z"
        self.log = io.BytesIO()
        self.waiting = asyncio.Event()
        self.transport = ToldTransport()
        self.post = Post(
            catalog.email_templates,
            read_sender(Settings(mail_from="Test <test@app.example>"), "Test"),
            Base64(),
            most_recipients=5,
            new_id=new_id,
            wake=self.waiting.set,
        )
        self.door = Door(
            store,
            {**DATA_HANDLERS, **self.post.handlers},
            Settings(secret="a secret"),
            hooks=(),
            preparers={},
            clock=lambda: self.now,
            new_id=new_id,
        )
        self.delivery = self.another_delivery(self.transport)

    def another_delivery(self, transport: ToldTransport) -> Delivery:
        """Returns what another process of the same app would send mails with."""
        return Delivery(
            self.door.execute,
            transport,
            Base64(),
            self.waiting,
            clock=lambda: self.now,
            log=open_log(self.log, readable=False),
            days=DAYS,
        )

    def move(self, seconds: float) -> None:
        """Moves the clock."""
        self.now = later(self.now, seconds)

    async def rows(self, *fields: str) -> list[dict[str, Any]]:
        """Returns what is stored of the mails, in their order."""
        names = fields or ("status", "attempts", "due_at", "sent_at", "expires_at", "failure", "content")
        return await read_records(self.door.execute, EMAIL, {}, names)


@asynccontextmanager
async def open_office(catalog: Catalog, database_url: str) -> AsyncIterator[Office]:
    """Opens an office on an empty database."""
    store = await open_store(catalog, database_url, synchronous="normal", limits=Limits())
    try:
        yield Office(catalog, store)
    finally:
        await store.close()
