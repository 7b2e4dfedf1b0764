"""Cursors: they come back as they went, and open for nothing else."""

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.errors import Invalid
from fieldstone.query.cursor import decode_cursor, encode_cursor

KEYS, BINDING = (b"key",), b"ticket by priority for tom"
VALUES = (
    "Äpfel \U0001f600",
    3,
    Decimal("10.50"),
    True,
    None,
    0.1,
    "2026-03-05T00:00:00.000Z",
    "01J0000000000000000000000A",
)


def text_of(values: tuple[Any, ...] = VALUES) -> str:
    return encode_cursor(KEYS, BINDING, values)


def test_a_cursor_keeps_every_value_with_its_type() -> None:
    values = decode_cursor(KEYS, BINDING, text_of())
    assert values == VALUES
    assert [type(value) for value in values] == [type(value) for value in VALUES]
    assert str(values[2]) == "10.50"


def test_a_cursor_is_safe_in_an_address_and_begins_with_the_id() -> None:
    text = text_of()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    payload = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert next(iter(payload.items())) == ("id", VALUES[-1])


_VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(values=st.lists(_VALUES, max_size=5))
def test_any_row_comes_back(values: list[Any]) -> None:
    row = (*values, "id")
    assert decode_cursor(KEYS, BINDING, text_of(row)) == row


def _forged(**changes: Any) -> str:
    text = text_of()
    payload = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return base64.urlsafe_b64encode(json.dumps(payload | changes).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "????",
        "é",
        "\ud800",
        "e30",
        "A" * 200_000,
        text_of()[:-1],
        text_of()[1:],
        text_of() + "\n",
        _forged(id="01J0000000000000000000000B"),
        _forged(after=[]),
        _forged(mac=""),
        _forged(mac="é"),
        text_of()[:-3] + "IH0",
        text_of()[:-3] + "AAA",
    ],
)
def test_what_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_cursor(KEYS, BINDING, text)
    assert caught.value.details["reason"] == "INVALID_CURSOR"
    assert caught.value.details["path"] == "cursor"


@pytest.mark.parametrize(("key", "binding"), [(b"other", BINDING), (*KEYS, b"another query")])
def test_a_cursor_opens_only_for_its_query(key: bytes, binding: bytes) -> None:
    with pytest.raises(Invalid, match="does not belong to this query"):
        decode_cursor((key,), binding, text_of())


def test_a_cursor_of_the_key_before_still_opens_and_the_current_one_signs() -> None:
    both = (b"new", *KEYS)
    assert decode_cursor(both, BINDING, text_of()) == VALUES
    assert decode_cursor((b"new",), BINDING, encode_cursor(both, BINDING, VALUES)) == VALUES
