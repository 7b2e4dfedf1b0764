"""Cursors: the last row of a page as an opaque text, signed together with the query that it belongs to.

A cursor is base64url of a JSON object: the row's `id`, the values of the sort keys before it, and a signature over both and a
binding, which stands for caller, object, conditions and order; it opens only for the same ones. The first of several keys signs, any opens.
"""

import binascii
from collections.abc import Sequence
from decimal import Decimal
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, TypeAlias

import msgspec

from fieldstone.errors import Invalid

LONGEST = 100_000


class _Exact(msgspec.Struct, frozen=True, tag="decimal"):
    """A decimal with all its digits, told apart from a double."""

    digits: str


_Key: TypeAlias = str | int | float | bool | _Exact | None


class _Payload(msgspec.Struct, frozen=True):
    id: str
    after: list[_Key]
    mac: str = ""


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Payload)


def encode_cursor(keys: Sequence[bytes], binding: bytes, values: tuple[Any, ...]) -> str:
    """Returns the cursor behind a row; `values` are its sort keys in wire form, `id` last."""
    after = [_Exact(str(value)) if type(value) is Decimal else value for value in values[:-1]]
    mac = _signature(keys[0], _signed(values[-1], after, binding))
    return _as_text(_ENCODER.encode(_Payload(values[-1], after, mac)))


def decode_cursor(keys: Sequence[bytes], binding: bytes, text: str) -> tuple[Any, ...]:
    """Returns the values of a cursor's row, `id` last; raises Invalid for one that is not ours or is of another query."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        payload = _DECODER.decode(binascii.a2b_base64(padded.translate(_FROM_URL), strict_mode=True))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise _foreign() from None
    signed, sent = _signed(payload.id, payload.after, binding), payload.mac.encode()
    for key in keys:
        if compare_digest(_signature(key, signed).encode(), sent):
            values = [Decimal(value.digits) if isinstance(value, _Exact) else value for value in payload.after]
            return (*values, payload.id)
    raise _foreign()


def _signed(record_id: str, after: list[_Key], binding: bytes) -> bytes:
    return b"%b\0%b" % (_ENCODER.encode(_Payload(record_id, after)), binding)


def _signature(key: bytes, signed: bytes) -> str:
    return _as_text(blake2b(signed, key=key, digest_size=16).digest())


def _as_text(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def _foreign() -> Invalid:
    return Invalid(
        "The cursor does not belong to this query.",
        reason="INVALID_CURSOR",
        path="cursor",
        hint="Send `nextCursor` with the same conditions and order, or start without a cursor.",
    )
