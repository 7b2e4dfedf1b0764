"""What the steps on records share: which records a step is about, and how records are told."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.engine.operation import Read
from fieldstone.engine.outcome import Outcome, Page, Record, Written
from fieldstone.errors import Conflict, FlowMistake, Internal, NotFound
from fieldstone.flows.interpreter import Turn
from fieldstone.flows.journal import Effects
from fieldstone.query.document import QueryDocument
from fieldstone.registry.catalog import Object
from fieldstone.registry.flows.graph import Evaluate
from fieldstone.registry.flows.site import Site

MOST = 1000
"""The most records that one step reads or writes."""


class Target(msgspec.Struct, frozen=True, eq=False):
    """Which records: the one of an `id`, or those that satisfy `where`; with `many`, more than one."""

    object: str
    id: Evaluate | None = None
    where: Evaluate | None = None
    many: bool = False
    written: Any = None
    """The condition as it was written."""


def link_target(declared: Any, site: Site, subject: Object) -> Target | None:
    """Returns the records that a step is about; notes a fault where it says neither an id nor a condition, or both."""
    record_id, where = getattr(declared, "id", None), declared.where
    if (record_id is None) == (where is None):
        said = "both `id` and" if where is not None else "neither `id` nor"
        hint = "Say which record with `id`, or which records with a condition."
        site.refuse(site.path, f"The step says {said} `{site.at('where')[-1]}`.", hint)
        return None
    if where is not None and not where:
        site.refuse(site.at("where"), "This condition is true of every record.", "Say which records are meant.")
        return None
    found = site.value(record_id if where is None else where, site.at("id" if where is None else "where"))
    if found is None or (where is not None and not site.named_fields(subject, where, site.at("where"))):
        return None
    many = getattr(declared, "many", False)
    if where is None:
        return Target(subject.name, id=found.evaluate, many=many)
    return Target(subject.name, where=found.evaluate, many=many, written=where)


class Chosen(msgspec.Struct, frozen=True, eq=False):
    """The records of a step, as it is about to act: an id, or a condition without anything left to fill in."""

    target: Target
    id: str | None = None
    where: Mapping[str, Any] = {}

    @property
    def told(self) -> dict[str, Any]:
        """What people read as the step's input."""
        return {"object": self.target.object, **({"where": self.where} if self.id is None else {"id": self.id})}

    async def ids(self, effects: Effects) -> list[str]:
        """Returns the ids of the records; raises NotFound and Conflict where one is meant and there is none, or more."""
        if self.target.id is not None:
            if not self.id:
                raise NotFound(f"No record of `{self.target.object}`: the id is empty.")
            return [self.id]
        limit = MOST + 1 if self.target.many else 2
        query = QueryDocument(where=dict(self.where), fields=["id"], limit=limit, count=False)
        page = await effects.execute(Read(self.target.object, query))
        if not isinstance(page, Page):
            raise Internal(f"{type(page).__name__} came of a read.")
        found = [str(row[page.columns.index("id")]) for row in page.rows]
        if not found and not self.target.many:
            raise NotFound(f"No record of `{self.target.object}` satisfies the condition.")
        if len(found) > (MOST if self.target.many else 1):
            count = f"{MOST:,} records" if self.target.many else "one record"
            message = f"More than {count} of `{self.target.object}` satisfy the condition."
            raise Conflict(
                message, hint=None if self.target.many else "Narrow the condition, or say that many are meant."
            )
        return found


def chosen(turn: Turn, target: Target) -> Chosen:
    """Returns the records of a step with everything filled in; raises FlowMistake for a condition that something fell out of."""
    if target.id is not None:
        return Chosen(target, id=str(turn.value(target.id) or ""))
    where = turn.value(target.where) if target.where is not None else {}
    for path in _fallen_out(target.written, where):
        message = (
            f"`{path}` of the condition of `{turn.node.id}` has no value, so that it would be true of other records."
        )
        raise FlowMistake(message, hint="Look before whether there is one.")
    return Chosen(target, where=where)


def _fallen_out(written: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yields where a condition was written with a value that is not there now."""
    if found is None and written is not None:
        yield path
    elif isinstance(written, Mapping) and isinstance(found, Mapping):
        for name, each in written.items():
            yield from _fallen_out(each, found.get(name), f"{path}.{name}" if path else name)
    elif isinstance(written, list | tuple) and isinstance(found, list | tuple):
        for number, (each, value) in enumerate(zip(written, found, strict=False)):
            yield from _fallen_out(each, value, f"{path}[{number}]")


def record_of(outcome: Outcome) -> dict[str, Any]:
    """Returns a record by name."""
    if not isinstance(outcome, Record):
        raise Internal(f"{type(outcome).__name__} is no record.")
    return dict(zip(outcome.columns, outcome.row, strict=True))


def written(outcome: Outcome) -> dict[str, Any]:
    """Returns the one record that was written, by name: its id alone, where it may not be read."""
    if not isinstance(outcome, Written):
        raise Internal(f"{type(outcome).__name__} is nothing that was written.")
    [row], [record_id] = outcome.rows, outcome.ids
    return {"id": record_id} if row is None else dict(zip(outcome.columns, row, strict=True))
