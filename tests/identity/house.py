"""A small house for the tests of identity: an app with one object, the real door, a database, and a clock that can be moved."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.clock import later, moment
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.operation import Create, Operation, Read
from fieldstone.engine.outcome import Page
from fieldstone.engine.records import Execute, read_records
from fieldstone.identity.accounts import Accounts
from fieldstone.identity.bootstrap import Account, bootstrap, create_account
from fieldstone.identity.credential import credential_of
from fieldstone.identity.documents import SignedIn
from fieldstone.identity.email_verification import VERIFY
from fieldstone.identity.errands import Errands
from fieldstone.identity.hooks import identity_hooks
from fieldstone.identity.identity import Identity
from fieldstone.identity.limiter import SECOND, Limiter
from fieldstone.identity.links import Links
from fieldstone.identity.means import Means
from fieldstone.identity.own_sessions import OwnSessions
from fieldstone.identity.password_reset import RETURN
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.presence import Presence
from fieldstone.identity.seal import Seal
from fieldstone.identity.second_factor import SecondFactor
from fieldstone.identity.second_step import SecondStep
from fieldstone.identity.sessions import Origin
from fieldstone.identity.sign_up import NewAccount, sign_up
from fieldstone.identity.throttle import Throttle
from fieldstone.ids import new_id
from fieldstone.keyring import Keyring
from fieldstone.log import open_log
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.load import load_app
from fieldstone.services.mail.post import Post, read_sender
from fieldstone.services.mail.transport import Parcel
from fieldstone.settings import Limits, Settings
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore

PLATFORM = Path(__file__).parents[2] / "metadata"
PASSWORD = "correct horse"
ADDRESS = Origin("192.0.2.1", "a browser")
SCOPES = frozenset({"notes:read", "notes:write"})
BEGINNING = "2026-03-01T08:00:00.000Z"

APP = {
    "app.yaml": "name: small\nlabel: Small\norganization: Small & Co.\npackages: [./notes]\nsurfaces: {apis: []}\n",
    "notes/package.yaml": "name: notes\n",
    "notes/note.object.yaml": "name: note\nfields:\n  text: {type: text, required: true}\n",
    "notes/note_writer.permission.yaml": (
        "name: note_writer\nobjects:\n  note: {allowRead: true, allowCreate: true, allowEdit: true}\n"
    ),
    "notes/note_reader.permission.yaml": "name: note_reader\nobjects:\n  note: {allowRead: true}\n",
    "notes/accountant.permission.yaml": "name: accountant\nobjects: {sys_user: {allowRead: true, allowEdit: true}}\n",
    "notes/granter.permission.yaml": (
        "name: granter\nobjects:\n"
        "  sys_user_permission_set: {allowRead: true, allowCreate: true, allowEdit: true, allowDelete: true}\n"
    ),
}


class MovableClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def __call__(self) -> str:
        return self.now

    def move(self, seconds: float) -> None:
        """Goes ahead by so many seconds."""
        self.now = later(self.now, seconds)


class Unsealed:
    """Keeps mails as they are, so that a test can read them."""

    async def seal(self, text: str) -> str:
        """Returns a text."""
        return text

    def open(self, sealed: str) -> str:
        """Returns a text."""
        return sealed


class Mail(msgspec.Struct, frozen=True):
    """A mail that waits to be sent: its template, to whom it goes, and what it says."""

    template: str
    to: str
    text: str

    @property
    def link(self) -> str:
        """The link in it."""
        return re.findall(r"https://\S+", self.text)[0]

    @property
    def token(self) -> str:
        """The token of its link."""
        parts = urlsplit(self.link)
        return parse_qs(parts.query).get("token", [parts.path.rpartition("/")[2]])[0]


class House:
    """The running app, as one of its processes sees it."""

    sign_ins = 20
    password = PASSWORD
    origin = ADDRESS
    all_seeing = SYSTEM

    def __init__(self, catalog: Catalog, store: SqlStore, passwords: Passwords) -> None:
        self.catalog = catalog
        self.store = store
        self.clock = MovableClock()
        self.passwords = passwords
        self.post = Post(
            catalog.email_templates,
            read_sender(Settings(), "Small"),
            Unsealed(),
            most_recipients=1,
            new_id=new_id,
            wake=lambda: None,
        )
        self.door = Door(
            store,
            {**DATA_HANDLERS, **self.post.handlers},
            Settings(secret="a secret"),
            hooks=identity_hooks(catalog),
            preparers={"password": self.passwords.hash},
            clock=self.clock,
            new_id=new_id,
        )
        self.execute = self.door.execute
        self.keyring = Keyring("a secret")
        self.seal = Seal(self.keyring)
        self.limiter = Limiter(store.rates, self.microseconds)
        self.throttle = Throttle(self.limiter, self.sign_ins)
        self.steps = SecondStep(self.execute, self.keyring)
        self.presence = Presence(self.execute)
        self.identity = self.another_identity()
        self.sessions = OwnSessions(self.execute, auth=catalog.app.auth, clock=self.clock)
        self.errands = Errands(open_log(BytesIO(), readable=False))
        self.accounts = self.accounts_of(catalog)
        self.means = Means(
            execute=self.execute,
            auth=catalog.app.auth,
            app="Small",
            fields=catalog.objects["sys_user"].fields,
            passwords=self.passwords,
            throttle=self.throttle,
            errands=self.errands,
            links=Links("https://app.example", {VERIFY: "/verify-email", RETURN: "/reset-password/{token}"}),
            clock=self.clock,
            new_id=new_id,
        )
        self.second_factor = SecondFactor(self.means, self.seal, self.steps)
        self.organization_id = ""

    def microseconds(self) -> int:
        """Returns the time of the house's clock, as its limiter counts it."""
        return round(moment(self.clock()).timestamp() * SECOND)

    def another_identity(self) -> Identity:
        """Returns what another process of the same app would look callers up with."""
        return Identity(self.execute, self.catalog, presence=self.presence, clock=self.clock, epoch=self.store.epoch)

    def accounts_of(self, catalog: Catalog, execute: Execute | None = None) -> Accounts:
        """Returns the accounts under the settings of an app, perhaps over a door that is watched."""
        return Accounts(
            execute or self.execute,
            auth=catalog.app.auth,
            scopes=SCOPES,
            passwords=self.passwords,
            throttle=self.throttle,
            steps=self.steps,
            errands=self.errands,
            clock=self.clock,
        )

    async def sign_up(self, name: str, email: str, password: str, origin: Origin) -> SignedIn:
        """Signs somebody up where addresses are not verified."""
        signed_in = await sign_up(self.means, NewAccount(name, email, password), origin)
        assert signed_in is not None
        return signed_in

    async def mails(self) -> list[Mail]:
        """Returns the mails that are waiting, the oldest first, once all errands are run."""
        await self.means.errands.settled()
        return [_mail(row) for row in await self.read("sys_email", ("template", "to", "content"))]

    async def signed_in(self, name: str, password: str = PASSWORD, origin: Origin = ADDRESS) -> SignedIn:
        """Signs somebody without a second factor in, by his address or its beginning."""
        email = name if "@" in name else f"{name}@example.org"
        signed_in = await self.accounts.sign_in(email, password, origin)
        assert isinstance(signed_in, SignedIn)
        return signed_in

    async def system(self, operation: Operation, organization_id: str | None = None) -> Any:
        """Does something as the system, in the default organisation unless another is given."""
        return await self.execute(operation, system_in(organization_id or self.organization_id))

    async def user(self, name: str, *sets: str, organization_id: str | None = None) -> str:
        """Makes `<name>@example.org` with the usual password, holding permission sets."""
        account = Account(f"{name}@example.org", PASSWORD, name.title(), sets=sets)
        return await create_account(self.execute, account, organization_id or self.organization_id)

    async def grant(self, user_id: str, name: str) -> None:
        """Grants a permission set."""
        await self.system(Create("sys_user_permission_set", ({"user_id": user_id, "permission_set": name},)))

    async def organization(self, slug: str) -> str:
        """Makes a further organisation."""
        written = await self.execute(Create("sys_organization", ({"name": slug.title(), "slug": slug},)), SYSTEM)
        return written.ids[0]

    async def member(self, user_id: str, organization_id: str) -> None:
        """Makes a user a member of an organisation."""
        await self.system(Create("sys_member", ({"user_id": user_id},)), organization_id)

    async def memberships(self, user_id: str, organization_id: str) -> list[str]:
        """Returns the ids of a user's memberships in an organisation."""
        return [
            row["id"]
            for row in await self.read("sys_member", ("id",), user_id=user_id, organization_id=organization_id)
        ]

    async def sign_in(self, name: str) -> str:
        """Signs `<name>@example.org` in, after making him when he is not there, and returns his token."""
        if not await self.read("sys_user", ("id",), email=f"{name}@example.org"):
            await self.user(name)
        return (await self.signed_in(name, origin=Origin(name))).token

    async def caller(self, name: str) -> Caller:
        """Returns the caller that `<name>@example.org` is after signing in."""
        return await self.identity.caller(credential_of(await self.sign_in(name)))

    async def read(self, object_name: str, fields: tuple[str, ...], **where: Any) -> list[dict[str, Any]]:
        """Returns what is stored, past every policy."""
        return await read_records(self.execute, object_name, where, fields)

    async def count(self, object_name: str) -> int:
        """Returns how many records there are, past every policy."""
        return len(await self.read(object_name, ("id",)))

    async def list(
        self, caller: Caller, object_name: str, query: QueryDocument | None = None, where: Any = None
    ) -> Page:
        """Returns what a caller gets when he asks for a list."""
        document = query or (QueryDocument() if where is None else QueryDocument(where=where))
        return await self.execute(Read(object_name, document), caller)


def _mail(row: dict[str, Any]) -> Mail:
    parcel = msgspec.json.decode(row["content"], type=Parcel)
    message = message_from_string(parcel.message, _class=EmailMessage, policy=SMTP)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return Mail(row["template"], ", ".join(parcel.recipients), body.get_content())


def write_app(folder: Path, **more: str) -> Path:
    """Writes the small app into a folder, with further or other files by path, and returns the folder."""
    for name, text in (APP | more).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def load(folder: Path) -> Catalog:
    """Returns the catalog of an app in a folder, over the platform without its surfaces."""
    platform = folder / "platform"
    if not platform.exists():
        shutil.copytree(PLATFORM, platform, ignore=shutil.ignore_patterns("apis"))
    return load_app(folder, parts={}, cache=None, platform=platform)


@asynccontextmanager
async def open_house(catalog: Catalog, database_url: str, passwords: Passwords | None = None) -> AsyncIterator[House]:
    """Opens a house over a database, as a process that starts, before anything is in it; passwords are hashed cheaply."""
    store = await open_store(catalog, database_url, synchronous="normal", limits=Limits())
    cheap = Passwords(Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1))
    try:
        yield House(catalog, store, passwords or cheap)
    finally:
        await store.close()


async def started(house: House, settings: Settings | None = None) -> House:
    """Does what the first start does."""
    house.organization_id = await bootstrap(house.execute, house.catalog.app, settings or Settings())
    return house
