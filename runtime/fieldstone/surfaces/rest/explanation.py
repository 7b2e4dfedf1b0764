"""Explanations on a surface: `?explain=true` on a list or a query, where the surface has the whole query language."""

from typing import Any

import msgspec

from fieldstone.engine.operation import Aggregate, Explain, Read
from fieldstone.engine.outcome import Explanation
from fieldstone.surfaces.http.parameters import take_flag
from fieldstone.surfaces.rest.table import Call, ParameterNote

EXPLAIN = "explain"
EXPLAIN_NOTE = ParameterNote(
    EXPLAIN,
    "`true` answers how the query would be run, and does not run it; for holders of `query:explain`.",
    {"type": "boolean", "default": False},
)


class ExplainedStatementAnswer(msgspec.Struct, rename="camel"):
    """One statement: its SQL, the types of what is bound, the database's plan, and about how many rows it reads."""

    purpose: str
    sql: str
    binds: tuple[str, ...]
    plan: Any
    estimated_rows: int


class AddedRuleAnswer(msgspec.Struct, rename="camel"):
    """A rule that the policy added, the permission set that it comes from, and where it is declared."""

    object: str
    rule: str
    permission_set: str | None
    place: str


class ExplanationAnswer(msgspec.Struct):
    """A query in place of its answer."""

    shape: Any
    statements: list[ExplainedStatementAnswer]
    rules: list[AddedRuleAnswer]


def takes_explanation(call: Call) -> bool:
    """Tells whether an explanation is asked for, and takes the parameter out of those that were sent."""
    return call.dialect.queries.whole and take_flag(call.parameters, EXPLAIN)


def explained(operation: Read | Aggregate, *, asked: bool) -> Read | Aggregate | Explain:
    """Returns the operation, or its explanation where that is asked for."""
    return Explain(operation) if asked else operation


def answer_explanation(outcome: Explanation) -> ExplanationAnswer:
    """Returns an explanation as it is answered."""
    return ExplanationAnswer(
        outcome.shape,
        [
            ExplainedStatementAnswer(each.purpose, each.sql, each.binds, each.plan, each.estimated_rows)
            for each in outcome.statements
        ],
        [AddedRuleAnswer(rule.object, rule.rule, rule.permission_set, rule.place) for rule in outcome.rules],
    )
