"""Patterns: what is accepted finds what it should, what could run for ever is refused before it runs."""

import time
from contextlib import suppress

import pytest

from fieldstone.query.cel.fault import Failure
from fieldstone.query.cel.limits import MATCHED_CHARACTERS, PATTERN_CHARACTERS
from fieldstone.query.cel.pattern import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", "ann@example.org", True),
        (r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", "ann@example", False),
        ("(foo|bar)-[0-9]{3}", "x bar-123 y", True),
        ("^(ab)+$", "ababab", True),
        ("(?i)HELLO", "say hello", True),
        ("(?:a|b)?c", "c", True),
        (r"[]\]]\+", "]+", True),
        ("", "", True),
    ],
)
def test_a_pattern_is_searched_for(pattern: str, text: str, found: bool) -> None:
    assert compile_pattern(pattern).found_in(text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|aa)*",
        "(a?){30}",
        "((ab?c)+)d",
        "(?=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "(",
        "[a",
        "a{2,1}",
        "*",
    ],
)
def test_a_pattern_without_a_bound_or_sense_is_refused(pattern: str) -> None:
    with pytest.raises(Failure):
        compile_pattern(pattern)


def test_a_pattern_has_a_bounded_length() -> None:
    assert compile_pattern("a" * PATTERN_CHARACTERS).degree == 1
    with pytest.raises(Failure):
        compile_pattern("a" * (PATTERN_CHARACTERS + 1))


@pytest.mark.parametrize(
    "pattern", ["a*b", "^a*a*b", "a*a*b", "a*a*a*a*b", "^" + "a?" * 40 + "a" * 40 + "b", "(a|a)" * 30 + "b"]
)
def test_no_text_takes_long_it_is_refused_instead(pattern: str) -> None:
    for length in (30, 300, 3_000, MATCHED_CHARACTERS):
        start = time.perf_counter()
        with suppress(Failure):
            assert compile_pattern(pattern).found_in("a" * length) is False
        assert time.perf_counter() - start < 5
