"""What an expression refers to: the names that it takes from outside."""

from fieldstone.query.cel.ir import Macro, Node, Ref, children


def references(node: Node) -> frozenset[tuple[str, ...]]:
    """Returns the paths of all references that no macro within the node binds."""
    if isinstance(node, Ref):
        return frozenset({node.path})
    if isinstance(node, Macro):
        body = [references(part) for part in (node.cond, node.value) if part is not None]
        inner = frozenset().union(*body)
        return references(node.range) | {path for path in inner if path[0] != node.var}
    return frozenset().union(*(references(child) for child in children(node)))
