"""The names that can be used at a point of a flow, with their types: what the surroundings give, and what steps before it have bound."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fieldstone.query.cel.types import DYN, STRING, Type, join, map_of, optional, struct_of

Types = Mapping[str, Type]

ERROR = struct_of({"code": STRING, "message": STRING, "details": map_of(DYN), "nodeId": STRING})
"""What the error of a step is in expressions."""


class Bound(msgspec.Struct, frozen=True, eq=False):
    """The names at a point: roots with their types, and the steps before it with those of their outputs."""

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

    def behind(self, inner: "Bound", *, certain: bool, binds: Iterable[str]) -> "Bound":
        """Returns the names behind a Region that began with these; what is bound in it may be null where it is not always run."""
        gone = frozenset(binds)
        steps = {name: kind for name, kind in inner.steps.items() if name not in self.steps}
        roots = {name: kind for name, kind in inner.roots.items() if name not in self.roots and name not in gone}
        if not certain:
            steps = {name: optional(kind) for name, kind in steps.items()}
            roots = {name: optional(kind) for name, kind in roots.items()}
        return Bound({**self.roots, **roots}, {**self.steps, **steps})


def merged(points: Sequence[Bound], *, all_taken: bool = False) -> Bound:
    """Returns the names where several ways meet: a name that is not bound on all of them may be null, unless all of them are taken."""
    if len(points) == 1:
        return points[0]
    return Bound(
        _merged([point.roots for point in points], all_taken=all_taken),
        _merged([point.steps for point in points], all_taken=all_taken),
    )


def _merged(maps: Sequence[Types], *, all_taken: bool) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for name in dict.fromkeys(name for types in maps for name in types):
        kinds = [types[name] for types in maps if name in types]
        kind = kinds[0]
        for other in kinds[1:]:
            kind = join(kind, other) or DYN if kind.name != "struct" or kind.fields != other.fields else kind
        found[name] = kind if len(kinds) == len(maps) or all_taken else optional(kind)
    return found
