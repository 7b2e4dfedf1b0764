"""The line at the writer of SQLite: who waits, who is next, and how many turns of the event loop it takes."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from fieldstone.store.sqlite_line import WOKEN, Line
from tests.turns import LoopTurns

CROWD = WOKEN + 10


class Visitors:
    """Some who take their turns at a line, each for so many turns of the loop; `order` are those who had theirs, by name."""

    def __init__(self) -> None:
        self.line = Line()
        self.order: list[int] = []
        self.at: list[int] = []
        self.most = self._now = 0

    def come(self, name: int, loop_turns: Callable[[], int] = lambda: 0, *, pauses: int = 0) -> "asyncio.Task[None]":
        return asyncio.create_task(self._visit(name, loop_turns, pauses))

    async def _visit(self, name: int, loop_turns: Callable[[], int], pauses: int) -> None:
        await self.line.take()
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            for _ in range(pauses):
                await asyncio.sleep(0)
            self.order.append(name)
            self.at.append(loop_turns())
        finally:
            self._now -= 1
            self.line.give_back()


@pytest.mark.parametrize(
    ("crowd", "turns_of_the_loop"), [(2, [2]), (WOKEN, [WOKEN]), (2 * WOKEN + 3, [WOKEN, WOKEN, 3])]
)
async def test_many_who_wait_have_their_turns_within_one_turn_of_the_loop(
    crowd: int, turns_of_the_loop: list[int]
) -> None:
    visitors = Visitors()
    with LoopTurns() as turns:
        await visitors.line.take()
        waiting = [visitors.come(name, lambda: turns.now) for name in range(crowd)]
        await asyncio.sleep(0)
        visitors.line.give_back()
        await asyncio.gather(*waiting)
    assert visitors.order == list(range(crowd))
    assert list(Counter(visitors.at).values()) == turns_of_the_loop


async def test_who_is_woken_while_another_keeps_the_turn_keeps_his_place() -> None:
    visitors = Visitors()
    await visitors.line.take()
    waiting = [visitors.come(name, pauses=name % 3) for name in range(CROWD)]
    await asyncio.sleep(0)
    visitors.line.give_back()
    await asyncio.gather(*waiting)
    assert (visitors.order, visitors.most) == (list(range(CROWD)), 1)


async def test_nobody_passes_those_who_are_woken() -> None:
    visitors = Visitors()
    await visitors.line.take()
    waiting = [visitors.come(name, pauses=1) for name in range(3)]
    await asyncio.sleep(0)
    visitors.line.give_back()
    assert not visitors.line.free
    await asyncio.gather(*waiting, visitors.come(3))
    assert (visitors.order, visitors.line.free) == ([0, 1, 2, 3], True)


@pytest.mark.parametrize("woken", [False, True])
@pytest.mark.parametrize("gone", [{0}, {1}, {0, 1}, {2}, {0, 2}, {0, 1, 2}])
async def test_who_goes_away_leaves_the_turn_to_the_next(gone: set[int], *, woken: bool) -> None:
    visitors = Visitors()
    await visitors.line.take()
    waiting = [visitors.come(name) for name in range(3)]
    await asyncio.sleep(0)
    if woken:
        visitors.line.give_back()
    for name in gone:
        waiting[name].cancel()
    late = visitors.come(3)
    await asyncio.sleep(0)
    if not woken:
        visitors.line.give_back()
    await asyncio.gather(*waiting, late, return_exceptions=True)
    assert (visitors.order, visitors.line.free) == ([name for name in range(4) if name not in gone], True)


async def test_who_goes_away_in_his_turn_gives_it_back() -> None:
    visitors = Visitors()
    waiting = [visitors.come(name, pauses=1) for name in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (visitors.order, visitors.line.free) == ([1, 2], True)


async def test_where_all_who_are_woken_go_away_those_behind_them_have_the_turn() -> None:
    visitors = Visitors()
    await visitors.line.take()
    waiting = [visitors.come(name) for name in range(CROWD)]
    await asyncio.sleep(0)
    visitors.line.give_back()
    for task in waiting[:WOKEN]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (visitors.order, visitors.line.free) == (list(range(WOKEN, CROWD)), True)
