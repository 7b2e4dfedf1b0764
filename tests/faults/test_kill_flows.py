"""A process killed at every step of a run, or of an import: the next one goes on with it, and each effect on records is there once."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from fieldstone.services.imports.jobs.rows import PORTION_ROWS
from tests.faults.doomed import Fate, Orders, Seen
from tests.faults.look import rows_of
from tests.house.source import ROOT

STEPS = 10
FILES = {
    "package.yaml": "name: shifts\nlabel: Shifts\nversion: 0.1.0\n",
    "shift.object.yaml": "name: shift\nfields:\n  title: {type: text}\n  hours: {type: number, scale: 0}\n",
    "ten.flow.yaml": """
name: ten
steps:
  - {name: a, type: create, object: shift, fields: {title: a, hours: 1}}
  - {name: b, type: create, object: shift, fields: {title: b, hours: 1}}
  - {name: all, type: query, object: shift, where: {id: {$in: ['{!step.a.output.id}', '{!step.b.output.id}']}}}
  - name: each
    type: foreach
    items: '{!step.all.output}'
    do: [{name: raise, type: update, object: shift, id: '{!item.id}', fields: {hours: '{!item.hours + 10}'}}]
  - name: both
    type: parallel
    branches:
      left: [{name: c, type: create, object: shift, fields: {title: c, hours: 3}}]
      right: [{name: d, type: create, object: shift, fields: {title: d, hours: 4}}]
  - {name: gone, type: delete, object: shift, id: '{!step.a.output.id}'}
  - {name: e, type: create, object: shift, fields: {title: e, hours: 5}}
  - {name: last, type: update, object: shift, id: '{!step.e.output.id}', fields: {hours: 6}}
""",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with a flow of ten steps."""
    package = tmp_path / "shifts"
    package.mkdir()
    (tmp_path / "app.yaml").write_text("name: shifts_app\npackages: [./shifts]\nsurfaces: {apis: []}\n")
    for name, text in FILES.items():
        (package / name).write_text(text)
    return tmp_path


async def see(orders: Orders) -> Seen:
    """Lets processes live and die as ordered."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.doomed", msgspec.json.encode(orders).decode()),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return msgspec.json.decode(told, type=Seen)


async def test_a_run_that_is_killed_at_every_step_does_each_of_them_once(app: Path, sqlite_url: str) -> None:
    dying = [*(["behind"] * 3), "within", *(["behind"] * 6), "within", "behind"]
    fates = [Fate(dies, begins=int(number == 0)) for number, dies in enumerate([*dying, "never"])]
    seen = await see(Orders(str(app), sqlite_url, fates, lease=1.0))
    assert seen.killed_by == [*([signal.SIGKILL] * len(dying)), 0]
    await insist_on_effects(sqlite_url, runs=1)


async def test_another_process_finishes_the_runs_of_one_that_was_killed(app: Path, postgres_url: str) -> None:
    fates = [Fate("behind", begins=4)]
    seen = await see(Orders(str(app), postgres_url, fates, watched=4))
    assert seen.killed_by == [signal.SIGKILL, 0]
    assert seen.seconds < 30
    await insist_on_effects(postgres_url, runs=4)


async def test_an_import_that_is_killed_at_every_portion_makes_each_record_once(app: Path, sqlite_url: str) -> None:
    dying = ["within", "behind"]
    fates = [Fate(dies, begins=int(number == 0)) for number, dies in enumerate([*dying, "never"])]
    rows = PORTION_ROWS + 1
    seen = await see(Orders(str(app), sqlite_url, fates, rows=rows, lease=1.0))
    assert seen.killed_by == [*([signal.SIGKILL] * len(dying)), 0]
    assert sorted(await rows_of(sqlite_url, "SELECT title, hours FROM shift")) == sorted(
        (f"t{number}", number) for number in range(rows)
    )
    jobs = await rows_of(sqlite_url, "SELECT status, done, made, refused FROM sys_import_job")
    assert jobs == [("succeeded", rows, rows, 0)]


async def insist_on_effects(url: str, runs: int) -> None:
    """Insists that each run did each of its ten steps once."""
    assert await rows_of(url, "SELECT status, count(*) FROM sys_automation_run GROUP BY status") == [
        ("completed", runs)
    ]
    steps = await rows_of(url, "SELECT run_id, key FROM sys_automation_step WHERE status = 'success'")
    assert len(set(steps)) == len(steps) == STEPS * runs
    shifts = Counter(await rows_of(url, "SELECT title, hours FROM shift"))
    assert shifts.total() == 4 * runs
    assert shifts["b", 11] == shifts["c", 3] == shifts["d", 4] == shifts["e", 6] == runs
    assert [title for title, _ in shifts].count("a") == 0
