"""`fieldstone migrate`: what a database needs to fit its app, told like a change that somebody reviews, and done on demand."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from fieldstone.app_migration import migrate_app
from fieldstone.settings import read_settings
from fieldstone.store.migration.plan import ObjectPlan, Plan, is_allowed
from fieldstone.store.migration.step import KEPT, Action, Step
from fieldstone.store.migration.told import counted, predicate

PENDING = 2
"""How the command ends where there is something to do."""

Outcome = Literal["nothing", "pending", "refused", "applied"]
_SIGNS = {
    Action.ADD_OBJECT: "+",
    Action.ADD_FIELD: "+",
    Action.DROP_FIELD: "-",
    Action.DROP_OBJECT: "-",
    Action.KEEP_FIELD: "=",
    Action.KEEP_OBJECT: "=",
}


def migrate(
    app: Path,
    /,
    *,
    apply: Annotated[bool, Parameter(negative="")] = False,
    allow_destructive: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Tell what brings an app's database to its declarations, and do it.

    Without `--apply` nothing is changed. Ends with 0 when nothing is left to do, with 2 when there is, with 1 when it cannot be done or
    loses something that nobody has allowed.

    Parameters
    ----------
    app
        The app's folder, with its `app.yaml`.
    apply
        Do it.
    allow_destructive
        What may lose something: fields, such as `ticket.price`, or whole objects. What is no longer declared stays unless it is named.
    json
        Tell it for programs.
    """
    allowed = frozenset(allow_destructive or ())
    plan = asyncio.run(migrate_app(app, read_settings(os.environ), allowed, apply=apply))
    outcome = outcome_of(plan, applied=apply)
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(plain(plan, outcome))).decode() + "\n")
    else:
        console = Console(highlight=False, soft_wrap=True)
        for line in lines_of(plan, outcome, app):
            console.print(_styled(line))
    if outcome in ("pending", "refused"):
        sys.exit(PENDING if outcome == "pending" else 1)


def outcome_of(plan: Plan, *, applied: bool) -> Outcome:
    """Returns what came of a plan."""
    if plan.refused or (applied and plan.unallowed):
        return "refused"
    if not plan.steps:
        return "nothing"
    return "applied" if applied else "pending"


def lines_of(plan: Plan, outcome: Outcome, app: Path) -> Iterator[str]:
    """Yields a plan for people, line by line."""
    added = [item.name for item in plan.objects if item.standing == "added"]
    if added:
        yield f"added, with their tables: {', '.join(added)}"
        yield ""
    for item in plan.objects:
        if item.steps and item.standing != "added":
            yield from _object_lines(item, plan)
            yield ""
    staying = [step.name for item in plan.objects for step in item.steps if step.action in KEPT]
    if staying:
        yield f"What stays is dropped when it is named, as by --allow-destructive {staying[0]}"
        yield ""
    steps, objects = len(plan.steps), len({step.object for step in plan.steps})
    total = f"{steps} step{'s' if steps != 1 else ''} on {objects} object{'s' if objects != 1 else ''}"
    command = f"fieldstone migrate {app} --apply"
    names = sorted({step.name for step in plan.steps if step.lost is not None})
    if outcome == "nothing":
        yield "Nothing to do: the database is what the app declares."
    elif outcome == "applied":
        yield f"Done: {total}."
    elif plan.refused:
        yield f"Refused: {total}, of which {len(plan.refused)} cannot be done. Nothing was changed."
    else:
        told = "Refused, for it loses something. Nothing was changed" if outcome == "refused" else total
        yield f"{told}. Do it by: {' '.join([command, *(f'--allow-destructive {name}' for name in names)])}"


def _object_lines(item: ObjectPlan, plan: Plan) -> Iterator[str]:
    had = "" if item.records is None else f", {counted(item.records)}"
    yield f"{item.name}: {item.standing}{had}"
    width = max((len(step.field or "") for step in item.steps), default=0)
    for step in item.steps:
        sign = "!" if step.refused is not None else _SIGNS.get(step.action, "~")
        margin = f"  {sign} {(step.field or '').ljust(width)}{' ' if width else ''}"
        yield f"{margin}{predicate(step)}"
        if step.lost is not None and step.action not in KEPT:
            known = is_allowed(step, plan.allowed)
            yield f"{' ' * len(margin)}LOST for good{', as allowed' if known else f': asks for --allow-destructive {step.name}'}"
    locks = dict.fromkeys(lock for step in item.pending if (lock := step.lock(plan.dialect)) is not None)
    if locks:
        yield f"  locks: {'; '.join(locks)}"


def _styled(line: str) -> Text:
    sign = line[2:3] if line.startswith("  ") else ""
    style = {"+": "green", "!": "bold red", "-": "red", "=": "dim"}.get(sign, "")
    return Text(line, style="yellow" if "LOST" in line else style)


def plain(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Returns a plan for programs."""
    return {
        "outcome": outcome,
        "objects": [
            {
                "object": item.name,
                "standing": item.standing,
                "former": item.change.former,
                "records": item.records,
                "steps": [_plain_step(step, plan) for step in item.steps],
            }
            for item in plan.objects
            if item.steps
        ],
    }


def _plain_step(step: Step, plan: Plan) -> dict[str, Any]:
    return {
        "action": step.action,
        "field": step.field,
        "says": predicate(step),
        "pending": step.action not in KEPT,
        "records": step.records,
        "lost": step.lost,
        "refused": step.refused,
        "name": step.name,
        "allowed": step.lost is None or is_allowed(step, plan.allowed),
        "lock": step.lock(plan.dialect),
    }
