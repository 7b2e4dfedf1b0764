"""What actions and hooks are made of alike: a handler that is found by its name, and steps that can be done at once."""

from collections.abc import Iterator
from typing import Literal

from fieldstone.errors import Fault
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Graph, StepKinds
from fieldstone.registry.handlers import Handler, Handlers


def named_handler(
    document: Document, name: str | None, handlers: Handlers, table: Literal["actions", "hooks"]
) -> tuple[Handler | None, list[Fault]]:
    """Returns the handler of a name, None where none is named, and the fault of a name that no package has."""
    known = handlers.actions if table == "actions" else handlers.hooks
    if name is None or name in known:
        return known.get(name or ""), []
    hint = did_you_mean(name, known) or f"Put it under `{table}` in the package's `handlers.py`."
    message = f"No package has a handler `{name}` for {table}."
    return None, [document.fault(("handler",), Code.UNKNOWN_PART, message, hint)]


def lasting_faults(graph: Graph | None, kinds: StepKinds, whose: str, code: Code) -> Iterator[Fault]:
    """Yields a fault for every step that waits or reaches out, where all is done within one transaction."""
    for node in () if graph is None else graph.nodes.values():
        if not kinds[node.kind].inline:
            message = f"`{node.id}` takes its time, and {whose} is done at once."
            yield Fault(node.place, code, message, "Put the steps into a flow.")
