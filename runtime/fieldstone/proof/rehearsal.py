"""The rehearsal: every transaction of a store does all that it does, tells what it changed, and is rolled back in place of its commit.

So each sentence of a test meets the same records, whatever the sentences before it were allowed to do.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

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


class ProofFault(Exception):
    """Something keeps a proof from being one: a write lasted, a request wrote in two transactions, a name is like no other."""


class Rehearsal:
    """Keeps a store from changing anything, and tells what it would have changed in some objects."""

    def __init__(self, store: SqlStore, objects: Iterable[str]) -> None:
        self._store = store
        self._selects = {name: store.prepare(Select(name, ("id", "version"), EVERYTHING)) for name in objects}
        self._effects: list[Effect] = []

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Lets nothing last that is done in the block; raises ProofFault when something did."""
        before = await self.state()

        async def observe(transaction: SqlTransaction) -> None:
            self._effects.append(_difference(before, await self._state(transaction.fetch)))

        with self._store.rehearsing(observe):
            yield
        lasting = _difference(before, await self.state())
        if lasting != NOTHING_DONE:
            raise ProofFault(f"something was written for good: {lasting}")

    async def state(self) -> State:
        """Returns what is stored."""
        return await self._state(self._store.fetch)

    def take(self) -> Effect:
        """Returns what was done since the last time, which is at most one transaction's work."""
        effects, self._effects = [effect for effect in self._effects if effect != NOTHING_DONE], []
        if len(effects) > 1:
            raise ProofFault("one request wrote in two transactions")
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
