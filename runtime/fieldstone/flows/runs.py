"""The rows of runs: how a run and its steps are found, held and changed within a Unit, and what states they know."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from fieldstone.access.caller import SYSTEM, Caller
from fieldstone.engine.locate import plain
from fieldstone.engine.own_rows import update_own
from fieldstone.engine.plans import ID_IS
from fieldstone.engine.records import Execute, read_first, read_records
from fieldstone.engine.unit import Unit
from fieldstone.query.ast import And, Slot, Term
from fieldstone.query.ast import Literal as Constant

RUNS: Final = "sys_automation_run"
STEPS: Final = "sys_automation_step"

Status = Literal["pending", "running", "paused", "retrying", "completed", "failed", "timed_out", "cancelled"]
UNDER_WAY: Final = ("pending", "running")
SLEEPING: Final = ("paused", "retrying")
ALIVE: Final = UNDER_WAY + SLEEPING

BEGIN_SECONDS: Final = 10.0
"""After how long a segment that nobody has begun is begun by whoever looks."""

WATCH_SECONDS: Final = 900.0
"""After how long a segment that shows no sign of life is begun again; every step is one."""

RUN_FIELDS: Final = (
    "id", "organization_id", "flow_name", "flow_version", "version_id", "status", "trigger_type", "cause", "surroundings", "started_by",
    "input", "output", "variables", "passed", "error", "waiting", "parent_run", "parent_key", "replay_of", "started_at", "completed_at",
    "segment", "due_at",
)  # fmt: skip
STEP_FIELDS: Final = (
    "id", "key", "node_id", "node_type", "label", "status", "number", "attempt", "input", "output", "error", "waiting", "due_at",
    "started_at", "completed_at",
)  # fmt: skip

AT_SEGMENT: Final = And(
    (Term("id", "eq", Slot(0)), Term("segment", "eq", Slot(1)), Term("status", "in", Constant(UNDER_WAY)))
)
AWAKE: Final = And((Term("id", "eq", Slot(0)), Term("status", "in", Constant(ALIVE))))
ASLEEP: Final = And((Term("id", "eq", Slot(0)), Term("status", "in", Constant(SLEEPING))))

Row = dict[str, Any]


class Superseded(Exception):
    """The segment is not the run's any more: it was cancelled, or another one was begun."""


async def read_run(execute: Execute, run_id: str, caller: Caller = SYSTEM, flow: str | None = None) -> Row | None:
    """Returns a run as it is stored; None where it is not there, or not for this caller, or of another flow."""
    where = {"id": run_id} if flow is None else {"id": run_id, "flow_name": flow}
    if not caller.system and await read_first(execute, RUNS, where, ("id",), caller) is None:
        return None
    found = await read_first(execute, RUNS, where, RUN_FIELDS)
    return None if found is None else plain(found)


async def read_steps(execute: Execute, run_id: str) -> list[Row]:
    """Returns the journal of a run in the order in which its steps began."""
    rows = await read_records(execute, STEPS, {"run_id": run_id}, STEP_FIELDS)
    return sorted(map(plain, rows), key=lambda row: row["number"])


async def hold(unit: Unit, run_id: str) -> bool:
    """Keeps a run as it is for everybody else until the Unit ends; False when it is gone."""
    return bool(await update_own(unit, RUNS, {"id": run_id}, ID_IS, run_id))


async def wake(unit: Unit, run_id: str) -> None:
    """Lets a run that sleeps be due now; one that is under way looks for itself before it sleeps."""
    await update_own(unit, RUNS, {"due_at": unit.now}, ASLEEP, run_id)


def told(error: Mapping[str, Any], node_id: str, key: str) -> dict[str, Any]:
    """Returns the error of a run: that of the step which failed, and which one it was."""
    return {**error, "nodeId": node_id, "step": key}


_JSON = msgspec.json.Encoder(decimal_format="number")


def as_kept(value: Any) -> Any:
    """Returns a value as it will come back from the journal, so that a run goes the same way the first time and every other."""
    return plain({"value": msgspec.Raw(_JSON.encode(value))})["value"]
