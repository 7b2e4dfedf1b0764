"""Words and terms: how texts are split, and what a search looks for in them."""

import pytest

from fieldstone.query.search import terms_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Hello, World! x_y 3.14", ["hello", "world", "x", "y", "3", "14"]),
        ("Straße ΣΟΦΟΣ e\u0301te\u0301", ["straße", "σοφοσ", "été"]),
        ("東京タワーA1", ["東", "京", "タ", "ワ", "ー", "a1"]),
        ("\0\ud800 ،؛ ٣ عربي", ["٣", "عربي"]),
        ("x" * 70, ["x" * 64]),
    ],
)
def test_the_words_of_a_text(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a b  a", (" a", " b")),
        ('"a b" c-d', (" a b ", " c d")),
        ('a "" "!" b"', (" a", " b")),
        ('"x', (" x",)),
        ("- ! _", ()),
    ],
)
def test_the_terms_of_a_search(text: str, terms: tuple[str, ...]) -> None:
    assert terms_of(text) == terms
