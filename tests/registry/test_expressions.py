"""The place of a part of an expression within a YAML file, however its value is written."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.errors import Place
from fieldstone.registry.expressions import place_within
from fieldstone.registry.source import parse

WORDS = st.lists(st.sampled_from(["a", "==", "&&", '"x"', "'y'", "\\", "é😀", "(b)", "it's"]), min_size=1, max_size=12)


def folded(words: list[str], width: int) -> list[str]:
    """Returns words as lines of at most so many words."""
    return [" ".join(words[start : start + width]) for start in range(0, len(words), width)]


def written(style: str, words: list[str], width: int) -> str:
    """Returns a file in which `using` has these words as its value, written in one of YAML's ways."""
    line, lines = " ".join(words), folded(words, width)
    block = "".join(f"      {text}\n" for text in lines)
    values = {
        "double": json.dumps(line, ensure_ascii=False),
        "escaped": json.dumps(line, ensure_ascii=True).replace("\\ud83d\\ude00", "\\U0001f600"),
        "double folded": '"' + "\n      ".join(json.dumps(text, ensure_ascii=False)[1:-1] for text in lines) + '"',
        "single": "'" + line.replace("'", "''") + "'",
        "single folded": "'" + "\n      ".join(text.replace("'", "''") for text in lines) + "'",
        "literal": f"|\n{block}",
        "literal after a blank line": f"|-\n\n{block}",
        "folded": f">-\n{block}",
        "folded with a comment": f">  # why\n{block}",
    }
    return f"name: x\nrules:\n  - using: {values[style]}\n"


STYLES = [
    "double",
    "escaped",
    "double folded",
    "single",
    "single folded",
    "literal",
    "literal after a blank line",
    "folded",
    "folded with a comment",
]


@pytest.mark.parametrize("style", STYLES)
@given(words=WORDS, width=st.integers(1, 4))
def test_every_character_is_found_where_it_stands(style: str, words: list[str], width: int) -> None:
    text = written(style, words, width)
    source, faults = parse(text, "f")
    assert source is not None
    assert faults == []
    value = source.value["rules"][0]["using"]
    assert value == yaml.safe_load(text)["rules"][0]["using"]
    lines = text.split("\n")
    start = source.spot.find(("rules", 0, "using")).of_value("f")
    for offset, character in enumerate(value):
        if character.isspace():
            continue
        place = place_within(start, lines, value, offset)
        shown = lines[place.line - 1][place.column - 1 :]
        escaped = ("\\",) if "double" in style or style == "escaped" else ()
        assert shown.startswith((character, *escaped))


def test_a_plain_value_is_counted_from_its_first_character() -> None:
    assert place_within(Place("f", 1, 8), ["using: a == b"], "a == b", 5) == Place("f", 1, 13)


def test_the_end_of_a_value_is_behind_its_last_character() -> None:
    assert place_within(Place("f", 1, 8), ["using: a =="], "a ==", 4) == Place("f", 1, 12)
    assert place_within(Place("f", 1, 8), ["using: 'a =='"], "a ==", 4) == Place("f", 1, 13)
