"""A checked tree to a Python function: evaluation in memory.

Every node becomes a closure over its parts. Null where a value is needed is an error; `&&`, `||`, `all` and `exists` let a decisive
answer win over an error, as CEL has it. The clock is what the activation says, never the machine's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.query.cel.fault import EvaluationError, Failure
from fieldstone.query.cel.frame import Activation, Closure, Frame, clock_function
from fieldstone.query.cel.functions import implementation, same
from fieldstone.query.cel.ir import Compiled, Get, ListLit, Lit, Macro, MapLit, Node, Op, Ref
from fieldstone.query.cel.iterate import macro
from fieldstone.query.cel.signatures import CLOCK, Match, resolve
from fieldstone.query.cel.types import Type
from fieldstone.query.cel.values import conversion, reader, to_wire, type_of

_IN_WIRE_FORM = frozenset({"bool", "int", "decimal", "double", "string", "null"})


def evaluator(expression: Compiled | Node) -> Callable[[Activation], Any]:
    """Returns the function that computes an expression.

    It takes the values of the roots by name (`record`, ...; mappings for structs, all in wire form), `now` (the pinned instant) and
    `timezone` (a name of the IANA database, UTC if absent), returns a value in wire form, and raises EvaluationError when there is
    none.
    """
    node = expression.node if isinstance(expression, Compiled) else expression
    closure = _closure(node, ())
    if node.type.name in _IN_WIRE_FORM:
        return lambda activation: closure(Frame(activation))
    return lambda activation: to_wire(closure(Frame(activation)))


def _closure(node: Node, variables: tuple[str, ...]) -> Closure:
    """Returns the closure of a node; `variables` are those of the macros around it, outermost first."""
    match node:
        case Lit(value=constant):
            return lambda _frame: constant
        case Ref():
            return _reference(node, variables)
        case Op():
            return _operation(node, variables)
        case Get(base=base, key=key):
            name = key if isinstance(key, str) else None
            return _item(
                node, _closure(base, variables), _closure(key, variables) if isinstance(key, Node) else lambda _: name
            )
        case ListLit(items=items):
            return _list([_converted(item, node.type.item, variables) for item in items])
        case MapLit(items=pairs):
            parts = [(_closure(key, variables), _closure(value, variables)) for key, value in pairs]
            return _map(parts, node.pos)
        case Macro():
            inner = (*variables, node.var)
            cond = _closure(node.cond, inner) if node.cond else None
            value = _closure(node.value, inner) if node.value else None
            return macro(node, _closure(node.range, variables), cond, value, slot=len(variables))
    raise TypeError(f"{type(node).__name__} is no part of an expression")


def _converted(node: Node, wanted: Type | None, variables: tuple[str, ...]) -> Closure:
    """Returns a closure whose value is converted to a type, null left as it is; a constant is converted at once."""
    closure = _closure(node, variables)
    convert = conversion(node.type, wanted) if wanted else None
    if convert is None:
        return closure
    if isinstance(node, Lit):
        return _constant(node.value, node.type, wanted or node.type)
    return lambda frame: None if (value := closure(frame)) is None else convert(value)


def _operation(node: Op, variables: tuple[str, ...]) -> Closure:
    if node.op in ("&&", "||"):
        return _junction([_closure(arg, variables) for arg in node.args], node, decisive=node.op == "||")
    if node.op == "has":
        return _has(node.args[0], variables)
    types = tuple(arg.type for arg in node.args)
    if any(kind.name == "dyn" for kind in types) and node.op not in ("?:", "coalesce"):
        return _dynamic(node, [_closure(arg, variables) for arg in node.args])
    match = resolve(node.op, types)
    if match is None:
        raise TypeError(f"`{node.op}` was not checked against {types}")
    wanted = zip(node.args, match.params, strict=True)
    return _applied(node, match, [_converted(arg, param, variables) for arg, param in wanted])


def _reference(node: Ref, variables: tuple[str, ...]) -> Closure:
    root, *fields = node.path
    pos = node.pos
    if root in variables:
        slot = len(variables) - 1 - variables[::-1].index(root)
        if not fields:
            return lambda frame: frame.items[slot]
        return lambda frame: _walked(frame.items[slot], fields, root, pos)
    read = reader(node.type)
    if len(fields) == 1 and read is None:
        [field] = fields

        def plain(frame: Frame) -> Any:
            owner = frame.activation.get(root)
            if owner is None:
                raise _absent(frame, root, pos)
            return owner.get(field)

        return plain

    def converted(frame: Frame) -> Any:
        value = frame.activation.get(root)
        if value is None and (fields or root not in frame.activation):
            raise _absent(frame, root, pos)
        value = _walked(value, fields, root, pos)
        if value is None or read is None:
            return value
        try:
            return read(value)
        except Failure as failure:
            raise EvaluationError(failure.code, failure.message, pos) from failure
        except (TypeError, ValueError, ArithmeticError) as error:
            raise EvaluationError(
                "BAD_VALUE", f"`{'.'.join(node.path)}` does not hold a {node.type.name}", pos
            ) from error

    return converted


def _walked(value: Any, fields: list[str], root: str, pos: int) -> Any:
    for field in fields:
        if not isinstance(value, Mapping):
            raise EvaluationError("NULL_VALUE", f"`{root}` is null on the way to `{field}`", pos)
        value = value.get(field)
    return value


def _absent(frame: Frame, root: str, pos: int) -> EvaluationError:
    if root in frame.activation:
        return EvaluationError("NULL_VALUE", f"`{root}` is null", pos)
    return EvaluationError("NO_VALUE", f"`{root}` is not given here", pos)


def _has(field: Node, variables: tuple[str, ...]) -> Closure:
    """Returns `has` of a declared field: true wherever its owner is there, whatever the field holds."""
    if not isinstance(field, Ref) or len(field.path) < 2:
        return lambda _frame: True
    owner = _reference(Ref(field.pos, field.end, Type("struct"), field.path[:-1]), variables)
    return lambda frame: owner(frame) is not None


def _junction(parts: list[Closure], node: Op, *, decisive: bool) -> Closure:
    """Returns `||` (decisive: true) or `&&` (decisive: false) of any number of parts."""

    def evaluate(frame: Frame) -> bool:
        error: EvaluationError | None = None
        for part in parts:
            try:
                value = part(frame)
            except EvaluationError as raised:
                if raised.reason == "TOO_LARGE":
                    raise
                error = error or raised
                continue
            if isinstance(value, bool):
                if value == decisive:
                    return decisive
            elif error is None:
                error = EvaluationError("NULL_VALUE", f"`{node.op}` needs true or false on both sides", node.pos)
        if error is not None:
            raise error
        return not decisive

    return evaluate


def _applied(node: Op, match: Match, args: list[Closure]) -> Closure:
    name, pos = node.op, node.pos
    if name == "?:":
        return _ternary(args, pos)
    if name == "coalesce":
        first, second = args
        return lambda frame: second(frame) if (value := first(frame)) is None else value
    if name == "in":
        return _membership(args, pos)
    if name in CLOCK:
        return _guarded(clock_function(name), args, name, pos, with_frame=True)
    function = implementation(match)
    if name in ("==", "!=", "isBlank", "isEmpty"):
        return _null_taking(function, args)
    return _guarded(function, args, name, pos)


def _ternary(args: list[Closure], pos: int) -> Closure:
    condition, then, otherwise = args

    def evaluate(frame: Frame) -> Any:
        chosen = condition(frame)
        if chosen is True:
            return then(frame)
        if chosen is False:
            return otherwise(frame)
        raise EvaluationError("NULL_VALUE", "The condition before `?` is null", pos)

    return evaluate


def _membership(args: list[Closure], pos: int) -> Closure:
    item, container = args

    def evaluate(frame: Frame) -> bool:
        value, within = item(frame), container(frame)
        if isinstance(within, dict):
            return bool(value in within)
        if not isinstance(within, list):
            raise EvaluationError("NULL_VALUE", "What stands after `in` is null", pos)
        return any(same(value, other) for other in within)

    return evaluate


def _null_taking(function: Callable[..., Any], args: list[Closure]) -> Closure:
    if len(args) == 1:
        [only] = args
        return lambda frame: function(only(frame))
    left, right = args
    return lambda frame: function(left(frame), right(frame))


def _guarded(
    function: Callable[..., Any], args: list[Closure], name: str, pos: int, *, with_frame: bool = False
) -> Closure:
    """Returns a call that refuses null and gives failures their position."""

    def evaluate(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        if None in values:
            raise EvaluationError("NULL_VALUE", f"`{name}` cannot take null", pos)
        try:
            return function(frame, *values) if with_frame else function(*values)
        except Failure as failure:
            raise EvaluationError(failure.code, failure.message, pos) from failure
        except ArithmeticError as error:
            raise EvaluationError("OVERFLOW", f"The result of `{name}` is out of range", pos) from error

    return evaluate


def _dynamic(node: Op, args: list[Closure]) -> Closure:
    """Returns an operation on values of unknown type, resolved when they are there."""

    def evaluate(frame: Frame) -> Any:
        values = [arg(frame) for arg in args]
        types = tuple(map(type_of, values))
        match = resolve(node.op, types)
        if match is None and node.op in ("==", "!="):
            return node.op == "!="
        if match is None:
            reason = "NULL_VALUE" if None in values else "NO_OVERLOAD"
            shown = ", ".join(map(str, types))
            raise EvaluationError(reason, f"`{node.op}` cannot take ({shown})", node.pos)
        bound = [
            _constant(value, given, param) for value, given, param in zip(values, types, match.params, strict=True)
        ]
        return _applied(node, match, bound)(frame)

    return evaluate


def _constant(value: Any, given: Type, wanted: Type) -> Closure:
    convert = conversion(given, wanted)
    converted = value if convert is None or value is None else convert(value)
    return lambda _frame: converted


def _list(items: list[Closure]) -> Closure:
    return lambda frame: [item(frame) for item in items]


def _map(pairs: list[tuple[Closure, Closure]], pos: int) -> Closure:
    def evaluate(frame: Frame) -> dict[Any, Any]:
        made = {key(frame): value(frame) for key, value in pairs}
        if len(made) != len(pairs):
            raise EvaluationError("BAD_VALUE", "The map has a key twice", pos)
        return made

    return evaluate


def _item(node: Get, base: Closure, key: Closure) -> Closure:
    def evaluate(frame: Frame) -> Any:
        owner, name = base(frame), key(frame)
        if isinstance(owner, dict):
            if node.has:
                return name in owner
            if name not in owner:
                raise EvaluationError("NO_SUCH_KEY", f"There is no {name!r}", node.pos)
            return owner[name]
        if isinstance(owner, list) and isinstance(name, int) and not isinstance(name, bool):
            if not 0 <= name < len(owner):
                raise EvaluationError("OUT_OF_RANGE", f"There is no item {name} in {len(owner)}", node.pos)
            return owner[name]
        reason = "NULL_VALUE" if owner is None or name is None else "NO_OVERLOAD"
        raise EvaluationError(reason, f"There is no {name!r} in {type_of(owner)}", node.pos)

    return evaluate
