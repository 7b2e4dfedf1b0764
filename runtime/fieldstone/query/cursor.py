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


class _Row(msgspec.Struct, frozen=True):
    id: str
    after: list[_Key]


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Row)
_MAC = 22
"""So many characters has a signature."""

_END = b'"}'


def encode_cursor(keys: Sequence[bytes], binding: bytes, values: tuple[Any, ...]) -> str:
    """Returns the cursor behind a row; `values` are its sort keys in wire form, `id` last."""
    after = [_Exact(str(value)) if type(value) is Decimal else value for value in values[:-1]]
    signed = b'%b,"mac":"' % _ENCODER.encode(_Row(values[-1], after))[:-1]
    return _url(signed + _signature(keys[0], signed, binding) + _END).decode("ascii")


def decode_cursor(keys: Sequence[bytes], binding: bytes, text: str) -> tuple[Any, ...]:
    """Returns the values of a cursor's row, `id` last; raises Invalid for one that is not ours or is of another query."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        sent = binascii.a2b_base64(padded.translate(_FROM_URL), strict_mode=True)
    except (ValueError, binascii.Error):
        raise _foreign() from None
    place = len(sent) - _MAC - len(_END)
    signed, mac = sent[:place], sent[place:]
    for key in keys:
        if compare_digest(_signature(key, signed, binding) + _END, mac):
            row = _DECODER.decode(sent)
            return (*[Decimal(value.digits) if isinstance(value, _Exact) else value for value in row.after], row.id)
    raise _foreign()


def _signature(key: bytes, signed: bytes, binding: bytes) -> bytes:
    return _url(blake2b(b"%b\0%b" % (signed, binding), key=key, digest_size=16).digest())


def _url(raw: bytes) -> bytes:
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=")


def _foreign() -> Invalid:
    return Invalid(
        "The cursor does not belong to this query.",
        reason="INVALID_CURSOR",
        path="cursor",
        hint="Send `nextCursor` with the same conditions and order, or start without a cursor.",
    )
