"""The macros over lists and maps: `all`, `exists`, `exists_one`, `filter` and `map`, within the limits of one evaluation."""

from collections.abc import Callable, Iterator
from typing import Any

from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.cel.frame import Closure, Frame
from fieldstone.query.cel.ir import Macro
from fieldstone.query.cel.limits import LIST_ITEMS

_Walk = Callable[[Frame], Iterator[Any]]


def macro(node: Macro, source: Closure, cond: Closure | None, value: Closure | None, *, slot: int) -> Closure:
    """Returns the closure of a macro; the item stands in the frame's `items` at `slot`."""
    walk = _walker(node, source, slot)
    if node.kind in ("all", "exists") and cond:
        return _quantifier(node, walk, cond, decisive=node.kind == "exists")
    test = _test(node, cond)
    if node.kind == "exists_one":
        return lambda frame: sum(1 for _item in walk(frame) if test(frame)) == 1
    if value is None:
        return lambda frame: [item for item in walk(frame) if test(frame)]
    return lambda frame: [value(frame) for _item in walk(frame) if test(frame)]


def _walker(node: Macro, source: Closure, slot: int) -> _Walk:
    def walk(frame: Frame) -> Iterator[Any]:
        items = source(frame)
        if not isinstance(items, list | dict):
            reason = "NULL_VALUE" if items is None else "NO_OVERLOAD"
            raise EvaluationError(reason, f"`{node.kind}` needs a list or a map", node.pos)
        if len(items) > LIST_ITEMS:
            raise EvaluationError("TOO_LARGE", f"The list has more than {LIST_ITEMS:,} items", node.pos)
        for item in items:
            frame.step(node.pos)
            frame.items[slot:] = [item]
            yield item

    return walk


def _test(node: Macro, cond: Closure | None) -> Callable[[Frame], bool]:
    if cond is None:
        return lambda _frame: True

    def test(frame: Frame) -> bool:
        holds = cond(frame)
        if not isinstance(holds, bool):
            raise EvaluationError("NULL_VALUE", f"The condition of `{node.kind}` is neither true nor false", node.pos)
        return holds

    return test


def _quantifier(node: Macro, walk: _Walk, cond: Closure, *, decisive: bool) -> Closure:
    """Returns `exists` (decisive: true) or `all` (decisive: false): one decisive item wins over errors of others."""
    test = _test(node, cond)

    def evaluate(frame: Frame) -> bool:
        error: EvaluationError | None = None
        for _item in walk(frame):
            try:
                if test(frame) is decisive:
                    return decisive
            except EvaluationError as raised:
                if raised.reason == "TOO_LARGE":
                    raise
                error = error or raised
        if error is not None:
            raise error
        return not decisive

    return evaluate
