"""The plan: every step that brings a database to its catalog, with what the records say to it. Reads, and changes nothing.

A start plans without counting what nobody will be told of; `fieldstone migrate` counts.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from fieldstone.errors import DeclarationError, Fault
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.store.columns import DialectName
from fieldstone.store.database import Database
from fieldstone.store.migration.change import (
    Change,
    are_as_wanted,
    changes_of,
    histories_left,
    renamed_objects,
    wanted_schemas,
)
from fieldstone.store.migration.compare import steps_of
from fieldstone.store.migration.ledger import RESERVED, Entry, read_hashes, read_ledger
from fieldstone.store.migration.records import Records
from fieldstone.store.migration.step import KEPT, Action, Step
from fieldstone.store.migration.survey import Survey
from fieldstone.store.schema import TableSchema

_DROPPED = KEPT | {Action.DROP_FIELD, Action.DROP_OBJECT}
Standing = Literal["added", "renamed", "changed", "lost"]


class ObjectPlan(msgspec.Struct, frozen=True, eq=False):
    """The steps of one object in their order; `records` is how many it has, where somebody counted."""

    change: Change
    steps: tuple[Step, ...]
    records: int | None = None

    @property
    def name(self) -> str:
        """The object's name."""
        return self.change.name

    @property
    def standing(self) -> Standing:
        """What becomes of the object as a whole."""
        if self.change.wanted is None:
            return "lost"
        if self.change.stored is None:
            return "added"
        return "changed" if self.change.former is None else "renamed"

    @property
    def pending(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action not in KEPT)

    def fields(self, action: Action) -> frozenset[str]:
        """Returns the fields that an action is done to."""
        return frozenset(step.field for step in self.steps if step.action == action and step.field is not None)

    @property
    def reshapes(self) -> bool:
        """Whether the table is more than added to."""
        return any(not step.effect.at_start for step in self.steps)


class Plan(msgspec.Struct, frozen=True, eq=False):
    """What is to be done, by object, in the order in which it is done. `wanted` are all schemas, `allowed` what may be lost.

    `histories_left` are those that are not kept any more from now on.
    """

    objects: tuple[ObjectPlan, ...]
    wanted: Mapping[str, TableSchema]
    dialect: DialectName
    allowed: frozenset[str] = frozenset()
    histories_left: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that do something."""
        return tuple(step for item in self.objects for step in item.pending)

    @property
    def refused(self) -> tuple[Step, ...]:
        """The steps that cannot be done."""
        return tuple(step for step in self.steps if step.refused is not None)

    @property
    def losing(self) -> tuple[Step, ...]:
        """The steps that lose something, and would if they dropped what stays."""
        return tuple(
            step for item in self.objects for step in item.steps if step.lost is not None or step.action in _DROPPED
        )

    @property
    def unallowed(self) -> tuple[Step, ...]:
        """The steps that lose something which nobody has allowed."""
        return tuple(step for step in self.steps if step.lost is not None and not is_allowed(step, self.allowed))


def is_allowed(step: Step, names: frozenset[str]) -> bool:
    """Tells whether somebody has named a step, or its whole object: that stands for what is declared, not for what would stay."""
    return step.name in names or (step.action not in _DROPPED and step.name.partition(".")[0] in names)


async def make_plan(
    catalog: Catalog,
    database: Database,
    now: str,
    *,
    allowed: frozenset[str] = frozenset(),
    counted: bool = True,
    known: Catalog | None = None,
) -> Plan:
    """Returns the plan. Not `counted`, it leaves out what is there still and undeclared, and how many records steps write.

    Objects that are those of a `known` catalog, for which the database was brought up, are not looked at.
    """
    _refuse_reserved(catalog)
    dialect = database.dialect
    wanted = wanted_schemas(catalog, dialect, known)
    async with database.transaction() as session:
        hashes = {} if counted else await read_hashes(session, dialect.name)
        if not counted and are_as_wanted(wanted, hashes):
            return Plan((), wanted, dialect.name, allowed, histories_left(catalog, hashes))
        stored = await read_ledger(session, dialect.name)
        changes = [*changes_of(catalog, wanted, stored, lost=counted)]
        survey = Survey(catalog, Records(session, dialect), _names_now(catalog, stored), now, counted=counted)
        going = frozenset(change.name for change in changes if change.wanted is None and change.name in allowed)
        planned = [await _planned(change, survey, allowed, going) for change in changes]
    ordered = tuple(sorted(planned, key=_turn))
    hashes = {name: entry.hash for name, entry in stored.items()}
    return Plan(ordered, wanted, dialect.name, allowed, histories_left(catalog, hashes))


async def is_as_wanted(name: str, catalog: Catalog, database: Database) -> bool:
    """Tells whether the table of an object is all that a catalog wants of it."""
    async with database.transaction() as session:
        hashes = await read_hashes(session, database.dialect.name)
    return are_as_wanted({name: wanted_schemas(catalog, database.dialect)[name]}, hashes)


async def _planned(change: Change, survey: Survey, allowed: frozenset[str], going: frozenset[str]) -> ObjectPlan:
    """Returns the plan of one object; `going` are the objects that are dropped."""
    steps: list[Step] = []
    for step in steps_of(change, going):
        looked = await survey.look(change, _dropped(step) if is_allowed(step, allowed) else step)
        if looked is not None:
            steps.append(looked)
    dropping = {step.field for step in steps if step.action == Action.DROP_FIELD}
    steps = [step for step in steps if step.action != Action.RELAX or step.field not in dropping]
    order = list(Action)
    steps.sort(key=lambda step: order.index(step.action))
    records = await survey.size(change) if steps else None
    return ObjectPlan(change, tuple(steps), records)


def _dropped(step: Step) -> Step:
    """Returns a step that drops what would stay; any other as it is."""
    if step.action not in KEPT:
        return step
    dropping = Action.DROP_FIELD if step.action == Action.KEEP_FIELD else Action.DROP_OBJECT
    return msgspec.structs.replace(step, action=dropping, what="is dropped")


def _refuse_reserved(catalog: Catalog) -> None:
    faults = [
        Fault(linked.place, Code.NAME_RESERVED, f"`{name}` is a table of the platform's own.", "Choose another name.")
        for name, linked in catalog.objects.items()
        if name in RESERVED
    ]
    if faults:
        raise DeclarationError(faults)


def _names_now(catalog: Catalog, stored: Mapping[str, Entry]) -> dict[str, str]:
    """Returns the names of tables as they are, by the names that they will have."""
    former = {new: old for old, new in renamed_objects(catalog, stored).items()}
    there = {name: name for name in stored}
    return there | former


def _turn(item: ObjectPlan) -> int:
    """Renames come first, that all may refer to the new names; what is dropped goes last."""
    return {"renamed": 0, "added": 1, "changed": 1, "lost": 2}[item.standing]
