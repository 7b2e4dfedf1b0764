"""Step `create_record`: one new record; its output is the record as whoever the flow acts for may read it."""

from typing import Any

import msgspec

from fieldstone.engine.operation import Create
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.records import written
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site, record_type


class CreateStep(StepOptions, frozen=True, kw_only=True, tag="create"):
    """Makes a record."""

    object: str
    """The object."""
    fields: dict[str, Any] = {}
    """Its values, by field."""


class CreateNode(Declared, frozen=True, kw_only=True):
    """Makes a record."""

    object: str = msgspec.field(name="objectName")
    """The object."""
    fields: dict[str, Any] = {}
    """Its values, by field."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds the record."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    object: str
    fields: dict[str, Evaluate]


def _link(declared: CreateStep | CreateNode, site: Site) -> Linked | None:
    subject = site.object(declared.object)
    if subject is None:
        return None
    values = site.values_of(subject, declared.fields)
    if values is None:
        return None
    fields = {name: value.evaluate for name, value in values.items()}
    return Linked(_Config(subject.name, fields), record_type(subject))


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    values = {name: turn.value(evaluate) for name, evaluate in config.fields.items()}

    async def create(effects: Effects) -> Any:
        return written(await effects.execute(Create(config.object, (values,))))

    return await turn.act({"object": config.object, "fields": values}, create)


CREATE_RECORD = StepType(StepKind("create_record", _link, CreateStep, CreateNode), _run)
