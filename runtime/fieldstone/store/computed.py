"""Computed columns: the formulas that a select answers are computed here, from inputs that are fetched with it and cut off again.

What to fetch, in which order to compute and where each value goes is decided once for a statement. A formula that has no value on a row
is null there; how many were is told, so that it can be logged.
"""

from collections.abc import Mapping, Sequence

import msgspec

from fieldstone.query.ast import Column
from fieldstone.query.cel.expression import EvaluationError
from fieldstone.query.formula import Formula, in_order
from fieldstone.query.storage import ObjectShape
from fieldstone.store.binds import Binds
from fieldstone.store.interface import Row


class Failures(msgspec.Struct, frozen=True):
    """On how many of the rows of a statement formulas had no value, by their names."""

    object: str
    rows: int
    counts: Mapping[str, int]


class Computed(msgspec.Struct, frozen=True, eq=False):
    """How a statement's rows become those that were asked for.

    It selects the columns of `shown`, then the `inputs` of the formulas, which no mask is laid over, then the flags, if there are any.
    `formulas` come in the order in which they are computed. What was asked for stands at `places`: among what is shown, or behind
    all that is selected, where the formulas' values come.
    """

    object: str
    shown: tuple[Column, ...]
    inputs: tuple[str, ...]
    formulas: tuple[tuple[str, Formula], ...]
    places: tuple[int, ...]

    def rows(self, rows: Sequence[Row], binds: Binds) -> tuple[list[Row], Failures | None]:
        """Returns the rows that were asked for, and how many values are missing, if any are."""
        failed: dict[str, int] = {}
        begin = len(self.shown)
        end = begin + len(self.inputs)
        answered = []
        for row in rows:
            record = dict(zip(self.inputs, row[begin:end], strict=True))
            activation = {"record": record, "now": binds.now, "timezone": binds.timezone}
            for name, formula in self.formulas:
                try:
                    record[name] = formula.compute(activation)
                except EvaluationError:
                    record[name] = None
                    failed[name] = failed.get(name, 0) + 1
            whole = (*row[:end], *[record[name] for name, _ in self.formulas])
            answered.append((*[whole[place] for place in self.places], *row[end:]))
        return answered, Failures(self.object, len(rows), failed) if failed else None


def computed_columns(columns: tuple[Column, ...], shape: ObjectShape) -> Computed | None:
    """Returns how columns are computed some of which are formulas; None where none is."""
    names = (column for column in columns if isinstance(column, str))
    formulas = in_order(names, lambda name: shape.fields[name].formula)
    if not formulas:
        return None
    shown = tuple(dict.fromkeys(column for column in columns if not _is_among(column, formulas)))
    inputs = tuple(sorted({name for formula in formulas.values() for name in formula.inputs} - formulas.keys()))
    order = (*shown, *inputs, *formulas)
    behind = len(shown) + len(inputs)
    places = tuple(
        order.index(column, behind) if _is_among(column, formulas) else shown.index(column) for column in columns
    )
    return Computed(shape.name, shown, inputs, tuple(formulas.items()), places)


def _is_among(column: Column, formulas: Mapping[str, Formula]) -> bool:
    return isinstance(column, str) and column in formulas
