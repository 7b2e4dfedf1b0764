"""What is told of a run: its state, and its steps with what they were given and what came of them, secrets hidden."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.engine.outcome import RunState, RunStep
from fieldstone.flows.hiding import Hide
from fieldstone.flows.runs import Row


def state_of(run: Row, hide: Hide, steps: Sequence[Row] | None = None) -> RunState:
    """Returns a run as people may read it; its steps where they were read."""
    return RunState(
        id=run["id"],
        flow=run["flow_name"],
        version=run["flow_version"],
        status=run["status"],
        trigger={"type": run["trigger_type"], **(run["cause"] or {})},
        input=hide(run["input"] or {}),
        output=hide(run["output"]),
        variables=hide(run["variables"] or {}),
        error=hide(run["error"]),
        waiting=tuple(run["waiting"] or ()),
        started_by=run["started_by"],
        started_at=run["started_at"],
        completed_at=run["completed_at"],
        replay_of=run["replay_of"],
        steps=()
        if steps is None
        else (*(_step(row, hide) for row in steps), *(_passed(row, hide) for row in run["passed"] or ())),
    )


def waiting_of(row: Row) -> dict[str, Any]:
    """Returns what a step waits for, as the run tells it."""
    told: Mapping[str, Any] = row["waiting"] or {}
    return {
        "step": row["key"],
        "nodeId": row["node_id"],
        "kind": told.get("kind"),
        "dueAt": row["due_at"],
        "signal": told.get("signal"),
        "screen": told.get("told"),
        "runId": told.get("runId"),
    }


def _step(row: Row, hide: Hide) -> RunStep:
    return RunStep(
        key=row["key"],
        node_id=row["node_id"],
        node_type=row["node_type"],
        label=row["label"],
        status=row["status"],
        attempt=row["attempt"],
        input=row["input"],
        output=hide(row["output"]),
        error=hide(row["error"]),
        started_at=row["started_at"],
        completed_at=row["completed_at"],
    )


def _passed(row: Row, hide: Hide) -> RunStep:
    return RunStep(
        key=row["key"],
        node_id=row["nodeId"],
        node_type=row["nodeType"],
        label=row["label"],
        status=row.get("status", "success"),
        attempt=1,
        input=row["input"],
        output=hide(row["output"]),
        error=None,
        started_at=row["at"],
        completed_at=row["at"],
    )
