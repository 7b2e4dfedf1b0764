"""Request bodies: read up to the limit, decoded so that a decimal keeps all its digits.

Refuses a body that is too large (413), is not JSON by its header (415) or by its text, is nested too deeply, or gives a key twice (400).
"""

from decimal import Decimal, DecimalException
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from fieldstone.errors import Invalid, PayloadTooLarge, UnsupportedMediaType
from fieldstone.query.names import shown
from fieldstone.query.repeated_keys import repeated_key
from fieldstone.surfaces.http.request import JSON, Request

DEEPEST = 256
"""How many levels a body may have: more than any value that is kept, few enough for whatever walks it."""

FORM = b"application/x-www-form-urlencoded"
MOST_FIELDS = 100
"""How many fields a form may have."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class ClientGone(Exception):
    """The client closed the connection before its request was whole: there is nobody to answer."""


async def read_body(request: Request, limit: int) -> bytes:
    """Returns the whole body; raises PayloadTooLarge over the limit, as soon as the header or the bytes tell."""
    announced = request.headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)
    message: Any = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    chunks, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await request.receive()


def decode_json(request: Request, body: bytes) -> Any:
    """Returns the value of a JSON body: whole numbers as `int`, all other numbers as `Decimal`."""
    _require_json(request)
    try:
        value = _decode(body)
    except msgspec.DecodeError as error:
        raise Invalid(f"The body is not JSON: {_position(str(error), body)}", reason="INVALID_JSON") from None
    except UnicodeDecodeError:
        raise Invalid("The body is not JSON: its text is not UTF-8.", reason="INVALID_JSON") from None
    except RecursionError:
        raise _too_deep() from None
    except (DecimalException, ValueError):
        raise Invalid("The body is not JSON: a number in it is out of range.", reason="INVALID_JSON") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and _is_deeper(value, DEEPEST):
        raise _too_deep()
    repeated = repeated_key(body, value)
    if repeated is not None:
        message = f"The body gives `{shown(repeated)}` twice in one object."
        raise Invalid(message, reason="INVALID_JSON", hint="Give each key once.")
    return value


def is_form(request: Request) -> bool:
    """Tells whether a request says that its body is a form."""
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == FORM


def decode_form(body: bytes) -> dict[str, str]:
    """Returns the fields of a form by name; raises Invalid for one that is sent twice, and for what is no form."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Invalid("The body is not a form in UTF-8.", reason="INVALID_QUERY") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Invalid("A field of the form is sent twice.", reason="INVALID_QUERY")
    return fields


def media_of(request: Request) -> tuple[bytes, str | None]:
    """Returns the media type that a request says that its body has, and its charset."""
    media_type, _, rest = request.headers.get(b"content-type", b"").partition(b";")
    name, _, value = rest.strip().partition(b"=")
    charset = value.strip(b'" ').decode("latin-1") if name.strip().lower() == b"charset" else None
    return media_type.strip().lower(), charset


def _is_deeper(value: Any, levels: int) -> bool:
    """Tells whether a value has more levels of lists and objects than these; level by level, so that depth costs no stack."""
    level = [value]
    for _ in range(levels + 1):
        held = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        if not held:
            return False
        level = [item for items in held for item in items]
    return True


def _too_deep() -> Invalid:
    return Invalid(f"The body is nested too deeply: it may have {DEEPEST} levels.", reason="INVALID_JSON")


def _require_json(request: Request) -> None:
    sent = request.headers.get(b"content-type", b"")
    if sent == JSON:
        return
    media_type, _, rest = sent.partition(b";")
    charset = rest.strip().lower().removeprefix(b"charset=").strip(b'"')
    if media_type.strip().lower() != JSON or charset not in (b"", b"utf-8"):
        name = sent.decode("latin-1")[:100] or "no Content-Type"
        raise UnsupportedMediaType(f"The body has {name}.", hint="Send `Content-Type: application/json`, in UTF-8.")


def _position(message: str, body: bytes) -> str:
    """Returns the decoder's message with the line and column where it stopped."""
    head, found, rest = message.partition("(byte ")
    at = int(rest.rstrip(")")) if found else len(body)
    line = body.count(b"\n", 0, at) + 1
    column = at - (body.rfind(b"\n", 0, at) + 1) + 1
    return f"{head.removeprefix('JSON is malformed: ').strip()} at line {line}, column {column}."


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit} bytes.", details={"limit": limit})
