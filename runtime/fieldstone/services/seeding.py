"""Seeding: the records that a new database starts with, written once into the default organisation.

Records are written in waves: each wave holds those whose references are all there. Where references go in a circle, one that may be
empty is left out at first and set at the end. A record that is found by its key is left alone. Refuses, with the seed's file and
the record's number, whatever the door refuses, and a reference to nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import system_in
from fieldstone.clock import Clock
from fieldstone.engine.operation import Update
from fieldstone.engine.records import Execute, create_records, read_first, read_records
from fieldstone.errors import ConcurrentUpdate, DeclarationError, Fault, FieldstoneError, Invalid
from fieldstone.kinds.fields.field_type import Rejected
from fieldstone.kinds.seed import SeedDeclaration
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code

AT_ONCE = 500
USER = "sys_user"

Target = tuple[str, Any]
"""An object, and the value by which a seed points to one of its records."""


class Pending(msgspec.Struct, eq=False):
    """A record to be written; `number` counts from 1.

    `references` are its fields that point by value, `target` is how others point to it, None when they cannot.
    """

    seed: SeedDeclaration
    number: int
    values: Mapping[str, Any]
    references: dict[str, Target]
    target: Target | None = None


async def seed_once(execute: Execute, catalog: Catalog, organization_id: str, clock: Clock) -> int:
    """Writes every seed unless that was done before, or another process is at it; returns how many records were made."""
    found = await read_first(execute, "sys_organization", {"id": organization_id}, ("seeded_at", "version"))
    if found is None or found["seeded_at"] is not None:
        return 0
    system = system_in(organization_id)
    claim = Update("sys_organization", organization_id, {"seeded_at": clock()}, found["version"])
    try:
        await execute(claim, system)
    except ConcurrentUpdate:
        return 0
    try:
        return await Seeding(execute, catalog, organization_id).write()
    except BaseException:
        await execute(Update("sys_organization", organization_id, {"seeded_at": None}), system)
        raise


class Seeding:
    """One run over all seeds of a catalog; `_known` holds the ids of what can be pointed to so far."""

    def __init__(self, execute: Execute, catalog: Catalog, organization_id: str) -> None:
        self._execute = execute
        self._catalog = catalog
        self._organization_id = organization_id
        self._system = system_in(organization_id)
        self._keys = {seed.object: seed.key[0] for seed in reversed(catalog.seeds) if len(seed.key) == 1}
        self._keys[USER] = "email"
        self._known: dict[Target, str] = {}
        self._left_out: list[tuple[Pending, str, str]] = []
        self._made = 0

    async def write(self) -> int:
        """Writes the records of every seed; returns how many were made. Raises DeclarationError."""
        seeds = self._catalog.seeds
        pending = [self._pending(seed, number, row) for seed in seeds for number, row in enumerate(seed.records, 1)]
        await self._find_targets(pending)
        while pending:
            ready = [record for record in pending if not self._missing(record)] or self._break_circle(pending)
            taken = set(map(id, ready))
            pending = [record for record in pending if id(record) not in taken]
            for chunk in _chunks(ready):
                await self._write_chunk(chunk)
        for record, record_id, name in self._left_out:
            values = {name: self._known[record.references[name]]}
            await self._execute(Update(record.seed.object, record_id, values), self._system)
        return self._made

    def _pending(self, seed: SeedDeclaration, number: int, values: Mapping[str, Any]) -> Pending:
        fields = self._catalog.objects[seed.object].fields
        record = Pending(seed, number, values, {})
        for name, value in values.items():
            reference = fields[name].reference if name in fields else None
            if reference is not None and value is not None:
                record.references[name] = self._target(record, reference, value)
        key = self._keys.get(seed.object)
        if key is not None and values.get(key) is not None and key not in record.references:
            record.target = self._target(record, seed.object, values[key])
        return record

    def _target(self, record: Pending, object_name: str, value: Any) -> Target:
        key = self._keys.get(object_name)
        if key is None:
            raise self._fault(record, f"No seed says by which field a record of `{object_name}` is found.")
        return object_name, self._read(record, object_name, key, value)

    def _read(self, record: Pending, object_name: str, name: str, value: Any) -> Any:
        """Returns a value in the form in which it is stored."""
        try:
            return self._catalog.objects[object_name].fields[name].reader(value)
        except Rejected as rejected:
            raise self._fault(record, f"{object_name}.{name}: {rejected.message}") from None

    async def _find_targets(self, pending: Sequence[Pending]) -> None:
        """Looks up what seeds point to and do not hold themselves; raises for what is not there either."""
        held = {record.target for record in pending}
        wanted = {target: record for record in pending for target in record.references.values() if target not in held}
        for object_name in sorted({name for name, _ in wanted}):
            key = self._keys[object_name]
            rows = await self._read_by(
                object_name, key, [value for name, value in wanted if name == object_name], (key,)
            )
            self._known |= {(object_name, row[key]): row["id"] for row in rows}
        for target, record in wanted.items():
            if target not in self._known:
                object_name, value = target
                raise self._fault(
                    record, f"There is no `{object_name}` whose `{self._keys[object_name]}` is `{value}`."
                )

    async def _read_by(
        self, object_name: str, name: str, values: Sequence[Any], fields: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        """Returns the records of the organisation whose field has one of some values."""
        walled = self._catalog.objects[object_name].walled
        inside = {"organization_id": self._organization_id} if walled else {}
        rows: list[dict[str, Any]] = []
        for start in range(0, len(values), AT_ONCE):
            condition = inside | {name: {"$in": list(values[start : start + AT_ONCE])}}
            rows += await read_records(self._execute, object_name, condition, ("id", *fields))
        return rows

    def _missing(self, record: Pending) -> list[str]:
        return [name for name, target in record.references.items() if target not in self._known]

    def _break_circle(self, pending: Sequence[Pending]) -> list[Pending]:
        """Returns the records that can be written now when references that may be empty are set later."""
        ready = []
        for record in pending:
            fields = self._catalog.objects[record.seed.object].fields
            if not any(fields[name].required or name in record.seed.key for name in self._missing(record)):
                ready.append(record)
        if not ready:
            raise self._fault(pending[0], "Its required references go in a circle.")
        return ready

    async def _write_chunk(self, chunk: Sequence[Pending]) -> None:
        """Makes those records of one seed that are not there yet."""
        seed = chunk[0].seed
        keys = [self._key(record) for record in chunk]
        rows = await self._read_by(seed.object, seed.key[0], [key[0] for key in keys], seed.key)
        found = {tuple(row[name] for name in seed.key): row["id"] for row in rows}
        new: dict[tuple[Any, ...], Pending] = {}
        for key, record in zip(keys, chunk, strict=True):
            if key in new:
                raise self._fault(record, f"It has the key of record {new[key].number}.")
            if key not in found:
                new[key] = record
        if new:
            ids = await self._create(seed.object, list(new.values()))
            found |= zip(new, ids, strict=True)
        for key, record in zip(keys, chunk, strict=True):
            if key in new:
                self._left_out += [(record, found[key], name) for name in self._missing(record)]
        self._known |= {record.target: found[key] for key, record in zip(keys, chunk, strict=True) if record.target}
        self._made += len(new)

    def _key(self, record: Pending) -> tuple[Any, ...]:
        """Returns the values by which a record is found again."""
        row = self._row(record)
        absent = [name for name in record.seed.key if row.get(name) is None]
        if absent:
            raise self._fault(record, f"It has no `{absent[0]}`, by which it would be found again.")
        return tuple(self._read(record, record.seed.object, name, row[name]) for name in record.seed.key)

    def _row(self, record: Pending) -> dict[str, Any]:
        """Returns a record's values with ids where it points; what it cannot point to yet is left out."""
        ids = {name: self._known.get(target) for name, target in record.references.items()}
        return {name: ids.get(name, value) for name, value in record.values.items() if ids.get(name, value) is not None}

    async def _create(self, object_name: str, records: Sequence[Pending]) -> tuple[str, ...]:
        """Makes records together; when they are refused, one by one, to tell which one it was."""
        try:
            return await create_records(self._execute, object_name, list(map(self._row, records)), self._system)
        except FieldstoneError:
            return tuple([await self._create_one(object_name, record) for record in records])

    async def _create_one(self, object_name: str, record: Pending) -> str:
        try:
            return (await create_records(self._execute, object_name, [self._row(record)], self._system))[0]
        except FieldstoneError as error:
            faults = error.faults if isinstance(error, Invalid) else ()
            told = "; ".join(f"{fault.field}: {fault.message}" for fault in faults) or error.message
            raise self._fault(record, told) from error

    def _fault(self, record: Pending, message: str) -> DeclarationError:
        place = self._catalog.items["seed"][record.seed.name].place
        return DeclarationError([Fault(place, Code.SEED_RECORD, f"Record {record.number}: {message}")])


def _chunks(records: Sequence[Pending]) -> Iterator[Sequence[Pending]]:
    """Yields runs of records of one seed, none longer than what is written at once."""
    start = 0
    for place in range(1, len(records) + 1):
        ends = place == len(records) or records[place].seed is not records[start].seed
        if ends or place - start == AT_ONCE:
            yield records[start:place]
            start = place
