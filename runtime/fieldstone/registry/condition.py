"""Conditions: expressions that are true or false, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.query.cel.expression import Compiled, evaluator
from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.cel.types import BOOL


def decided(compiled: Compiled) -> Callable[[Mapping[str, Any]], bool]:
    """Returns the function that decides a condition; it raises EvaluationError where the answer is neither true nor false."""
    evaluate = evaluator(compiled)
    if compiled.node.type == BOOL:
        return evaluate

    def decide(activation: Mapping[str, Any]) -> bool:
        value: Any = evaluate(activation)
        if isinstance(value, bool):
            return value
        reason = "NULL_VALUE" if value is None else "NO_OVERLOAD"
        raise EvaluationError(reason, "It is neither true nor false", compiled.node.pos)

    return decide
