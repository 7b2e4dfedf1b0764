"""Expanding: records within records, level by level, with one statement for each expansion however many records it hangs on.

What is expanded is read under the caller's own policy for its object and shown without the fields that are hidden from him. A target
that is absent, invisible, filtered out, or of an object that is not offered leaves the id as it stands; a list of references holds the
records that are there. Refuses lists that hold more records together than one answer may; a wrong name was refused with the query.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fieldstone.access.caller import Caller
from fieldstone.engine.door import Door
from fieldstone.engine.gate import may_look
from fieldstone.engine.unit import Fetch
from fieldstone.errors import Invalid
from fieldstone.query.ast import Expansion
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row

Nested = dict[str, Any]
"""A record within a record, by name."""


class Expander:
    """Reads the expansions of one query; the lists of all of them together are bounded."""

    def __init__(self, door: Door, caller: Caller, now: str, fetch: Fetch, values: tuple[Any, ...]) -> None:
        """Takes for whom it reads, when and how, and what the slots of the expansions point to, from slot 1 on."""
        self._door = door
        self._caller = caller
        self._now = now
        self._fetch = fetch
        self._values = values
        self._left = door.limits.expand_rows

    async def expand(
        self, columns: Sequence[str], rows: list[Row], ids: Sequence[str], expansions: tuple[Expansion, ...]
    ) -> list[Row]:
        """Returns rows with records in place of their ids, where these are there, and the lists behind the columns.

        `ids` are those of the rows, for lists to hang on.
        """
        for expansion in expansions:
            if expansion.listed:
                lists = await self._lists(expansion, ids)
                rows = [(*row, lists.get(record_id, [])) for row, record_id in zip(rows, ids, strict=True)]
                continue
            place = columns.index(expansion.name)
            put = self._put_each if expansion.many else self._put
            values = await put(expansion, [row[place] for row in rows])
            rows = [(*row[:place], value, *row[place + 1 :]) for row, value in zip(rows, values, strict=True)]
        return rows

    async def _put(self, expansion: Expansion, ids: list[Any]) -> list[Any]:
        """Returns the records with these ids, place by place; an id where its record is not there."""
        found: dict[str | None, Any] = dict(await self._read(expansion, set(ids)))
        return [found.get(record_id, record_id) for record_id in ids]

    async def _put_each(self, expansion: Expansion, lists: list[Any]) -> list[Any]:
        """Returns the records of lists of ids, which come as they are stored, in their order; one that is not there is left out."""
        ids: list[list[str] | None] = [None if text is None else msgspec.json.decode(text) for text in lists]
        found: dict[str, Any] = dict(await self._read(expansion, {each for several in ids for each in several or ()}))
        return [None if several is None else [found[each] for each in several if each in found] for several in ids]

    async def _lists(self, expansion: Expansion, ids: Iterable[str]) -> dict[str, list[Nested]]:
        """Returns the records that refer to each of some ids, in their order."""
        lists: dict[str, list[Nested]] = {}
        for record_id, record in await self._read(expansion, ids):
            lists.setdefault(record_id, []).append(record)
        return lists

    async def _read(self, expansion: Expansion, ids: Iterable[str | None]) -> list[tuple[str, Nested]]:
        """Returns the records of an expansion with all that is expanded within, each beside the id that it was found by."""
        sought = [record_id for record_id in ids if record_id is not None]
        if not sought or not may_look(self._door, self._caller, expansion.object):
            return []
        policy = self._door.policies.policy(self._caller, expansion.object, "read")
        plan = self._door.plans.expansion(policy, expansion)
        limit = self._left + 1 if expansion.listed else None
        rows = await self._fetch(
            plan.statement, Binds((sought, *self._values), self._caller.values, self._now, limit=limit)
        )
        if expansion.listed:
            self._count(len(rows))
        keys = [row[plan.key_place] for row in rows]
        if expansion.expand:
            found = [row[plan.id_place] for row in rows]
            rows = [row[: len(plan.columns)] for row in rows]
            rows = await self.expand(plan.columns, rows, found, expansion.expand)
        return [(key, dict(zip(plan.names, row, strict=False))) for key, row in zip(keys, rows, strict=True)]

    def _count(self, records: int) -> None:
        if records > self._left:
            raise Invalid(
                f"The lists of an answer hold at most {self._door.limits.expand_rows} records together.",
                reason="INVALID_QUERY",
                path="expand",
                hint="Ask for less: a smaller `limit`, of the page or of the lists within.",
            )
        self._left -= records
