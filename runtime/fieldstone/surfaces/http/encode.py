"""Encoding answers: rows that are tuples become bytes with their names, by way of one Struct type per set of columns.

Decimals are JSON numbers with all their digits; a `msgspec.Raw` (a JSON column fresh from the store) goes through as it is.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")
encode_json: Callable[[Any], bytes] = _encoder.encode
"""Returns the JSON text of a value as bytes."""


@lru_cache(maxsize=4096)
def record_type(columns: tuple[str, ...]) -> Callable[..., msgspec.Struct]:
    """Returns the Struct type that encodes to an object with these names, in this order; it takes the values in place."""
    places = [f"c{index}" for index in range(len(columns))]
    return msgspec.defstruct(
        "Record", [(place, Any) for place in places], rename=dict(zip(places, columns, strict=True)), gc=False
    )
