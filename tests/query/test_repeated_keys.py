"""Keys given twice are found wherever they stand, and nothing else is taken for one."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.query.repeated_keys import repeated_key

NAMES = st.text(alphabet='ab:" \\{', max_size=3)
VALUES = st.recursive(
    st.none() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b'{"a":1,"a":1}', "a"),
        (b'{"a" : 1, "b" : 2, "a"\n:3}', "a"),
        (b'{"b":{"c":1,"a":[{"x":1},{"x":1,"x":2}]}}', "x"),
        (b'[{"a":1.5e3,"\\u0061":2}]', "a"),
        (b'{"":":","":":"}', ""),
        (b'{"a":{"a":1},"b":[{"a":1},{"a":1}]}', None),
        (b'{"a":"\\"a\\":1, \\"a\\":2","b":"a:b:c"}', None),
        (b'[":", 1.5, 99999999999999999999999]', None),
        (b'"a:"', None),
    ],
)
def test_a_key_is_told_when_it_is_given_twice(text: bytes, key: str | None) -> None:
    assert repeated_key(text, msgspec.json.decode(text)) == key


@given(VALUES)
def test_what_is_encoded_repeats_no_key(value: Any) -> None:
    text = json.dumps(value).encode()
    assert repeated_key(text, json.loads(text)) is None


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_a_pair_that_is_written_again_is_found(value: dict[str, Any], data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(sorted(value)))
    pairs = [*value.items(), (again, data.draw(VALUES))]
    text = "{" + ", ".join(f"{json.dumps(name)} : {json.dumps(item)}" for name, item in pairs) + "}"
    assert repeated_key(text.encode(), json.loads(text)) == again
