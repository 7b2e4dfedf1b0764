"""Parameters: where each bound value of a statement comes from, written down while the statement is built.

A statement is built once and run often: what remains for a run is to call one small function for each parameter.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from fieldstone.query.cel.expression import EvaluationError, evaluator
from fieldstone.query.cel.ir import Lit, Node
from fieldstone.store.binds import Binds
from fieldstone.store.columns import Convert

Given = tuple[Any, ...]
"""The values that a write sets, beside its Binds."""

Take = Callable[[Binds, Given], Any]
"""Returns one parameter's value for one run, as the driver wants it."""


class Parameters:
    """The parameters of one statement; the same source in the same form is one parameter."""

    def __init__(self) -> None:
        """Begins without any."""
        self._takes: dict[str, Take] = {}
        self._names: dict[tuple[Any, ...], str] = {}

    def value(self, index: int, convert: Convert | None, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of the request's value at an index."""

        def take(binds: Binds, _given: Given) -> Any:
            value = binds.values[index]
            return value if convert is None or value is None else convert(value)

        return self.add(("value", index, convert), take, sql_type)

    def caller(self, name: str, convert: Convert | None, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of a value of the caller; absent is null."""

        def take(binds: Binds, _given: Given) -> Any:
            value = binds.caller.get(name)
            return value if convert is None or value is None else convert(value)

        return self.add(("caller", name, convert), take, sql_type)

    def caller_has(self, name: str) -> BindParameter[Any]:
        """Returns the parameter that is true when the caller has a value of this name."""
        return self.add(("has", name), lambda binds, _given: binds.caller.get(name) is not None, sa.Boolean())

    def given(self, index: int, convert: Convert | None, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of a value that a write sets."""

        def take(_binds: Binds, given: Given) -> Any:
            value = given[index]
            return value if convert is None or value is None else convert(value)

        return self.add(("given", index), take, sql_type)

    def constant(self, value: Any, convert: Convert | None, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of a value that belongs to the shape."""
        fixed = value if convert is None or value is None else convert(value)
        return self.add(("constant", type(value), value, convert), lambda _binds, _given: fixed, sql_type)

    def computed(self, node: Node, convert: Convert, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of an expression that names nothing of the record; one that cannot be computed is null.

        What is written out is computed here, once; all else for each run.
        """
        evaluate = evaluator(node)

        def computed(activation: Mapping[str, Any]) -> Any:
            try:
                value = evaluate(activation)
            except EvaluationError:
                return None
            return None if value is None else convert(value)

        def take(binds: Binds, _given: Given) -> Any:
            return computed({"current_user": binds.caller, "now": binds.now, "timezone": binds.timezone})

        if isinstance(node, Lit):
            fixed = computed({})
            return self.add(("computed", node, convert), lambda _binds, _given: fixed, sql_type)
        return self.add(("computed", node, convert), take, sql_type)

    def now(self) -> BindParameter[Any]:
        """Returns the parameter of the instant."""
        return self.add(("now",), lambda binds, _given: binds.now, sa.Text())

    def epoch(self) -> BindParameter[Any]:
        """Returns the parameter of the policy epoch."""
        return self.add(("epoch",), lambda binds, _given: binds.epoch, sa.BigInteger())

    def timezone(self) -> BindParameter[Any]:
        """Returns the parameter of the time zone's name."""
        return self.add(("timezone",), lambda binds, _given: binds.timezone, sa.Text())

    def limit(self) -> BindParameter[Any]:
        """Returns the parameter of the limit."""
        return self.add(("limit",), lambda binds, _given: binds.limit, sa.BigInteger())

    def offset(self) -> BindParameter[Any]:
        """Returns the parameter of the offset."""
        return self.add(("offset",), lambda binds, _given: binds.offset, sa.BigInteger())

    def add(self, source: tuple[Any, ...], take: Take, sql_type: TypeEngine[Any]) -> BindParameter[Any]:
        """Returns the parameter of any source; `source` names it, so that it is bound once."""
        key = (*source, str(sql_type))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"p{len(self._names)}"
            self._takes[name] = take
        return sa.bindparam(name, type_=sql_type)

    def takes(self, names: list[str], constants: dict[str, Any]) -> tuple[Take, ...]:
        """Returns what fills the parameters of these names, in this order; names not of ours are SQLAlchemy's constants."""
        return tuple(self._takes.get(name) or _constantly(constants[name]) for name in names)


def _constantly(value: Any) -> Take:
    return lambda _binds, _given: value
