"""PostgreSQL's plans: what `EXPLAIN` tells of a statement, with its values taken out, and how many rows it reads.

The numbers are the planner's. What it tells of a scan with a filter is how many rows are left; how many are read is asked of it again,
for the whole table or for the index's condition alone.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fieldstone.errors import FieldstoneError
from fieldstone.store.database import Database
from fieldstone.store.ddl import quoted
from fieldstone.store.plan import PlanReading

Node = Mapping[str, Any]

_VALUE = re.compile(r"""("(?:[^"]|"")*")|E?'(?:[^']|'')*'|(?<![\w$."])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b""")
_SILENT = frozenset({"Parallel Aware", "Async Capable", "Disabled", "Plan Width", "Startup Cost"})
_EXPRESSIONS = ("Cond", "Filter", "Key", "Output")
_BLOCKING = frozenset({"Sort", "Aggregate", "Group", "WindowAgg", "Unique", "SetOp", "Hash", "Materialize"})
_INDEX_SCANS = frozenset({"Index Scan", "Index Only Scan"})


async def read_postgres_plan(database: Database, text: str, parameters: tuple[Any, ...]) -> PlanReading:
    """Returns the plan of a statement with these parameters."""
    top = await _explain(database, text, parameters)
    rows = await _reads(database, top, 1.0)
    plan = _masked(top)
    if top["Node Type"] != "Limit":
        return PlanReading(plan, round(rows), first=round(rows))
    *before, outer = sorted(_children(top), key=_is_outer)
    first = sum([await _reads(database, child, 1.0) for child in before])
    if not _streams(outer):
        return PlanReading(plan, round(rows), first=round(rows))
    return PlanReading(plan, round(rows), round(first), (rows - first) / max(float(outer["Plan Rows"]), 1.0))


async def read_generic_plan(database: Database, text: str) -> Any:
    """Returns the plan of a statement for parameters of which nothing is known."""
    return _masked(await _explain(database, text, options="FORMAT JSON, GENERIC_PLAN"))


async def _explain(
    database: Database, text: str, parameters: tuple[Any, ...] = (), options: str = "FORMAT JSON"
) -> Node:
    ((document,),) = await database.read(f"EXPLAIN ({options}) {text}", parameters, bounded=True)
    plan: Node = msgspec.json.decode(document)[0]["Plan"]
    return plan


def _masked(value: Any, key: str = "Plan") -> Any:
    """Returns a part of a plan without values: in its expressions every text and number becomes a question mark."""
    if isinstance(value, dict):
        return {name: _masked(item, name) for name, item in value.items() if name not in _SILENT}
    if isinstance(value, list):
        return [_masked(item, key) for item in value]
    if isinstance(value, str) and key.endswith(_EXPRESSIONS):
        return _VALUE.sub(lambda found: found[1] or "?", value)
    return value


def _children(node: Node) -> Iterator[Node]:
    yield from node.get("Plans", ())


async def _reads(database: Database, node: Node, times: float) -> float:
    """Returns how many rows a node and all below it read when it is run so often."""
    own = await _rows(database, node)
    total = times * own
    inner = times
    for child in _children(node):
        relation = child["Parent Relationship"]
        name = child.get("Subplan Name", "")
        if relation == "InitPlan" or f"hashed {name}" in node.get("Filter", ""):
            total += await _reads(database, child, 1.0)
        elif relation == "SubPlan":
            total += await _reads(database, child, times * max(own, 1.0))
        else:
            total += await _reads(database, child, inner)
            if node["Node Type"] == "Nested Loop":
                inner *= max(float(child["Plan Rows"]), 1.0)
    return total


async def _rows(database: Database, node: Node) -> float:
    """Returns how many rows one run of a node reads from its table by itself; 0 for nodes that read none."""
    kind = node["Node Type"]
    if kind == "Seq Scan":
        return await _planned(database, node, "")
    if kind == "Bitmap Heap Scan":
        return float(node["Plans"][0]["Plan Rows"])
    if kind in _INDEX_SCANS:
        filtered = "Filter" in node
        return await _planned(database, node, node.get("Index Cond", "")) if filtered else float(node["Plan Rows"])
    return 0.0


async def _planned(database: Database, node: Node, condition: str) -> float:
    """Returns how many rows of a node's table the planner expects to satisfy a condition in its own words; what a loop binds is unknown."""
    where = f" WHERE {condition}" if condition else ""
    try:
        found = await _explain(
            database, f"SELECT FROM {quoted(node['Relation Name'])} AS {quoted(node['Alias'])}{where}"
        )
    except FieldstoneError:
        found = node
    return float(found["Plan Rows"])


def _is_outer(node: Node) -> bool:
    return bool(node["Parent Relationship"] == "Outer")


def _streams(node: Node) -> bool:
    """Tells whether a plan gives its first row before it has read its last."""
    while node["Node Type"] not in _BLOCKING:
        outer = [child for child in _children(node) if _is_outer(child)]
        if not outer or node["Node Type"] == "Bitmap Heap Scan":
            return True
        node = outer[0]
    return False
