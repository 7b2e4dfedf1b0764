"""Portions: how many requests are begun in one turn of the event loop, and when that is counted at all."""

import asyncio
from collections import Counter

from fieldstone.settings import Limits
from fieldstone.surfaces.http.places import MANY, Places
from fieldstone.surfaces.http.portions import PORTION, Portions
from tests.surfaces.counters import Counters, settled
from tests.turns import LoopTurns

CROWD = 3 * PORTION + 1
PLENTY = Limits(answering=10 * CROWD)


async def test_of_a_crowd_a_portion_begins_in_each_turn_of_the_loop_in_the_order_of_coming() -> None:
    portions, begun = Portions(), list[tuple[int, int]]()

    async def begin(name: int) -> None:
        await portions.come()
        begun.append((turns.now, name))

    with LoopTurns() as turns:
        await asyncio.gather(*(begin(name) for name in range(CROWD)))
    assert [name for _, name in begun] == list(range(CROWD))
    assert list(Counter(turn for turn, _ in begun).values()) == [PORTION, PORTION, PORTION, 1]
    assert portions.waiting == 0


async def test_who_goes_away_takes_nobodys_place_in_a_portion() -> None:
    portions, begun = Portions(), list[int]()

    async def begin(name: int) -> None:
        await portions.come()
        begun.append(name)

    crowd = [asyncio.create_task(begin(name)) for name in range(CROWD)]
    await asyncio.sleep(0)
    gone = crowd[PORTION : 2 * PORTION]
    for task in gone:
        task.cancel()
    await asyncio.wait(crowd)
    assert all(task.cancelled() for task in gone)
    assert begun == [*range(PORTION), *range(2 * PORTION, CROWD)]


async def test_whoever_waits_for_something_goes_on_between_the_portions() -> None:
    counters = Counters(PLENTY)
    held = [asyncio.create_task(counters.client.get("/")) for _ in range(MANY)]
    await settled(lambda: counters.now == MANY)
    seen: list[int] = []

    async def go_on() -> None:
        while counters.now < MANY + CROWD:
            seen.append(counters.now - MANY)
            await asyncio.sleep(0)

    going_on = asyncio.create_task(go_on())
    crowd = [asyncio.create_task(counters.client.get("/")) for _ in range(CROWD)]
    await going_on
    counters.let_go.set()
    await asyncio.gather(*held, *crowd)
    assert set(seen) >= {0, PORTION, 2 * PORTION, 3 * PORTION}
    assert (counters.done, counters.places.taken, counters.places.waiting) == (MANY + CROWD, 0, 0)


async def test_where_few_wait_for_something_all_begin_as_they_come() -> None:
    counters = Counters(PLENTY)
    counters.let_go.set()
    with LoopTurns() as turns:
        at = Counter[int]()

        async def get() -> None:
            await counters.client.get("/")
            at[turns.now] += 1

        await asyncio.gather(*(get() for _ in range(CROWD)))
    assert list(at.values()) == [CROWD]


async def test_nobody_passes_those_who_wait_for_their_portion() -> None:
    places = Places(PLENTY)
    places.free -= MANY
    crowd = [asyncio.create_task(places.come()) for _ in range(CROWD)]
    await asyncio.sleep(0)
    places.free += MANY
    assert (places.waiting, places.free > places.ample) == (CROWD - PORTION, False)
    await asyncio.gather(*crowd)
    assert (places.waiting, places.taken) == (0, CROWD)
    for _ in crowd:
        places.leave()
    assert places.free > places.ample
