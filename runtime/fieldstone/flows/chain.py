"""The chain: which runs led to a write, so that a flow which begins itself again comes to an end.

A run that was begun by a record keeps the chain of whoever wrote that record: the flows, each with the record for which it ran. A flow that
is in the chain already for the same record is not run, and neither is anything at the end of a chain that grows too long.
"""

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.engine.door import Door
from fieldstone.engine.unit import Unit
from fieldstone.engine.work import within
from fieldstone.errors import FlowLoop
from fieldstone.flows.runs import read_run

LONGEST: Final = 16
"""How many flows may begin each other in a row."""

Chain = list[list[str | None]]
"""Pairs of a flow's name and the id of its record, the first cause in front."""


async def chain_of(door: Door, unit: Unit) -> Chain:
    """Returns the chain of the run that writes in a Unit; empty when none does."""
    return [] if unit.run_id is None else await _chain_to(door, unit, unit.run_id)


def loop_error(chain: Chain, flow: str, record_id: str) -> FlowLoop | None:
    """Returns why a flow is not run again at the end of a chain; None when it may be."""
    if [flow, record_id] in chain:
        return FlowLoop(
            f"`{flow}` was begun by what it did itself to the same record.",
            details={"skipped": True, "chain": chain},
            hint="Let the condition of its trigger be false once the flow has done its work.",
        )
    if len(chain) >= LONGEST:
        return FlowLoop(
            f"More than {LONGEST} flows begin each other in a row.",
            details={"skipped": True, "chain": chain},
            hint="Let the condition of one of their triggers come to an end.",
        )
    return None


async def _chain_to(door: Door, unit: Unit, run_id: str) -> Chain:
    run: Mapping[str, Any] | None = await read_run(within(door, unit), run_id)
    if run is None:
        return []
    before = (
        run["cause"].get("chain", []) if run["parent_run"] is None else await _chain_to(door, unit, run["parent_run"])
    )
    return [*before, [run["flow_name"], run["cause"].get("recordId")]]
