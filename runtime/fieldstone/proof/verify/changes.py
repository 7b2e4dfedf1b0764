"""Changes that somebody may not see: values of fields that are hidden from him, and records that he cannot reach, other, gone or new.

What he sees is asked of the evaluators that decide: the rows of his policies and the fields in them. The changes are written past the
door, so that not even a version tells of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Literal

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.records import read_records
from fieldstone.errors import FieldstoneError, NotFound, PermissionDenied
from fieldstone.proof.stage import Stage
from fieldstone.proof.verify.population import fillable
from fieldstone.proof.verify.samples import NoSample, sample
from fieldstone.query.ast import Slot, Term
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.layout import PLATFORM
from fieldstone.store.binds import Binds

_GONE = 3
_ONE: Term = Term("id", "eq", Slot(0))

Kind = Literal["changed", "gone", "new"]
Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What somebody sees: by object and id, the values of the fields that he may read."""


class Change(msgspec.Struct, frozen=True, eq=False):
    """One change to one record; `values` are what is written."""

    kind: Kind
    object: str
    id: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        if self.kind == "changed":
            return f"{self.object} {self.id}: {', '.join(self.values)} changed"
        return f"{self.object} {self.id}: {self.kind}"


async def seen_by(stage: Stage, caller: Caller) -> Seen:
    """Returns all that a caller sees of stored values, but for those that say what they disclose."""
    seen: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, subject in stage.runtime.catalog.objects.items():
        policy = stage.runtime.door.policies.policy(caller, name, "read")
        fields = tuple(
            name for name in policy.readable if _is_stored(subject.fields[name]) and not discloses(subject.fields[name])
        )
        try:
            rows = await read_records(stage.runtime.door.execute, name, {}, ("id", *fields), caller)
        except (PermissionDenied, NotFound):
            rows = []
        seen[name] = {row["id"]: row for row in rows}
    return seen


def changes_for(stage: Stage, caller: Caller, seen: Seen, random: Random) -> list[Change]:
    """Returns changes to all that a caller does not see, but for what makes him who he is."""
    return [
        change
        for (name, record_id), stored in stage.stored.items()
        if stage.object(name).api_enabled
        and (caller.id is None or caller.id not in (stored.get("id"), stored.get("user_id")))
        for change in _of_record(stage, stage.object(name), record_id, caller, seen, random)
    ]


def _of_record(
    stage: Stage, subject: Object, record_id: str, caller: Caller, seen: Seen, random: Random
) -> Iterator[Change]:
    readable = stage.runtime.door.policies.policy(caller, subject.name, "read").readable
    visible = record_id in seen[subject.name]
    hidden = [field for name, field in subject.fields.items() if not (visible and name in readable)]
    values = dict(_other_values(hidden, random))
    if visible or subject.package == PLATFORM:
        if values:
            yield Change("changed", subject.name, record_id, values)
        return
    fate = random.randrange(_GONE)
    if fate == 0:
        yield Change("gone", subject.name, record_id, {})
    elif values:
        yield Change("changed", subject.name, record_id, values)
    stored = {
        name: value for name, value in stage.stored[subject.name, record_id].items() if _is_stored(subject.fields[name])
    }
    copy = {**stored, **values, "id": stage.runtime.door.new_id()}
    yield Change("new", subject.name, copy["id"], copy)


def _other_values(fields: Sequence[Field], random: Random) -> Iterator[tuple[str, Any]]:
    for field in fields:
        if fillable(field) and field.reference is None and _is_stored(field):
            try:
                yield field.name, sample(field, random, lambda _name: ())
            except NoSample:
                continue


def discloses(field: Field) -> bool:
    """Tells whether a field says that it tells of something hidden."""
    return bool(getattr(field.declaration, "discloses", ()))


def _is_stored(field: Field) -> bool:
    return field.shape.storage.kind is not StorageClass.NONE


async def apply(stage: Stage, changes: Sequence[Change], *, bump: bool = False) -> list[Change]:
    """Writes changes, each where it can stand; returns those that do. One that the database refuses is left out.

    `bump` raises the versions of records that are changed.
    """
    done: list[Change] = []
    for change in changes:
        try:
            async with stage.runtime.store.transaction() as transaction:
                binds = Binds((change.id,), {}, stage.clockwork.clock())
                if change.kind == "changed":
                    await transaction.update(change.object, change.values, _ONE, binds, bump=bump)
                elif change.kind == "gone":
                    await transaction.delete(change.object, _ONE, binds)
                else:
                    columns = tuple(change.values)
                    await transaction.insert(change.object, columns, [tuple(change.values.values())])
        except FieldstoneError:
            continue
        done.append(change)
    return done
