"""The public face of the expression language: text in, a checked expression out, and the function that evaluates it."""

from fieldstone.query.cel.check import check
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.evaluate import evaluator
from fieldstone.query.cel.fault import (
    EvaluationError,
    ExpressionError,
    ExpressionFault,
    Refused,
    line_column,
)
from fieldstone.query.cel.ir import Compiled
from fieldstone.query.cel.references import references
from fieldstone.query.cel.syntax import parse
from fieldstone.query.cel.types import Type, assignable, with_article

__all__ = [
    "Compiled",
    "Environment",
    "EvaluationError",
    "ExpressionError",
    "ExpressionFault",
    "Refused",
    "compile_expression",
    "evaluator",
    "line_column",
]


def compile_expression(source: str, environment: Environment, wanted: Type | None = None) -> Compiled:
    """Returns the checked expression of a text, `wanted` being the type that its place asks for.

    Raises ExpressionError with the first fault of a text that cannot be read, or with all the faults of one that can.
    """
    tree = parse(source)
    node, faults = check(tree, environment)
    if not faults and wanted is not None and not assignable(node.type, wanted):
        message = f"The expression is {with_article(node.type)}, and {with_article(wanted)} is needed here"
        hint = "Compare it with a value" if wanted.name == "bool" else None
        faults = [ExpressionFault(0, len(source), "TYPE_MISMATCH", message, hint)]
    if faults:
        raise ExpressionError(faults)
    return Compiled(source, node, references(node))
