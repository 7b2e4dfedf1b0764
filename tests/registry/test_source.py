"""Plain values and places out of YAML text."""

from decimal import Decimal

import pytest

from fieldstone.errors import Place
from fieldstone.registry.source import MAX_BYTES, MAX_DEPTH, decode_text, parse

TEXT = """\
name: ticket
fields:
  subject: {type: text, maxLength: 120}
  "due on":
    type: date
tags:
  - first
  - [second, third]
"""


def value_of(text: str) -> object:
    source, faults = parse(text, "a.yaml")
    assert faults == []
    assert source is not None
    return source.value


def codes_of(text: str) -> list[str]:
    return [fault.code for fault in parse(text, "a.yaml")[1]]


def test_every_key_and_value_knows_its_place() -> None:
    source, _ = parse(TEXT, "a.yaml")
    assert source is not None
    spot = source.spot
    assert spot.find(("name",)).of_key("f") == Place("f", 1, 1)
    assert spot.find(("name",)).of_value("f") == Place("f", 1, 7)
    assert spot.find(("fields", "subject", "maxLength")).of_key("f") == Place("f", 3, 25)
    assert spot.find(("fields", "subject", "maxLength")).of_value("f") == Place("f", 3, 36)
    assert spot.find(("fields", "due on", "type")).of_value("f") == Place("f", 5, 11)
    assert spot.find(("tags", 1, 1)).of_value("f") == Place("f", 8, 14)


def test_a_path_that_ends_early_gives_the_place_where_it_ends() -> None:
    source, _ = parse(TEXT, "a.yaml")
    assert source is not None
    assert source.spot.find(("fields", "subject", "label", "en")).of_key("f") == Place("f", 3, 3)
    assert source.spot.find(("tags", 7)).of_key("f") == Place("f", 6, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("text", "text"),
        ("5", 5),
        ("-12", -12),
        ("1.50", Decimal("1.50")),
        (".5", Decimal("0.5")),
        ("2e3", Decimal("2e3")),
        ("12345678901234567890.12", Decimal("12345678901234567890.12")),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        ("+4930123", 4930123),
        ("1.2.3", "1.2.3"),
        (".", "."),
        ("e5", "e5"),
        ('"yes"', "yes"),
        ("'0123'", "0123"),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_reads_it_with_exact_decimals(text: str, value: object) -> None:
    read = value_of(f"- {text}")
    assert read == [value]
    assert isinstance(read, list)
    assert type(read[0]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "ON",
        "off",
        "0123",
        "0o17",
        "0x1F",
        "0b1",
        "1_000",
        "12:30",
        "08:30",
        "1:30:00.5",
        ".inf",
        "-.INF",
        ".nan",
    ],
)
def test_a_scalar_that_readers_disagree_about_is_refused_unless_it_is_quoted(text: str) -> None:
    assert codes_of(f"a: {text}") == ["YAML_AMBIGUOUS"]
    assert codes_of(f"{text}: a") == ["YAML_AMBIGUOUS"]
    assert value_of(f'"{text}": "{text}"') == {text: text}


def test_a_number_beyond_64_bits_is_refused() -> None:
    assert value_of(f"a: {2**63 - 1}") == {"a": 2**63 - 1}
    assert codes_of(f"a: {2**63}") == ["YAML_AMBIGUOUS"]
    assert codes_of(f"a: {'9' * 5000}") == ["YAML_AMBIGUOUS"]


def test_an_alias_stands_for_what_was_anchored_and_keeps_a_place_of_its_own() -> None:
    source, faults = parse("a: &x {b: 1}\nc: *x\n", "a.yaml")
    assert source is not None
    assert (source.value, faults) == ({"a": {"b": 1}, "c": {"b": 1}}, [])
    assert source.spot.find(("c",)).of_value("f") == Place("f", 2, 4)
    assert source.spot.find(("c", "b")).of_value("f") == Place("f", 1, 11)


def test_an_alias_within_its_own_anchor_is_refused() -> None:
    assert codes_of("a: &x [*x]") == ["YAML_SYNTAX"]


def test_nesting_is_bounded() -> None:
    assert codes_of("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert codes_of("[" * (MAX_DEPTH + 1)) == ["YAML_TOO_COMPLEX"]
    assert codes_of("{a: " * 5000) == ["YAML_TOO_COMPLEX"]
    assert codes_of("? [" * 5000) == ["YAML_TOO_COMPLEX"]


def test_a_file_may_be_so_large_and_no_larger() -> None:
    assert decode_text(b"a" * MAX_BYTES, "a.yaml")[1] == []
    assert [fault.code for fault in decode_text(b"a" * (MAX_BYTES + 1), "a.yaml")[1]] == ["FILE_TOO_LARGE"]


def test_a_file_that_is_not_utf_8_is_refused_at_the_byte() -> None:
    [fault] = decode_text("a: 1\nbé: ".encode() + b"\xff", "a.yaml")[1]
    assert str(fault) == "a.yaml:2:5 FILE_UNREADABLE Byte 0xff is not UTF-8. (Save the file as UTF-8.)"


def test_a_byte_order_mark_is_let_through() -> None:
    text, faults = decode_text(b"\xef\xbb\xbfa: 1\n", "a.yaml")
    assert (text, faults) == ("a: 1\n", [])


def test_columns_count_characters_not_bytes() -> None:
    source, _ = parse('"é😀": x\n', "a.yaml")
    assert source is not None
    assert source.spot.find(("é😀",)).of_value("f") == Place("f", 1, 7)


@pytest.mark.parametrize("text", ["a: \x00", "a: \x07b", "a: \ufffe", "a: \x85", "a: \u2028", "a: \rb"])
def test_a_character_that_yaml_does_not_allow_is_named_with_its_place(text: str) -> None:
    [fault] = parse(text, "a.yaml")[1]
    assert (fault.code, fault.place) == ("YAML_SYNTAX", Place("a.yaml", 1, 4))


@pytest.mark.parametrize(
    "text",
    ["a: [1,\nb: 2", "a: 'x", 'a: "\\q"', "a: @x", "a: `x", "- a\nb: 1", "a:\n- b\nc", "a: %x", "&"],
)
def test_text_that_is_not_yaml_is_a_fault_that_says_what_to_do(text: str) -> None:
    [fault] = parse(text, "a.yaml")[1]
    assert fault.code == "YAML_SYNTAX"
    assert fault.hint
