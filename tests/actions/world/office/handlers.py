"""What the actions of the workshop do."""

import asyncio
from decimal import Decimal
from typing import Any

from fieldstone.engine.hooks import Change, Context
from fieldstone.engine.operation import Create, Update
from fieldstone.errors import Conflict
from fieldstone.flows.actions.call import ActionCall
from fieldstone.registry.handlers import Handlers


async def close_job(context: Context, call: ActionCall) -> dict[str, Any]:
    """Closes a job and answers with its cost."""
    record = call.record or {}
    await context.execute(
        Update("job", record["id"], {"status": "closed", "hours": call.input["hours"]}, record["version"])
    )
    return {
        "id": record["id"],
        "cost": (record["rate"] or Decimal(0)) * call.input["hours"],
        "note": call.input["note"],
    }


async def stamp_job(context: Context, call: ActionCall) -> str:
    """Puts the caller's name on a job."""
    await context.execute(Update("job", str(call.record_id), {"stamped_by": context.caller.id}))
    return "stamped"


async def break_off(context: Context, call: ActionCall) -> Any:
    """Writes two slips, then refuses, crashes, or answers with what cannot be sent."""
    await context.execute(Create("slip", ({"text": "one"},)))
    await context.execute(Create("slip", ({"text": "two"},)))
    if call.input["how"] == "refuse":
        raise Conflict("Not today.")
    return object() if call.input["how"] == "babble" else 1 // 0


async def leave_a_trail(context: Context, change: Change) -> None:
    """Writes down, in the parcel itself, that it was called, and what was there before."""
    past = (change.previous or {}).get("trail")
    change.values["trail"] = f"{change.values.get('trail') or past or ''}{'+' if change.previous else '*'}"


async def refuse(context: Context, change: Change) -> None:
    """Refuses whatever it is called for."""
    raise Conflict(f"No {change.object} of this sort.")


async def dawdle(context: Context, change: Change) -> None:
    """Never comes to an end."""
    await asyncio.Event().wait()


async def babble(context: Context, change: Change) -> None:
    """Sets what cannot be set: too long a label, a number of the wrong type, a field that is not there."""
    told = {"long": {"label": "x" * 50}, "odd": {"weight": "heavy"}, "none": {"colour": "red"}}
    change.values.update(told[change.values["label"]])


async def stamp_a_job(context: Context, change: Change) -> None:
    """Makes a job in the name of the system, with what no worker may set."""
    await context.execute(Create("job", ({"title": "Stamped", "margin": 7},)))


HANDLERS = Handlers(
    actions={"close_job": close_job, "stamp_job": stamp_job, "break_off": break_off},
    hooks={
        "leave_a_trail": leave_a_trail,
        "refuse": refuse,
        "dawdle": dawdle,
        "babble": babble,
        "stamp_a_job": stamp_a_job,
    },
)
