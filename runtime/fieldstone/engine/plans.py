"""Plans: the statements that the data operations run, made once per shape and found again by what shapes them.

A key holds policies (by identity), columns and filters, and never a value of a request. Every statement that reads for a caller is
made here, so this is where each of them gets its policy's rows.
"""

from functools import lru_cache
from typing import Any

import msgspec

from fieldstone.access.policy import Policy
from fieldstone.engine.unit import Fetch
from fieldstone.query.ast import (
    EVERYTHING,
    Aggregation,
    And,
    Column,
    Expansion,
    Filter,
    Literal,
    Not,
    OrderKey,
    Ranking,
    Select,
    Share,
    Slot,
    Term,
    conjunction,
    with_lists,
)
from fieldstone.query.masking import Masking
from fieldstone.registry.catalog import Object
from fieldstone.registry.history import VALID_FROM
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Statement, Store, WholeWrite

KEPT = 4096
"""How many plans of each sort are kept."""

ID_IS = Term("id", "eq", Slot(0))
ID_AMONG = Term("id", "in", Slot(0))
AT_VERSION = And((ID_IS, Term("version", "eq", Slot(1))))


class PagePlan(msgspec.Struct, frozen=True, eq=False):
    """A list: its page and its count; where in a row a cursor's values stand, perhaps behind the columns, and what it is bound to.

    Behind a cursor by a field that may be absent, `valued` are the records that have it, as an index serves them, and `valueless` those
    that have not, where these come last: no index serves both in one.
    """

    page: Statement
    count: Statement
    columns: tuple[str, ...]
    key_places: tuple[int, ...]
    binding: bytes
    valued: Statement | None = None
    valueless: Statement | None = None


class ExportPlan(msgspec.Struct, frozen=True, eq=False):
    """All records of a list: the records, and how many there are."""

    records: Statement
    count: Statement


class GroupsPlan(msgspec.Struct, frozen=True, eq=False):
    """Groups: their page and their count; `columns` names the places of a row."""

    page: Statement
    count: Statement
    columns: tuple[str, ...]


class RecordPlan(msgspec.Struct, frozen=True, eq=False):
    """One record by id; `width` columns are answered, the version stands at `version_place`, perhaps behind them."""

    statement: Statement
    columns: tuple[str, ...]
    version_place: int


class ExpansionPlan(msgspec.Struct, frozen=True, eq=False):
    """Records within others: `columns` come first, `names` are these and the lists to be put behind them.

    At `key_place` stands the id that a record is found by, its own at `id_place`.
    """

    statement: Statement
    columns: tuple[str, ...]
    names: tuple[str, ...]
    key_place: int
    id_place: int


class RowsPlan(msgspec.Struct, frozen=True, eq=False):
    """Rows of certain ids: `columns` name the places, two flags may stand behind."""

    statement: Statement
    columns: tuple[str, ...]


class PlanUse(msgspec.Struct, frozen=True):
    """How many plans are kept, how often one was, and how often one was made."""

    kept: int
    hits: int
    misses: int


class Plans:
    """The plans of one store. Each attribute is a function with a bounded memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.page = lru_cache(maxsize=KEPT)(self._page)
        self.ranked = lru_cache(maxsize=KEPT)(self._ranked)
        self.exported = lru_cache(maxsize=KEPT)(self._exported)
        self.groups = lru_cache(maxsize=KEPT)(self._groups)
        self.record = lru_cache(maxsize=KEPT)(self._record)
        self.expansion = lru_cache(maxsize=KEPT)(self._expansion)
        self.visible = lru_cache(maxsize=KEPT)(self._visible)
        self.keyed = lru_cache(maxsize=KEPT)(self._keyed)
        self.matching = lru_cache(maxsize=KEPT)(self._matching)
        self.called = lru_cache(maxsize=KEPT)(self._called)
        self.before_write = lru_cache(maxsize=KEPT)(self._before_write)
        self.after_write = lru_cache(maxsize=KEPT)(self._after_write)
        self.whole = lru_cache(maxsize=KEPT)(self._whole)
        self.stored = lru_cache(maxsize=KEPT)(self._stored)
        self.stamps = lru_cache(maxsize=KEPT)(self._stamps)
        self.image = lru_cache(maxsize=KEPT)(self._image)
        self.versions = lru_cache(maxsize=KEPT)(self._versions)
        self.pointing = lru_cache(maxsize=KEPT)(self._pointing)
        self.pointing_lists = lru_cache(maxsize=KEPT)(self._pointing_lists)
        self.pointing_count = lru_cache(maxsize=KEPT)(self._pointing_count)

    def use(self) -> PlanUse:
        """Returns what the memories have come to."""
        memories = [made.cache_info() for made in vars(self).values() if hasattr(made, "cache_info")]
        return PlanUse(
            kept=sum(memory.currsize for memory in memories),
            hits=sum(memory.hits for memory in memories),
            misses=sum(memory.misses for memory in memories),
        )

    def _page(
        self,
        policy: Policy,
        columns: tuple[str, ...],
        where: Filter,
        order: tuple[OrderKey, ...],
        after: int | None,
        shifted: bool,
    ) -> PagePlan:
        rows = conjunction(policy.rows, where)
        fetched = (*columns, *(key.column for key in order if key.column not in columns))
        masks = _masks(policy)
        select = Select(policy.object, fetched, rows, order, after=after, limited=True, shifted=shifted, masks=masks)
        valued = valueless = None
        if after is not None and _may_be_absent(order[0], policy):
            valued = self._store.prepare(msgspec.structs.replace(select, valued=True))
            if not order[0].descending:
                absent = conjunction(rows, Term(order[0].field, "null", Literal(value=True)))
                valueless = self._store.prepare(msgspec.structs.replace(select, where=absent, after=None))
        return PagePlan(
            page=self._store.prepare(select),
            count=self._store.prepare_count(policy.object, rows),
            columns=columns,
            key_places=tuple(fetched.index(key.column) for key in order),
            binding=repr((policy.object, [(key.field, key.descending, key.references) for key in order])).encode(),
            valued=valued,
            valueless=valueless,
        )

    def _ranked(self, policy: Policy, ranking: Ranking) -> RowsPlan:
        """The records that match a search best; the id is among their columns, behind them stand points and how many there are."""
        columns = tuple(dict.fromkeys((*policy.shape.columns, "id")))
        rows = conjunction(policy.rows, ranking.match)
        select = Select(policy.object, columns, rows, limited=True, masks=_masks(policy), ranking=ranking)
        return RowsPlan(self._store.prepare(select), columns)

    def _exported(
        self, policy: Policy, columns: tuple[Column, ...], where: Filter, order: tuple[OrderKey, ...]
    ) -> ExportPlan:
        """All records of a list, with the values at the end of paths among their columns."""
        rows = conjunction(policy.rows, where)
        select = Select(policy.object, columns, rows, order, limited=True, masks=_masks(policy))
        return ExportPlan(self._store.prepare(select), self._store.prepare_count(policy.object, rows))

    def _groups(self, policy: Policy, aggregation: Aggregation) -> GroupsPlan:
        """Groups of the rows of a list."""
        seen = msgspec.structs.replace(aggregation, where=conjunction(policy.rows, aggregation.where))
        return GroupsPlan(
            page=self._store.prepare_groups(seen),
            count=self._store.prepare_group_count(seen),
            columns=aggregation.names,
        )

    def _record(self, policy: Policy, columns: tuple[str, ...] | None, where: Filter = ID_IS) -> RecordPlan:
        answered = policy.shape.columns if columns is None else columns
        fetched = answered if "version" in answered else (*answered, "version")
        select = Select(policy.object, fetched, conjunction(policy.rows, where), masks=_masks(policy))
        return RecordPlan(self._store.prepare(select), answered, fetched.index("version"))

    def _expansion(self, policy: Policy, expansion: Expansion) -> ExpansionPlan:
        """Records that stand within others, under their own policy: those with the ids of slot 0, or that refer to these."""
        columns = expansion.columns
        key = expansion.field if expansion.listed else "id"
        fetched = tuple(dict.fromkeys((*columns, key, "id")))
        select = Select(
            policy.object,
            fetched,
            conjunction(policy.rows, expansion.where, Term(key, "in", Slot(0))),
            expansion.order,
            limited=expansion.listed,
            share=None if expansion.most is None else Share(key, expansion.most),
            masks=_masks(policy),
        )
        names = with_lists(columns, expansion.expand)
        return ExpansionPlan(self._store.prepare(select), columns, names, fetched.index(key), fetched.index("id"))

    def _visible(self, policy: Policy, where: Filter = EVERYTHING) -> Statement:
        """Which of some ids are there for the caller and satisfy a further filter."""
        return self._store.prepare(Select(policy.object, ("id",), conjunction(policy.rows, ID_AMONG, where)))

    def _keyed(self, policy: Policy, field: str) -> Statement:
        """The records there for the caller whose field has one of some values: the id, and the value."""
        rows = conjunction(policy.rows, Term(field, "in", Slot(0)))
        return self._store.prepare(Select(policy.object, ("id", field), rows))

    def _matching(self, policy: Policy, fields: tuple[str, ...]) -> Statement:
        """So many of the records there for the caller whose every field has one of some values, slot by slot: the id, and the values."""
        rows = conjunction(policy.rows, *(Term(field, "in", Slot(place)) for place, field in enumerate(fields)))
        return self._store.prepare(Select(policy.object, ("id", *fields), rows, (OrderKey("id"),), limited=True))

    def _called(self, policy: Policy, field: str, where: Filter, most: int) -> Statement:
        """The records there for the caller whose field has one of some values and that satisfy a further filter: the id, and the value.

        Of those with one value no more than the slot `most` says.
        """
        rows = conjunction(policy.rows, Term(field, "in", Slot(0)), where)
        share = Share(field, most)
        return self._store.prepare(Select(policy.object, ("id", field), rows, (OrderKey("id"),), share=share))

    def _before_write(self, subject: Object, read: Policy, write: Policy) -> RowsPlan:
        """One record in full, with the formulas that the caller may read, and whether he may read it and may do this to it."""
        formulas = (name for name, shape in read.shape.fields.items() if shape.formula is not None)
        columns = (*subject.stored, *formulas)
        select = Select(subject.name, columns, ID_IS, flags=(read.rows, write.rows))
        return RowsPlan(self._store.prepare(select), columns)

    def _after_write(self, read: Policy, write: Policy, answered: bool = True) -> RowsPlan:
        """Records as their writer may read them, whether they may stand, and whether he may read them; id and version are among them."""
        columns = (read.shape.columns if answered else ()) or ("id", "version")
        return RowsPlan(self._store.prepare(_written(read, write, columns, ID_AMONG)), columns)

    def _whole(self, read: Policy, write: Policy, columns: tuple[str, ...], where: Filter | None) -> RowsPlan | None:
        """A write of some columns that is all its Unit does, answered as `after_write` does; None where that cannot be."""
        answered = read.shape.columns or ("id", "version")
        statement = self._store.prepare_whole(WholeWrite(_written(read, write, answered, EVERYTHING), columns, where))
        return None if statement is None else RowsPlan(statement, answered)

    def _stored(self, subject: Object) -> RowsPlan:
        """Records in full, for hooks."""
        columns = subject.stored
        return RowsPlan(self._store.prepare(Select(subject.name, columns, ID_AMONG)), columns)

    def _stamps(self, subject: Object) -> RowsPlan:
        """What the journal notes of records: id, version, and organisation where they have one."""
        columns = ("id", "version", *(("organization_id",) if subject.walled else ()))
        return RowsPlan(self._store.prepare(Select(subject.name, columns, ID_AMONG)), columns)

    async def stamps_of(self, fetch: Fetch, subject: Object, ids: list[str], now: str) -> list[dict[str, Any]]:
        """Returns what the journal notes of records."""
        plan = self.stamps(subject)
        rows = await fetch(plan.statement, Binds((ids,), {}, now))
        return [dict(zip(plan.columns, row, strict=True)) for row in rows]

    def _image(self, past: Policy) -> RowsPlan:
        """One version of one record."""
        columns = past.shape.columns
        where = conjunction(past.rows, ID_IS, Term("version", "eq", Slot(1)))
        select = Select(past.object, columns, where, masks=_masks(past))
        return RowsPlan(self._store.prepare(select), columns)

    def _versions(self, past: Policy, below: bool) -> RowsPlan:
        """The versions of one record, the newest first, with the instants of their making; below one version or all."""
        columns = (*past.shape.columns, VALID_FROM)
        where = conjunction(past.rows, ID_IS, *((Term("version", "lt", Slot(1)),) if below else ()))
        order = (OrderKey("version", descending=True), OrderKey("id"))
        select = Select(past.object, columns, where, order, limited=True, masks=_masks(past))
        return RowsPlan(self._store.prepare(select), columns)

    def _pointing(self, object_name: str, field: str, extra: Filter) -> Statement:
        """The ids of records that refer to some of slot 0, are not themselves among slot 1, and satisfy a further filter."""
        return self._store.prepare(Select(object_name, ("id",), conjunction(pointing_rows(field), extra)))

    def _pointing_lists(self, object_name: str, field: str) -> Statement:
        """The id, the version and the list of those records, of a field that holds several ids."""
        return self._store.prepare(Select(object_name, ("id", "version", field), pointing_rows(field)))

    def _pointing_count(self, policy: Policy, field: str) -> Statement:
        """How many of those the caller may see."""
        return self._store.prepare_count(policy.object, conjunction(policy.rows, pointing_rows(field)))


def _written(read: Policy, write: Policy, columns: tuple[str, ...], where: Filter) -> Select:
    """Returns how records are looked at after they are written."""
    return Select(write.object, columns, where, flags=(write.check, read.rows), masks=_masks(read))


def _may_be_absent(key: OrderKey, policy: Policy) -> bool:
    """Tells whether a field of the object itself is sorted by that some records have no value in."""
    shape = None if key.through else policy.shape.fields.get(key.field)
    return shape is not None and shape.nullable


def _masks(policy: Policy) -> tuple[tuple[str, Masking], ...]:
    """Returns the masks under which a caller reads, as a statement takes them."""
    return tuple(policy.shape.masks.items())


def pointing_rows(field: str) -> Filter:
    """Returns the filter of records that refer to some of slot 0 and are not themselves among slot 1."""
    return And((Term(field, "in", Slot(0)), Not(Term("id", "in", Slot(1)))))
