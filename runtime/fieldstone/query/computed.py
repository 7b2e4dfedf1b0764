"""`{"$cel": "..."}`: a comparand that is computed from the clock and the caller, once for each request, before any SQL is made.

It becomes a bound value like any that was sent. There is no record in it, nor anything whose cost grows with what it is given: macros
and patterns are refused, as is what does not compile, cannot be computed, or has no value.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from fieldstone.errors import Invalid
from fieldstone.query.cel.context import CALLER_TYPE, ORGANIZATION_TYPE
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import compile_expression, evaluator, line_column
from fieldstone.query.cel.fault import EvaluationError, ExpressionError, ExpressionFault
from fieldstone.query.cel.ir import Macro, Node, Op, walk
from fieldstone.query.cel.types import struct_of
from fieldstone.query.refusals import Path, refused
from fieldstone.query.viewpoint import Viewpoint

ENVIRONMENT = Environment({"current_user": CALLER_TYPE, "os": struct_of({"org": ORGANIZATION_TYPE})})
"""The names that a comparand may use, beside the functions; `user` and `os.user` are `current_user`."""

_KEPT = 1024


def compute(source: Any, viewpoint: Viewpoint, longest: int, path: Path) -> Any:
    """Returns the value of an expression in wire form, never null; `path` is where it stands. Raises Invalid."""
    if type(source) is not str:
        raise refused("`$cel` takes the text of an expression.", path)
    if len(source) > longest:
        raise refused(f"An expression in a where has at most {longest} characters.", path)
    organization = {"id": viewpoint.caller.get("organization_id"), "timezone": viewpoint.timezone}
    activation = {
        "current_user": viewpoint.caller,
        "os": {"org": organization},
        "now": viewpoint.now,
        "timezone": viewpoint.timezone,
    }
    try:
        value = _compiled(source)(activation)
    except ExpressionError as error:
        first = error.faults[0]
        raise _refused(first.message, first.hint, source, first.pos, path) from None
    except EvaluationError as error:
        raise _refused(error.message, None, source, error.pos, path) from None
    if value is None:
        raise refused("The expression has no value to compare with.", path)
    return value


@lru_cache(maxsize=_KEPT)
def _compiled(source: str) -> Callable[[Mapping[str, Any]], Any]:
    compiled = compile_expression(source, ENVIRONMENT)
    costly = [part for part in walk(compiled.node) if _is_costly(part)]
    if costly:
        message = "Macros and `matches` have no place in a comparand"
        raise ExpressionError([ExpressionFault(part.pos, part.end, "TOO_COSTLY", message) for part in costly])
    return evaluator(compiled)


def _is_costly(part: Node) -> bool:
    return isinstance(part, Macro) or (isinstance(part, Op) and part.op == "matches")


def _refused(message: str, hint: str | None, source: str, position: int, path: Path) -> Invalid:
    line, column = line_column(source, position)
    told = f"{message.rstrip('.')} (line {line}, column {column} of the expression)."
    return refused(told, path, hint, {"line": line, "column": column})
