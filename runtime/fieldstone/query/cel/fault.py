"""What can be wrong with an expression: faults of its text, found at load, and errors of one evaluation."""

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from fieldstone.errors import FieldstoneError


class ExpressionFault(msgspec.Struct, frozen=True):
    """One thing wrong with an expression; `pos` and `end` are offsets into its text, in characters."""

    pos: int
    end: int
    code: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ExpressionError(FieldstoneError):
    """An expression that does not compile; `faults` holds all that is wrong with it, in the order of its text."""

    code = "EXPRESSION_ERROR"

    def __init__(self, faults: Sequence[ExpressionFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.pos, fault.end)))
        super().__init__("; ".join(map(str, self.faults)))


class Refused(ExpressionError):
    """An expression that is right but has no counterpart in SQL, in a place where the database has to evaluate it."""

    code = "EXPRESSION_NOT_IN_SQL"


class Failure(Exception):
    """What an operation on values cannot do; the evaluator adds the position."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class EvaluationError(FieldstoneError):
    """An expression that has no value on what it was given; `reason` says why in a word, `pos` where in its text."""

    code = "EVALUATION_ERROR"

    def __init__(self, reason: str, message: str, pos: int) -> None:
        super().__init__(message, details={"reason": reason, "position": pos})
        self.reason = reason
        self.pos = pos


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Returns the question "Did you mean ...?" for the most similar known name, None when nothing is near."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean `{found[0]}`?" if found else None


def line_column(source: str, pos: int) -> tuple[int, int]:
    """Returns line and column, both counted from 1, of an offset into a text."""
    before = source[:pos]
    return before.count("\n") + 1, pos - (before.rfind("\n") + 1) + 1
