"""The room of flows: the operations on runs, what carries their segments, what wakes those that are due, and who waits for one to end."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import msgspec

from fieldstone.clock import Clock, system_clock
from fieldstone.engine.door import Door, Handlers
from fieldstone.engine.hooks import Hook
from fieldstone.engine.own_rows import delete_own
from fieldstone.engine.records import Execute, in_one_unit, read_first, read_records
from fieldstone.engine.unit import Unit
from fieldstone.flows.acting import Authority, Epoch, Member
from fieldstone.flows.durable.carried import BETWEEN, Carried, LongWork
from fieldstone.flows.durable.carrier import AT_ONCE, Carrier, CarrierAtNeed, LoopCarrier
from fieldstone.flows.durable.keeper import Keeper
from fieldstone.flows.endings import Endings
from fieldstone.flows.hooks import declared_hooks
from fieldstone.flows.interpreter import Runner
from fieldstone.flows.outbound import Outbound
from fieldstone.flows.record_triggers import record_triggers
from fieldstone.flows.runs import ALIVE, RUNS, STEPS
from fieldstone.flows.schedules import Schedules
from fieldstone.flows.segments import Segments, Workshop
from fieldstone.flows.starting import FIRST_SEGMENT, Starting
from fieldstone.flows.steering import Helm
from fieldstone.flows.versions import Versions
from fieldstone.flows.waker import Waker
from fieldstone.ids import NewId
from fieldstone.late import late
from fieldstone.log import Log
from fieldstone.query.ast import Slot, Term
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.flows.graph import StepKinds
from fieldstone.store.side_file import SQLITE, engine_url

_dbos_carrier = late("fieldstone.flows.durable.dbos_carrier:DbosCarrier")

SWEPT_AT_ONCE = 200
_STEPS_OF = Term("run_id", "in", Slot(0))
_AMONG = Term("id", "in", Slot(0))


class FlowSetting(msgspec.Struct, frozen=True, eq=False):
    """What the room is opened with: `url` is the address of the app's database, `own_url` that of the engine's where a setting says it.

    `execute` is the door of today, whichever that is when it is called. `organization_id` is the organisation of runs that nobody starts
    and that are for no record.

    Without `durable`, segments are carried by this process alone: a rehearsal.
    """

    execute: Execute
    clock: Clock
    url: str
    organization_id: str
    own_url: str | None
    durable: bool
    epoch: Epoch
    log: Log


class Hush:
    """Whether records begin flows."""

    def __init__(self) -> None:
        self.is_quiet = False

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Lets no record begin a flow while the block runs: what an app is delivered with is nothing that happened."""
        self.is_quiet = True
        try:
            yield
        finally:
            self.is_quiet = False


class Repertoire(msgspec.Struct, frozen=True, eq=False):
    """The flows of one catalog, as its door takes them."""

    catalog: Catalog
    versions: Versions
    hooks: tuple[Hook, ...]
    handlers: Handlers
    hush: Hush


class Playing(msgspec.Struct, frozen=True, eq=False):
    """What segments that begin now are done with: the flows of today, their door, who its members are, and whom they may ask outside.

    `works` are those of other rooms that are carried like runs, the same by name in every catalog. Without `in_force` other processes have
    newer flows, by whose times they are started.
    """

    repertoire: Repertoire
    door: Door
    member: Member
    outbound: Outbound
    works: Mapping[str, LongWork] = {}
    in_force: bool = True


class FlowRoom:
    """Flows that run: a door takes the handlers and hooks of a `repertoire`, everything else begins with `open`.

    What runs goes on whatever becomes of the catalog: each segment is done with what was `follow`ed last when it began.
    """

    def __init__(
        self,
        kinds: StepKinds,
        runners: Mapping[str, Runner],
        *,
        days: int,
        new_id: NewId,
        opened: Callable[[str], str],
    ) -> None:
        """Takes the kinds of steps and their work, for how many days runs that are over are kept, and how a sealed text is read."""
        self._opened = opened
        self._kinds = kinds
        self._runners = runners
        self._new_id = new_id
        self._endings = Endings(tell=self._told, days=days)
        self._awaited: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._beginning: set[asyncio.Task[None]] = set()
        self._watching: set[asyncio.Task[None]] = set()
        self._setting: FlowSetting | None = None
        self._carried: Carried | None = None
        self._carrier: Carrier | None = None
        self._under_way = 0
        self._keeper: Keeper | None = None
        self.waker: Waker | None = None
        self._wakers: list[Waker] = []
        self.schedules: Schedules | None = None

    def repertoire(self, catalog: Catalog) -> Repertoire:
        """Returns the flows of a catalog."""
        versions = Versions(catalog, self._kinds)
        starting = Starting(versions, self._begin, self._endings.final)
        hush = Hush()
        hooks = (*declared_hooks(catalog), *record_triggers(catalog, lambda: hush.is_quiet))
        helm = Helm(versions, starting, self._endings, tell=self._told, opened=self._opened)
        return Repertoire(catalog, versions, hooks, helm.handlers, hush)

    async def open(self, playing: Playing, setting: FlowSetting) -> None:
        """Begins to carry runs; goes on with those that were under way where there are any."""
        self._setting, executor = setting, self._new_id()
        execute, log = setting.execute, setting.log
        alone = setting.url.startswith(SQLITE)
        own_url = engine_url(setting.url, setting.own_url)
        self._carrier = (
            CarrierAtNeed(partial(_dbos_carrier, own_url, executor, self._proceed, log))
            if setting.durable
            else LoopCarrier(self._proceed)
        )
        self._keeper = Keeper(execute, self._carrier, executor, clock=system_clock, log=log, alone=alone)
        waker = partial(Waker, execute, places=self._places, clock=setting.clock, log=log)
        self.waker = waker(self.carry)
        works = {
            name: waker(partial(self._carry_work, name), object_name=work.object)
            for name, work in playing.works.items()
        }
        self._wakers = [self.waker, *works.values()]
        self.schedules = Schedules(execute, setting.organization_id, clock=setting.clock, log=log)
        await self.follow(playing)
        for object_name in (RUNS, *(work.object for work in playing.works.values())):
            if not self._watching and await read_first(execute, object_name, {"status": {"$in": list(ALIVE)}}, ("id",)):
                self._watch()

    def begin_work(self, name: str, record_id: str) -> None:
        """Begins a work of another room whose record stands."""
        if self._carrier is not None:
            if not self._watching:
                self._watch()
            self._begin(f"{name}{BETWEEN}{record_id}", FIRST_SEGMENT)

    async def follow(self, playing: Playing) -> None:
        """Does every segment that begins from now on with the flows of another catalog; nothing before the room is open."""
        setting, schedules = self._setting, self.schedules
        if setting is None or schedules is None:
            return
        workshop = Workshop(
            execute=playing.door.execute,
            versions=playing.repertoire.versions,
            authority=Authority(playing.member, setting.epoch),
            endings=self._endings,
            runners=self._runners,
            opened=self._opened,
            clock=setting.clock,
            new_id=self._new_id,
            log=setting.log,
            outbound=playing.outbound,
        )
        self._carried = Carried(Segments(workshop).proceed, playing.works, setting.log)
        flows = playing.repertoire.catalog.flows
        schedules.follow(flows)
        if playing.in_force:
            await schedules.settle()
        if flows and not self._watching:
            self._watch()

    def _watch(self) -> None:
        """Begins to look for what is due; for what other processes have left where runs are durable."""
        setting, schedules, keeper = self._setting, self.schedules, self._keeper
        if setting is None or schedules is None or keeper is None:
            return
        chores = [waker.run() for waker in self._wakers]
        chores += [schedules.run(), keeper.run()] if setting.durable else []
        self._watching = {asyncio.create_task(chore) for chore in chores}

    async def close(self) -> None:
        """Ends; what is under way is left to whoever takes over."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, *self._beginning, return_exceptions=True)
        if self._carrier is not None and self._keeper is not None:
            await self._carrier.close()
            await self._keeper.release()

    async def settled(self, run_id: str, seconds: float) -> None:
        """Returns when a run that was just begun has ended or sleeps, or after so many seconds; at once where nothing is carried."""
        if self._carrier is None:
            return
        event = asyncio.Event()
        self._awaited[run_id].add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._awaited[run_id].discard(event)
            if not self._awaited[run_id]:
                del self._awaited[run_id]

    async def sweep(self) -> int:
        """Forgets runs whose time is over, with their steps, and what the carrier knows of them; returns how many."""
        setting = self._setting
        if setting is None:
            return 0
        over = await read_records(setting.execute, RUNS, {"expires_at": {"$lte": setting.clock()}}, ("id",))
        ids = [row["id"] for row in over]
        for first in range(0, len(ids), SWEPT_AT_ONCE):
            await in_one_unit(setting.execute, partial(_forget, ids[first : first + SWEPT_AT_ONCE]))
        return len(ids)

    def _begin(self, run_id: str, segment: int) -> None:
        """Begins a segment soon: a run whose Unit stands is not lost when this comes to nothing, for the waker finds it."""
        task = asyncio.create_task(self.carry(run_id, segment))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def carry(self, run_id: str, segment: int) -> None:
        """Begins a segment of a run under the lease of this process."""
        if self._carrier is None or self._keeper is None:
            return
        await self._keeper.begin()
        await self._carrier.carry(run_id, segment)

    async def _carry_work(self, name: str, record_id: str, segment: int) -> None:
        await self.carry(f"{name}{BETWEEN}{record_id}", segment)

    async def _proceed(self, run_id: str, number: int) -> None:
        """Does a segment, and lets the waker know that there is a place again."""
        self._under_way += 1
        try:
            more = True
            while more and self._carried is not None:
                more = await self._carried.proceed(run_id, number)
        finally:
            self._under_way -= 1
            if self.waker is not None and self._under_way == AT_ONCE - 1:
                self.waker.nudge()

    def _places(self) -> int:
        return AT_ONCE - self._under_way

    def _told(self, run_id: str, *, due: bool) -> None:
        for event in self._awaited.get(run_id, ()):
            event.set()
        if due and self.waker is not None:
            self.waker.nudge()


async def _forget(ids: list[str], _door: Door, unit: Unit) -> None:
    """Deletes runs with their steps."""
    await delete_own(unit, STEPS, _STEPS_OF, ids)
    await delete_own(unit, RUNS, _AMONG, ids)
