"""Lists of steps: each item decoded by the Struct of its `type`, and linked behind the one before it, as a Region."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.step import StepOptions
from fieldstone.query.cel.types import DYN, Type, optional, struct_of
from fieldstone.query.names import did_you_mean, shown
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import Edge, Linked, Node, Region, StepKind, StepKinds
from fieldstone.registry.flows.site import Path, Site, Surroundings
from fieldstone.registry.mismatch import mismatches

Types = Mapping[str, Type]

ERROR = struct_of({"code": DYN, "message": DYN, "details": DYN, "nodeId": DYN})
"""What an error is in expressions."""


class Bound(msgspec.Struct, frozen=True, eq=False):
    """The names that can be used at a point: roots with their types, and the steps before it with those of their outputs."""

    roots: Types
    steps: Types = {}

    def all(self) -> dict[str, Type]:
        """Returns every root, `step` among them."""
        steps = {name: struct_of({"output": kind, "error": optional(ERROR)}) for name, kind in self.steps.items()}
        return {**self.roots, "step": struct_of(steps)}

    def with_roots(self, roots: Types) -> "Bound":
        """Returns the names with further roots."""
        return Bound({**self.roots, **roots}, self.steps)

    def with_step(self, name: str, output: Type, further: str | None) -> "Bound":
        """Returns the names behind a step."""
        roots = self.roots if further is None else {**self.roots, further: output}
        return Bound(roots, {**self.steps, name: output})


class StepLists:
    """Links the lists of one declaration; `nodes` gathers all nodes by id, `names` the further names of outputs."""

    def __init__(self, around: Surroundings, kinds: StepKinds) -> None:
        self.around = around
        self.nodes: dict[str, Node] = {}
        self.names: dict[str, None] = {}
        self.calls: dict[str, None] = {}
        self.inline = True
        self._kinds = {_tag(kind): kind for kind in kinds.values() if kind.step is not None}
        self._named: dict[str, Path] = {}

    def region(self, steps: Sequence[Mapping[str, Any]], path: Path, bound: Bound) -> tuple[Region | None, Bound]:
        """Returns the Region of a list, and the names behind it; no Region where a step of it is at fault."""
        linked: list[Node] = []
        for number, raw in enumerate(steps):
            node, bound = self._step(raw, (*path, number), bound)
            if node is not None:
                linked.append(node)
        if len(linked) < len(steps) or not linked:
            return None, bound
        following = [*(node.id for node in linked[1:]), None]
        chained = {
            node.id: node if to is None else msgspec.structs.replace(node, edges=(Edge(to),))
            for node, to in zip(linked, following, strict=True)
        }
        self.nodes |= chained
        return Region(linked[0].id, chained), bound

    def _step(self, raw: Mapping[str, Any], path: Path, bound: Bound) -> tuple[Node | None, Bound]:
        found = self._decoded(raw, path)
        if found is None:
            return None, self._as_if(raw, bound)
        kind, declared = found
        name = self._name(declared, path, kind)
        site = Site(self.around, declared, path, bound.all(), name)
        before = len(self.around.faults)
        guard = None if kind.own_when else declared.when
        when = None if guard is None else site.condition(guard, site.at("when"))
        self._options(kind, declared, site)
        linked = kind.link(declared, site)
        if linked is None:
            return None, bound.with_step(name, DYN, declared.output)
        regions, behind = self._bodies(linked, bound)
        output = linked.output or DYN
        behind = behind.with_step(
            name, optional(output) if guard or declared.on_error == "continue" else output, declared.output
        )
        if declared.output is not None:
            self.names[declared.output] = None
        self.inline = self.inline and kind.inline
        self.calls |= dict.fromkeys(linked.calls)
        if regions is None or len(self.around.faults) > before:
            return None, behind
        return (
            Node(
                id=name,
                kind=kind.name,
                label=declared.label or name,
                config=linked.config,
                place=self.around.document.value_at(*path),
                regions=regions,
                when=when,
                output=declared.output,
                retry=declared.retry,
                goes_on=declared.on_error == "continue",
                timeout_ms=declared.timeout_ms,
            ),
            behind,
        )

    def _options(self, kind: StepKind, declared: StepOptions, site: Site) -> None:
        if kind.pure:
            for key in ("retry", "timeout_ms"):
                if getattr(declared, key) is not None:
                    site.refuse(
                        site.at(key),
                        f"A step of type `{_tag(kind)}` does nothing that could be tried again or take long.",
                        "Drop it.",
                    )

    def _bodies(self, linked: Linked, bound: Bound) -> tuple[dict[str, Region] | None, Bound]:
        """Returns the Regions of a step, None when one is at fault, and the names behind it."""
        regions: dict[str, Region] = {}
        behind, whole = bound, True
        for name, body in linked.bodies.items():
            region, inner = self.region(body.content, body.path, bound.with_roots(body.binds))
            if region is None:
                whole = False
                continue
            regions[name] = msgspec.structs.replace(region, binds=tuple(body.binds), lasting=body.lasting)
            if body.lasting == "all":
                behind = _behind(behind, bound, inner, certain=body.certain, binds=frozenset(body.binds))
        return (regions if whole else None), behind

    def _decoded(self, raw: Any, path: Path) -> tuple[StepKind, StepOptions] | None:
        tag = raw.get("type") if isinstance(raw, dict) else None
        document = self.around.document
        if tag is None:
            self.around.faults.append(
                document.fault(path, Code.MISSING_KEY, "The step has no `type`.", "Add `type: ...`.")
            )
            return None
        kind = self._kinds.get(tag) if isinstance(tag, str) else None
        if kind is None or kind.step is None:
            hint = (
                did_you_mean(tag, self._kinds) or f"It takes {', '.join(f'`{each}`' for each in sorted(self._kinds))}."
            )
            message = f"There is no step type `{shown(tag)}`."
            self.around.faults.append(document.fault((*path, "type"), Code.WRONG_VALUE, message, hint))
            return None
        try:
            return kind, msgspec.convert(raw, kind.step)
        except msgspec.ValidationError as error:
            self.around.faults.extend(decoding_faults(self.around, raw, kind.step, path, error))
            return None

    def _name(self, declared: StepOptions, path: Path, kind: StepKind) -> str:
        """Returns the step's id: its name, or one that is made of its type and how many steps stand before it."""
        if declared.name is None:
            count = len(self._named) + 1
            while (made := f"{_tag(kind)}_{count}") in self._named:
                count += 1
            self._named[made] = path
            return made
        first = self._named.setdefault(declared.name, path)
        if first != path:
            document = self.around.document
            message = f"A step `{declared.name}` already stands in line {document.value_at(*first).line}."
            self.around.faults.append(
                document.fault((*path, "name"), Code.NAME_CLASH, message, "Rename one of the two.")
            )
        return declared.name

    def _as_if(self, raw: Any, bound: Bound) -> Bound:
        """Returns the names behind a step that cannot be read, so that nothing more is said of what would have come of it."""
        named = {key: raw.get(key) for key in ("name", "output")} if isinstance(raw, dict) else {}
        name, output = named.get("name"), named.get("output")
        return bound.with_step(name if isinstance(name, str) else "", DYN, output if isinstance(output, str) else None)


def decoding_faults(around: Surroundings, raw: Any, struct: Any, path: Path, error: Exception) -> list[Fault]:
    """Returns everything wrong with a part of a document where a Struct is wanted."""
    spot, file = around.document.source.spot, around.document.file
    faults = []
    for found in mismatches(raw, struct):
        at = spot.find((*path, *found.path))
        place = at.of_key(file) if found.at_key else at.of_value(file)
        faults.append(Fault(place, found.code, found.message, found.hint))
    return faults or [around.document.fault(path, Code.WRONG_VALUE, str(error))]


def _behind(behind: Bound, before: Bound, inner: Bound, *, certain: bool, binds: frozenset[str]) -> Bound:
    """Returns the names behind a Region: what is bound in it is there, or may be null where it is not always run."""
    mark = (lambda kind: kind) if certain else optional
    steps = {name: mark(kind) for name, kind in inner.steps.items() if name not in before.steps}
    roots = {name: mark(kind) for name, kind in inner.roots.items() if name not in before.roots and name not in binds}
    return Bound({**behind.roots, **roots}, {**behind.steps, **steps})


def _tag(kind: StepKind) -> str:
    """Returns the `type` of a kind among the items of a list."""
    tag = msgspec.inspect.type_info(kind.step)
    return str(getattr(tag, "tag", kind.name))
