"""What `/metrics` tells of a running app, in Prometheus' text format: of the process that answers, with its number as the label `worker`,
and of the database, which is the same whichever process answers.

Routes are named by their templates, statuses by their class; never a person, a record or a value. A part of the composition root, which is
`app.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from fieldstone.app_generation import Generation
from fieldstone.app_process import Process
from fieldstone.clock import later, moment
from fieldstone.engine.plans import PlanUse
from fieldstone.engine.records import Execute, count_records
from fieldstone.errors import FieldstoneError
from fieldstone.flows.runs import ALIVE, RUNS, SLEEPING, UNDER_WAY
from fieldstone.metrics import BOUNDS, Answers, Tally
from fieldstone.services.mail.post import EMAIL, QUEUED, SENDING
from fieldstone.store.use import Use
from fieldstone.surfaces.http.places import Places

STRANDED_SECONDS: Final = 60.0
"""A run that should have been gone on with so long ago is stranded: nothing looks after it."""

_LIMITS: Final = (*map(str, BOUNDS), "+Inf")

Where = Mapping[str, Any]


class Told:
    """Families that were gathered, as the library asks for them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        """Takes them."""
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Returns them."""
        return self._families


async def tell(process: Process) -> bytes:
    """Returns everything that is told; of a database that does not answer, only that it does not."""
    generation = process.current.generation
    own = [
        *_requests(process.answers),
        *_places(process.places),
        *_database(process.database.use()),
        *_catalog(generation, process.current.swaps),
        *_plans(generation.door.plans.use()),
        *ProcessCollector(registry=None).collect(),
    ]
    for family in own:
        worker = {"worker": str(process.seams.worker)}
        family.samples = [sample._replace(labels={**sample.labels, **worker}) for sample in family.samples]
    return generate_latest(Told([*own, *await _shared(process, generation)]))


def _requests(answers: Answers) -> Iterator[Metric]:
    seconds = HistogramMetricFamily(
        "fieldstone_request_seconds",
        "Requests by route and class of status, and how long they took; those without a route lead nowhere or were refused.",
        labels=("method", "route", "status"),
    )
    classes: defaultdict[tuple[str, str, str], list[Tally]] = defaultdict(list)
    for (method, route, status), tally in answers.tallies.items():
        classes[method, route, f"{status // 100}xx" if status else "none"].append(tally)
    for labels, tallies in sorted(classes.items()):
        counts = [sum(bucket) for bucket in zip(*(tally.buckets for tally in tallies), strict=True)]
        buckets = list(zip(_LIMITS, accumulate(counts), strict=True))
        seconds.add_metric(labels, buckets, sum(tally.seconds for tally in tallies))
    yield seconds


def _places(places: Places) -> Iterator[Metric]:
    yield Gauge("fieldstone_requests_answering", "Requests that are being worked on.", places.taken)
    yield Gauge("fieldstone_requests_waiting", "Requests that wait to be worked on.", places.waiting)
    refused = "Requests that were refused because too many were waiting, or they waited too long."
    yield Counter("fieldstone_requests_refused", refused, places.refused)
    yield Gauge("fieldstone_stopping", "1 once the process was told to stop.", int(places.stopping))


def _database(use: Use) -> Iterator[Metric]:
    yield Counter("fieldstone_statements", "Statements that the database was asked.", use.statements)
    yield Counter("fieldstone_statements_seconds", "How long they took.", use.seconds)
    yield Counter("fieldstone_slow_statements", "Those of them that were slow.", use.slow)
    connections = Gauge("fieldstone_database_connections", "Connections to the database.", labels=("state",))
    connections.add_metric(("busy",), use.busy)
    connections.add_metric(("idle",), use.connections - use.busy)
    yield connections
    yield Gauge("fieldstone_database_waiting", "Who waits for a connection, or his turn to write.", use.waiting)
    yield Counter("fieldstone_database_waits", "How many have waited.", use.waits)
    yield Counter("fieldstone_database_wait_seconds", "How long they have waited.", use.wait_seconds)


def _catalog(generation: Generation, swaps: int) -> Iterator[Metric]:
    catalog = generation.catalog
    info = InfoMetricFamily(
        "fieldstone_catalog", "The declarations that are served, and the files they were made from."
    )
    info.add_metric((), {"version": catalog.version, "files": catalog.files_version})
    yield info
    yield Counter("fieldstone_generations", "How often declarations took the place of others.", swaps)


def _plans(use: PlanUse) -> Iterator[Metric]:
    yield Gauge("fieldstone_plans", "Plans of questions that are kept.", use.kept)
    yield Counter("fieldstone_plan_hits", "Questions whose plan was kept.", use.hits)
    yield Counter("fieldstone_plan_misses", "Questions that a plan was made for.", use.misses)


async def _shared(process: Process, generation: Generation) -> list[Metric]:
    """Returns what is told of the database."""
    answers, now, execute = "Whether the database answers.", process.seams.clock(), process.current.execute
    try:
        families = [*await _outbox(generation, now), await _runs(execute, now), await _mails(execute)]
    except FieldstoneError:
        return [Gauge("fieldstone_database_up", answers, 0)]
    return [Gauge("fieldstone_database_up", answers, 1), *families]


async def _outbox(generation: Generation, now: str) -> list[Metric]:
    state = await generation.store.outbox()
    age = 0.0 if state.oldest is None else max(0.0, (moment(now) - moment(state.oldest)).total_seconds())
    epoch = await generation.store.epoch()
    return [
        Gauge("fieldstone_outbox_events", "Events that are kept, from the oldest on.", state.events),
        Gauge("fieldstone_outbox_oldest_seconds", "The age of the oldest event that is kept.", age),
        Gauge("fieldstone_policy_epoch", "How often what policies are made from has changed.", epoch),
    ]


async def _runs(execute: Execute, now: str) -> Metric:
    family = Gauge("fieldstone_flow_runs", "Runs of flows that are not over.", labels=("state",))
    late = {"due_at": {"$lte": later(now, -STRANDED_SECONDS)}}
    return await _counted(
        execute,
        family,
        RUNS,
        {
            "waiting": {"status": {"$in": list(SLEEPING)}},
            "running": {"status": {"$in": list(UNDER_WAY)}},
            "stranded": {"status": {"$in": list(ALIVE)}, **late},
        },
    )


async def _mails(execute: Execute) -> Metric:
    family = Gauge("fieldstone_mails", "Mails that have not left.", labels=("state",))
    states = {"waiting": QUEUED, "sending": SENDING}
    unsent = {"due_at": {"$null": False}}
    return await _counted(
        execute, family, EMAIL, {state: {"status": status, **unsent} for state, status in states.items()}
    )


async def _counted(execute: Execute, family: Gauge, object_name: str, states: Mapping[str, Where]) -> Metric:
    for state, where in states.items():
        family.add_metric((state,), await count_records(execute, object_name, where))
    return family
