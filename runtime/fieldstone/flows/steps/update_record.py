"""Step `update_record`: changes the record of an id, or those that satisfy a condition."""

from typing import Any

import msgspec

from fieldstone.engine.operation import Update
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.records import Target, chosen, link_target, written
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import list_of
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site, record_type


class UpdateStep(StepOptions, frozen=True, kw_only=True, tag="update"):
    """Changes records."""

    object: str
    """The object."""
    id: str | None = None
    """The id of the record."""
    where: dict[str, Any] | None = None
    """A condition of the query language, in place of `id`."""
    many: bool = False
    """`true`: more than one record may satisfy `where`; all are changed, and the output is a list."""
    fields: dict[str, Any]
    """The new values, by field."""


class UpdateNode(Declared, frozen=True, kw_only=True):
    """Changes records."""

    object: str = msgspec.field(name="objectName")
    """The object."""
    id: str | None = msgspec.field(name="recordId", default=None)
    """The id of the record."""
    where: dict[str, Any] | None = msgspec.field(name="filter", default=None)
    """A condition of the query language, in place of `recordId`."""
    many: bool = msgspec.field(name="multi", default=False)
    """`true`: more than one record may satisfy `filter`; all are changed, and the output is a list."""
    fields: dict[str, Any]
    """The new values, by field."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds what was changed."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    target: Target
    fields: dict[str, Evaluate]


def _link(declared: UpdateStep | UpdateNode, site: Site) -> Linked | None:
    subject = site.object(declared.object)
    if subject is None:
        return None
    target = link_target(declared, site, subject)
    values = site.values_of(subject, declared.fields)
    if target is None or values is None:
        return None
    output = record_type(subject)
    fields = {name: value.evaluate for name, value in values.items()}
    return Linked(_Config(target, fields), list_of(output) if target.many else output)


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    records = chosen(turn, config.target)
    values = {name: turn.value(evaluate) for name, evaluate in config.fields.items()}

    async def update(effects: Effects) -> Any:
        ids = await records.ids(effects)
        changed = [written(await effects.execute(Update(config.target.object, each, values))) for each in ids]
        return changed if config.target.many else changed[0]

    return await turn.act({**records.told, "fields": values}, update)


UPDATE_RECORD = StepType(StepKind("update_record", _link, UpdateStep, UpdateNode), _run)
