"""The stage of a test: its app running on a database with its people, rows and keys, and nothing that is done on it lasts."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
from pwdlib.hashers.argon2 import Argon2Hasher

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.app import Runtime, open_runtime
from fieldstone.app_process import Seams
from fieldstone.clock import system_clock
from fieldstone.engine.operation import Create, Delete, Read, Update
from fieldstone.engine.records import create_records, read_first
from fieldstone.errors import DeclarationError, Fault, FieldstoneError
from fieldstone.identity.credential import credential_of
from fieldstone.identity.sessions import Origin, open_session
from fieldstone.identity.tokens import hash_token
from fieldstone.ids import new_id
from fieldstone.kinds.policy_test import POLICY_TEST, ActingShare, ActingUser
from fieldstone.log import open_log
from fieldstone.proof.mount import Mount, Person
from fieldstone.proof.rehearsal import Effect, Rehearsal
from fieldstone.proof.wire import Answer, send
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.registry.codes import Code
from fieldstone.registry.layout import PLATFORM
from fieldstone.registry.policy_test import PolicyTest, Sentence
from fieldstone.registry.policy_tests import NOBODY
from fieldstone.registry.record_share import RECIPIENTS, SHARES
from fieldstone.settings import Limits, Settings

FOREVER = "2999-01-01T00:00:00.000Z"
ABSENT = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
"""An id that no record has."""

CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
"""What hashes the passwords of tests: many are sent, and none is looked up."""

_MANY = 10_000
"""How often somebody may sign in on a stage: all who do come from one address."""

FEEDING = ("sys_user", "sys_member", "sys_user_permission_set", "sys_session", "sys_api_key", "sys_organization")


class Request(msgspec.Struct, frozen=True):
    """One request as it is sent; `more` is its query, headers and body."""

    method: str
    path: str
    more: Mapping[str, Any]


class Clockwork:
    """A clock and ids that go on as they should, until it is stopped: from then on each request sees the same of both."""

    def __init__(self) -> None:
        self._stopped: str | None = None
        self._made = 0

    def clock(self) -> str:
        """Returns now, or when it was stopped."""
        return self._stopped or system_clock()

    def new_id(self) -> str:
        """Returns a fresh id; once stopped, the next in a row."""
        if self._stopped is None:
            return new_id()
        self._made += 1
        return f"7ZZZZZZZZZ{self._made:016}"

    def stop(self, instant: str) -> None:
        """Stops at an instant."""
        self._stopped = instant

    def again(self) -> None:
        """Begins the row of ids again."""
        self._made = 0


class Stage:
    """What the roads of a test walk on; `ids` are the records by the names that sentences use, `own` the objects that are no platform's.

    `stored` is what each record holds, `images` what each of its versions held, where histories are looked at. `answered` holds answers
    that several roads ask for: since nothing lasts, each would get the same again.
    """

    def __init__(self, test: PolicyTest, runtime: Runtime, log: io.BytesIO, clockwork: Clockwork) -> None:
        self.test = test
        self.runtime = runtime
        self.mounts = [Mount(table) for table in runtime.tables.values()]
        self.people: dict[str, Person] = {NOBODY: Person(NOBODY)}
        self.ids: dict[str, tuple[str, str]] = {}
        self.stored: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.images: dict[tuple[str, str, int], Mapping[str, Any]] = {}
        self._places: dict[str, str] = {name: user.at for name, user in test.users.items()}
        self._organizations = {"here": runtime.organization_id}
        self.answered: dict[tuple[str, ...], Answer] = {}
        self.clockwork = clockwork
        self.sent: list[tuple[Request, Answer]] | None = None
        self._log = log
        self.own = tuple(name for name, item in runtime.catalog.objects.items() if item.package != PLATFORM)
        named = {*(row.object for row in test.rows.values()), *(said.object for said in test.sentences if said.object)}
        self._rehearsal = Rehearsal(runtime.store, {*self.own, *FEEDING, SHARES, *named})

    @property
    def crashes(self) -> list[str]:
        """What the log tells of faults of ours."""
        lines = (msgspec.json.decode(line) for line in self._log.getvalue().splitlines())
        return [str(line.get("exception", line)) for line in lines if line["level"] == "error"]

    @property
    def open_objects(self) -> tuple[str, ...]:
        """The names of the objects that some surface may show, and of the shares, which are told of at their records."""
        objects = self.runtime.catalog.objects.values()
        return tuple(item.name for item in objects if item.api_enabled or item.name == SHARES)

    def object(self, name: str) -> Object:
        """Returns a declared object."""
        return self.runtime.catalog.objects[name]

    def subject(self, sentence: Sentence) -> Object:
        """Returns the object that a sentence is about."""
        return self.object(self.ids[sentence.row][0] if sentence.row is not None else str(sentence.object))

    def place_of(self, name: str) -> str:
        """Returns where a named record is: `here`, `there`, or for a user `both` or `none`."""
        return self._places.get(name, "here")

    def rows_of(self, object_name: str) -> list[str]:
        """Returns the ids of the named records of an object, in the order of the test."""
        return [record_id for name, record_id in self.ids.values() if name == object_name]

    async def send(self, method: str, path: str, **more: Any) -> Answer:
        """Sends one request, and keeps it where requests are `sent` with their answers."""
        self.clockwork.again()
        request = Request(method, path, deepcopy(more)) if self.sent is not None else None
        answer = await send(self.runtime.asgi, method, path, **more)
        if self.sent is not None and request is not None:
            self.sent.append((request, answer))
        return answer

    def effect(self) -> Effect:
        """Returns what was written since the last time."""
        return self._rehearsal.take()

    def rehearsing(self) -> AbstractAsyncContextManager[None]:
        """Lets nothing last that is done in the block, and insists that nothing did."""
        return self._rehearsal.under_way()

    async def settle(self) -> None:
        """Makes the people and the rows of the test."""
        execute = self.runtime.door.execute
        row = {"name": "There", "slug": "there"}
        self._organizations["there"] = (await create_records(execute, "sys_organization", [row], SYSTEM))[0]
        for name, user in self.test.users.items():
            await self._settle_user(name, user)
        for name, key in self.test.keys.items():
            owner = await self.runtime.room.identity.caller(credential_of(self.people[key.of].session or ""))
            self.people[name] = Person(name, None, await self._make_key(name, owner, key.scopes))
        for name, row_of in self.test.rows.items():
            owner_id = {} if row_of.owner is None else {"owner_id": self.ids[row_of.owner][1]}
            values = {field: self.value(row_of.object, field, value) for field, value in row_of.values.items()}
            try:
                await self.make(name, row_of.object, values | owner_id, row_of.at)
            except FieldstoneError as error:
                raise DeclarationError([self._row_fault(name, error)]) from error
        await self._place()
        for name, share in self.test.shares.items():
            await self.share(name, share)
        for name, row_of in self.test.rows.items():
            if row_of.trashed:
                await execute(Delete(*self.ids[name]), SYSTEM)
        for spot in self.ids.values():
            self.stored[spot] = await self._stored(*spot)

    def value(self, object_name: str, field: str, value: Any) -> Any:
        """Returns a value of a test as it is stored: what names a record, in a field that refers to one, becomes its id."""
        if isinstance(value, list):
            return [self.value(object_name, field, each) for each in value]
        declared = self.object(object_name).fields.get(field)
        if declared is None or declared.reference is None or value is None:
            return value
        if isinstance(value, list):
            return [self.value(object_name, field, each) for each in value]
        return ABSENT if value == "absent" else self.ids[value][1]

    def _row_fault(self, name: str, error: FieldstoneError) -> Fault:
        """Returns why a row of the test cannot be made."""
        place = self.runtime.catalog.items[POLICY_TEST.name][self.test.name].at("rows", name)
        told = [str(field["message"]) for field in error.details.get("fields", ())]
        message = f"The row `{name}` cannot be made: {'; '.join(told) or error.message}"
        return Fault(place, Code.POLICY_TEST, message, error.details.get("hint"))

    async def _settle_user(self, name: str, user: ActingUser) -> None:
        execute = self.runtime.door.execute
        values = {"name": name.title(), "email": f"{name}@case.example"}
        home = None if user.at == "none" else self._organizations["there" if user.at == "there" else "here"]
        caller = SYSTEM if home is None else system_in(home)
        user_id = (await create_records(execute, "sys_user", [values], caller))[0]
        self.ids[name] = ("sys_user", user_id)
        if user.at == "both":
            await execute(Create("sys_member", ({"user_id": user_id},)), system_in(self._organizations["there"]))
        for held in user.sets:
            values = {"user_id": user_id, "permission_set": held}
            grants = await create_records(execute, "sys_user_permission_set", [values], caller)
            self.ids.setdefault(f"{name}_grant", ("sys_user_permission_set", grants[0]))
        token = await open_session(execute, user_id, home, FOREVER, Origin("127.0.0.1"), system_clock())
        await self._find(f"{name}_session", "sys_session", {"token_hash": hash_token(token)})
        self.people[name] = Person(name, token)
        if home is not None:
            await self._find(f"{name}_member", "sys_member", {"user_id": user_id, "organization_id": home})
            owner = await self.runtime.room.identity.caller(credential_of(token))
            self.people[name] = Person(name, token, await self._make_key(name, owner, None))

    async def _place(self) -> None:
        """Puts people into their business units and under their managers."""
        for name, user in self.test.users.items():
            wanted = {
                "business_unit_id": None if user.unit is None else self.ids[user.unit][1],
                "manager_id": None if user.manager is None else self.ids[f"{user.manager}_member"][1],
            }
            values = {field: record_id for field, record_id in wanted.items() if record_id is not None}
            if values:
                await self.runtime.door.execute(Update(*self.ids[f"{name}_member"], values), SYSTEM)

    async def _make_key(self, name: str, owner: Caller, scopes: tuple[str, ...] | None) -> str:
        made = await self.runtime.room.accounts.create_key(owner, f"The key of {name}", scopes=scopes)
        self.ids[f"{name}_key"] = ("sys_api_key", made.id)
        return made.key

    async def make(self, name: str, object_name: str, values: Mapping[str, Any], at: str) -> None:
        """Makes a record as the system, and names it."""
        caller = system_in(self._organizations[at])
        made = await create_records(self.runtime.door.execute, object_name, [values], caller)
        self.ids[name] = (object_name, made[0])
        self._places[name] = at

    async def share(self, name: str, share: ActingShare) -> None:
        """Shares a record as the system, and names the share."""
        object_name, record_id = self.ids[share.of]
        target, recipient_id = self.ids[share.to]
        kind = next(kind for kind, held_by in RECIPIENTS.items() if held_by == target)
        values = {"object_name": object_name, "record_id": record_id, "recipient_type": kind}
        values |= {"recipient_id": recipient_id, "access_level": share.level}
        await self.make(name, SHARES, values, share.at or self.place_of(share.of))

    async def _stored(self, object_name: str, record_id: str) -> Mapping[str, Any]:
        """Returns a record as it is stored, be it in the trash."""
        subject = self.object(object_name)
        query = QueryDocument(where={"id": record_id}, fields=list(subject.fields))
        found = (await self.runtime.door.execute(Read(object_name, query), SYSTEM)).records()
        if not found and subject.declaration.enable.trash:
            found = (await self.runtime.door.execute(Read(object_name, query, trash=True), SYSTEM)).records()
        return found[0] if found else {}

    async def _find(self, name: str, object_name: str, where: Mapping[str, Any]) -> None:
        found = await read_first(self.runtime.door.execute, object_name, where, ("id",))
        if found is not None:
            self.ids[name] = (object_name, found["id"])


@asynccontextmanager
async def open_stage(
    folder: Path, test: str | PolicyTest, database_url: str, *, seeds: bool = False
) -> AsyncIterator[Stage]:
    """Opens the app in a folder on an empty database with the people and rows of a test, one of its own if it is named."""
    async with _opened(folder, test, database_url, None, seeds=seeds) as stage:
        await stage.settle()
        yield stage


@asynccontextmanager
async def open_again(
    stage: Stage,
    folder: Path,
    database_url: str = "",
    *,
    catalog: Catalog | None = None,
    test: PolicyTest | None = None,
) -> AsyncIterator[Stage]:
    """Opens the people and rows of a stage once more: on a copy of its database, under another catalog, or for another test."""
    url = database_url or str(stage.runtime.settings.database_url)
    async with _opened(folder, test or stage.test, url, catalog, seeds=False) as other:
        other.people, other.ids, other.stored, other.images = stage.people, stage.ids, stage.stored, stage.images
        yield other


@asynccontextmanager
async def _opened(
    folder: Path, test: str | PolicyTest, database_url: str, catalog: Catalog | None, *, seeds: bool
) -> AsyncIterator[Stage]:
    log = io.BytesIO()
    secret = "a secret that guards nothing: the database is empty"
    settings = Settings(database_url=database_url, secret=secret, limits=Limits(sign_ins=_MANY))
    clockwork = Clockwork()
    seams = Seams(CHEAP, catalog, seeds, clockwork.clock, clockwork.new_id, runs="not", chores=False)
    async with open_runtime(folder, settings, open_log(log, readable=False), seams) as runtime:
        meant = runtime.catalog.policy_tests[test] if isinstance(test, str) else test
        yield Stage(meant, runtime, log, clockwork)
