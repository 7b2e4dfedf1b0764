"""Formulas: fields without a column, computed from others of their record.

What is here depends on declarations alone. Answers hold what `compute` gives; conditions, orders and groups go by the node in SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from fieldstone.query.cel.fault import EvaluationError
from fieldstone.query.cel.ir import Node


class Formula(msgspec.Struct, frozen=True, eq=False):
    """How one field is computed, by `node`, from the fields of `record` in `inputs`, other formulas perhaps among them.

    `name` is made of the object's name, its own, and what it computes: another one of the same name computes the same.

    `compute` takes an activation with these in `record` and returns the value in wire form; it raises EvaluationError where there is
    none. `unfit` is why the database cannot compute it; None when it can. `weight` is how much there would be of it in SQL.
    """

    name: str
    node: Node
    inputs: tuple[str, ...]
    compute: Callable[[Mapping[str, Any]], Any]
    weight: int
    unfit: str | None = None


def in_order(names: Iterable[str], formula_of: Callable[[str], Formula | None]) -> dict[str, Formula]:
    """Returns the formulas among some fields and all that these use, each after those that it uses."""
    found: dict[str, Formula] = {}

    def gather(name: str) -> None:
        formula = formula_of(name)
        if formula is not None and name not in found:
            for used in formula.inputs:
                gather(used)
            found[name] = formula

    for name in names:
        gather(name)
    return found


def completed(
    record: Mapping[str, Any], formulas: Iterable[tuple[str, Formula]], clock: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns a record with what formulas come to, null where they have no value; `clock` holds the instant and the time zone."""
    whole = dict(record)
    activation = {**clock, "record": whole}
    for name, formula in formulas:
        try:
            whole[name] = formula.compute(activation)
        except EvaluationError:
            whole[name] = None
    return whole
