"""Keys that a JSON text gives twice: a decoder keeps the last value, and nobody could tell which one was meant (RFC 8259, section 4)."""

import json
from collections import Counter
from typing import Any

_HOLDERS = (dict, list)


def repeated_key(text: bytes, value: Any) -> str | None:
    """Returns a key that an object of a decoded JSON text has more than once; None, as nearly always, when there is none.

    Every key is followed by a colon, so a text with as many colons as its value has keys repeats none.
    """
    if type(value) not in _HOLDERS or text.count(b":") == _key_count(value):
        return None
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        if len(dict(pairs)) < len(pairs):
            repeated.append(Counter(name for name, _ in pairs).most_common(1)[0][0])

    json.loads(text, object_pairs_hook=note, parse_int=len, parse_float=len)
    return repeated[0] if repeated else None


def _key_count(value: Any) -> int:
    """Returns how many keys all objects within a value have."""
    keys, held = (len(value), value.values()) if type(value) is dict else (0, value)
    for item in held:
        if type(item) in _HOLDERS:
            keys += _key_count(item)
    return keys
