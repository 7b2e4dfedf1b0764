"""Changes that somebody may not see: values of fields that are hidden from him, and records that he cannot reach, other, gone or new.

What he sees is asked of the evaluators that decide: the rows of his policies and the fields in them. The changes are written past the
door, so that not even a version tells of them. Of the records of an object that he cannot reach, the first has two beside it, the second
is gone, the third is another, and so on: there are never as many as there were, so that whatever counts them moves.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
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

_ONE: Term = Term("id", "eq", Slot(0))

Kind = Literal["changed", "gone", "new"]
Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What somebody sees: by object and id, the values of the fields that he may read."""

_FATES: tuple[Kind, ...] = ("new", "gone", "changed")
"""What becomes of the records of an object that somebody cannot reach, in turn."""

_NEW = 2
"""How many come beside one: more than go."""


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
    changes: list[Change] = []
    unreached: Counter[str] = Counter()
    for (name, record_id), stored in stage.stored.items():
        subject = stage.object(name)
        if not subject.api_enabled or (
            caller.id is not None and caller.id in (stored.get("id"), stored.get("user_id"))
        ):
            continue
        if record_id in seen[name]:
            readable = stage.runtime.door.policies.policy(caller, name, "read").readable
            changes += _changed(subject, record_id, random, kept=readable)
        elif subject.package == PLATFORM:
            changes += _changed(subject, record_id, random)
        else:
            changes += _of_unreached(stage, subject, record_id, _FATES[unreached[name] % len(_FATES)], random)
            unreached[name] += 1
    return changes


def _changed(
    subject: Object, record_id: str, random: Random, *, kept: Container[str] = frozenset()
) -> Iterator[Change]:
    hidden = [field for name, field in subject.fields.items() if name not in kept]
    if values := dict(_other_values(hidden, random)):
        yield Change("changed", subject.name, record_id, values)


def _of_unreached(stage: Stage, subject: Object, record_id: str, fate: Kind, random: Random) -> Iterator[Change]:
    match fate:
        case "gone":
            yield Change("gone", subject.name, record_id, {})
        case "changed":
            yield from _changed(subject, record_id, random)
        case "new":
            like = _stored(stage, subject, record_id)
            for _ in range(_NEW):
                values = {**like, **dict(_other_values(tuple(subject.fields.values()), random))}
                new_id = stage.runtime.door.new_id()
                yield Change("new", subject.name, new_id, values | {"id": new_id})


def _stored(stage: Stage, subject: Object, record_id: str) -> dict[str, Any]:
    """Returns what a record held at first, as it is inserted."""
    held = stage.stored[subject.name, record_id]
    return {name: value for name, value in held.items() if _is_stored(subject.fields[name])}


def _other_values(fields: Sequence[Field], random: Random) -> Iterator[tuple[str, Any]]:
    for field in fields:
        if fillable(field) and field.reference is None and _is_stored(field):
            try:
                yield field.name, sample(field, random, lambda _name: ())
            except NoSample:
                continue


def undoing(stage: Stage, change: Change) -> Change:
    """Returns the change that takes another back."""
    match change.kind:
        case "new":
            return Change("gone", change.object, change.id, {})
        case "gone":
            return Change("new", change.object, change.id, _stored(stage, stage.object(change.object), change.id))
        case "changed":
            stored = stage.stored[change.object, change.id]
            return Change("changed", change.object, change.id, {name: stored.get(name) for name in change.values})


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
