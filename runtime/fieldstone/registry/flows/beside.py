"""Branches side by side: refuses two that set the same name, for which of them would have it in the end is nobody's decision."""

from collections.abc import Iterable, Iterator, Mapping

from fieldstone.errors import Fault
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.flows.graph import Node
from fieldstone.registry.flows.site import Path

SetNames = Mapping[str, Path]
"""Names that steps set, and where."""


def clash_faults(document: Document, branches: Iterable[tuple[str, SetNames]]) -> Iterator[Fault]:
    """Yields a fault for each name that a branch sets and one before it sets, too; each branch comes with what it is called."""
    first: dict[str, str] = {}
    for called, names in branches:
        for name, path in names.items():
            other = first.setdefault(name, called)
            if other != called:
                message = f"`{other}` and `{called}` run side by side, and both set `{name}`."
                hint = "Let each set a name of its own, and bring them together behind both."
                yield document.fault(path, Code.FLOW, message, hint)


def opened_together(node: Node) -> list[list[str]]:
    """Returns the nodes that edges of a node lead to whenever it is done, in groups that are opened together."""
    groups: dict[str | None, list[str]] = {}
    for edge in node.edges:
        if edge.condition is None and not edge.default:
            groups.setdefault(edge.label, []).append(edge.target)
    return [group for group in groups.values() if len(group) > 1]


def branch_of(start: str, fork: Node, nodes: Mapping[str, Node]) -> list[str]:
    """Returns the nodes of a branch that a fork opens, up to where its branches meet; where failures lead is a part of it."""
    found: dict[str, None] = {}
    ahead = [start]
    while ahead:
        name = ahead.pop()
        node = nodes.get(name)
        if node is None or name in (fork.id, fork.join) or name in found:
            continue
        found[name] = None
        ahead += [edge.target for edge in node.edges]
        ahead += [] if node.fault is None else [node.fault]
    return list(found)
