"""Google's CEL as an oracle: its parse of a text, and ours, in one form that can be compared.

Google's parser hands out a protobuf message in which macros stand expanded; the few fields that matter are read from the wire here,
and the macros folded back. In both trees a sign before a number becomes part of it, and two signs cancel out.
"""

import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cel_expr_python import cel

from fieldstone.query.cel import syntax
from fieldstone.query.cel.fault import ExpressionError
from fieldstone.query.cel.signatures import MACROS

Tree = tuple[Any, ...]
_BINARY = ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||")
_SYMBOLS = {"!_": "!", "-_": "neg", "@in": "in", "_?_:_": "?:", "_[_]": "[]", **{f"_{mark}_": mark for mark in _BINARY}}
_ENVIRONMENT = cel.NewEnv(variables={})


def google_tree(source: str) -> Tree | None:
    """Returns Google's tree of a text; None when Google refuses it."""
    try:
        compiled = _ENVIRONMENT.compile(source, disable_check=True)
    except RuntimeError:
        return None
    message = _fields(_fields(compiled.serialize())[2][0])
    return _google(message[2][0])


def google_value(source: str) -> Any:
    """Returns the value that Google computes of a text without names; "error" when there is none."""
    value = _ENVIRONMENT.compile(source).eval(data={})
    return "error" if value.type() == cel.Type.ERROR else value.plain_value()


def own_tree(source: str) -> Tree | None:
    """Returns our tree of a text; None when we refuse it."""
    try:
        return _own(syntax.parse(source))
    except (ExpressionError, _NoMacro):
        return None


class _NoMacro(Exception):
    pass


def _own(part: syntax.Syntax) -> Tree:
    match part:
        case syntax.Constant(value=value):
            number = float(value) if isinstance(value, Decimal) else value
            tree: Tree = ("constant", type(number).__name__, number)
        case syntax.Name(name=name):
            tree = ("name", name)
        case syntax.Select(base=base, field=field):
            tree = ("select", _own(base), field)
        case syntax.Index(base=base, key=key):
            tree = ("call", "[]", None, (_own(base), _own(key)))
        case syntax.Items(items=items):
            tree = ("list", *map(_own, items))
        case syntax.Pairs(items=pairs):
            tree = ("map", *((_own(key), _own(value)) for key, value in pairs))
        case syntax.Call():
            tree = _own_call(part)
    return tree


def _own_call(part: syntax.Call) -> Tree:
    function, receiver, args = part.function, part.receiver, part.args
    if function == "has" and receiver is None and len(args) == 1:
        if not isinstance(args[0], syntax.Select):
            raise _NoMacro
        return ("has", _own(args[0].base), args[0].field)
    if receiver is not None and function in MACROS and len(args) in ((2, 3) if function == "map" else (2,)):
        return _own_macro(function, receiver, args)
    return _call(function, None if receiver is None else _own(receiver), tuple(map(_own, args)))


def _own_macro(kind: str, source: syntax.Syntax, args: tuple[syntax.Syntax, ...]) -> Tree:
    variable, *conditions, last = args
    if not isinstance(variable, syntax.Name):
        raise _NoMacro
    if kind == "map":
        cond = _own(conditions[0]) if conditions else None
        return ("macro", "map", _own(source), variable.name, cond, _own(last))
    value = ("name", variable.name) if kind == "filter" else None
    return ("macro", "map" if kind == "filter" else kind, _own(source), variable.name, _own(last), value)


def _google(data: bytes) -> Tree:
    expression = _fields(data)
    if 3 in expression:
        return _google_constant(expression[3][0])
    if 4 in expression:
        return ("name", _text(_fields(expression[4][0])[1][0]))
    if 5 in expression:
        select = _fields(expression[5][0])
        kind = "has" if select.get(3, [0])[0] else "select"
        return (kind, _google(select[1][0]), _text(select[2][0]))
    if 6 in expression:
        call = _fields(expression[6][0])
        name = _text(call[2][0])
        return _call(
            _SYMBOLS.get(name, name), _google(call[1][0]) if 1 in call else None, tuple(map(_google, call.get(3, [])))
        )
    if 7 in expression:
        return ("list", *map(_google, _fields(expression[7][0]).get(1, [])))
    if 8 in expression:
        made = _fields(expression[8][0])
        entries = map(_fields, made.get(2, []))
        return ("message",) if 1 in made else ("map", *((_google(e[3][0]), _google(e[4][0])) for e in entries))
    return _google_macro(_fields(expression[9][0]))


def _google_constant(data: bytes) -> Tree:
    field, value = next(_wire(data))
    if field == 2:
        return ("constant", "bool", bool(value))
    if field == 3:
        return ("constant", "int", value - (1 << 64) if value >> 63 else value)
    if field == 5:
        return ("constant", "float", struct.unpack("<d", value)[0])
    if field == 6:
        return ("constant", "str", _text(value))
    return ("constant", "NoneType", None) if field == 1 else ("constant", f"field {field}", value)


def _google_macro(loop: dict[int, list[Any]]) -> Tree:
    source, variable, step = _google(loop[2][0]), _text(loop[1][0]), _google(loop[6][0])
    start = _google(loop[4][0])
    if start in (("constant", "bool", True), ("constant", "bool", False)):
        _, *parts = step[3]
        cond = parts[0] if len(parts) == 1 else ("call", step[1], None, tuple(parts))
        return ("macro", "all" if start[2] else "exists", source, variable, cond, None)
    if start == ("constant", "int", 0):
        return ("macro", "exists_one", source, variable, step[3][0], None)
    cond, added = (step[3][0], step[3][1]) if step[1] == "?:" else (None, step)
    return ("macro", "map", source, variable, cond, added[3][1][1])


def _call(function: str, receiver: Tree | None, args: tuple[Tree, ...]) -> Tree:
    if function in ("&&", "||"):
        flat: list[Tree] = []
        for arg in args:
            flat.extend(arg[3] if arg[:2] == ("call", function) else (arg,))
        return ("call", function, None, tuple(flat))
    if function in ("neg", "!") and args[0][:2] == ("call", function):
        inner: Tree = args[0][3][0]
        return inner
    if function == "neg" and args[0][0] == "constant" and args[0][1] in ("int", "float"):
        return ("constant", args[0][1], -args[0][2])
    return ("call", function, receiver, args)


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _fields(data: bytes) -> dict[int, list[Any]]:
    """Returns the fields of a protobuf message by number, each with its values in their order."""
    found: dict[int, list[Any]] = {}
    for number, value in _wire(data):
        found.setdefault(number, []).append(value)
    return found


def _wire(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            length, at = (8, at) if key & 7 == 1 else _varint(data, at)
            yield key >> 3, data[at : at + length]
            at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
