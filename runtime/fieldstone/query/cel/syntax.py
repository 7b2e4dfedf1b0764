"""Tokens to an unchecked tree: a Pratt parser after the grammar of the CEL specification.

Operators become calls of their symbol, a ternary a call of `?:`, a minus sign one of `neg`; `has` and the macros are still plain
calls here. Refuses at the first place where the text is no expression, and what is larger than the limits.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fieldstone.query.cel.fault import ExpressionError
from fieldstone.query.cel.limits import DEPTH, INTEGER_MAXIMUM, INTEGER_MINIMUM, NODES
from fieldstone.query.cel.tokens import RESERVED, Token, syntax_error, tokenize

_BINDING = {"||": 1, "&&": 2, **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3), "+": 4, "-": 4}
_BINDING |= dict.fromkeys(("*", "/", "%"), 5)
_WORD_HINTS = {"and": "Use `&&`", "or": "Use `||`", "not": "Use `!`"}


class Syntax(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an expression as it was written: where its operator or name begins, where it ends, how deep it goes."""

    pos: int
    end: int
    depth: int = 1


class Constant(Syntax, frozen=True):
    """A literal; numbers with a point or an exponent as the exact decimal that was written."""

    value: bool | int | Decimal | str | None


class Name(Syntax, frozen=True):
    """A name by itself."""

    name: str


class Select(Syntax, frozen=True):
    """A field of something."""

    base: Syntax
    field: str


class Index(Syntax, frozen=True):
    """An item of something."""

    base: Syntax
    key: Syntax


class Call(Syntax, frozen=True):
    """An operator, or a function with or without a receiver."""

    function: str
    receiver: Syntax | None
    args: tuple[Syntax, ...]


class Items(Syntax, frozen=True):
    """A list."""

    items: tuple[Syntax, ...]


class Pairs(Syntax, frozen=True):
    """A map."""

    items: tuple[tuple[Syntax, Syntax], ...]


def parse(source: str) -> Syntax:
    """Returns the tree of a text; raises ExpressionError with the first fault."""
    return _Parser(tokenize(source)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._nested = 0
        self._nodes = 0

    def whole(self) -> Syntax:
        if self._next.kind == "end":
            raise syntax_error(0, self._next.end, "The expression is empty")
        tree = self._expression()
        if self._next.kind != "end":
            raise self._unexpected("")
        return tree

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _accept(self, kind: str) -> Token | None:
        return self._take() if self._next.kind == kind else None

    def _expect(self, kind: str) -> Token:
        if self._next.kind != kind:
            raise self._unexpected(f", `{kind}` is missing")
        return self._take()

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._next
        if token.kind == "end":
            return syntax_error(token.pos, token.end, f"The expression ends too early{wanted}")
        shown = {"int": "number", "float": "number", "string": "text"}.get(token.kind)
        word = token.value if token.kind in ("name", "quoted") else token.kind
        hint = _WORD_HINTS.get(str(token.value)) if token.kind == "name" else None
        return syntax_error(token.pos, token.end, f"Unexpected {shown or f'`{word}`'} here{wanted}", hint)

    def _expression(self) -> Syntax:
        self._nested += 1
        if self._nested > DEPTH:
            raise self._too_deep(self._next)
        condition = self._binary(1)
        if mark := self._accept("?"):
            then = self._binary(1)
            self._expect(":")
            condition = self._operation("?:", mark, (condition, then, self._expression()))
        self._nested -= 1
        return condition

    def _binary(self, least: int) -> Syntax:
        left = self._unary()
        while (binding := _BINDING.get(self._next.kind, 0)) >= least:
            mark = self._take()
            parts = [left, self._binary(binding + 1)]
            if mark.kind in ("&&", "||"):
                while self._accept(mark.kind):
                    parts.append(self._binary(binding + 1))
            left = self._operation(mark.kind, mark, tuple(parts))
        return left

    def _unary(self) -> Syntax:
        sign = self._next.kind
        if sign not in ("!", "-"):
            return self._member()
        marks = []
        while self._next.kind == sign:
            marks.append(self._take())
        if len(marks) == 1 and sign == "-" and self._next.kind in ("int", "float"):
            marks.pop()
            self._at -= 1
        operand = self._member()
        for mark in reversed(marks):
            operand = self._operation("neg" if sign == "-" else "!", mark, (operand,))
        return operand

    def _operation(self, function: str, mark: Token, args: tuple[Syntax, ...]) -> Syntax:
        call = Call(
            pos=mark.pos, end=args[-1].end, depth=self._deeper(mark, *args), function=function, receiver=None, args=args
        )
        return self._counted(call)

    def _member(self) -> Syntax:
        value = self._primary()
        while True:
            if self._accept("."):
                value = self._selection(value)
            elif mark := self._accept("["):
                key = self._expression()
                end = self._expect("]").end
                value = self._counted(
                    Index(pos=mark.pos, end=end, depth=self._deeper(mark, value, key), base=value, key=key)
                )
            else:
                return value

    def _selection(self, base: Syntax) -> Syntax:
        token = self._next
        if token.kind not in ("name", "quoted"):
            raise self._unexpected(", the name of a field is missing")
        self._take()
        name = str(token.value)
        if token.kind == "name" and self._next.kind == "(":
            return self._call(token, base)
        return self._counted(
            Select(pos=token.pos, end=token.end, depth=self._deeper(token, base), base=base, field=name)
        )

    def _call(self, name: Token, receiver: Syntax | None) -> Syntax:
        self._expect("(")
        args = [] if self._next.kind == ")" else [self._expression()]
        while args and self._accept(","):
            args.append(self._expression())
        end = self._expect(")").end
        below = (receiver, *args) if receiver else tuple(args)
        return self._counted(
            Call(
                pos=name.pos,
                end=end,
                depth=self._deeper(name, *below),
                function=str(name.value),
                receiver=receiver,
                args=tuple(args),
            )
        )

    def _primary(self) -> Syntax:
        token = self._next
        match token.kind:
            case "(":
                self._take()
                inner = self._expression()
                self._expect(")")
                return inner
            case "[":
                return self._list()
            case "{":
                return self._map()
            case "name":
                return self._name()
            case "null" | "true" | "false" | "string" | "int" | "float":
                return self._literal()
            case "-" if self._tokens[self._at + 1].kind in ("int", "float"):
                return self._literal()
        raise self._unexpected("")

    def _name(self) -> Syntax:
        token = self._take()
        name = str(token.value)
        if name in RESERVED:
            message = f"`{name}` is a reserved word"
            raise syntax_error(token.pos, token.end, message, f"A field of this name is written `record.{name}`")
        if self._next.kind == "(":
            return self._call(token, None)
        return self._counted(Name(pos=token.pos, end=token.end, name=name))

    def _literal(self) -> Syntax:
        sign = self._accept("-")
        token = self._take()
        value = {"null": None, "true": True, "false": False}.get(token.kind, token.value)
        if sign and isinstance(value, int | Decimal):
            value = -value
        if isinstance(value, int) and not INTEGER_MINIMUM <= value <= INTEGER_MAXIMUM:
            raise syntax_error(token.pos, token.end, "The number does not fit into 64 bits")
        return self._counted(Constant(pos=(sign or token).pos, end=token.end, value=value))

    def _list(self) -> Syntax:
        mark = self._take()
        items: list[Syntax] = []
        while self._next.kind != "]":
            items.append(self._expression())
            if not self._accept(","):
                break
        end = self._expect("]").end
        return self._counted(Items(pos=mark.pos, end=end, depth=self._deeper(mark, *items), items=tuple(items)))

    def _map(self) -> Syntax:
        mark = self._take()
        pairs: list[tuple[Syntax, Syntax]] = []
        while self._next.kind != "}":
            key = self._expression()
            self._expect(":")
            pairs.append((key, self._expression()))
            if not self._accept(","):
                break
        end = self._expect("}").end
        depth = self._deeper(mark, *(part for pair in pairs for part in pair))
        return self._counted(Pairs(pos=mark.pos, end=end, depth=depth, items=tuple(pairs)))

    def _deeper(self, mark: Token, *below: Syntax) -> int:
        depth = 1 + max((part.depth for part in below), default=0)
        if depth > DEPTH:
            raise self._too_deep(mark)
        return depth

    def _counted(self, node: Syntax) -> Syntax:
        self._nodes += 1
        if self._nodes > NODES:
            message = f"The expression has more than {NODES:,} parts"
            raise syntax_error(node.pos, node.end, message, code="TOO_LARGE")
        return node

    def _too_deep(self, token: Token) -> ExpressionError:
        return syntax_error(token.pos, token.end, f"The expression is nested more than {DEPTH} deep", code="TOO_LARGE")
