"""Random expressions as text: untyped ones for the parser, typed ones without names for the evaluator, and damage to both."""

import re
from collections.abc import Callable
from random import Random

_NAMES = ["a", "b", "record", "user", "t", "x1", "_y"]
_FIELDS = ["name", "amount", "package", "if", "x", "`a b`", "`a-b.c`"]
_STRINGS = ['"a"', "'b'", '"é"', r'"\n\x41é\\"', r"r'\d'", '"""x"y"""', "'''a\nb'''", '""', r'"\"q\""', r"'\101'"]
_NUMBERS = ["0", "1", "42", "0x1F", "1.5", ".5", "1e3", "2.5E-3", "9223372036854775807", "-9223372036854775808", "007"]
_BINARY = ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in", "&&", "||"]
_MACROS = ["all", "exists", "exists_one", "filter", "map"]
_SPACES = ["", " ", " ", " ", "  ", "\n", "\t", " // note\n"]
_JUNK = "()[]{}.,:?!&|=<>+-*/%\"'`\\ \nabin019xe_é@#;$"


def expression(random: Random, depth: int = 4) -> str:
    """Returns an expression that follows the grammar, whatever its types."""
    if depth == 0 or random.random() < 0.15:
        return random.choice([*_NAMES * 2, *_STRINGS, *_NUMBERS, "true", "false", "null"])
    form = random.choice([_operation, _operation, _operation, _member, _member, _call, _container, _macro])
    return form(random, lambda: expression(random, depth - 1))


Part = Callable[[], str]


def _operation(random: Random, part: Part) -> str:
    space = random.choice(_SPACES)
    match random.randrange(6):
        case 0:
            return f"{random.choice(['!', '-', '!!', '--', '---'])}{space}{_enclosed(part())}"
        case 1:
            return f"({part()}){space}?{space}({part()}):{part()}"
    return f"{part()}{space} {random.choice(_BINARY)} {space}{part()}"


def _member(random: Random, part: Part) -> str:
    space = random.choice(_SPACES)
    if random.random() < 0.5:
        return f"{_enclosed(part())}{space}.{space}{random.choice(_FIELDS)}"
    return f"{_enclosed(part())}[{space}{part()}]"


def _call(random: Random, part: Part) -> str:
    if random.random() < 0.5:
        return f"{random.choice(['f', 'size', 'upper'])}({', '.join(part() for _ in range(random.randrange(3)))})"
    return f"{_enclosed(part())}.{random.choice(['f', 'contains', 'if'])}({part() if random.random() < 0.8 else ''})"


def _container(random: Random, part: Part) -> str:
    space, comma = random.choice(_SPACES), random.choice(["", "", ","])
    if random.random() < 0.5:
        items = f",{space}".join(part() for _ in range(random.randrange(4)))
        return f"[{items}{comma if items else ''}]"
    pairs = ", ".join(f"{part()}:{space}{part()}" for _ in range(random.randrange(3)))
    return "{" + pairs + (comma if pairs else "") + "}"


def _macro(random: Random, part: Part) -> str:
    if random.random() < 0.2:
        return f"has({_enclosed(part())}.x)"
    kind = random.choice(_MACROS)
    value = f"{part()}, {part()}" if kind == "map" and random.random() < 0.5 else part()
    return f"{_enclosed(part())}.{kind}({random.choice(_NAMES)}, {value})"


def _enclosed(text: str) -> str:
    return text if text.isidentifier() and text not in ("null", "true", "false") else f"({text})"


def damaged(random: Random, text: str) -> str:
    """Returns the text with one to three characters removed, doubled, swapped or put in."""
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(text) + 1)
        match random.randrange(4):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:at] + random.choice(_JUNK) + text[at:]
            case 2:
                text = text[:at] + text[at : at + 1] * 2 + text[at + 1 :]
            case 3:
                text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return text


def computation(random: Random, kind: str, depth: int = 4) -> str:
    """Returns an expression without names whose type is `int`, `bool`, `string` or `list` (of whole numbers)."""
    if depth == 0:
        return random.choice(_CONSTANTS[kind])
    compared, sized = random.choice(["int", "string"]), random.choice(["string", "list"])
    pieces = re.split(r"<(\w+)>", random.choice(_FORMS[kind]))
    kinds = {"compared": compared, "sized": sized}
    return "".join(
        computation(random, kinds.get(piece, piece), depth - 1) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


_CONSTANTS = {
    "int": ["0", "1", "2", "3", "-3", "5", "7", "10", "12", "9223372036854775807"],
    "bool": ["true", "false"],
    "string": ['""', '"a"', '"ab"', '"é"', '"Zz"'],
    "list": ["[1, 2]", "[0]", "[3, -1, 2]"],
}
_FORMS = {
    "int": [
        *(f"(<int> {symbol} <int>)" for symbol in "+-*/%"),
        "-(<int>)",
        "size(<sized>)",
        "(<bool> ? <int> : <int>)",
        "<list>[<int>]",
    ],
    "bool": [
        *(f"(<compared> {symbol} <compared>)" for symbol in ("<", "<=", ">", ">=", "==", "!=")),
        *(f"(<bool> {symbol} <bool>)" for symbol in ("&&", "||", "&&", "||")),
        "!(<bool>)",
        "(<int> in <list>)",
        *(f"<list>.{macro}(x, x > <int>)" for macro in ("all", "exists", "exists_one")),
        *(f"<list>.{macro}(x, <int> / x > 0)" for macro in ("all", "exists", "exists_one")),
        *(f"<string>.{name}(<string>)" for name in ("contains", "startsWith", "endsWith")),
    ],
    "string": ["(<string> + <string>)", "(<bool> ? <string> : <string>)"],
    "list": ["[<int>, <int>]", "(<list> + <list>)", "<list>.map(x, x * <int>)", "<list>.filter(x, x > <int>)"],
}
