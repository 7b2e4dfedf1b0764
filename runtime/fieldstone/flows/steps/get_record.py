"""Step `get_record`: reads records. In a list, type `query`: a list of them, or, with an `id`, the one record or nothing."""

from typing import Annotated, Any

import msgspec

from fieldstone.engine.operation import Read
from fieldstone.engine.outcome import Page
from fieldstone.errors import Internal
from fieldstone.flows.interpreter import Result, Turn
from fieldstone.flows.journal import Effects
from fieldstone.flows.steps.records import MOST
from fieldstone.flows.steps.step import StepType
from fieldstone.kinds.declaration import Declared, Name
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import list_of, optional
from fieldstone.query.document import QueryDocument
from fieldstone.registry.flows.graph import Evaluate, Linked, StepKind
from fieldstone.registry.flows.site import Site, record_type

Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST)]


class QueryStep(StepOptions, frozen=True, kw_only=True, tag="query"):
    """Reads records."""

    object: str
    """The object."""
    id: str | None = None
    """The id of a record: the output is that record, null where there is none."""
    where: dict[str, Any] | None = None
    """A condition of the query language: the output is the list of the records that satisfy it."""
    fields: tuple[str, ...] = ()
    """The fields that are read; all of them unless given."""
    order_by: str | None = None
    """The order, such as `-priority,created_at`."""
    limit: Limit = 100
    """The most records that are read."""


class GetNode(Declared, frozen=True, kw_only=True):
    """Reads records."""

    object: str = msgspec.field(name="objectName")
    """The object."""
    id: str | None = msgspec.field(name="recordId", default=None)
    """The id of a record."""
    where: dict[str, Any] | None = msgspec.field(name="filter", default=None)
    """A condition of the query language."""
    fields: tuple[str, ...] = ()
    """The fields that are read; all of them unless given."""
    order_by: str | None = None
    """The order, such as `-priority,created_at`."""
    limit: Limit = 1
    """With 1, the output is the first record, null where there is none; with more it is a list."""
    output: Name | None = msgspec.field(name="outputVariable", default=None)
    """The variable that holds what was read."""


class _Config(msgspec.Struct, frozen=True, eq=False):
    object: str
    where: Evaluate
    fields: list[str]
    order_by: str | None
    limit: int
    one: bool


def _link(declared: QueryStep | GetNode, site: Site) -> Linked | None:
    subject = site.object(declared.object)
    if subject is None:
        return None
    if declared.id is not None and declared.where is not None:
        site.refuse(
            site.at("id"),
            f"The step says both `{site.at('id')[-1]}` and `{site.at('where')[-1]}`.",
            "Drop one of the two.",
        )
        return None
    raw = {"id": declared.id} if declared.id is not None else declared.where or {}
    path = site.path if declared.id is not None else site.at("where")
    where = site.value(raw, path)
    whole = declared.where is None or site.named_fields(subject, declared.where, path)
    for number, name in enumerate(declared.fields):
        whole = site.field(subject, name, site.at("fields", number)) is not None and whole
    if where is None or not whole:
        return None
    one = declared.id is not None or (isinstance(declared, GetNode) and declared.limit == 1)
    fields = list(dict.fromkeys(("id", *declared.fields))) if declared.fields else []
    config = _Config(subject.name, where.evaluate, fields, declared.order_by, 1 if one else declared.limit, one)
    record = record_type(subject)
    return Linked(config, optional(record) if one else list_of(record))


async def _run(turn: Turn) -> Result:
    config: _Config = turn.config
    where = turn.value(config.where)
    query = QueryDocument(
        where=where or msgspec.UNSET,
        fields=config.fields or msgspec.UNSET,
        order_by=config.order_by or msgspec.UNSET,
        limit=config.limit,
        count=False,
    )

    async def read(effects: Effects) -> Any:
        page = await effects.execute(Read(config.object, query))
        if not isinstance(page, Page):
            raise Internal(f"{type(page).__name__} came of a read.")
        records = page.records()
        return (records[0] if records else None) if config.one else records

    return await turn.act({"object": config.object, "where": where}, read)


GET_RECORD = StepType(StepKind("get_record", _link, QueryStep, GetNode), _run)
