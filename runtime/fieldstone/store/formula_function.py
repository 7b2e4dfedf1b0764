"""Formulas as functions of SQLite, for rows whose numbers are too long for its arithmetic: they call the evaluator of answers.

One is known to every connection for each formula of a catalog. Its name says what it computes, for statements of an earlier catalog may
still run where the formula is another one by now.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.query.cel.expression import EvaluationError
from fieldstone.query.formula import Formula
from fieldstone.query.storage import ObjectShape, Storage
from fieldstone.registry.catalog import Catalog
from fieldstone.store.columns import column_of

FormulaFunction = Callable[..., Any]
"""Takes the instant and the time zone of the statement and the inputs of a formula, all as SQLite keeps them."""


def formula_functions(catalog: Catalog, known: Catalog | None = None) -> Mapping[str, FormulaFunction]:
    """Returns the functions of all formulas, by name; without those of objects that a `known` catalog has just so."""
    before = {} if known is None else known.objects
    return {
        function_name(shape.formula): _function(shape.formula, shape.storage, linked.shape)
        for name, linked in catalog.objects.items()
        if before.get(name) is not linked
        for shape in linked.shape.fields.values()
        if shape.formula is not None
    }


def function_name(formula: Formula) -> str:
    """Returns the name of a formula's function, which no function of SQLite's own has."""
    return f"fs.{formula.name}"


def _function(formula: Formula, result: Storage, shape: ObjectShape) -> FormulaFunction:
    readers = [(name, column_of("sqlite", shape.fields[name].storage).to_wire) for name in formula.inputs]
    to_driver = column_of("sqlite", result).to_driver

    def compute(now: str, timezone: str, *values: Any) -> Any:
        record = {
            name: value if value is None or to_wire is None else to_wire(value)
            for (name, to_wire), value in zip(readers, values, strict=True)
        }
        try:
            found = formula.compute({"record": record, "now": now, "timezone": timezone})
        except EvaluationError:
            return None
        return found if found is None or to_driver is None else to_driver(found)

    return compute
