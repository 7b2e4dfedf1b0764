"""The rehearsal: every transaction of a store does all that it does, tells what it changed, and is rolled back in place of its commit.

So each sentence of a case meets the same records, whatever the sentences before it were allowed to do.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest import mock

import msgspec

from fieldstone.engine.unit import Fetch
from fieldstone.query.ast import EVERYTHING, Select
from fieldstone.store.binds import Binds
from fieldstone.store.sql_store import SqlStore, SqlTransaction

Spot = tuple[str, str]
"""An object, and the id of one of its records."""

State = Mapping[Spot, int]
"""The version of every record."""


class Effect(msgspec.Struct, frozen=True):
    """What a write did: records made, gone, and changed with the number of versions that they rose by."""

    made: frozenset[Spot] = frozenset()
    gone: frozenset[Spot] = frozenset()
    changed: tuple[tuple[Spot, int], ...] = ()


NOTHING_DONE = Effect()


class _NotCommitted(Exception):
    """Leaves a transaction in place of its commit."""


class Rehearsal:
    """Keeps a store from changing anything, and tells what it would have changed in some objects."""

    def __init__(self, store: SqlStore, objects: Iterable[str]) -> None:
        self._store = store
        self._selects = {name: store.prepare(Select(name, ("id", "version"), EVERYTHING)) for name in objects}
        self._before: State = {}
        self._effects: list[Effect] = []

    @contextmanager
    def on(self, before: State) -> Iterator[None]:
        """Rehearses every transaction within the block."""
        self._before = before
        transaction = self._store.transaction

        @asynccontextmanager
        async def rehearsed() -> AsyncIterator[SqlTransaction]:
            try:
                async with transaction() as real:
                    yield real
                    self._effects.append(_difference(before, await self._state(real.fetch)))
                    raise _NotCommitted
            except _NotCommitted:
                return

        with mock.patch.object(self._store, "transaction", rehearsed):
            yield

    async def state(self) -> State:
        """Returns what is stored."""
        return await self._state(self._store.fetch)

    def take(self) -> Effect:
        """Returns what was done since the last time, which is at most one transaction's work."""
        effects, self._effects = [effect for effect in self._effects if effect != NOTHING_DONE], []
        assert len(effects) < 2, "one request wrote in two transactions"
        return effects[0] if effects else NOTHING_DONE

    async def _state(self, fetch: Fetch) -> State:
        nothing: Any = Binds((), {}, "")
        return {
            (name, record_id): version
            for name, select in self._selects.items()
            for record_id, version in await fetch(select, nothing)
        }


def _difference(before: State, after: State) -> Effect:
    both = before.keys() & after.keys()
    return Effect(
        made=frozenset(after.keys() - before.keys()),
        gone=frozenset(before.keys() - after.keys()),
        changed=tuple((spot, after[spot] - before[spot]) for spot in sorted(both) if after[spot] != before[spot]),
    )
