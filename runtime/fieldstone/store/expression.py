"""Expressions in SQL: a checked tree to a condition or a value over the columns of one record.

SQL's NULL stands for CEL's error, so that its AND, OR and NOT are CEL's, and for CEL's null, where `nullness` says so; the two never
stand for each other. Raises Refused for what has no counterpart, with positions. What names nothing of the record is bound.
"""

from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt

import sqlalchemy as sa

from fieldstone.query.cel.evaluate import evaluator
from fieldstone.query.cel.fault import Refused
from fieldstone.query.cel.ir import ListLit, Lit, Macro, Node, Op, Ref
from fieldstone.query.cel.signatures import resolve
from fieldstone.query.cel.translatable import Nul, check_sql, is_bound, nullness
from fieldstone.query.cel.types import BOOL, DECIMAL, DOUBLE, DURATION, STRING, TIMESTAMP, Type, optional, required
from fieldstone.store import expression_number as number
from fieldstone.store.columns import DialectName
from fieldstone.store.expression_function import (
    function,
    instant_of_day,
    later,
    length,
    matches_pattern,
    trimmed,
)
from fieldstone.store.expression_list import among, any_of, quantified, rows_of, stored_in
from fieldstone.store.expression_value import (
    Bind,
    Condition,
    Conversion,
    Form,
    Scaled,
    SqlColumn,
    Value,
    literal,
    negated,
    parameter,
    sql_type,
)

_ORDER: dict[str, Callable[[Value, Value], Condition]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
_ROUNDING: dict[str, Form] = {"<": "ceiling", "<=": "floor", ">": "floor", ">=": "ceiling", "==": "exact"}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "neg", "abs"})
_NUMBERS = frozenset({"int", "decimal", "double"})

Columns = Callable[[tuple[str, ...]], SqlColumn]


def compile_predicate(node: Node, *, column: Columns, bind: Bind, dialect: DialectName) -> Condition:
    """Returns the condition of an expression: true on the rows on which it is true, false or NULL on all others."""
    return _translator(node, column, bind, dialect).condition(node, decided=True)


def compile_value(
    node: Node, *, column: Columns, bind: Bind, dialect: DialectName, wanted: Type | None = None
) -> SqlColumn:
    """Returns the value of an expression, to be compared or sorted by; NULL where it is null or cannot be computed.

    `wanted` is a wider type, such as a double of a decimal, or a timestamp of a date.
    """
    translator = _translator(node, column, bind, dialect)
    nullable = bool(translator.nul(node))
    kind = wanted or node.type
    if kind.name == "decimal":
        scaled = translator.decimal(node)
        return SqlColumn(scaled.element, kind, nullable, scaled.scale if dialect == "sqlite" else None)
    return SqlColumn(translator.value(node, kind), kind, nullable)


def _translator(node: Node, column: Columns, bind: Bind, dialect: DialectName) -> "_Translator":
    def nullable(ref: Ref) -> bool:
        return column(ref.path).nullable if ref.path[0] == "record" else ref.type.nullable

    faults = check_sql(node, nullable)
    if faults:
        raise Refused(faults)
    return _Translator(column, bind, dialect, lambda part: nullness(part, nullable), {})


class _Translator:
    """Turns nodes into SQL; `variables` are the columns that stand for the variables of macros."""

    def __init__(
        self,
        column: Columns,
        bind: Bind,
        dialect: DialectName,
        nul: Callable[[Node], Nul],
        variables: dict[str, Value],
    ) -> None:
        self._column = column
        self._bind = bind
        self._dialect = dialect
        self._variables = variables
        self.nul = nul

    def condition(self, node: Node, *, decided: bool) -> Condition:
        """Returns a condition; `decided` says that false and NULL come to the same where it stands."""
        if isinstance(node, Op) and not self._is_bound(node):
            match node.op:
                case "&&":
                    return sa.and_(*(self.condition(arg, decided=decided) for arg in node.args))
                case "||":
                    return sa.or_(*(self.condition(arg, decided=decided) for arg in node.args))
                case "!":
                    return negated(self.condition(node.args[0], decided=False))
                case "==":
                    return self._equality(node.args[0], node.args[1], decided=decided)
                case "!=":
                    return negated(self._equality(node.args[0], node.args[1], decided=False))
                case "in":
                    return self._membership(node.args[0], node.args[1], decided=decided)
        return self._boolean(node)

    def value(self, node: Node, wanted: Type | None = None) -> Value:
        """Returns the value of a node as another type, its own if none is wanted; not for decimals."""
        kind = required(wanted or node.type)
        if self._is_bound(node):
            return self._parameter(node, kind)
        if kind.name == "double" and node.type.name in ("int", "decimal"):
            return number.as_double(self._dialect, self.decimal(node))
        if kind.name == "timestamp" and node.type.name == "date":
            return instant_of_day(self._dialect, self.value(node))
        if isinstance(node, Ref):
            return self._reference(node)
        if node.type.name == "bool":
            return self.condition(node, decided=False)
        return self._operation(node) if isinstance(node, Op) else self._boolean(node)

    def decimal(self, node: Node) -> Scaled:
        """Returns a number with its scale."""
        if self._is_bound(node):
            return self._constant(node)
        if node.type.name == "int":
            return Scaled(self.value(node))
        if isinstance(node, Ref):
            found = self._column(node.path)
            return Scaled(self._reference(node), (found.scale or 0) if self._dialect == "sqlite" else 0)
        if isinstance(node, Op) and node.op in ("?:", "coalesce"):
            return self._chosen_decimal(node)
        args = node.args if isinstance(node, Op) else ()
        return number.decimal(node.op if isinstance(node, Op) else "", [self.decimal(arg) for arg in args])

    def _is_bound(self, node: Node) -> bool:
        return is_bound(node, frozenset(self._variables))

    def _reference(self, node: Ref) -> Value:
        if len(node.path) == 1 and node.path[0] in self._variables:
            return self._variables[node.path[0]]
        element = self._column(node.path).element
        known = required(node.type)
        return sa.type_coerce(element, sql_type(self._dialect, known)) if known.name not in ("list", "dyn") else element

    def _parameter(self, node: Node, kind: Type, *, scale: int = 0, form: Form = "exact") -> Value:
        return parameter(self._bind, node, Conversion(self._dialect, kind, scale, form))

    def _constant(self, node: Node) -> Scaled:
        """Returns a bound number of decimals; on SQLite with the digits that it has after the point."""
        if self._dialect == "postgresql" or node.type.name in ("int", "null"):
            return Scaled(self._parameter(node, DECIMAL))
        exponent = Decimal(evaluator(node)({})).as_tuple().exponent
        scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return Scaled(self._parameter(node, DECIMAL, scale=scale), scale)

    def _boolean(self, node: Node) -> Condition:
        match node:
            case _ if self._is_bound(node):
                return self._parameter(node, BOOL)
            case Ref():
                return self._reference(node)
            case Macro(cond=cond) if cond is not None:
                return self._quantifier(node, cond)
            case Op(op="has"):
                return sa.true()
            case Op(op="isBlank" | "isEmpty"):
                return self._emptiness(node)
            case Op(op=op) if op in _ORDER:
                return self._order(node)
        return self._operation(node) if isinstance(node, Op) else sa.false()

    def _operation(self, node: Op) -> Value:
        types = tuple(arg.type for arg in node.args)
        match = resolve(node.op, types)
        if match is None:
            raise TypeError(f"`{node.op}` was not checked against {types}")
        kind = match.params[0].name
        if node.op in ("?:", "coalesce"):
            return self._chosen(node, match.params)
        if node.op in _ARITHMETIC and kind in _NUMBERS:
            return self._arithmetic(node, kind, match.params)
        if node.op in ("+", "-") and match.result.name == "timestamp":
            return self._moved(node)
        if node.op in ("startsWith", "endsWith") and self._dialect == "sqlite" and self._is_bound(node.args[1]):
            form: Form = "prefix" if node.op == "startsWith" else "suffix"
            return matches_pattern(self.value(node.args[0]), self._parameter(node.args[1], STRING, form=form))
        args = [self.value(arg, param) for arg, param in zip(node.args, match.params, strict=True)]
        if node.op == "+":
            return args[0].concat(args[1])
        return function(self._dialect, node.op, kind)(*args)

    def _arithmetic(self, node: Op, kind: str, params: tuple[Type, ...]) -> Value:
        if kind == "int":
            return number.integer(self._dialect, node.op, [self.value(arg) for arg in node.args])
        if kind == "decimal" and node.op == "/":
            doubles = [self.value(arg, DOUBLE) for arg in node.args]
            return number.double(self._dialect, node.op, doubles)
        args = [self.value(arg, param) for arg, param in zip(node.args, params, strict=True)]
        return number.double(self._dialect, node.op, args)

    def _moved(self, node: Op) -> Value:
        instant, duration = node.args if node.args[0].type.name != "duration" else reversed(node.args)
        moved = self.value(instant, TIMESTAMP)
        form: Form = "exact" if self._dialect == "postgresql" else "back" if node.op == "-" else "forth"
        return later(self._dialect, moved, self._parameter(duration, DURATION, form=form), back=node.op == "-")

    def _order(self, node: Op) -> Condition:
        left, right = node.args
        match = resolve(node.op, (left.type, right.type))
        kind = match.params[0] if match else left.type
        if kind.name == "decimal":
            return _ORDER[node.op](*self._decimals(left, right, node.op))
        return _ORDER[node.op](self.value(left, kind), self.value(right, kind))

    def _decimals(self, left: Node, right: Node, compared: str) -> tuple[Value, Value]:
        """Returns two decimals at one scale; what is bound takes the column's, so that its index serves."""
        if self._is_bound(right):
            one = self.decimal(left)
            return one.element, self._parameter(right, DECIMAL, scale=one.scale, form=_ROUNDING[compared])
        if self._is_bound(left):
            other = self.decimal(right)
            form = _ROUNDING[_FLIPPED[compared]]
            return self._parameter(left, DECIMAL, scale=other.scale, form=form), other.element
        one_value, other_value, _ = number.aligned(self.decimal(left), self.decimal(right))
        return one_value, other_value

    def _equality(self, left: Node, right: Node, *, decided: bool) -> Condition:
        for null, other in ((left, right), (right, left)):
            if isinstance(null, Lit) and null.value is None:
                return self._is_null(other)
        nuls = self.nul(left), self.nul(right)
        one, other_value = self._same_type(left, right)
        both_may_be_null = Nul.VALUE in nuls[0] and Nul.VALUE in nuls[1]
        if (decided and not both_may_be_null) or Nul.VALUE not in nuls[0] | nuls[1]:
            return one == other_value
        same = one.is_not_distinct_from(other_value)
        for nul, failing in zip(nuls, (one, other_value), strict=True):
            if Nul.ERROR in nul:
                return sa.case((failing.is_not(None), same))
        return same

    def _same_type(self, left: Node, right: Node) -> tuple[Value, Value]:
        match = resolve("==", (left.type, right.type))
        kind = match.params[0] if match else left.type
        if kind.name == "decimal":
            return self._decimals(left, right, "==")
        return self.value(left, kind), self.value(right, kind)

    def _is_null(self, node: Node) -> Condition:
        nul = self.nul(node)
        if nul == Nul.NEVER:
            return sa.false()
        value = self.decimal(node).element if node.type.name == "decimal" else self.value(node)
        return value.is_(None) if nul == Nul.VALUE else sa.case((value.is_not(None), sa.false()))

    def _membership(self, item: Node, container: Node, *, decided: bool) -> Condition:
        if not self._is_bound(container):
            return (
                self._among_fields(item, container)
                if isinstance(container, ListLit)
                else self._stored_in(item, container)
            )
        match = resolve("in", (item.type, container.type))
        kind = match.params[0] if match else item.type
        scaled = self.decimal(item) if kind.name == "decimal" else Scaled(self.value(item, kind))
        nul = self.nul(item)
        holds_null = container.type.item is not None and container.type.item.nullable
        listed = Type("list", item=optional(kind) if holds_null else required(kind))
        values = self._parameter(container, listed, scale=scaled.scale)
        entries = rows_of(self._dialect, values, kind, len(self._variables))
        if Nul.VALUE in nul and holds_null:
            found = any_of(entries, lambda entry: entry.is_not_distinct_from(scaled.element))
        else:
            found = among(self._dialect, scaled.element, values, entries, without_null=holds_null)
        if decided:
            return found
        certain = sa.func.coalesce(found, sa.false(), type_=sa.Boolean()) if Nul.VALUE in nul else found
        conditions = [scaled.element.is_not(None)] if Nul.ERROR in nul else []
        if self.nul(container):
            conditions.append(self._parameter(container, listed, scale=scaled.scale).is_not(None))
        return sa.case((sa.and_(*conditions), certain)) if conditions else certain

    def _among_fields(self, item: Node, container: ListLit) -> Condition:
        return sa.or_(sa.false(), *(self._equality(item, entry, decided=False) for entry in container.items))

    def _stored_in(self, item: Node, container: Node) -> Condition:
        """Returns whether a bound value is in a list that is a column; an absent list is an error."""
        column, kind = self.value(container), required(item.type)
        found = stored_in(self._dialect, self._parameter(item, kind), column, kind)
        return sa.case((column.is_not(None), found)) if self.nul(container) else found

    def _quantifier(self, node: Macro, cond: Node) -> Condition:
        kind = required(node.range.type.item or node.range.type)
        listed = Type("list", item=kind)
        entries = rows_of(self._dialect, self._parameter(node.range, listed), kind, len(self._variables))
        variables = {**self._variables, node.var: entries}
        inner = _Translator(self._column, self._bind, self._dialect, self.nul, variables)
        answer = quantified(inner.condition(cond, decided=False), entries, decisive=node.kind == "exists")
        if not self.nul(node.range):
            return answer
        return sa.case((self._parameter(node.range, listed).is_not(None), answer))

    def _emptiness(self, node: Op) -> Condition:
        [arg] = node.args
        nul, kind = self.nul(arg), arg.type.name
        if kind == "string":
            text = trimmed(self._dialect, self.value(arg)) if node.op == "isBlank" else self.value(arg)
            nothing = literal("''", sa.Text())
            return (sa.func.coalesce(text, nothing, type_=sa.Text()) if Nul.VALUE in nul else text) == nothing
        if kind == "list":
            count = length(self._dialect, self.value(arg), kind)
            zero = literal("0", sa.BigInteger())
            return (sa.func.coalesce(count, zero, type_=sa.BigInteger()) if Nul.VALUE in nul else count) == zero
        return self._is_null(arg)

    def _chosen(self, node: Op, params: tuple[Type, ...]) -> Value:
        """Returns `?:` or `coalesce`; text that is all of constants has no order of its own, and is given the columns'."""
        branches = [self.value(arg, param) for arg, param in zip(node.args[1:], params[1:], strict=True)]
        if node.op == "?:":
            chosen = self._either(node.args[0], branches)
        else:
            first = self.value(node.args[0], params[0])
            chosen = self._first(node.args[0], first, branches[0])
        is_text = node.type.name == "string" and self._dialect == "postgresql"
        return chosen.collate("C") if is_text else chosen

    def _chosen_decimal(self, node: Op) -> Scaled:
        parts = [self.decimal(arg) for arg in (node.args[1:] if node.op == "?:" else node.args)]
        one, other, scale = number.aligned(parts[0], parts[1])
        if node.op == "?:":
            return Scaled(self._either(node.args[0], [one, other]), scale)
        return Scaled(self._first(node.args[0], one, other), scale)

    def _either(self, condition: Node, branches: list[Value]) -> Value:
        """Returns the branch that a condition chooses, none when the condition fails: never an ELSE."""
        holds = self.condition(condition, decided=False)
        return sa.case((holds, branches[0]), (negated(holds), branches[1]))

    def _first(self, node: Node, first: Value, second: Value) -> Value:
        return sa.func.coalesce(first, second, type_=first.type) if Nul.VALUE in self.nul(node) else first
