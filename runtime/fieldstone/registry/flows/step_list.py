"""Lists of steps: each item read by the Struct of its `type`."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fieldstone.kinds.step import Retry, StepOptions
from fieldstone.registry.codes import Code
from fieldstone.registry.flows.graph import StepKind, StepKinds
from fieldstone.registry.flows.site import Path, Surroundings
from fieldstone.registry.flows.sketch import Names, Sketch, decoded, unknown_type

_OPTIONAL = ("retry", "timeout_ms")


class Unread(msgspec.Struct, frozen=True):
    """An item that cannot be read: what it calls itself and its output, so that nothing more is said of who uses them."""

    name: str | None
    output: str | None


def read_list(
    around: Surroundings,
    steps: Sequence[Mapping[str, Any]],
    path: Path,
    kinds: StepKinds,
    names: Names,
    *,
    retry: Retry | None,
    goes_on: bool,
) -> list[Sketch | Unread]:
    """Returns the steps of a list in their order; `retry` and `goes_on` are for those that say nothing about it."""
    known = {tag_of(kind): kind for kind in kinds.values() if kind.step is not None}
    return [
        _read(around, raw, (*path, number), known, names, retry, goes_on=goes_on) or _unread(raw)
        for number, raw in enumerate(steps)
    ]


def tag_of(kind: StepKind) -> str:
    """Returns the `type` of a kind among the items of a list."""
    return str(getattr(msgspec.inspect.type_info(kind.step), "tag", kind.name))


def _read(
    around: Surroundings,
    raw: Mapping[str, Any],
    path: Path,
    known: Mapping[str, StepKind],
    names: Names,
    retry: Retry | None,
    *,
    goes_on: bool,
) -> Sketch | None:
    if "type" not in raw:
        fault = around.document.fault(path, Code.MISSING_KEY, "The step has no `type`.", "Add `type: ...`.")
        around.faults.append(fault)
        return None
    kind = known.get(raw["type"]) if isinstance(raw["type"], str) else None
    if kind is None or kind.step is None:
        unknown_type(around, (*path, "type"), raw["type"], known)
        return None
    declared: StepOptions | None = decoded(around, raw, kind.step, path)
    if declared is None:
        return None
    if declared.name is not None:
        names.take(declared.name, (*path, "name"))
    name = declared.name or names.make(tag_of(kind), path)
    return Sketch(
        id=name,
        kind=kind,
        config=declared,
        path=path,
        config_path=path,
        label=declared.label or name,
        when=None if kind.own_when else declared.when,
        output=declared.output,
        retry=declared.retry or (None if kind.pure or not kind.tried else retry),
        goes_on=goes_on if declared.on_error is None else declared.on_error == "continue",
        timeout_ms=declared.timeout_ms,
        said=frozenset(key for key in _OPTIONAL if getattr(declared, key) is not None),
    )


def _unread(raw: Any) -> Unread:
    named = [raw.get(key) if isinstance(raw, dict) else None for key in ("name", "output")]
    return Unread(*(each if isinstance(each, str) else None for each in named))
