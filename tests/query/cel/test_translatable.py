"""What the NULL of an expression stands for, from the types alone; what is refused is tested where the SQL is."""

import pytest

from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.expression import compile_expression
from fieldstone.query.cel.translatable import Nul, check_sql, nullness
from fieldstone.query.cel.types import BOOL, DYN, INT, optional, struct_of

ENVIRONMENT = Environment(
    {"record": struct_of({"n": optional(INT), "i": INT, "c": optional(BOOL), "b": BOOL, "d": DYN})}, bare="record"
)


@pytest.mark.parametrize(
    ("source", "nul"),
    [
        ("i", Nul.NEVER),
        ("n", Nul.VALUE),
        ("null", Nul.VALUE),
        ("n + 1", Nul.ERROR),
        ("i + 1", Nul.ERROR),
        ("i / 2", Nul.NEVER),
        ("i / i", Nul.ERROR),
        ("n < 1", Nul.ERROR),
        ("i < 1", Nul.NEVER),
        ("n == null", Nul.NEVER),
        ("n == i", Nul.NEVER),
        ("n + 1 == i", Nul.ERROR),
        ("!c", Nul.ERROR),
        ("b && c", Nul.ERROR),
        ("b ? i : n", Nul.VALUE),
        ("c ? i : n", Nul.BOTH),
        ("c ? i : 1", Nul.ERROR),
        ("coalesce(n, i)", Nul.NEVER),
        ("coalesce(n, n)", Nul.VALUE),
        ("coalesce(n, i + 1)", Nul.ERROR),
        ("n in [1, null]", Nul.NEVER),
        ("n + 1 in [1]", Nul.ERROR),
        ("isBlank(n)", Nul.NEVER),
        ("has(n)", Nul.NEVER),
        ("[1].exists(x, x == n)", Nul.NEVER),
        ("[1].exists(x, x > n)", Nul.ERROR),
        ("duration('1h')", Nul.NEVER),
        ("d.x", Nul.BOTH),
    ],
)
def test_the_null_of_an_expression_is_a_value_a_failure_either_or_never(source: str, nul: Nul) -> None:
    assert nullness(compile_expression(source, ENVIRONMENT).node) == nul


def test_nullability_may_be_told_by_the_columns_and_not_the_types() -> None:
    node = compile_expression("(c ? n : 1) == null", ENVIRONMENT).node
    assert [fault.code for fault in check_sql(node)] == ["NOT_IN_SQL"]
    assert check_sql(node, nullable=lambda ref: ref.path[1] == "n") == []
