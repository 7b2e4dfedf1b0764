"""Graphs of nodes and edges: read, and held to leading somewhere.

Refuses edges to nowhere, nodes that no way leads to, circles that are not said to be any or that nothing leads out of, and branches that
meet in a node that does not wait for them.
"""

from collections.abc import Mapping

import msgspec

from fieldstone.kinds.flow import EdgeDeclaration, NodeDeclaration, Nodes
from fieldstone.kinds.step import Retry
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import StepKind, StepKinds
from fieldstone.registry.flows.site import Path, Surroundings
from fieldstone.registry.flows.sketch import Names, Sketch, decoded, unknown_type

START = "start"
JOIN = "join"
END = "end"


class Way(msgspec.Struct, frozen=True, eq=False):
    """An edge, as it was declared, and where."""

    declared: EdgeDeclaration
    path: Path


class Layout(msgspec.Struct, frozen=True, eq=False):
    """A graph that leads somewhere: its nodes in an order in which each stands behind those before it, but for ways back."""

    start: str
    sketches: Mapping[str, Sketch | None]
    ways: Mapping[str, tuple[Way, ...]]
    faults: Mapping[str, Way]
    joins: Mapping[str, str | None]
    """For a node with branches, the node where they meet again; None where they never do."""
    circles: Mapping[str, frozenset[str]]
    """For a node that ways lead back to, the nodes of the circles."""


def read_graph(
    around: Surroundings,
    graph: Nodes,
    path: Path,
    kinds: StepKinds,
    names: Names,
    *,
    retry: Retry | None,
    goes_on: bool,
) -> Layout | None:
    """Returns a graph; notes its faults, and returns None, where it leads nowhere. `retry` and `goes_on` are those of every node."""
    known = {name: kind for name, kind in kinds.items() if kind.node is not None}
    sketches: dict[str, Sketch | None] = {}
    paths: dict[str, Path] = {}
    for number, node in enumerate(graph.nodes):
        at = (*path, "nodes", number)
        names.take(node.id, (*at, "id"))
        sketches[node.id] = _sketch(around, node, at, known, retry, goes_on=goes_on)
        paths[node.id] = at
    answering = frozenset(name for name, sketch in sketches.items() if sketch is not None and sketch.kind.answers)
    reader = _Reader(around, graph, path, paths, answering)
    ways, fault_ways = reader.ways()
    start = reader.start()
    if start is None or not reader.sound():
        return None
    forward = {
        name: [
            way.declared.target
            for way in (*out, *((fault_ways[name],) if name in fault_ways else ()))
            if way.declared.type != "back"
        ]
        for name, out in ways.items()
    }
    order = reader.order(start, forward)
    if order is None:
        return None
    circles = reader.circles(order, ways, forward)
    joins = reader.joins(order, ways, forward)
    if not reader.sound():
        return None
    return Layout(start, {name: sketches[name] for name in order}, ways, fault_ways, joins, circles)


def _sketch(
    around: Surroundings,
    node: NodeDeclaration,
    path: Path,
    known: Mapping[str, StepKind],
    retry: Retry | None,
    *,
    goes_on: bool,
) -> Sketch | None:
    kind = known.get(node.type)
    if kind is None or kind.node is None:
        unknown_type(around, (*path, "type"), node.type, known)
        return None
    config = decoded(around, node.config, kind.node, (*path, "config"))
    if config is None:
        return None
    return Sketch(
        id=node.id,
        kind=kind,
        config=config,
        path=path,
        config_path=(*path, "config"),
        label=node.label or node.id,
        output=getattr(config, "output", None),
        retry=None if kind.pure or not kind.tried else retry,
        goes_on=goes_on,
        timeout_ms=node.timeout_ms,
        said=frozenset({"timeout_ms"}) if node.timeout_ms is not None else frozenset(),
    )


class _Reader:
    """Reads the edges of a graph."""

    def __init__(
        self, around: Surroundings, graph: Nodes, path: Path, paths: Mapping[str, Path], answering: frozenset[str]
    ) -> None:
        self._broken = False
        self._around = around
        self._graph = graph
        self._path = path
        self._paths = paths
        self._answering = answering
        self._types = {node.id: node.type for node in graph.nodes}

    def _refuse(self, path: Path, code: Code, message: str, hint: str | None = None) -> None:
        self._broken = True
        self._around.faults.append(self._around.document.fault(path, code, message, hint))

    def sound(self) -> bool:
        """Tells whether nothing was found wrong so far."""
        return not self._broken

    def ways(self) -> tuple[dict[str, tuple[Way, ...]], dict[str, Way]]:
        """Returns the edges from each node, and the one that each is left by when it fails."""
        ways: dict[str, tuple[Way, ...]] = dict.fromkeys(self._paths, ())
        faults: dict[str, Way] = {}
        for number, edge in enumerate(self._graph.edges):
            at = (*self._path, "edges", number)
            if not self._known(edge, at):
                continue
            self._check(edge, at)
            way = Way(edge, at)
            if edge.type != "fault":
                ways[edge.source] = (*ways[edge.source], way)
            elif faults.setdefault(edge.source, way) is not way:
                self._refuse(
                    (*at, "type"), Code.FLOW, f"`{edge.source}` has a fault edge already.", "Keep one of the two."
                )
        return ways, faults

    def _known(self, edge: EdgeDeclaration, at: Path) -> bool:
        known = True
        for key in ("source", "target"):
            name = getattr(edge, key)
            if name not in self._paths:
                self._refuse((*at, key), Code.FLOW, f"There is no node `{name}` here.", did_you_mean(name, self._paths))
                known = False
        return known

    def _check(self, edge: EdgeDeclaration, at: Path) -> None:
        if edge.type == "conditional" and edge.condition is None:
            self._refuse(at, Code.MISSING_KEY, "A conditional edge needs a `condition`.", "Add `condition: ...`.")
        if edge.type == "fault" and (edge.condition is not None or edge.is_default):
            message = "A fault edge is gone whenever its node fails."
            self._refuse((*at, "condition" if edge.condition else "isDefault"), Code.FLOW, message, "Drop it.")
        if edge.condition is not None and edge.is_default:
            message = "The edge is gone where no other is, so that its condition would never be looked at."
            self._refuse((*at, "isDefault"), Code.FLOW, message, "Drop one of the two.")
        if self._types[edge.source] == END:
            self._refuse(
                (*at, "source"), Code.FLOW, f"`{edge.source}` is an end: nothing leads on from it.", "Drop the edge."
            )
        if self._types[edge.target] == START:
            self._refuse(
                (*at, "target"),
                Code.FLOW,
                f"`{edge.target}` is the start: nothing leads to it.",
                "Lead to the node behind it.",
            )

    def start(self) -> str | None:
        """Returns where the graph begins: its node of type `start`, or, within a node, the only one that nothing leads to."""
        starts = [name for name, kind in self._types.items() if kind == START]
        within = bool(self._path)
        reached = {edge.target for edge in self._graph.edges if edge.type != "back"}
        found = starts or ([name for name in self._paths if name not in reached] if within else [])
        if len(found) == 1:
            return found[0]
        if len(starts) > 1:
            self._refuse(
                (*self._paths[starts[1]], "type"), Code.FLOW, "There is a `start` node already.", "Keep one of the two."
            )
        elif within:
            self._refuse(
                (*self._path, "nodes"),
                Code.FLOW,
                "It is not said where this part begins.",
                "Add a node of type `start`.",
            )
        else:
            self._refuse(
                (*self._path, "nodes"),
                Code.FLOW,
                "The flow has no `start` node.",
                "Add `{id: start, type: start}` and an edge from it.",
            )
        return None

    def order(self, start: str, forward: Mapping[str, list[str]]) -> list[str] | None:
        """Returns the nodes, each behind those that lead to it; notes circles that are not said to be any, and what is never reached."""
        done: dict[str, None] = {}
        above: dict[str, None] = {}
        stack: list[tuple[str, int]] = [(start, 0)]
        above[start] = None
        while stack:
            name, at = stack.pop()
            following = forward[name]
            if at == len(following):
                del above[name]
                done[name] = None
                continue
            stack.append((name, at + 1))
            target = following[at]
            if target in above:
                circle = [*list(above)[list(above).index(target) :], target]
                self._unsaid(circle)
                return None
            if target not in done:
                above[target] = None
                stack.append((target, 0))
        for name in self._paths:
            if name not in done:
                hint = "Add an edge to it, or drop it."
                self._refuse((*self._paths[name], "id"), Code.FLOW_UNREACHABLE, f"No way leads to `{name}`.", hint)
        return list(reversed(done))

    def _unsaid(self, circle: list[str]) -> None:
        source, target = circle[-2], circle[-1]
        number = next(
            number for number, edge in enumerate(self._graph.edges) if (edge.source, edge.target) == (source, target)
        )
        shown = " -> ".join(f"`{name}`" for name in circle)
        message = f"This edge leads back, in a circle: {shown}."
        self._refuse((*self._path, "edges", number), Code.FLOW_CYCLE, message, "Say `type: back` if that is meant.")

    def circles(
        self, order: list[str], ways: Mapping[str, tuple[Way, ...]], forward: Mapping[str, list[str]]
    ) -> dict[str, frozenset[str]]:
        """Returns the nodes of the circles by the node that they begin with; notes those that nothing leads out of."""
        found: dict[str, frozenset[str]] = {}
        for name in order:
            for way in ways[name]:
                if way.declared.type != "back":
                    continue
                target = way.declared.target
                circle = _between(target, name, forward)
                if not circle:
                    message = f"`{target}` does not lead to `{name}`, so that this edge leads nowhere back."
                    self._refuse((*way.path, "type"), Code.FLOW_CYCLE, message, "Drop `type: back`.")
                elif not self._leaves(circle, ways):
                    message = "Nothing ever leads out of this circle."
                    hint = "Give an edge of it a `condition`, and lead on where it does not hold."
                    self._refuse(way.path, Code.FLOW_CYCLE, message, hint)
                else:
                    found[target] = found.get(target, frozenset()) | circle
        return found

    def _leaves(self, circle: frozenset[str], ways: Mapping[str, tuple[Way, ...]]) -> bool:
        """Tells whether some node of a circle may be left by a way that is no part of it, and then is not gone on in it, too."""
        for name in circle:
            inside = [way for way in ways[name] if way.declared.target in circle]
            outside = [way for way in ways[name] if way.declared.target not in circle]
            chosen = all(way.declared.condition or way.declared.label or way.declared.is_default for way in inside)
            if inside and chosen and (outside or all(way.declared.condition for way in inside)):
                return True
        return False

    def joins(
        self, order: list[str], ways: Mapping[str, tuple[Way, ...]], forward: Mapping[str, list[str]]
    ) -> dict[str, str | None]:
        """Returns for each node that opens branches the node where they meet; notes branches that meet where nothing waits for them."""
        found: dict[str, str | None] = {}
        for name in order:
            if name in self._answering:
                continue
            open_ways = [way for way in ways[name] if not way.declared.is_default]
            targets = [way.declared.target for way in open_ways if way.declared.type != "back"]
            if len(targets) < 2:
                continue
            reached = [_reached(target, forward) for target in targets]
            meeting = next((each for each in order if sum(each in part for part in reached) > 1), None)
            found[name] = meeting
            if meeting is None:
                continue
            if self._types[meeting] != JOIN:
                message = (
                    f"Branches that `{name}` opens side by side meet in `{meeting}`, which does not wait for them."
                )
                hint = "Put a node of type `join` before it."
                self._refuse((*self._paths[meeting], "type"), Code.FLOW, message, hint)
            elif _apart(targets, meeting, forward) is not None:
                again = _apart(targets, meeting, forward)
                message = f"Branches that `{name}` opens side by side meet in `{meeting}`, and in `{again}`, too."
                self._refuse(
                    (*self._paths[name], "id"), Code.FLOW, message, "Let all of them meet in one node of type `join`."
                )
        return found


def _apart(targets: list[str], meeting: str, forward: Mapping[str, list[str]]) -> str | None:
    """Returns a node where branches meet without passing their meeting place, None where there is none."""
    before = {**forward, meeting: []}
    seen: set[str] = set()
    for target in targets:
        part = _reached(target, before) - {meeting}
        if shared := sorted(seen & part):
            return shared[0]
        seen |= part
    return None


def _reached(start: str, forward: Mapping[str, list[str]]) -> frozenset[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += forward[name]
    return frozenset(seen)


def _between(first: str, last: str, forward: Mapping[str, list[str]]) -> frozenset[str]:
    """Returns the nodes on ways from one node to another, both among them; none where no way leads there."""
    ahead = _reached(first, forward)
    return frozenset(name for name in ahead if last in _reached(name, forward)) if last in ahead else frozenset()
