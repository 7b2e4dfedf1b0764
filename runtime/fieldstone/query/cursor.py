"""Cursors: the last row of a page as an opaque text, signed together with the query that it belongs to.

A cursor is base64url of a JSON object: the row's `id`, the values of the sort keys before it, and a signature over both and a
binding, which stands for caller, object, conditions and order; it opens only for the same ones. The first of several keys signs, any opens.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from fieldstone.errors import Invalid

LONGEST = 100_000


class _Exact(msgspec.Struct, frozen=True, tag="decimal"):
    """A decimal with all its digits, told apart from a double."""

    digits: str


class _Payload(msgspec.Struct, frozen=True):
    id: str
    after: list[str | int | float | bool | _Exact | None]
    mac: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Payload)


def encode_cursor(keys: Sequence[bytes], binding: bytes, values: tuple[Any, ...]) -> str:
    """Returns the cursor behind a row; `values` are its sort keys in wire form, `id` last."""
    after = [_Exact(str(value)) if type(value) is Decimal else value for value in values[:-1]]
    payload = _Payload(values[-1], after)
    signed = _Payload(payload.id, payload.after, _signature(keys[0], binding, payload))
    return base64.urlsafe_b64encode(_ENCODER.encode(signed)).rstrip(b"=").decode("ascii")


def decode_cursor(keys: Sequence[bytes], binding: bytes, text: str) -> tuple[Any, ...]:
    """Returns the values of a cursor's row, `id` last; raises Invalid for one that is not ours or is of another query."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        payload = _DECODER.decode(raw)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise _foreign() from None
    unsigned, sent = _Payload(payload.id, payload.after), payload.mac.encode()
    if not any(hmac.compare_digest(_signature(key, binding, unsigned).encode(), sent) for key in keys):
        raise _foreign()
    values = [Decimal(value.digits) if isinstance(value, _Exact) else value for value in payload.after]
    return (*values, payload.id)


def _signature(key: bytes, binding: bytes, payload: _Payload) -> str:
    digest = hmac.digest(key, _ENCODER.encode(payload) + b"\0" + binding, "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode("ascii")


def _foreign() -> Invalid:
    return Invalid(
        "The cursor does not belong to this query.",
        reason="INVALID_CURSOR",
        path="cursor",
        hint="Send `nextCursor` with the same conditions and order, or start without a cursor.",
    )
