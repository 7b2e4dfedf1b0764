"""A verification: for each caller two worlds that differ in what he may not see, and every answer of his compared."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import msgspec

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.access.shares import is_shareable
from fieldstone.clock import later, system_clock
from fieldstone.identity.credential import credential_of
from fieldstone.proof.mount import Person
from fieldstone.proof.rehearsal import ProofFault
from fieldstone.proof.roads.action_roads import is_called_on_records
from fieldstone.proof.roads.table import NO_DATA, address
from fieldstone.proof.stage import Request, Stage, open_again, open_stage
from fieldstone.proof.trip import Leak, Trip
from fieldstone.proof.verify.changes import Change, Seen, apply, changes_for, discloses, seen_by, undoing
from fieldstone.proof.verify.compare import VERSION, Difference, difference, random_parts, version_alone
from fieldstone.proof.verify.population import ADMINISTRATOR, Unmade, bodies, made_up_test, populate, remember
from fieldstone.proof.verify.walks import Group, Moved, Walk, walks_of
from fieldstone.proof.wire import Answer
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.policy_tests import NOBODY
from fieldstone.store.sql_store import SqlTransaction
from fieldstone.surfaces.rest.table import Route

OK, NO_CONTENT, LAST = 200, 204, 300
MOST_LEAKS = 3
"""So many leaks are traced to their change before a verification stops."""

VERSIONS_RAISED = 4
"""So many records of those that somebody sees get hidden changes that raise their versions."""

_ROUNDS = 6


class Plan(msgspec.Struct, frozen=True):
    """How thorough to be: `requests` for each caller, `records` of each object, and the seed of all that is made up."""

    requests: int = 1000
    records: int = 6
    seed: int = 1


class LeakFound(msgspec.Struct, frozen=True, eq=False):
    """An answer that told of what nobody should: whose, to what, how it differed, and the one change that made it differ."""

    who: str
    route: str
    request: Request
    difference: Difference
    change: Change | None


class RouteReport(msgspec.Struct, frozen=True):
    """One route: whether some caller was answered with a 2xx and a body, and how many answers were alike in both worlds."""

    route: str
    reached: bool
    proven: int
    reason: str | None = None


class Report(msgspec.Struct, frozen=True, eq=False):
    """What came of a verification; `disclosures` counts what is declared to be told, each with an example."""

    callers: tuple[str, ...]
    changes: int
    routes: tuple[RouteReport, ...]
    leaks: tuple[LeakFound, ...]
    disclosures: Mapping[str, tuple[int, str]]
    unmade: tuple[Unmade, ...]

    @property
    def not_reached(self) -> tuple[RouteReport, ...]:
        """The routes that proved nothing."""
        return tuple(route for route in self.routes if not route.reached and route.reason is None)

    @property
    def held(self) -> bool:
        """Tells whether nothing leaked and every route was reached."""
        return not self.leaks and not self.not_reached


Tell = Callable[[str], None]


async def verify(folder: Path, catalog: Catalog, place: Path, plan: Plan, tell: Tell) -> Report:
    """Returns what comes of verifying the app in a folder; `place` is an empty folder for its databases."""
    random = Random(plan.seed)
    test = made_up_test(catalog)
    first = place / "first.db"
    async with open_stage(folder, test, _address(first), seeds=True) as stage:
        tell("making people and records")
        unmade = await populate(stage, random, plan.records)
        await remember(stage)
        test = msgspec.structs.replace(test, new=bodies(stage, random))
    async with open_again(stage, folder, _address(first), test=test) as one:
        verification = _Verification(folder, place, first, one, plan, random, tell)
        for who in (*test.users, *test.keys, NOBODY):
            if len(verification.leaks) < MOST_LEAKS:
                await verification.of(who)
        return verification.report(tuple(unmade))


class _Verification:
    """What has been found so far."""

    def __init__(
        self, folder: Path, place: Path, first: Path, one: Stage, plan: Plan, random: Random, tell: Tell
    ) -> None:
        self._folder, self._place, self._first = folder, place, first
        self._one, self._plan, self._random, self._tell = one, plan, random, tell
        self._callers: list[str] = []
        self._changes = 0
        self._reached: set[str] = set()
        self._proven: Counter[str] = Counter()
        self._told: Counter[tuple[str, ...]] = Counter()
        self._disclosures: defaultdict[str, list[str]] = defaultdict(list)
        self.leaks: list[LeakFound] = []
        objects = one.runtime.catalog.objects.values()
        self._discloses = frozenset(
            name
            for item in objects
            for field in item.fields.values()
            if discloses(field)
            for name in (field.name, field.label)
        )

    async def of(self, who: str) -> None:
        """Verifies one caller."""
        self._tell(f"{who}: changing what he may not see")
        caller = await _caller(self._one, self._one.people[who])
        seen = await seen_by(self._one, caller)
        other_file = self._copy("other")
        async with open_again(self._one, self._folder, _address(other_file)) as other:
            changes = await self._kept_apart(other, caller, seen)
            now = later(system_clock(), 1)
            self._one.clockwork.stop(now)
            other.clockwork.stop(now)
            self._callers.append(who)
            self._changes += len(changes)
            self._tell(f"{who}: {len(changes)} changes")
            async with self._one.rehearsing():
                with other.runtime.store.rehearsing(_nothing):
                    await self._walk(who, seen, other, changes)
                await self._raise_versions(who, seen, other, changes)

    async def _kept_apart(self, other: Stage, caller: Caller, seen: Seen) -> list[Change]:
        """Makes the changes in the other world, and takes back those that change what the caller sees; returns those that stay.

        A hidden value may decide which records he sees; to change it would be to change what he sees.
        """
        done = await apply(other, changes_for(self._one, caller, seen, self._random))
        for _ in range(_ROUNDS):
            apart = _apart(seen, await seen_by(other, caller))
            if not apart:
                return done
            back = [change for change in done if (change.object, change.id) in apart]
            if not back:
                break
            await apply(other, [undoing(self._one, change) for change in back])
            done = [change for change in done if change not in back]
        raise ProofFault(f"what {caller.id} sees cannot be kept as it is: {sorted(apart)[:3]}")

    async def _walk(self, who: str, seen: Seen, other: Stage, changes: Sequence[Change]) -> None:
        """Takes one walk of each group in turn, beginning with those that told least of anybody so far."""
        self._one.answered.clear()
        asked, moved = 0, Moved(changes)
        groups = list(walks_of(self._one, who, seen, self._one.open_objects, moved, self._random))
        groups.sort(key=lambda group: self._told[group.key])
        while any(group.walks for group in groups) and asked < self._plan.requests and len(self.leaks) < MOST_LEAKS:
            for group in groups:
                asked += await self._walk_one(who, group, other, changes, moved)
                if asked >= self._plan.requests or len(self.leaks) >= MOST_LEAKS:
                    break
        if who == ADMINISTRATOR:
            await self._reach(who, groups, other, changes, moved)

    async def _reach(
        self, who: str, groups: Sequence[Group], other: Stage, changes: Sequence[Change], moved: Moved
    ) -> None:
        """Goes on with those groups whose route has not been reached by anybody."""
        for group in groups:
            while (
                group.walks
                and " ".join(address(group.walks[-1].route)) not in self._reached
                and len(self.leaks) < MOST_LEAKS
            ):
                await self._walk_one(who, group, other, changes, moved)

    async def _walk_one(self, who: str, group: Group, other: Stage, changes: Sequence[Change], moved: Moved) -> int:
        """Takes walks out of a group until one leads somewhere, and compares its answers; returns how many there were."""
        while group.walks:
            walk = group.walks.pop()
            if sent := await self._recorded(walk):
                self._told[group.key] += moved.rank(self._one, walk.sentence) > 0
                for request, answer in sent:
                    await self._compare(who, walk, request, answer, other, changes)
                    if len(self.leaks) >= MOST_LEAKS:
                        break
                return len(sent)
        return 0

    async def _raise_versions(self, who: str, seen: Seen, other: Stage, changes: Sequence[Change]) -> None:
        """Changes hidden fields of records that are seen, in the way that raises their versions, and looks at those alone."""
        shown = [
            change
            for change in changes
            if change.kind == "changed" and change.version is None and change.id in seen[change.object]
        ]
        for change in await apply(other, shown[:VERSIONS_RAISED], bump=True):
            for mount in self._one.mounts:
                for route in mount.routes("get"):
                    if route.object is not None and route.object.object.name != change.object:
                        continue
                    path = mount.path(route, object=change.object, id=mount.shown(change.object, change.id))
                    request = Request("GET", path, {"headers": mount.headers(self._one.people[who])})
                    answer, rival = [await stage.send("GET", path, **request.more) for stage in (self._one, other)]
                    found = difference(answer, rival, self._discloses)
                    if found is not None and version_alone(answer, rival):
                        self._disclosures[VERSION].append(f"{who}: GET {path}")
                    elif found is not None:
                        self.leaks.append(LeakFound(who, " ".join(address(route)), request, found, change))

    async def _recorded(self, walk: Walk) -> list[tuple[Request, Answer]]:
        """Returns what a walk asks of the first world, with the answers; what it makes of them is the access suite's matter."""
        sent: list[tuple[Request, Answer]] = []
        self._one.sent = sent
        try:
            await walk.road.verdict(Trip(self._one, walk.mount, walk.route, walk.sentence, {}))
        except Leak:
            self._one.effect()
        finally:
            self._one.sent = None
        return sent

    async def _compare(
        self, who: str, walk: Walk, request: Request, answer: Answer, other: Stage, changes: Sequence[Change]
    ) -> None:
        route = " ".join(address(walk.route))
        if OK <= answer.status < LAST and (answer.body or answer.status == NO_CONTENT):
            self._reached.add(route)
        rival = await other.send(request.method, request.path, **request.more)
        found = difference(answer, rival, self._discloses)
        if found is None:
            self._proven[route] += 1
        elif found.disclosure is not None:
            self._disclosures[found.disclosure].append(f"{who}: {request.method} {request.path}")
        elif random_parts(answer, await self._one.send(request.method, request.path, **request.more), rival):
            self._proven[route] += 1
        else:
            self._one.effect()
            self.leaks.append(LeakFound(who, route, request, found, await self._traced(request, answer, changes)))
        self._one.effect()

    async def _traced(self, request: Request, answer: Answer, changes: Sequence[Change]) -> Change | None:
        """Returns the change that makes an answer differ, on top of those before it, found by halving; None when all of them do not."""
        without, within = 0, len(changes)
        if not await self._differs(request, answer, changes):
            return None
        while within - without > 1:
            middle = (without + within) // 2
            if await self._differs(request, answer, changes[:middle]):
                within = middle
            else:
                without = middle
        return changes[within - 1]

    async def _differs(self, request: Request, answer: Answer, changes: Sequence[Change]) -> bool:
        async with open_again(self._one, self._folder, _address(self._copy("traced"))) as stage:
            await apply(stage, changes)
            stage.clockwork.stop(self._one.clockwork.clock())
            with stage.runtime.store.rehearsing(_nothing):
                rival = await stage.send(request.method, request.path, **request.more)
        return difference(answer, rival, self._discloses) is not None

    def _copy(self, name: str) -> Path:
        """Returns a fresh copy of the first world's database."""
        target = self._place / f"{name}.db"
        for ending in ("", "-wal", "-shm"):
            Path(f"{target}{ending}").unlink(missing_ok=True)
            if Path(f"{self._first}{ending}").exists():
                shutil.copyfile(f"{self._first}{ending}", f"{target}{ending}")
        return target

    def report(self, unmade: tuple[Unmade, ...]) -> Report:
        """Returns all that was found."""
        routes = [
            RouteReport(route, route in self._reached, self._proven[route], _reason(item, self._one))
            for mount in self._one.mounts
            for item in mount.table.routes
            for route in (" ".join(address(item)),)
        ]
        told = {name: (len(examples), examples[0]) for name, examples in self._disclosures.items()}
        return Report(tuple(self._callers), self._changes, tuple(routes), tuple(self.leaks), told, unmade)


def _reason(route: Route, stage: Stage) -> str | None:
    """Returns why nothing can be told over a route; None where something can."""
    if route.declaration.operation in ("history", "restore"):
        kept = (stage.object(name).declaration.enable for name in stage.open_objects)
        if not any(enable.track_history or enable.trash for enable in kept):
            return "No object keeps a history or a trash."
    shares = route.declaration.operation in ("shares", "share", "unshare")
    if shares and not any(is_shareable(stage.object(name)) for name in stage.own):
        return "No object can be shared."
    calls = route.declaration.handler == "actions.call"
    if calls and not any(map(is_called_on_records, stage.runtime.catalog.actions.values())):
        return "No action is called on a record."
    return NO_DATA.get(str(route.declaration.handler))


def _apart(one: Seen, other: Seen) -> set[tuple[str, str]]:
    """Returns the records that are seen in one world alone, or otherwise than in the other."""
    return {
        (name, record_id)
        for name in one
        for record_id in {*one[name], *other[name]}
        if one[name].get(record_id) != other[name].get(record_id)
    }


async def _caller(stage: Stage, person: Person) -> Caller:
    secret = person.session or person.key
    return ANONYMOUS if secret is None else await stage.runtime.room.identity.caller(credential_of(secret))


async def _nothing(_transaction: SqlTransaction) -> None:
    """Looks at nothing: the first world has told already what a request does."""


def _address(file: Path) -> str:
    return f"sqlite:///{file}"
