"""Backups taken under load: what was acknowledged before the moment is in them, nothing is half there, and runs of flows go on."""

import asyncio
import io
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import count
from pathlib import Path
from unittest.mock import patch

import asyncpg
import pytest

from fieldstone.app import Runtime, open_runtime
from fieldstone.cli import main
from fieldstone.engine.operation import StartFlow
from fieldstone.engine.records import read_first, read_records
from fieldstone.flows.durable import keeper
from fieldstone.flows.journal import Entry, Step, Work
from fieldstone.flows.run_journal import RunJournal
from fieldstone.flows.runs import ALIVE, RUNS
from fieldstone.log import open_log
from fieldstone.settings import read_settings
from tests.databases import PostgresServer, sqlite_address
from tests.faults.look import half_done, rows_of
from tests.faults.test_kill import APP, WRITERS, client_of
from tests.faults.test_kill_flows import FILES, STEPS, insist_on_effects
from tests.faults.writers import BATCH, DATA, Ledger, Writer
from tests.servers import ADMIN_EMAIL, running_server

SECRET = secrets.token_urlsafe(32)
RUNS_BEGUN = 12
ENOUGH = 60.0


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The addresses of an empty database, and of one beside it that is not there yet."""
    monkeypatch.setenv("FIELDSTONE_SECRET", SECRET)
    if request.param == "sqlite":
        yield sqlite_address(tmp_path / "one.db"), sqlite_address(tmp_path / "other" / "two.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    monkeypatch.setenv("PATH", f"{server.programs}{os.pathsep}{os.environ['PATH']}")
    with server.fresh_database() as url:
        other = f"{url}_other"
        yield url, other
        asyncio.run(drop(url, other, f"{other}_flows"))


async def drop(url: str, *others: str) -> None:
    connection = await asyncpg.connect(url)
    for other in others:
        await connection.execute(f"DROP DATABASE IF EXISTS {other.rpartition('/')[2]} WITH (FORCE)")
    await connection.close()


async def run(url: str, *arguments: str) -> None:
    """Runs a command on a database, away from the loop."""
    with patch.dict(os.environ, {"FIELDSTONE_DATABASE_URL": url}):
        assert await asyncio.to_thread(ended, arguments) == 0


def ended(arguments: tuple[str, ...]) -> int | str | None:
    """Runs a command and returns how it ended."""
    try:
        main(arguments)
    except SystemExit as end:
        return end.code
    return 0


async def test_a_backup_under_load_has_all_that_was_acknowledged_and_no_half_of_a_unit(
    urls: tuple[str, str], tmp_path: Path
) -> None:
    url, other = urls
    ledger, file = Ledger(), tmp_path / "backup.zip"
    with running_server(APP, database_url=url, folder=tmp_path, settings={"FIELDSTONE_SECRET": SECRET}) as server:
        async with client_of(server, server.admin_password) as client:
            made = await client.post(f"{DATA}/customer", json={"name": "Customer"})
            writers = [Writer(client, ledger, made.json()["id"], number) for number in range(WRITERS)]
            writing = [asyncio.create_task(writer.write_on()) for writer in writers]
            await asyncio.sleep(0.3)
            known, batches, acknowledged = dict(ledger.tickets), set(ledger.batches), ledger.acknowledged
            await run(url, "backup", str(APP), "--out", str(file))
            assert ledger.acknowledged > acknowledged > 0
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
    await run(other, "restore", str(APP), str(file))
    assert await half_done(other) == {}
    found = {row[0]: (row[1], row[2]) for row in await rows_of(other, "SELECT id, version, subject FROM ticket")}
    for record_id, then in known.items():
        now = found.get(record_id)
        if then is None or now is None:
            assert now is None
            assert then is None or (ledger.tickets[record_id] is None or record_id in ledger.unsure), record_id
        else:
            assert now[0] > then[0] or now == then
    sizes = Counter(row[0] for row in await rows_of(other, 'SELECT subject FROM "ticket.history" WHERE version = 1'))
    assert {sizes[marker] for marker in batches} <= {BATCH}
    assert {sizes[marker] for marker in ledger.batches | ledger.pending} <= {0, 1, BATCH}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with a flow of ten steps."""
    package = tmp_path / "app" / "shifts"
    package.mkdir(parents=True)
    (package.parent / "app.yaml").write_text("name: shifts_app\npackages: [./shifts]\nsurfaces: {apis: []}\n")
    for name, text in FILES.items():
        (package / name).write_text(text)
    return package.parent


async def test_runs_of_flows_go_on_from_a_backup_and_the_engine_knows_nothing_that_the_records_do_not(
    urls: tuple[str, str], app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, other = urls
    engine = {address: engine_of(address) for address in urls}
    files = [tmp_path / f"{number}.zip" for number in range(3)]
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.25)
    monkeypatch.setattr(keeper, "LEASE_SECONDS", 1.0)
    if not url.startswith("sqlite"):
        # A database of its own for the engine, so that there are two of them to be held at one moment.
        await make(url, engine[url])
    async with opened(app, url, engine[url], monkeypatch) as runtime:
        await begin(runtime, 1)
        await until_over(runtime, 1)
        with halfway(monkeypatch) as saved:
            await begin(runtime, RUNS_BEGUN)
            for file in files:
                await run(url, "backup", str(app), "--out", str(file))
                saved.set()
        await until_over(runtime, RUNS_BEGUN + 1)
    monkeypatch.setenv("FIELDSTONE_FLOWS_DATABASE_URL", engine[other])
    await run(other, "restore", str(app), str(files[0]))
    alive = await rows_of(other, "SELECT id FROM sys_automation_run WHERE status <> 'completed'")
    assert alive
    for file in files:
        await run(other, "restore", str(app), str(file), "--replace")
        await insist_on_knowledge(other, engine[other])
    await run(other, "restore", str(app), str(files[0]), "--replace")
    async with opened(app, other, engine[other], monkeypatch) as runtime:
        await until_over(runtime, RUNS_BEGUN + 1)
    await insist_on_effects(other, runs=RUNS_BEGUN + 1)


def engine_of(url: str) -> str:
    return url.replace(".db", ".flows.db") if url.startswith("sqlite") else f"{url}_flows"


async def make(url: str, other: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE DATABASE {other.rpartition('/')[2]}")
    await connection.close()


def opened(app: Path, url: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> AbstractAsyncContextManager[Runtime]:
    monkeypatch.setenv("FIELDSTONE_FLOWS_DATABASE_URL", engine)
    settings = read_settings(
        {
            **os.environ,
            "FIELDSTONE_DATABASE_URL": url,
            "FIELDSTONE_ADMIN_EMAIL": ADMIN_EMAIL,
            "FIELDSTONE_ADMIN_PASSWORD": "fieldstone",
        }
    )
    return open_runtime(app, settings, open_log(io.BytesIO(), readable=True))


async def begin(runtime: Runtime, count: int) -> None:
    user = await read_first(runtime.door.execute, "sys_user", {"email": ADMIN_EMAIL}, ("id",))
    assert user is not None
    caller = await runtime.room.identity.member(user["id"], runtime.organization_id)
    assert caller is not None
    for _ in range(count):
        await runtime.door.execute(StartFlow("ten", {}), caller)


@contextmanager
def halfway(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """Lets the runs do half of their steps, and the others once the event is set."""
    act, saved, done = RunJournal.act, asyncio.Event(), count(1)

    async def act_in_time(journal: RunJournal, step: Step, work: Work, /) -> Entry:
        if next(done) > RUNS_BEGUN * STEPS // 2:
            await saved.wait()
        return await act(journal, step, work)

    with monkeypatch.context() as patched:
        patched.setattr(RunJournal, "act", act_in_time)
        yield saved


async def until_over(runtime: Runtime, count: int) -> None:
    async with asyncio.timeout(ENOUGH):
        while len(await read_records(runtime.door.execute, RUNS, {"status": "completed"}, ("id",))) < count:
            await runtime.flows.settled("any", 0.05)


async def insist_on_knowledge(url: str, engine: str) -> None:
    """Insists that each segment that the engine knows is one of a run that has come as far, and a done one is behind it."""
    rows = await rows_of(url, "SELECT id, segment, status FROM sys_automation_run")
    runs = {run_id: (segment, status) for run_id, segment, status in rows}
    table = "workflow_status" if engine.startswith("sqlite") else "fieldstone_flows.workflow_status"
    known = await rows_of(engine, f"SELECT workflow_uuid, status FROM {table}")
    assert known
    for name, done in known:
        run_id, number = name.rsplit(".", 1)
        segment, status = runs[run_id]
        assert int(number) <= segment
        if done == "SUCCESS":
            assert segment > int(number) or status not in ALIVE, (name, done, segment, status)
