"""Actions and flows: whether they can still be called, with what, and what comes of them."""

from collections.abc import Iterator

from fieldstone.registry.catalog import Action, Catalog
from fieldstone.registry.flows.graph import Graph, Input
from fieldstone.services.diff.fields import field_findings
from fieldstone.services.diff.finding import Finding, pairs
from fieldstone.services.diff.keys import ACTION_KEYS, FLOW_KEYS, key_findings

OF_ACTIONS = ("params", "body", "steps", "outputs", "handler", "name", "objectName")
OF_FLOWS = ("inputs", "steps", "outputs", "variables", "nodes", "edges", "version", "name", "status")


def action_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what differs between actions."""
    for key, before, after in pairs(old.actions, new.actions):
        subject = f"action {key}"
        if after is None:
            yield Finding("breaking", subject, f"`{key}`: the action is gone.")
        elif before is None:
            yield Finding("added", subject, f"`{key}`: the action is new.")
        else:
            yield from _changed_action(subject, key, before, after)


def flow_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what differs between flows."""
    for name, before, after in pairs(old.flows, new.flows):
        subject = f"flow {name}"
        if after is None:
            yield Finding("breaking", subject, f"`{name}`: the flow is gone.")
        elif before is None:
            yield Finding("added", subject, f"`{name}`: the flow is new.")
        else:
            yield from _changed_flow(subject, name, before, after)


def _changed_action(subject: str, key: str, old: Action, new: Action) -> Iterator[Finding]:
    if old.needs_record != new.needs_record:
        told = "needs a record now" if new.needs_record else "needs no record any more"
        yield Finding("breaking" if new.needs_record else "added", subject, f"`{key}`: {told}.")
    yield from field_findings(subject, key, old.params, new.params, "parameter")
    yield from _outputs(subject, key, set(old.declaration.outputs), set(new.declaration.outputs))
    yield from key_findings(subject, f"`{key}`", old.declaration, new.declaration, ACTION_KEYS, OF_ACTIONS)


def _changed_flow(subject: str, name: str, old: Graph, new: Graph) -> Iterator[Finding]:
    if old.active != new.active:
        told = "can be begun now" if new.active else "is not begun any more"
        yield Finding("added" if new.active else "breaking", subject, f"`{name}`: {told}.")
    for key, before, after in pairs(old.inputs, new.inputs):
        yield from _input(subject, f"`{name}.{key}`", before, after)
    yield from _outputs(subject, name, set(old.outputs), set(new.outputs))
    if old.declaration is not None and new.declaration is not None:
        yield from key_findings(subject, f"`{name}`", old.declaration, new.declaration, FLOW_KEYS, OF_FLOWS)


def _input(subject: str, where: str, old: Input | None, new: Input | None) -> Iterator[Finding]:
    if new is None:
        yield Finding("breaking", subject, f"{where}: the input is gone.")
    elif old is None:
        told = "the input is new, and must be given" if _demanded(new) else "the input is new"
        yield Finding("breaking" if _demanded(new) else "added", subject, f"{where}: {told}.")
    elif old.type != new.type:
        yield Finding("breaking", subject, f"{where}: the input was of type {old.type}, is of type {new.type}.")
    elif _demanded(old) != _demanded(new):
        told = "must be given now" if _demanded(new) else "need not be given any more"
        yield Finding("breaking" if _demanded(new) else "added", subject, f"{where}: the input {told}.")


def _demanded(given: Input) -> bool:
    return given.required and given.default is None


def _outputs(subject: str, name: str, old: set[str], new: set[str]) -> Iterator[Finding]:
    for output in sorted(old ^ new):
        told = "is new" if output in new else "is gone"
        yield Finding("added" if output in new else "breaking", subject, f"`{name}`: the output `{output}` {told}.")
