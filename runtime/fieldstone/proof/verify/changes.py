"""Changes that somebody may not see: values of fields that are hidden from him, today's and those of former versions, and records that he
cannot reach, other, gone or new, in the trash too.

What he sees is asked of the evaluators that decide: the rows of his policies and the fields in them. The changes are written past the
door, so that not even a version tells of them. Of the records of an object that he cannot reach, the first has two beside it, the second
is gone, the third is another, and so on: there are never as many as there were, so that whatever counts them moves.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Literal

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.operation import ReadHistory
from fieldstone.engine.records import read_records
from fieldstone.errors import FieldstoneError, NotFound, PermissionDenied
from fieldstone.proof.stage import Stage
from fieldstone.proof.verify.population import is_stored, plain_values
from fieldstone.query.ast import And, Slot, Term
from fieldstone.registry.catalog import Field, Object
from fieldstone.registry.layout import PLATFORM
from fieldstone.store.binds import Binds

_ONE: Term = Term("id", "eq", Slot(0))
_ONE_VERSION = And((_ONE, Term("version", "eq", Slot(1))))
MOST_VERSIONS = 50

Kind = Literal["changed", "gone", "new"]
Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What somebody sees: by object and id, the values of the fields that he may read."""

_FATES: tuple[Kind, ...] = ("new", "gone", "changed")
"""What becomes of the records of an object that somebody cannot reach, in turn."""

_NEW = 2
"""How many come beside one: more than go."""


class Change(msgspec.Struct, frozen=True, eq=False):
    """One change to one record, or to one `version` of it in its history; `values` are what is written."""

    kind: Kind
    object: str
    id: str
    values: Mapping[str, Any]
    version: int | None = None

    def __str__(self) -> str:
        if self.kind == "changed":
            at = "" if self.version is None else f" at version {self.version}"
            return f"{self.object} {self.id}{at}: {', '.join(self.values)} changed"
        return f"{self.object} {self.id}: {self.kind}"


async def seen_by(stage: Stage, caller: Caller) -> Seen:
    """Returns all that a caller sees of stored values, but for those that say what they disclose, and which versions he sees."""
    seen: dict[str, dict[str, Mapping[str, Any]]] = {}
    execute = stage.runtime.door.execute
    for name, subject in stage.runtime.catalog.objects.items():
        policy = stage.runtime.door.policies.policy(caller, name, "read")
        fields = tuple(
            name for name in policy.readable if is_stored(subject.fields[name]) and not discloses(subject.fields[name])
        )
        rows: list[dict[str, Any]] = []
        for trash in (False, True) if subject.declaration.enable.trash else (False,):
            with suppress(PermissionDenied, NotFound):
                rows += await read_records(execute, name, {}, ("id", *fields), caller, trash=trash)
        seen[name] = {row["id"]: row for row in rows}
    for name, past in stage.runtime.catalog.histories.items():
        seen[name] = {}
        for record_id in seen[str(past.history_of)]:
            with suppress(PermissionDenied, NotFound):
                history = await execute(ReadHistory(str(past.history_of), record_id, limit=MOST_VERSIONS), caller)
                seen[name][record_id] = {"versions": [version.version for version in history.versions]}
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
    for (name, record_id, version), image in stage.images.items():
        past = stage.runtime.catalog.histories[name]
        subject = stage.object(str(past.history_of))
        readable = stage.runtime.door.policies.policy(caller, subject.name, "read").readable
        kept = readable if record_id in seen[subject.name] else ()
        hidden = [field for field in subject.fields.values() if field.name not in kept and field.name in image]
        if subject.api_enabled and (values := dict(plain_values(hidden, random))):
            changes.append(Change("changed", name, record_id, values, version))
    return changes


def _changed(
    subject: Object, record_id: str, random: Random, *, kept: Container[str] = frozenset()
) -> Iterator[Change]:
    hidden = [field for name, field in subject.fields.items() if name not in kept]
    if values := dict(plain_values(hidden, random)):
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
                values = {**like, **dict(plain_values(subject.fields.values(), random))}
                new_id = stage.runtime.door.new_id()
                yield Change("new", subject.name, new_id, values | {"id": new_id})


def _stored(stage: Stage, subject: Object, record_id: str) -> dict[str, Any]:
    """Returns what a record held at first, as it is inserted."""
    held = stage.stored[subject.name, record_id]
    return {name: value for name, value in held.items() if is_stored(subject.fields[name])}


def undoing(stage: Stage, change: Change) -> Change:
    """Returns the change that takes another back."""
    match change.kind:
        case "new":
            return Change("gone", change.object, change.id, {})
        case "gone":
            return Change("new", change.object, change.id, _stored(stage, stage.object(change.object), change.id))
        case "changed":
            stored = (
                stage.stored[change.object, change.id]
                if change.version is None
                else stage.images[change.object, change.id, change.version]
            )
            return Change("changed", change.object, change.id, {name: stored.get(name) for name in change.values})


def discloses(field: Field) -> bool:
    """Tells whether a field says that it tells of something hidden."""
    return bool(getattr(field.declaration, "discloses", ()))


async def apply(stage: Stage, changes: Sequence[Change], *, bump: bool = False) -> list[Change]:
    """Writes changes, each where it can stand; returns those that do. One that the database refuses is left out.

    `bump` raises the versions of records that are changed.
    """
    done: list[Change] = []
    for change in changes:
        try:
            async with stage.runtime.store.transaction() as transaction:
                binds = Binds((change.id, change.version), {}, stage.clockwork.clock())
                if change.kind == "changed":
                    where = _ONE if change.version is None else _ONE_VERSION
                    await transaction.update(change.object, change.values, where, binds, bump=bump)
                elif change.kind == "gone":
                    await transaction.delete(change.object, _ONE, binds)
                else:
                    columns = tuple(change.values)
                    await transaction.insert(change.object, columns, [tuple(change.values.values())])
        except FieldstoneError:
            continue
        done.append(change)
    return done
