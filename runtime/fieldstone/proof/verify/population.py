"""The people and records of a verification, made up from the declarations: somebody for each permission set, records for all of them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from random import Random
from typing import Any, Literal

import msgspec

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Delete, Update
from fieldstone.engine.records import read_records
from fieldstone.errors import FieldstoneError, Place
from fieldstone.kinds.policy_test import ActingKey, ActingShare, ActingUser
from fieldstone.proof.stage import Stage
from fieldstone.proof.verify.samples import NoSample, sample
from fieldstone.query.ast import EVERYTHING, Select
from fieldstone.query.storage import StorageClass
from fieldstone.registry.catalog import Catalog, Field, Object
from fieldstone.registry.layout import PLATFORM
from fieldstone.registry.policy_test import PolicyTest
from fieldstone.store.binds import Binds

ADMINISTRATOR, STRANGER, PLAIN, KEY = "verify_admin", "verify_there", "verify_plain", "verify_key"
_TRIES = 12
_FILLED = 0.8
_AWAY = 0.2
_SHARED = 2
_OLDER = 2
_THROWN_AWAY = 4
"""Of so many records one is changed, and one thrown away."""

_LEVELS: tuple[Literal["read", "edit"], ...] = ("read", "edit")


def made_up_test(catalog: Catalog) -> PolicyTest:
    """Returns a test without sentences: somebody for each permission set of a package, two sets together, an administrator, others."""
    sets = [name for name, held in catalog.permissions.items() if held.package != PLATFORM]
    users = {f"holds_{name}": ActingUser(sets=(name,)) for name in sets}
    if len(sets) > 1:
        users["holds_two"] = ActingUser(sets=tuple(sets[:2]))
    users[PLAIN] = ActingUser()
    users[STRANGER] = ActingUser(sets=tuple(sets), at="there")
    users[ADMINISTRATOR] = ActingUser(sets=("admin_full_access",))
    scopes = sorted(
        {scope for api in catalog.apis.values() for operation in api.operations for scope in operation.scopes}
    )
    keys = {KEY: ActingKey(of=next(iter(users)), scopes=(scopes[0],))} if scopes else {}
    nothing: Mapping[str, Any] = {}
    return PolicyTest(
        name="verify",
        users=users,
        keys=keys,
        rows=nothing,
        shares=nothing,
        new=nothing,
        change=nothing,
        sentences=(),
        package="verify",
        place=Place("verify", 1, 1),
    )


class Unmade(msgspec.Struct, frozen=True):
    """An object of which no record could be made up, and why."""

    object: str
    why: str


async def populate(stage: Stage, random: Random, per_object: int) -> list[Unmade]:
    """Makes records of every declared object, in both organisations and of all people; returns the objects that stay empty.

    Where there is a history, some get a second version; where there is a trash, some go there.
    """
    unmade: dict[str, str] = {}
    for _ in range(2):
        for name in stage.own:
            if not stage.rows_of(name):
                why = await _populate(stage, stage.object(name), random, per_object)
                unmade.pop(name, None)
                if why is not None:
                    unmade[name] = why
    await _share(stage)
    await _grow_old(stage, random)
    return [Unmade(name, why) for name, why in unmade.items()]


def bodies(stage: Stage, random: Random) -> dict[str, dict[str, Any]]:
    """Returns for each declared object a body that a create may send; what refers to a record does so by its name on the stage."""
    names = {record_id: name for name, (_, record_id) in stage.ids.items()}
    made: dict[str, dict[str, Any]] = {}
    for object_name in stage.own:
        subject = stage.object(object_name)
        try:
            values = dict(_values(stage, subject, random, "here"))
        except NoSample:
            continue
        made[object_name] = {
            name: value if subject.fields[name].reference is None else _named(value, names)
            for name, value in values.items()
        }
    return made


def _named(value: Any, names: Mapping[str, str]) -> Any:
    return [names[each] for each in value] if isinstance(value, list) else names[value]


async def remember(stage: Stage) -> None:
    """Gives every record that is stored a name on the stage, those of the seeds among them, and keeps what each holds and held."""
    known = {record_id: name for name, (_, record_id) in stage.ids.items()}
    for name, subject in stage.runtime.catalog.objects.items():
        fields = tuple(subject.fields)
        rows = await read_records(stage.runtime.door.execute, name, {}, fields)
        if subject.declaration.enable.trash:
            rows += await read_records(stage.runtime.door.execute, name, {}, fields, trash=True)
        for number, row in enumerate(rows):
            called = known.get(row["id"], f"{name}_{number}")
            stage.ids[called] = (name, row["id"])
            stage.stored[name, row["id"]] = row
    for name, past in stage.runtime.catalog.histories.items():
        store, columns = stage.runtime.store, tuple(past.stored)
        for image in await store.fetch(store.prepare(Select(name, columns, EVERYTHING)), Binds((), {}, "")):
            held = dict(zip(columns, image, strict=True))
            stage.images[name, held["id"], held["version"]] = held


async def _grow_old(stage: Stage, random: Random) -> None:
    """Changes records that keep a history, and throws some away where they can be brought back."""
    for object_name in stage.own:
        subject = stage.object(object_name)
        for number, record_id in enumerate(stage.rows_of(object_name)):
            if subject.declaration.enable.track_history and number % _OLDER == 0:
                values = dict(islice(plain_values(subject.fields.values(), random), 1))
                with suppress(FieldstoneError):
                    await stage.runtime.door.execute(Update(object_name, record_id, values), SYSTEM)
            if subject.declaration.enable.trash and number % _THROWN_AWAY == _THROWN_AWAY - 1:
                with suppress(FieldstoneError):
                    await stage.runtime.door.execute(Delete(object_name, record_id), SYSTEM)


async def _share(stage: Stage) -> None:
    """Shares the first records of each object that lets them be shared, with people of their organisation in turn."""
    people = [name for name, user in stage.test.users.items() if user.at == "here"]
    for number, object_name in enumerate(stage.own):
        rows = [name for name, spot in stage.ids.items() if spot[0] == object_name and stage.place_of(name) == "here"]
        for count, row in enumerate(rows[:_SHARED]):
            share = ActingShare(of=row, to=people[(number + count) % len(people)], level=_LEVELS[count % len(_LEVELS)])
            with suppress(FieldstoneError):
                await stage.share(f"{row}_share", share)


async def _populate(stage: Stage, subject: Object, random: Random, count: int) -> str | None:
    """Makes records of one object; returns why there is none, None when there is."""
    why: str | None = None
    made = 0
    for _ in range(count * _TRIES):
        place = "there" if subject.walled and random.random() < _AWAY else "here"
        people = [name for name, user in stage.test.users.items() if (user.at == "there") == (place == "there")]
        try:
            values = dict(_values(stage, subject, random, place))
            owner = {"owner_id": stage.ids[random.choice(people)][1]} if subject.owned else {}
            await stage.make(f"{subject.name}_made_{made}", subject.name, values | owner, place)
        except (FieldstoneError, NoSample) as error:
            why = _told(error)
            continue
        made += 1
        if made == count:
            break
    return None if made else why


def _values(stage: Stage, subject: Object, random: Random, place: str) -> Iterator[tuple[str, Any]]:
    def references(object_name: str) -> list[str]:
        return [
            record_id
            for name, (kind, record_id) in stage.ids.items()
            if kind == object_name and stage.place_of(name) in (place, "both")
        ]

    for name, field in subject.fields.items():
        if fillable(field) and (field.required or random.random() < _FILLED):
            try:
                yield name, sample(field, random, references)
            except NoSample:
                if field.required:
                    raise


def fillable(field: Field) -> bool:
    """Tells whether a value of a field is made up: not one that the system keeps, nor one that is computed."""
    kept = field.system or field.internal or field.declaration.readonly or field.type.computed
    return not (kept or field.type.name in ("secret", "password"))


def plain_values(fields: Iterable[Field], random: Random) -> Iterator[tuple[str, Any]]:
    """Yields a value for each field that can be made up, is stored, and refers to no record."""
    for field in fields:
        if fillable(field) and field.reference is None and is_stored(field):
            with suppress(NoSample):
                yield field.name, sample(field, random, lambda _name: ())


def is_stored(field: Field) -> bool:
    """Tells whether a field has a column of its own."""
    return field.shape.storage.kind is not StorageClass.NONE


def _told(error: Exception) -> str:
    details: Mapping[str, Any] = getattr(error, "details", {})
    return "; ".join(str(field["message"]) for field in details.get("fields", ())) or str(error)
