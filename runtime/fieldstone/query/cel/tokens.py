"""Text to tokens, as the CEL specification has them. Refuses what is no token, at the first place where it stands."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from fieldstone.query.cel.fault import ExpressionError, ExpressionFault
from fieldstone.query.cel.limits import INTEGER_MAXIMUM, SOURCE_CHARACTERS

_TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\r\n\f]+|//[^\n]*)+)
  | (?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
  | (?P<int>0x[0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU])?
  | (?P<raw>[bB]?[rR](?:\"\"\"[\s\S]*?\"\"\"|\'\'\'[\s\S]*?\'\'\'|"[^"\n\r]*"|'[^'\n\r]*'))
  | (?P<string>[bB]?(?:\"\"\"(?:\\[\s\S]|[^\\])*?\"\"\"|\'\'\'(?:\\[\s\S]|[^\\])*?\'\'\'
      |"(?:\\[^\n\r]|[^"\\\n\r])*"|'(?:\\[^\n\r]|[^'\\\n\r])*'))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`[A-Za-z0-9_.\-/ ]+`)
  | (?P<symbol>==|!=|<=|>=|&&|\|\||[<>!?:,.()\[\]{}+\-*/%])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.S
)
_PLAIN_ESCAPES = {
    **dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)),
    **{character: character for character in "\\?\"'`"},
}
_HINTS = {"=": "Use `==` to compare", "&": "Use `&&`", "|": "Use `||`", "`": "Backticks quote a field name after a dot"}

WORDS = frozenset({"in", "null", "true", "false"})
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)


class Token(msgspec.Struct, frozen=True):
    """A token: `kind` is int, float, string, name, quoted, end, or the symbol or word (`in null true false`) itself."""

    kind: str
    pos: int
    end: int
    value: int | Decimal | str | None = None


def tokenize(source: str) -> list[Token]:
    """Returns the tokens of a text with an `end` behind them; raises ExpressionError at the first that is none."""
    if len(source) > SOURCE_CHARACTERS:
        message = f"The expression has {len(source):,} characters, {SOURCE_CHARACTERS:,} at most"
        raise syntax_error(SOURCE_CHARACTERS, len(source), message, code="TOO_LARGE")
    return [*_tokens(source), Token("end", len(source), len(source))]


def syntax_error(pos: int, end: int, message: str, hint: str | None = None, *, code: str = "SYNTAX") -> ExpressionError:
    """Returns the error of a text that cannot be read further."""
    return ExpressionError([ExpressionFault(pos, end, code, message, hint)])


def _tokens(source: str) -> Iterator[Token]:
    pos = 0
    while pos < len(source):
        found = _TOKEN.match(source, pos)
        if not found:
            raise _unreadable(source, pos)
        end = found.end()
        if not found["space"]:
            yield _token(found, pos, end)
        pos = end


def _token(found: re.Match[str], pos: int, end: int) -> Token:
    text = found.group()
    if found["string"] or found["raw"]:
        return Token("string", pos, end, _string(found, pos))
    if found["int"]:
        return Token("int", pos, end, _integer(found, pos, end))
    if found["float"]:
        return Token("float", pos, end, _decimal(text, pos, end))
    if found["name"]:
        return Token(text, pos, end) if text in WORDS else Token("name", pos, end, text)
    if found["quoted"]:
        return Token("quoted", pos, end, text[1:-1])
    return Token(text, pos, end)


def _integer(found: re.Match[str], pos: int, end: int) -> int:
    if found["unsigned"]:
        raise syntax_error(pos, end, "There are no unsigned numbers", "Write it without `u`")
    digits = found["int"]
    value = int(digits, 16) if digits.startswith("0x") else int(digits) if len(digits) < 100 else INTEGER_MAXIMUM + 2
    if value > INTEGER_MAXIMUM + 1:
        raise syntax_error(pos, end, "The number does not fit into 64 bits")
    return value


def _decimal(text: str, pos: int, end: int) -> Decimal:
    if math.isinf(float(text)):
        raise syntax_error(pos, end, "The number is too large")
    return Decimal(text)


def _string(found: re.Match[str], pos: int) -> str:
    text = found.group()
    prefix = len(text) - len(text.lstrip("bBrR"))
    if text[0] in "bB":
        raise syntax_error(pos, found.end(), "There are no byte strings", "Write it without `b`")
    width = 3 if text[prefix : prefix + 3] in ('"""', "'''") and len(text) >= prefix + 6 else 1
    inner = text[prefix + width : -width]
    if found["raw"] is None:
        return _unescape(inner, pos + width)
    if (len(inner) - len(inner.rstrip("\\"))) % 2:
        raise syntax_error(pos, found.end(), "A raw text cannot end with a single backslash")
    return inner


def _unescape(text: str, start: int) -> str:
    def replaced(found: re.Match[str]) -> str:
        *codes, octal, plain = found.groups()
        pos, end = start + found.start(), start + found.end()
        if plain is not None:
            if plain not in _PLAIN_ESCAPES:
                raise syntax_error(pos, end, f"`\\{plain}` is no escape", r"A backslash is written `\\`")
            return _PLAIN_ESCAPES[plain]
        number = int(octal, 8) if octal else int(next(code for code in codes if code), 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise syntax_error(pos, end, "This is not the number of a character")
        return chr(number)

    return _ESCAPE.sub(replaced, text)


def _unreadable(source: str, pos: int) -> ExpressionError:
    character = source[pos]
    if character in "\"'":
        return syntax_error(pos, len(source), "The text that begins here does not end", f"Close it with {character}")
    return syntax_error(pos, pos + 1, f"Unexpected character {character!r}", _HINTS.get(character))
