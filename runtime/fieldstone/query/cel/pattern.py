"""Regular expressions that cannot run for ever: a pattern is accepted with an estimate of its worst cost.

A group that leaves a choice may not be repeated, and the rest is counted: every open repetition multiplies the cost by the
length of the text, every other choice by its number of ways. Raises Failure on what goes too far.
"""

import re
from functools import lru_cache

import msgspec

from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.limits import MATCH_STEPS, MATCHED_CHARACTERS, PATTERN_CHARACTERS

_PIECE = re.compile(
    r"""
    (?P<escape>\\.)
  | (?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])
  | (?P<open>\((?:\?(?:P?<[A-Za-z_]\w*>|[a-z]*:|[a-z]+\)|(?P<looking>.)))?)
  | (?P<close>\))
  | (?P<bar>\|)
  | (?P<repeat>[*+?]|\{(?P<least>\d*)(?P<comma>,)?(?P<most>\d*)\})[?+]?
  | (?P<other>[\s\S])
    """,
    re.VERBOSE | re.ASCII,
)


class Pattern(msgspec.Struct, frozen=True):
    """A compiled pattern; on a text of n characters a search takes at most `ways * n ** degree` steps."""

    regex: re.Pattern[str]
    degree: int
    ways: int

    def found_in(self, text: str) -> bool:
        """Tells whether the text has a part that the pattern fits."""
        if len(text) > MATCHED_CHARACTERS:
            raise Failure("TOO_LARGE", f"The text has more than {MATCHED_CHARACTERS:,} characters")
        if self.ways * len(text) ** self.degree > MATCH_STEPS:
            raise Failure("TOO_LARGE", f"A text of {len(text):,} characters is too long for so free a pattern")
        return self.regex.search(text) is not None


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Returns the pattern of a text."""
    if len(source) > PATTERN_CHARACTERS:
        raise Failure("TOO_LARGE", f"The pattern has more than {PATTERN_CHARACTERS} characters")
    degree, ways = _cost(source)
    try:
        return Pattern(re.compile(source), degree, ways)
    except (re.error, OverflowError) as error:
        raise Failure("BAD_VALUE", f"The pattern does not compile: {error}") from error


def _cost(source: str) -> tuple[int, int]:
    degree, ways = (0 if source.startswith("^") and "|" not in source else 1), 1
    choices = [False]
    group_has_choice = False
    for piece in _PIECE.finditer(source):
        if piece["looking"] or (piece["escape"] and piece["escape"][1].isdigit()):
            raise Failure("BAD_VALUE", f"The pattern uses `{piece.group()}`, which has no bound")
        if piece["open"] and not piece["open"].endswith(")"):
            choices.append(False)
        elif piece["bar"]:
            ways *= 2
            choices[-1] = True
        elif piece["repeat"]:
            if group_has_choice and piece["repeat"] != "?":
                message = f"The pattern repeats a group that leaves a choice (`{piece.group()}` at {piece.start() + 1})"
                raise Failure("BAD_VALUE", message)
            step, factor = _repetition(piece)
            degree, ways = degree + step, ways * factor
            choices[-1] = choices[-1] or (step, factor) != (0, 1)
        group_has_choice = bool(piece["close"]) and len(choices) > 1 and choices.pop()
        choices[-1] = choices[-1] or group_has_choice
    return degree, ways


def _repetition(piece: re.Match[str]) -> tuple[int, int]:
    """Returns by how much a repetition raises the degree, and by how much it multiplies the ways."""
    if piece["repeat"] == "?":
        return 0, 2
    if piece["repeat"] in ("*", "+") or (piece["comma"] and not piece["most"]):
        return 1, 1
    least, most = int(piece["least"] or 0), int(piece["most"] or piece["least"] or 0)
    return 0, max(1, most - least + 1) if piece["comma"] else 1
