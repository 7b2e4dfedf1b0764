"""Regions: the steps of one declaration linked in their order, each with the names that are bound at its point, and what is within them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.kinds.flow import Nodes
from fieldstone.kinds.step import Retry
from fieldstone.query.cel.types import DYN, optional, struct_of
from fieldstone.query.names import did_you_mean
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.beside import SetNames, branch_of, clash_faults, opened_together
from fieldstone.registry.flows.bound import ERROR, Bound, merged
from fieldstone.registry.flows.graph import Edge, Linked, Node, Region, StepKinds
from fieldstone.registry.flows.node_graph import Layout, Way, read_graph
from fieldstone.registry.flows.site import Path, Site, Surroundings
from fieldstone.registry.flows.sketch import Names, Sketch
from fieldstone.registry.flows.step_list import Unread, read_list

OTHERWISE = "default"
"""The label of the edge behind a decision that is gone where none of its conditions holds."""


Stepped = tuple[Node | None, tuple[str, ...], Bound]
"""A step as a node, None where it is at fault, the labels of its edges, and the names behind it."""


class Regions:
    """Links the Regions of one declaration.

    `nodes` gathers all nodes by id, `names` the further names of outputs, `calls` the flows that are started, and `durable` the steps that
    cannot run within a Unit, with their paths.
    """

    def __init__(
        self, around: Surroundings, kinds: StepKinds, retry: Retry | None = None, *, goes_on: bool = False
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self.names: dict[str, None] = {}
        self.calls: dict[str, Path] = {}
        self.durable: dict[str, Path] = {}
        self._around = around
        self._kinds = kinds
        self._taken = Names(around)
        self._sets: dict[str, SetNames] = {}
        self._retry = retry
        self._goes_on = goes_on

    def region(self, content: Any, path: Path, bound: Bound) -> tuple[Region | None, Bound]:
        """Returns the Region of a list of steps or of a graph, None where it is at fault, and the names behind it."""
        if isinstance(content, Nodes):
            layout = read_graph(
                self._around, content, path, self._kinds, self._taken, retry=self._retry, goes_on=self._goes_on
            )
            return (None, bound) if layout is None else self._graph(layout, bound)
        items = read_list(
            self._around, content, path, self._kinds, self._taken, retry=self._retry, goes_on=self._goes_on
        )
        return self._list(items, bound)

    def _list(self, items: Sequence[Sketch | Unread], bound: Bound) -> tuple[Region | None, Bound]:
        linked: list[Node] = []
        for item in items:
            if isinstance(item, Unread):
                bound = bound.with_step(item.name or "", DYN, item.output)
                continue
            node, _, bound = self._step(item, bound)
            if node is not None:
                linked.append(node)
        if len(linked) < len(items) or not linked:
            return None, bound
        following = [*(node.id for node in linked[1:]), None]
        chained = {
            node.id: node if to is None else msgspec.structs.replace(node, edges=(Edge(to),))
            for node, to in zip(linked, following, strict=True)
        }
        self.nodes |= chained
        return Region(linked[0].id, chained), bound

    def _graph(self, layout: Layout, bound: Bound) -> tuple[Region | None, Bound]:
        found: dict[str, Node] = {}
        reaching: dict[str, list[Bound]] = {layout.start: [bound]}
        ends: list[Bound] = []
        whole = True
        for name, sketch in layout.sketches.items():
            before = merged(reaching.get(name) or [bound], all_taken=name in layout.joins.values())
            before = self._come_back(before, layout, name)
            if sketch is None:
                linked: Stepped = None, (), before.with_step(name, DYN, None)
            else:
                linked = self._step(sketch, before)
            node, labels, behind = linked
            edges = [self._edge(way, name, labels, behind) for way in layout.ways[name]]
            for way in layout.ways[name]:
                reaching.setdefault(way.declared.target, []).append(behind)
            if not edges:
                ends.append(behind)
            fault = layout.faults.get(name)
            if fault is not None:
                reaching.setdefault(fault.declared.target, []).append(self._failed(before, name, fault))
            if node is None or None in edges:
                whole = False
                continue
            opened = tuple(edge for edge in edges if edge is not None)
            target = None if fault is None else fault.declared.target
            found[name] = msgspec.structs.replace(node, edges=opened, fault=target, join=layout.joins.get(name))
            self._unanswered(labels, opened, sketch)
        self.nodes |= found
        self._open_together(found)
        return (Region(layout.start, found) if whole else None), merged(ends or [bound])

    def _open_together(self, nodes: Mapping[str, Node]) -> None:
        """Notes names that several branches set which the edges of a node open."""
        for node in nodes.values():
            for targets in opened_together(node):
                branches = [(each, self._set_by(branch_of(each, node, nodes))) for each in targets]
                self._around.faults.extend(clash_faults(self._around.document, branches))

    def _set_by(self, names: Iterable[str]) -> dict[str, Path]:
        """Returns what the steps of these names set, each name where it is set first."""
        found: dict[str, Path] = {}
        for name in names:
            found = {**self._sets.get(name, {}), **found}
        return found

    def _come_back(self, before: Bound, layout: Layout, name: str) -> Bound:
        """Returns the names at a node with those that are bound in circles through it, which may be null the first time."""
        for other in sorted(layout.circles.get(name, ())):
            if other not in before.steps:
                sketch = layout.sketches[other]
                output = sketch.output if sketch is not None and sketch.output not in before.roots else None
                before = before.with_step(other, DYN, output)
        return before

    def _failed(self, before: Bound, name: str, way: Way) -> Bound:
        """Returns the names where a failed node leads: its error is `error`, and `<node>.error`."""
        if name in before.roots:
            message = f"`{name}` already has a meaning, so that `{name}.error` would be another one's."
            fault = self._around.document.fault((*way.path, "source"), Code.NAME_RESERVED, message, "Rename the node.")
            self._around.faults.append(fault)
        own = {} if name in before.roots else {name: struct_of({"error": ERROR})}
        return before.with_roots({"error": ERROR, **own}).with_step(name, optional(DYN), None)

    def _edge(self, way: Way, source: str, labels: tuple[str, ...], behind: Bound) -> Edge | None:
        declared = way.declared
        site = Site(self._around, declared, way.path, behind.all(), source)
        if not labels:
            condition = None if declared.condition is None else site.condition(declared.condition, site.at("condition"))
            if declared.condition is not None and condition is None:
                return None
            return Edge(declared.target, condition, default=declared.is_default)
        if declared.condition is not None:
            message = f"`{source}` decides by its own conditions."
            site.refuse(site.at("condition"), message, "Say with `label` which of them the edge is for.", Code.FLOW)
        elif declared.is_default or declared.label == OTHERWISE:
            return Edge(declared.target, default=True)
        elif declared.label not in labels:
            message = (
                f"`{source}` has no condition `{declared.label}`."
                if declared.label
                else "Nothing says which condition this edge is for."
            )
            hint = (
                did_you_mean(declared.label, labels)
                or f"Say `label: ...`: {', '.join(f'`{each}`' for each in (*labels, OTHERWISE))}."
            )
            site.refuse(site.at("label"), message, hint, Code.FLOW)
        else:
            return Edge(declared.target, label=declared.label)
        return None

    def _unanswered(self, labels: tuple[str, ...], edges: tuple[Edge, ...], sketch: Sketch | None) -> None:
        """Notes the conditions of a decision that no edge is for."""
        if sketch is None:
            return
        said = {edge.label for edge in edges}
        for label in labels:
            if label not in said:
                path = (*sketch.config_path, "conditions")
                message = f"No edge leads on from `{sketch.id}` where `{label}` holds."
                hint = f"Add an edge with `label: {label}`."
                self._around.faults.append(self._around.document.fault(path, Code.FLOW, message, hint))

    def _step(self, sketch: Sketch, bound: Bound) -> Stepped:
        """Returns a step as a node, None where it is at fault, the labels of its edges, and the names behind it."""
        around = self._around
        before = len(around.faults)
        site = Site(around, sketch.config, sketch.config_path, bound.all(), sketch.id)
        when = None if sketch.when is None else site.condition(sketch.when, site.at("when"))
        self._options(sketch, site)
        linked = sketch.kind.link(sketch.config, site)
        if linked is None:
            return None, (), bound.with_step(sketch.id, DYN, sketch.output)
        regions, behind = self._bodies(linked, bound)
        if sketch.output is not None:
            self.names[sketch.output] = None
        if not sketch.kind.inline:
            self.durable[sketch.id] = sketch.path
        self.calls |= dict.fromkeys(linked.calls, sketch.path)
        output = linked.output or DYN
        unsure = sketch.when is not None or sketch.goes_on
        behind = behind.with_step(sketch.id, optional(output) if unsure else output, sketch.output)
        if regions is None or len(around.faults) > before:
            return None, linked.labels, behind
        self._sets[sketch.id] = self._set_in(sketch, site, linked, regions)
        if len(around.faults) > before:
            return None, linked.labels, behind
        node = Node(
            id=sketch.id,
            kind=sketch.kind.name,
            label=sketch.label,
            config=linked.config,
            place=around.document.value_at(*sketch.path),
            regions=regions,
            when=when,
            output=sketch.output,
            retry=sketch.retry,
            goes_on=sketch.goes_on,
            timeout_ms=sketch.timeout_ms,
            inputs=linked.inputs,
        )
        return node, linked.labels, behind

    def _set_in(self, sketch: Sketch, site: Site, linked: Linked, regions: Mapping[str, Region]) -> SetNames:
        """Returns what a step sets, within it, too, as far as it stays behind it; notes what two of its branches set."""
        inner = {
            name: {
                each: path
                for each, path in self._set_by(region.nodes).items()
                if region.lasting == "all" or each in self._around.variables
            }
            for name, region in regions.items()
        }
        if linked.beside:
            self._around.faults.extend(clash_faults(self._around.document, inner.items()))
        own = {} if sketch.output is None else {sketch.output: site.at("output")}
        for names in inner.values():
            own = {**names, **own}
        return {**own, **linked.sets}

    def _options(self, sketch: Sketch, site: Site) -> None:
        kind = sketch.kind
        if sketch.output is not None and sketch.output in site.roots and sketch.output not in self.names:
            known = self._around.variables.get(sketch.output)
            if known is None:
                site.is_free(sketch.output, site.at("output"))
        for key, encoded, use in (("retry", "retry", kind.tried), ("timeout_ms", "timeoutMs", kind.timed)):
            if key in sketch.said and (kind.pure or not use):
                message = f"A step of type `{kind.name}` does nothing by itself that {'fails' if key == 'retry' else 'takes long'}."
                site.refuse((*sketch.path, encoded), message, f"Drop `{encoded}`.")

    def _bodies(self, linked: Linked, bound: Bound) -> tuple[dict[str, Region] | None, Bound]:
        """Returns the Regions of a step, None when one is at fault, and the names behind it."""
        regions: dict[str, Region] = {}
        behind = bound
        for name, body in linked.bodies.items():
            region, inner = self.region(body.content, body.path, bound.with_roots(body.binds))
            if region is not None:
                regions[name] = msgspec.structs.replace(region, binds=tuple(body.binds), lasting=body.lasting)
            if body.lasting == "all":
                further = bound.behind(inner, certain=body.certain, binds=body.binds)
                behind = Bound({**behind.roots, **further.roots}, {**behind.steps, **further.steps})
        return (regions if len(regions) == len(linked.bodies) else None), behind
