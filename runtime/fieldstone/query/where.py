"""Conditions: the `where` of a query document, checked against the fields that its caller may see, becomes a Filter.

Refuses, each with its path, what it cannot apply: an unknown field or operator, an operator or comparand that does not fit, and a
tree that is too deep, too long or of the wrong form. A hidden field is not in the shape and is refused as an unknown one.
"""

from typing import Any

from fieldstone.query.array_form import tree_form
from fieldstone.query.ast import Filter, conjunction, disjunction
from fieldstone.query.comparands import EXPECTED, from_text
from fieldstone.query.comparison import Comparisons
from fieldstone.query.complement import complement
from fieldstone.query.names import did_you_mean, shown
from fieldstone.query.operators import LOGIC, OPERATORS, SPELLINGS
from fieldstone.query.paths import UNFIT_HINT, Reached
from fieldstone.query.refusals import Path, refused, spelled
from fieldstone.query.storage import ObjectShape
from fieldstone.query.viewpoint import NOWHERE, Viewpoint
from fieldstone.settings import Limits

_EQ = OPERATORS["eq"]
_COMPARANDS = ({"$cel"}, {"$field"})
"""The keys of objects that are comparands themselves."""


class Conditions:
    """Reads the conditions of one query; what they bind is appended to `values`."""

    __slots__ = ("_comparisons", "_limits")

    def __init__(self, shape: ObjectShape, limits: Limits, values: list[Any], viewpoint: Viewpoint = NOWHERE) -> None:
        """Takes what may be named, how much may be asked, and for whom."""
        self._limits = limits
        self._comparisons = Comparisons(shape, limits, values, viewpoint)

    def tree(self, where: Any, path: str = "where") -> Filter:
        """Returns the filter of the condition tree that stands at a path of the document; raises Invalid."""
        return self._node(where, 0, (path, ()))

    def equalities(self, equals: dict[str, str], known: tuple[str, ...]) -> Filter:
        """Returns the filter of bare parameters; `known` are the other parameters, for hints. A list is asked for a member."""
        items = []
        for name, sent in equals.items():
            path = (name, ())
            reached = self._find(name, path, known)
            family = reached.field.comparison
            operator = OPERATORS["contains"] if family == "list" else _EQ
            value = from_text(reached.field, sent)
            if value is None:
                raise refused(f"`{shown(name)}` is compared with {EXPECTED[family]}.", path)
            items.append(self._comparisons.compare(reached, operator, value, path))
        return conjunction(*items)

    def _node(self, where: Any, depth: int, path: Path) -> Filter:
        if type(where) is list and where:
            where = tree_form(where, path)
        if type(where) is not dict:
            message = "A where is an object of fields and conditions."
            raise refused(message, path, 'Such as {"status": {"$eq": "open"}}.')
        if depth > self._limits.where_depth:
            raise refused(f"A where is nested at most {self._limits.where_depth} levels deep.", path)
        if not where:
            self._comparisons.count(path)
        items = []
        for key, condition in where.items():
            place = (key, path)
            if type(key) is str and key[:1] == "$":
                items.append(self._logic(key, condition, depth + 1, place))
            else:
                items.append(self._field(self._find(key, place), condition, place))
        return items[0] if len(items) == 1 else conjunction(*items)

    def _logic(self, key: str, condition: Any, depth: int, path: Path) -> Filter:
        if key not in LOGIC:
            hint = did_you_mean(key, (*LOGIC, *SPELLINGS))
            raise refused(f"`{shown(key)}` does not join conditions.", path, hint)
        if key == "$not":
            return complement(self._node(condition, depth, path))
        if type(condition) is not list:
            raise refused(f"`{key}` takes a list of conditions.", path)
        if not condition:
            self._comparisons.count(path)
        items = [self._node(node, depth, (index, path)) for index, node in enumerate(condition)]
        return conjunction(*items) if key == "$and" else disjunction(*items)

    def _find(self, name: Any, path: Path, more: tuple[str, ...] = ()) -> Reached:
        reached = self._comparisons.paths.find(name)
        if reached is None:
            raise self._comparisons.paths.refusal(name, spelled(path), more=more)
        if reached.unfit is not None:
            raise refused(reached.unfit, path, UNFIT_HINT)
        return reached

    def _field(self, reached: Reached, condition: Any, path: Path) -> Filter:
        name = reached.name
        if type(condition) is not dict:
            if type(condition) is list and reached.field.comparison != "list":
                raise refused(f"`{name}` is compared with a list only by `$in` and `$nin`.", path)
            return self._comparisons.compare(reached, _EQ, condition, path)
        if not condition:
            raise refused(f"The condition on `{name}` names no operator.", path)
        items = []
        for spelling, comparand in condition.items():
            operator = SPELLINGS.get(spelling)
            if operator is None and condition.keys() in _COMPARANDS:
                return self._comparisons.compare(reached, _EQ, condition, path)
            if operator is None:
                raise refused(f"No operator `{shown(spelling)}`.", (spelling, path), _hint(reached, spelling))
            items.append(self._comparisons.compare(reached, operator, comparand, (spelling, path)))
        return items[0] if len(items) == 1 else conjunction(*items)


def _hint(reached: Reached, spelling: str) -> str | None:
    """Returns what was perhaps meant by an operator that there is not."""
    if spelling == "$not":
        return f'Write {{"$not": {{"{reached.name}": ...}}}}.'
    if reached.field.reference is not None and not spelling.startswith("$"):
        return f'Write {{"{reached.name}.{shown(spelling)}": ...}}.'
    return did_you_mean(spelling, SPELLINGS)
