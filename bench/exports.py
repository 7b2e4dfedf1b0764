"""What an export costs others: how long it takes, how much memory it needs, and how long a get waits while it goes on.

All work orders are taken out by the dispatcher, format by format, while another connection gets one record after the other.
"""

import http.client
import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor

import msgspec
import psutil

from bench.answers import Different
from bench.part import Bench, Part, Section
from bench.requests import PATH
from bench.server import Stand
from bench.targets import missed

HEADINGS = (
    "format",
    "records",
    "file MB",
    "s",
    "memory MB",
    "a get alone: p50, p99 ms",
    "beside it: p50, p99 ms",
)
FORMATS: Mapping[str, tuple[str, int | None]] = {
    "exports: csv": ("csv", None),
    "exports: json": ("json", None),
    "exports: xlsx": ("xlsx", None),
    "exports: pdf": ("pdf", 10_000),
}
"""The formats, each with how many records are asked for; all, unless a number is there."""

ALONE_SECONDS = 2.0
_BETWEEN = 0.02
_MEGABYTE = 1 << 20


class Taken(msgspec.Struct, frozen=True):
    """An export, measured: records, megabytes of the file, seconds, megabytes of memory beside what was taken before any export.

    `alone` and `beside` are the milliseconds in which 50 and 99 of 100 gets were answered, before the export and during it.
    """

    format: str
    records: int
    file: float
    seconds: float
    memory: float
    alone: tuple[float, float]
    beside: tuple[float, float]


def measure_exports(bench: Bench, names: Sequence[str]) -> list[Section]:
    """Takes out all work orders in the formats of these rows."""
    formats = [FORMATS[name] for name in names]
    return [section_of(take_out(bench.stand(), bench.rows, formats), bench.database)]


def section_of(taken: Sequence[Taken], database: str) -> Section:
    """Returns the section of exports."""
    return Section(
        title="exports",
        headings=HEADINGS,
        rows=[_cells(each) for each in taken],
        missed=[line for each in taken for line in missed("exports: memory MB", each.memory, database, each.format)],
    )


def take_out(stand: Stand, rows: int, formats: Sequence[tuple[str, int | None]]) -> list[Taken]:
    """Takes out all work orders in some formats."""
    token = stand.tokens["dispatcher"]
    server = psutil.Process(stand.fieldstone.process)
    getter = _Getter(stand, token)
    with ProcessPoolExecutor(1) as beside:
        getter.until(time.perf_counter() + ALONE_SECONDS)
        idle = server.memory_info().rss
        taken = []
        for name, limit in formats:
            alone = getter.until(time.perf_counter() + ALONE_SECONDS)
            target = f"{PATH}/export?format={name}{'' if limit is None else f'&limit={limit}'}"
            download = beside.submit(_download, stand.fieldstone.port, target, token)
            latencies, peak = getter.beside(download, server)
            size, seconds = download.result()
            taken.append(
                Taken(
                    format=name,
                    records=rows if limit is None else min(rows, limit),
                    file=size / _MEGABYTE,
                    seconds=seconds,
                    memory=(peak - idle) / _MEGABYTE,
                    alone=_percentiles(alone),
                    beside=_percentiles(latencies),
                )
            )
    return taken


class _Getter:
    """One connection that gets one record after the other, and times each."""

    def __init__(self, stand: Stand, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", stand.fieldstone.port)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._ids = stand.data.ids
        self._next = 0

    def until(self, end: float) -> list[float]:
        """Gets until an instant; returns milliseconds."""
        latencies = []
        while time.perf_counter() < end:
            latencies.append(self._get())
        return latencies

    def beside(self, work: "Future[tuple[int, float]]", server: psutil.Process) -> tuple[list[float], int]:
        """Gets while something goes on; returns milliseconds, and the most memory that the server took meanwhile."""
        latencies, peak = [], 0
        while not work.done():
            latencies += self.until(time.perf_counter() + _BETWEEN)
            peak = max(peak, server.memory_info().rss)
        return latencies, peak

    def _get(self) -> float:
        begun = time.perf_counter()
        self._connection.request("GET", f"{PATH}/{self._ids[self._next % len(self._ids)]}", headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise Different(f"A get beside an export answers {answer.status}.")
        self._next += 1
        return (time.perf_counter() - begun) * 1000


def _download(port: int, target: str, token: str) -> tuple[int, float]:
    """Returns the bytes of a file and the seconds until the last of them."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", target, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise Different(f"{target} answers {answer.status}: {answer.read(500)!r}")
    size = 0
    while part := answer.read(1 << 18):
        size += len(part)
    return size, time.perf_counter() - begun


def _percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(latencies, n=100)
    return statistics.median(latencies), cuts[98]


def _cells(taken: Taken) -> tuple[str, ...]:
    waits = (f"{p50:.1f}, {p99:.1f}" for p50, p99 in (taken.alone, taken.beside))
    return (
        taken.format,
        f"{taken.records:,}",
        f"{taken.file:.1f}",
        f"{taken.seconds:.1f}",
        f"{taken.memory:.0f}",
        *waits,
    )


EXPORTS = Part("exports", tuple(FORMATS), measure_exports)
