"""An office for tests: two organisations, three people, and short words for the operations."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import SYSTEM, Caller, system_in
from fieldstone.clock import system_clock
from fieldstone.engine.door import Door
from fieldstone.engine.handlers import DATA_HANDLERS
from fieldstone.engine.hooks import Hook
from fieldstone.engine.operation import Batch, Create, Delete, Get, Read, Update
from fieldstone.engine.outcome import BatchResult, Page, Written
from fieldstone.ids import new_id
from fieldstone.query.document import QueryDocument
from fieldstone.settings import Limits, Settings
from fieldstone.store.sql_store import SqlStore


async def mark(value: str) -> str:
    """Stands for a hash."""
    return f"hashed:{value}"


class Office:
    """A door, and the people who come to it: `ann` and `bob` work here, `eve` in another organisation."""

    def __init__(self, store: SqlStore, door: Door) -> None:
        self.store = store
        self.door = door
        self.here = ""
        self.elsewhere = ""
        self.ids: dict[str, str] = {}

    @classmethod
    async def founded(cls, store: SqlStore) -> "Office":
        """Returns an office with its organisations and people."""
        office = cls(store, door_of(store))
        here = await office.make("sys_organization", name="here", slug=new_id())
        office.elsewhere = await office.make("sys_organization", name="elsewhere", slug=new_id())
        office.here = here
        for name, organization in (("ann", office.here), ("bob", office.here), ("eve", office.elsewhere)):
            user = await office.make("sys_user", name=name, email=f"{new_id()}@example.org")
            office.ids[name] = user
            await office.make("sys_member", organization_id=organization, user_id=user, role="member")
        return office

    def rebuilt(self, *hooks: Hook, limits: Limits | None = None) -> "Office":
        """Returns the same office behind a door with hooks or other limits."""
        other = Office(self.store, door_of(self.store, *hooks, limits=limits or Limits()))
        other.here, other.elsewhere, other.ids = self.here, self.elsewhere, self.ids
        return other

    def caller(self, name: str, *sets: str) -> Caller:
        """Returns one of the people, holding these sets in his organisation, and that of everyone."""
        organization = self.elsewhere if name == "eve" else self.here
        values: dict[str, Any] = {"id": self.ids[name], "email": f"{name}@example.org", "organization_id": organization}
        values["recipient_ids"] = (self.ids[name],)
        return Caller(frozenset({"everyone", *sets}), values)

    async def make(self, object_name: str, caller: Caller | None = None, **values: Any) -> str:
        """Returns the id of a new record, made by the system in this office unless a caller is given."""
        maker = caller or (system_in(self.here) if self.here else SYSTEM)
        return (await self.door.execute(Create(object_name, (values,)), maker)).ids[0]

    async def create(self, caller: Caller, object_name: str, *rows: Mapping[str, Any]) -> Written:
        """Creates records."""
        return await self.door.execute(Create(object_name, rows), caller)

    async def update(
        self, caller: Caller, object_name: str, record_id: str, at: int | None = None, **values: Any
    ) -> Written:
        """Changes a record, at a version when one is given."""
        return await self.door.execute(Update(object_name, record_id, values, at), caller)

    async def delete(self, caller: Caller, object_name: str, record_id: str, at: int | None = None) -> None:
        """Deletes a record, at a version when one is given."""
        await self.door.execute(Delete(object_name, record_id, at), caller)

    async def get(self, caller: Caller, object_name: str, record_id: str, **query: Any) -> dict[str, Any]:
        """Returns a record by name."""
        record = await self.door.execute(Get(object_name, record_id, **query), caller)
        return dict(zip(record.columns, record.row, strict=True))

    async def page(self, caller: Caller, object_name: str, **query: Any) -> Page:
        """Returns a page of records."""
        return await self.door.execute(Read(object_name, QueryDocument(**query)), caller)

    async def titles(self, caller: Caller, object_name: str, **query: Any) -> list[str]:
        """Returns the titles of the records that the caller sees, in order."""
        page = await self.page(caller, object_name, order_by="title", fields=["title"], **query)
        return [row[0] for row in page.rows]

    async def stored(self, object_name: str, record_id: str) -> dict[str, Any]:
        """Returns a record as the system sees it."""
        return await self.get(SYSTEM, object_name, record_id)

    async def count(self, object_name: str) -> int:
        """Returns how many records the office has in all."""
        where = {"organization_id": {"$in": [self.here, self.elsewhere]}}
        total = (await self.page(SYSTEM, object_name, where=where, limit=1)).total
        assert total is not None
        return total

    async def batch(
        self, caller: Caller, object_name: str, operation: Any, records: Sequence[Any], **options: Any
    ) -> BatchResult:
        """Runs a batch."""
        return await self.door.execute(Batch(object_name, operation, tuple(records), **options), caller)


def door_of(store: SqlStore, *hooks: Hook, limits: Limits | None = None) -> Door:
    """Returns a door over a store."""
    settings = Settings(secret="secret of the tests", limits=limits or Limits())
    preparers = {"password": mark}
    return Door(store, DATA_HANDLERS, settings, hooks=hooks, preparers=preparers, clock=system_clock, new_id=new_id)


def record_of(written: Written, place: int = 0) -> dict[str, Any]:
    """Returns a written record by name."""
    row = written.rows[place]
    assert row is not None
    return dict(zip(written.columns, row, strict=True))


def codes(error: Any) -> dict[str, str]:
    """Returns the code of each faulty field of a refusal."""
    return {fault.field: fault.code for fault in error.faults}


def plain(value: Any) -> Any:
    """Returns a stored JSON value decoded."""
    return msgspec.json.decode(value)
