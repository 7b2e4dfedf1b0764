"""The unchecked tree to the checked one: names resolved, types given, macros told from calls.

Refuses unknown names and functions and operations on types that they do not take, all of them at once: what is wrong becomes a value
of unknown type, so that one mistake is told once.
"""

from decimal import Decimal

from fieldstone.query.cel import ir, syntax
from fieldstone.query.cel.constant import exact, faulty_text
from fieldstone.query.cel.environment import Environment
from fieldstone.query.cel.fault import ExpressionFault, nearest
from fieldstone.query.cel.signatures import BY_NAME, MACROS, Form, Signature, resolve
from fieldstone.query.cel.types import BOOL, DOUBLE, DYN, INT, NULL, STRING, Type, contains, join, list_of, map_of
from fieldstone.query.names import shown

FEW = 12
"""So many known names are listed where none is like the one that is wrong."""

_KEYS = ("string", "int", "bool")


def check(tree: syntax.Syntax, environment: Environment) -> tuple[ir.Node, list[ExpressionFault]]:
    """Returns the checked tree and every fault in it; with a fault, the tree is of no use."""
    checker = _Checker(environment)
    return checker.visit(tree), checker.faults


class _Checker:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._variables: dict[str, Type] = {}
        self._written: dict[int, Decimal] = {}
        self.faults: list[ExpressionFault] = []

    def visit(self, part: syntax.Syntax) -> ir.Node:
        match part:
            case syntax.Constant():
                return self._constant(part)
            case syntax.Name():
                return self._name(part)
            case syntax.Select():
                return self._select(part)
            case syntax.Index():
                return self._index(part)
            case syntax.Call():
                return self._call(part)
            case syntax.Items():
                return self._list(part)
            case syntax.Pairs():
                return self._map(part)
        raise TypeError(f"{type(part).__name__} is no part of an expression")

    def _fault(self, part: syntax.Syntax | ir.Node, code: str, message: str, hint: str | None = None) -> ir.Node:
        self.faults.append(ExpressionFault(part.pos, part.end, code, message, hint))
        return ir.Lit(part.pos, part.end, DYN, None)

    def _constant(self, part: syntax.Constant) -> ir.Node:
        if isinstance(part.value, Decimal):
            self._written[part.pos] = part.value
            return ir.Lit(part.pos, part.end, DOUBLE, float(part.value))
        kinds: dict[type, Type] = {bool: BOOL, int: INT, str: STRING}
        return ir.Lit(part.pos, part.end, kinds.get(type(part.value), NULL), part.value)

    def _name(self, part: syntax.Name) -> ir.Node:
        if kind := self._variables.get(part.name):
            return ir.Ref(part.pos, part.end, kind, (part.name,))
        if found := self._environment.lookup(part.name):
            path, kind = found
            return ir.Ref(part.pos, part.end, kind, path)
        known = (*self._variables, *self._environment.names())
        hint = nearest(part.name, known) or (f"Known here are {_listed(known)}" if len(known) <= FEW else None)
        if part.name in BY_NAME:
            hint = f"Write `{part.name}(...)`"
        return self._fault(part, "UNKNOWN_NAME", f"There is no `{shown(part.name)}` here", hint)

    def _select(self, part: syntax.Select) -> ir.Node:
        if isinstance(part.base, syntax.Name) and part.base.name not in self._variables:
            whole = f"{part.base.name}.{part.field}"
            if found := self._environment.lookup(whole):
                return ir.Ref(part.base.pos, part.end, found[1], found[0])
        base = self.visit(part.base)
        match base.type.name:
            case "dyn" | "map":
                item = base.type.item or DYN
                return ir.Get(part.pos, part.end, item, base, part.field)
            case "struct":
                return self._field(part, base)
        hint = "Only records, maps and JSON values have fields"
        return self._fault(part, "NO_FIELDS", f"A {_shown(base.type)} has no field `{shown(part.field)}`", hint)

    def _field(self, part: syntax.Select, base: ir.Node) -> ir.Node:
        kind = base.type.field(part.field)
        if kind is None:
            owner = f"`{'.'.join(base.path)}`" if isinstance(base, ir.Ref) else "The value"
            names = [name for name, _ in base.type.fields]
            hint = nearest(part.field, names) or (f"Known are {_listed(names)}" if 0 < len(names) <= FEW else None)
            return self._fault(part, "UNKNOWN_FIELD", f"{owner} has no field `{shown(part.field)}`", hint)
        if isinstance(base, ir.Ref):
            return ir.Ref(base.pos, part.end, kind, (*base.path, part.field))
        return ir.Get(part.pos, part.end, kind, base, part.field)

    def _index(self, part: syntax.Index) -> ir.Node:
        base, key = self.visit(part.base), self.visit(part.key)
        wanted = {"list": ("int", "dyn"), "map": (*_KEYS, "dyn"), "dyn": (*_KEYS, "dyn")}.get(base.type.name)
        if wanted is None:
            return self._fault(part, "NO_ITEMS", f"A {_shown(base.type)} has no items")
        if key.type.name not in wanted:
            message = f"A {_shown(base.type)} has no item under a {_shown(key.type)}"
            return self._fault(part, "TYPE_MISMATCH", message, f"It takes {_listed(wanted[:-1])}")
        return ir.Get(part.pos, part.end, base.type.item or DYN, base, key)

    def _list(self, part: syntax.Items) -> ir.Node:
        items = tuple(map(self.visit, part.items))
        if any(contains(item.type, "decimal") for item in items):
            items = tuple(exact(item, self._written) for item in items)
        kind = Type("list", item=_joined([item.type for item in items]))
        return ir.ListLit(part.pos, part.end, kind, items)

    def _map(self, part: syntax.Pairs) -> ir.Node:
        pairs = tuple((self.visit(key), self.visit(value)) for key, value in part.items)
        for key, _ in pairs:
            if key.type.name not in _KEYS:
                self._fault(key, "TYPE_MISMATCH", f"A {_shown(key.type)} cannot be a key", "Use a text")
        return ir.MapLit(part.pos, part.end, map_of(_joined([value.type for _, value in pairs]) or DYN), pairs)

    def _call(self, part: syntax.Call) -> ir.Node:
        if part.function == "has" and part.receiver is None:
            return self._has(part)
        if part.receiver is not None and part.function in MACROS:
            return self._macro(part, part.receiver)
        written = (*((part.receiver,) if part.receiver else ()), *part.args)
        args = tuple(map(self.visit, written))
        rows = BY_NAME.get(part.function, ())
        wrong = {"function"} if part.receiver else {"method"}
        if not rows or all(row.form in wrong for row in rows):
            return self._unknown_function(part, rows)
        if any(contains(arg.type, "decimal") for arg in args):
            args = tuple(exact(arg, self._written) for arg in args)
        if part.function in ("&&", "||"):
            return self._junction(part, args)
        return self._operation(part, args, rows)

    def _operation(self, part: syntax.Call, args: tuple[ir.Node, ...], rows: tuple[Signature, ...]) -> ir.Node:
        match = resolve(part.function, tuple(arg.type for arg in args))
        if match is None:
            shown = ", ".join(_shown(arg.type) for arg in args)
            message = f"`{_symbol(part.function)}` cannot take ({shown})"
            return self._fault(part, "TYPE_MISMATCH", message, _mend(part.function, args, rows))
        for arg, reason in faulty_text(part.function, args):
            self.faults.append(ExpressionFault(arg.pos, arg.end, "BAD_VALUE", reason))
        return ir.Op(part.pos, part.end, match.result, part.function, args)

    def _junction(self, part: syntax.Call, args: tuple[ir.Node, ...]) -> ir.Node:
        """Returns `&&` or `||` with operands of the same operator taken in, so that its depth does not grow."""
        flat: list[ir.Node] = []
        for arg in args:
            if arg.type.name not in ("bool", "dyn"):
                message = f"`{part.function}` cannot take {_shown(arg.type)}"
                self._fault(arg, "TYPE_MISMATCH", message, "It takes conditions, which are true or false")
            flat.extend(arg.args if isinstance(arg, ir.Op) and arg.op == part.function else (arg,))
        return ir.Op(part.pos, part.end, BOOL, part.function, tuple(flat))

    def _unknown_function(self, part: syntax.Call, rows: tuple[Signature, ...]) -> ir.Node:
        if rows and part.receiver:
            return self._fault(
                part, "UNKNOWN_FUNCTION", f"`{part.function}` is no method", f"Write `{part.function}(...)`"
            )
        if rows or part.function in MACROS:
            mend = f"Write `value.{part.function}(...)`"
            return self._fault(part, "UNKNOWN_FUNCTION", f"`{part.function}` is a method", mend)
        other: Form = "function" if part.receiver else "method"
        known = [name for name, named in BY_NAME.items() if name.isalpha() and any(row.form != other for row in named)]
        hint = nearest(part.function, [*known, *(MACROS if part.receiver else ("has",))])
        return self._fault(part, "UNKNOWN_FUNCTION", f"There is no function `{part.function}`", hint)

    def _has(self, part: syntax.Call) -> ir.Node:
        arg = self.visit(part.args[0]) if len(part.args) == 1 else None
        if isinstance(arg, ir.Get) and isinstance(arg.key, str):
            return ir.Get(part.pos, part.end, BOOL, arg.base, arg.key, has=True)
        if isinstance(arg, ir.Ref) and len(arg.path) > 1:
            return ir.Op(part.pos, part.end, BOOL, "has", (arg,))
        if arg is not None and arg.type == DYN and self.faults:
            return arg
        return self._fault(part, "TYPE_MISMATCH", "`has` takes one field", "As in `has(record.name)`")

    def _macro(self, part: syntax.Call, receiver: syntax.Syntax) -> ir.Node:
        source = self.visit(receiver)
        least, most = 2, 3 if part.function == "map" else 2
        if not least <= len(part.args) <= most or not isinstance(part.args[0], syntax.Name):
            form = "value" if part.function == "map" else "condition"
            hint = f"As in `list.{part.function}(item, {form})`"
            return self._fault(part, "TYPE_MISMATCH", f"`{part.function}` takes a name and a {form}", hint)
        if source.type.name not in ("list", "map", "dyn"):
            return self._fault(part, "TYPE_MISMATCH", f"`{part.function}` needs a list, not a {_shown(source.type)}")
        variable = part.args[0].name
        if variable in self._environment.roots:
            message = f"`{variable}` already has a meaning here"
            return self._fault(part.args[0], "NAME_TAKEN", message, "Use another name for the item")
        item = STRING if source.type.name == "map" else source.type.item or DYN
        outer = self._variables
        self._variables = {**outer, variable: item}
        *conditions, last = part.args[1:]
        value = self.visit(last) if part.function == "map" else None
        tested = conditions[0] if conditions else None if value else last
        cond = self._condition(tested) if tested else None
        self._variables = outer
        kind = BOOL if value is None else list_of(value.type)
        if part.function == "filter":
            kind = list_of(item)
        return ir.Macro(part.pos, part.end, kind, part.function, source, variable, cond, value)

    def _condition(self, part: syntax.Syntax) -> ir.Node:
        cond = self.visit(part)
        if cond.type.name not in ("bool", "dyn"):
            self._fault(cond, "TYPE_MISMATCH", f"The condition is a {_shown(cond.type)}", "It must be true or false")
        return cond


def _joined(kinds: list[Type]) -> Type | None:
    """Returns the common type, unknown where there is none; None of nothing at all."""
    shared: Type | None = None
    for kind in kinds:
        shared = kind if shared is None else join(shared, kind) or DYN
    return shared


def _mend(function: str, args: tuple[ir.Node, ...], rows: tuple[Signature, ...]) -> str:
    kinds = {arg.type.name for arg in args}
    times = kinds & {"date", "timestamp"}
    if function.isalpha() or len(args) != 2:
        return f"It takes {_listed(sorted({_params(row) for row in rows}), mark='')}"
    if times and "string" in kinds:
        [kind] = times
        return f'Write a constant as `{kind}("{"2026-07-01" if kind == "date" else "2026-07-01T12:00:00Z"}")`'
    if "null" in kinds:
        return "Null has no value; test with `== null` or give another value with `coalesce`"
    if function == "+" and "string" in kinds:
        return "Make it a text with `string(...)`"
    return "Both sides must be of one type"


def _params(row: Signature) -> str:
    return f"({', '.join('value' if param.name in ('T', 'any') else str(param) for param in row.params)})"


def _symbol(function: str) -> str:
    return "-" if function == "neg" else function


def _shown(kind: Type) -> str:
    return str(kind).replace("?", "")


def _listed(names: tuple[str, ...] | list[str], mark: str = "`") -> str:
    return ", ".join(f"{mark}{name}{mark}" for name in names)
