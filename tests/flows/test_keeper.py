"""Leases: a process that is heard of keeps its segments, one that is not loses them to exactly one other."""

import io
import socket
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
import pytest_asyncio

from fieldstone.access.caller import SYSTEM
from fieldstone.clock import later
from fieldstone.engine.operation import Create, Delete
from fieldstone.engine.records import read_records
from fieldstone.flows.durable.keeper import LEASE_SECONDS, LEASES, Keeper
from fieldstone.ids import new_id
from fieldstone.log import open_log
from fieldstone.settings import Limits
from fieldstone.store.open import open_store
from fieldstone.store.sql_store import SqlStore
from tests.databases import PostgresServer, sqlite_address
from tests.engine.office import Office, door_of
from tests.worlds import load_world

LOG = open_log(io.BytesIO(), readable=True)


class Machines:
    """A clock that is moved, and carriers that note what they take over."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.now = "2026-03-02T08:00:00.000Z"
        self.taken: list[tuple[str, str]] = []
        self.left: dict[str, int] = {}

    def keeper(self, name: str = "", *, alone: bool = False) -> tuple[str, Keeper]:
        executor = name or new_id()
        noting = Noting(self, executor)
        return executor, Keeper(
            self.office.door.execute, noting, executor, clock=lambda: self.now, log=LOG, alone=alone
        )

    def move(self, seconds: float) -> None:
        self.now = later(self.now, seconds)

    async def leases(self) -> set[str]:
        return {row["id"] for row in await read_records(self.office.door.execute, LEASES, {}, ("id",))}


class Noting:
    """A carrier that only notes."""

    def __init__(self, machines: Machines, own: str) -> None:
        self._machines = machines
        self._own = own

    async def carry(self, run_id: str, segment: int) -> None:
        raise AssertionError(run_id, segment)

    async def take_over(self, executors: Sequence[str]) -> int:
        self._machines.taken += [(self._own, executor) for executor in executors]
        return sum(self._machines.left.pop(executor, 0) for executor in executors)

    async def forget(self, before: str) -> int:
        raise AssertionError(before)

    async def close(self) -> None:
        raise AssertionError


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def leases_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_address(tmp_path_factory.mktemp("leases") / "leases.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.fresh_database() as url:
            yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def store(leases_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SqlStore]:
    catalog = load_world("office", tmp_path_factory.mktemp("office"))
    opened = await open_store(catalog, leases_url, synchronous="normal", limits=Limits())
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def machines(store: SqlStore) -> Machines:
    machines = Machines(Office(store, door_of(store)))
    for lease in await machines.leases():
        await machines.office.door.execute(Delete(LEASES, lease), SYSTEM)
    return machines


async def test_a_process_that_is_heard_of_keeps_what_it_carries(machines: Machines) -> None:
    (first, one), (second, other) = machines.keeper(), machines.keeper()
    await one.beat()
    await other.beat()
    for _ in range(5):
        machines.move(LEASE_SECONDS - 1)
        await one.beat()
        await other.beat()
        assert (await one.hand_on(), await other.hand_on()) == (0, 0)
    assert machines.taken == []
    assert await machines.leases() == {first, second}


async def test_a_process_that_is_not_heard_of_loses_it_to_one_other(machines: Machines) -> None:
    (dead, dying), (first, one), (second, other) = machines.keeper(), machines.keeper(), machines.keeper()
    await dying.beat()
    machines.left[dead] = 7
    machines.move(LEASE_SECONDS)
    await one.beat()
    await other.beat()
    assert (await one.hand_on(), await other.hand_on()) == (7, 0)
    assert machines.taken == [(first, dead)]
    assert await machines.leases() == {dead, first, second}


async def test_it_is_looked_again_until_nothing_is_left(machines: Machines) -> None:
    (dead, dying), (first, one) = machines.keeper(), machines.keeper()
    await dying.beat()
    machines.left[dead] = 1
    for _ in range(4):
        machines.move(LEASE_SECONDS)
        await one.beat()
        await one.hand_on()
    assert machines.taken == [(first, dead), (first, dead)]
    assert await machines.leases() == {first}


async def test_a_lease_that_is_given_up_is_handed_on_at_once(machines: Machines) -> None:
    (gone, leaving), (first, one) = machines.keeper(), machines.keeper()
    await leaving.begin()
    await one.begin()
    machines.left[gone] = 2
    await leaving.release()
    assert await one.hand_on() == 2
    assert machines.taken == [(first, gone)]


async def test_where_no_other_machine_takes_part_a_process_that_is_gone_is_known_to_be_dead(machines: Machines) -> None:
    dead, running = new_id(), new_id()
    for executor, process in ((dead, 2**22 + 1), (running, 1)):
        row = {"id": executor, "process": process, "expires_at": later(machines.now, LEASE_SECONDS)}
        await machines.office.door.execute(Create(LEASES, ({**row, "host": _host()},)), SYSTEM)
    first, alone = machines.keeper(alone=True)
    await alone.hand_on()
    assert machines.taken == [(first, dead)]


def _host() -> str:
    return socket.gethostname()
