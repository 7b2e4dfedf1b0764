"""What the actions of the workshop do."""

from decimal import Decimal
from typing import Any

from fieldstone.engine.hooks import Context
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


HANDLERS = Handlers(actions={"close_job": close_job, "stamp_job": stamp_job, "break_off": break_off})
