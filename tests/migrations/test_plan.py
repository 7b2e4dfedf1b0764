"""Planning: what it costs where nothing has changed, and which lock each step tells of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from fieldstone.store.database import Database, RawRows, Session
from fieldstone.store.migration.plan import make_plan
from fieldstone.store.migration.step import EFFECTS, KEPT, Action
from tests.migrations.pairs import NOW, catalog, database_at, planned, started


class _Counting:
    """A database, or a session of it, that counts what it is asked."""

    def __init__(self, inner: Any, asked: list[str]) -> None:
        self._inner = inner
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def read(self, text: str, parameters: tuple[Any, ...], *, bounded: bool) -> RawRows:
        self._asked.append(text)
        return cast("RawRows", await self._inner.read(text, parameters, bounded=bounded))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with self._inner.transaction() as session:
            yield cast("Session", _Counting(session, self._asked))


async def test_a_plan_of_nothing_asks_as_much_for_many_objects_as_for_one(tmp_path: Path, database_url: str) -> None:
    objects = {f"thing_{number}": {"fields": {"name": {"type": "text"}}} for number in range(40)}
    many = catalog(tmp_path / "many", objects)
    asked: list[str] = []
    async with database_at(database_url) as database:
        await started(many, database)
        plan = await planned(many, cast("Database", _Counting(database, asked)))
        started_again: list[str] = []
        bare = await make_plan(many, cast("Database", _Counting(database, started_again)), NOW, counted=False)
    assert (plan.objects, len(asked)) == ((), 2)
    assert (bare.objects, len(started_again)) == ((), 2)
    assert not any("definition" in text for text in started_again)


def test_every_action_says_what_it_locks_or_touches_nothing_that_is_there() -> None:
    assert set(EFFECTS) == set(Action)
    harmless = KEPT | {Action.ADD_OBJECT, Action.BEGIN_HISTORY, Action.SUMMARIZE}
    assert {action for action, effect in EFFECTS.items() if effect.lock is None} == harmless
    assert not any(effect.copies and effect.at_start for effect in EFFECTS.values())
