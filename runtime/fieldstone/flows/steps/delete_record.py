"""Step `delete_record`: deletes the record of an id, or those that satisfy a condition."""

from typing import Any

import msgspec

from fieldstone.engine.operation import Delete
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.records import Target, chosen, link_target
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import STRING, list_of, struct_of
from fieldstone.registry.flows.graph import Linked, StepKind
from fieldstone.registry.flows.site import Site


class DeleteStep(StepOptions, frozen=True, kw_only=True, tag="delete"):
    """Deletes records."""

    object: str
    """The object."""
    id: str | None = None
    """The id of the record."""
    where: dict[str, Any] | None = None
    """A condition of the query language, in place of `id`."""
    many: bool = False
    """`true`: more than one record may satisfy `where`; all are deleted."""


class DeleteNode(Declared, frozen=True, kw_only=True):
    """Deletes records."""

    object: str = msgspec.field(name="objectName")
    """The object."""
    id: str | None = msgspec.field(name="recordId", default=None)
    """The id of the record."""
    where: dict[str, Any] | None = msgspec.field(name="filter", default=None)
    """A condition of the query language, in place of `recordId`."""
    many: bool = msgspec.field(name="multi", default=False)
    """`true`: more than one record may satisfy `filter`; all are deleted."""


def _link(declared: DeleteStep | DeleteNode, site: Site) -> Linked | None:
    subject = site.object(declared.object)
    target = None if subject is None else link_target(declared, site, subject)
    return None if target is None else Linked(target, struct_of({"ids": list_of(STRING)}))


async def _run(turn: Turn) -> Result:
    target: Target = turn.config
    records = chosen(turn, target)

    async def delete(effects: Effects) -> Any:
        ids = await records.ids(effects)
        for each in ids:
            await effects.execute(Delete(target.object, each))
        return {"ids": ids}

    return await turn.act(records.told, delete)


DELETE_RECORD = StepType(StepKind("delete_record", _link, DeleteStep, DeleteNode), _run)
