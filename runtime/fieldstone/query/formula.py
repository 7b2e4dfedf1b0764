"""Formulas: fields without a column, computed from others of their record.

What is here depends on declarations alone. Answers hold what `compute` gives; conditions, orders and groups go by the node in SQL.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fieldstone.query.cel.ir import Node


class Formula(msgspec.Struct, frozen=True, eq=False):
    """How one field is computed, by `node`, from the fields of `record` in `inputs`, other formulas perhaps among them.

    `name` is made of the object's name and its own.

    `compute` takes an activation with these in `record` and returns the value in wire form; it raises EvaluationError where there is
    none. `unfit` is why the database cannot compute it; None when it can. `weight` is how much there would be of it in SQL.
    """

    name: str
    node: Node
    inputs: tuple[str, ...]
    compute: Callable[[Mapping[str, Any]], Any]
    weight: int
    unfit: str | None = None
