"""Patterns of `$like`: `%` is any run of characters, `_` any one, and a backslash takes the meaning from the next character.

PostgreSQL reads them as they are; SQLite is given the same pattern in the spelling of GLOB, which alone minds the case; in memory they
are matched here, in time proportional to pattern times text.
"""

from collections.abc import Iterator

from fieldstone.query.operators import fold

LONGEST = 1_000
"""Characters of a pattern."""

_RUN, _ONE = "%", "_"
_GLOB = {(_RUN, True): "*", (_ONE, True): "?", ("*", False): "[*]", ("?", False): "[?]", ("[", False): "[[]"}

_Token = tuple[str, bool]
"""A character, and whether it is a wildcard."""


def is_pattern(text: str) -> bool:
    """Tells whether a text can be read as a pattern: no backslash stands at its end, and it is not too long."""
    return len(text) <= LONGEST and (len(text) - len(text.rstrip("\\"))) % 2 == 0


def is_like(text: str, pattern: str) -> bool:
    """Tells whether a pattern matches the whole of a text."""
    tokens = list(_tokens(pattern))
    at, token, run, resume = 0, 0, -1, 0
    while at < len(text):
        if token < len(tokens) and tokens[token] == (_RUN, True):
            run, resume = token, at
            token += 1
        elif token < len(tokens) and tokens[token] in ((text[at], False), (_ONE, True)):
            at, token = at + 1, token + 1
        elif run >= 0:
            resume += 1
            at, token = resume, run + 1
        else:
            return False
    return all(rest == (_RUN, True) for rest in tokens[token:])


def glob(pattern: str) -> str:
    """Returns a pattern in the spelling of SQLite's GLOB."""
    return "".join(_GLOB.get(token, token[0]) for token in _tokens(pattern))


def folded_glob(pattern: str) -> str:
    """Returns a pattern that is matched with folded text, in the spelling of GLOB."""
    return glob(fold(pattern))


def _tokens(pattern: str) -> Iterator[_Token]:
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            yield next(characters, ""), False
        else:
            yield character, character in (_RUN, _ONE)
