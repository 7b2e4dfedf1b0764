"""Idempotency keys: the header that makes a write of a surface one that is done once, and the header that tells of a replay.

Refuses a key that is none, and one on a route that could not keep it.
"""

import re
from hashlib import blake2b
from typing import Any

import msgspec

from fieldstone.engine.operation import (
    Across,
    Batch,
    Clone,
    Create,
    Delete,
    Import,
    Once,
    Operation,
    Restore,
    ShareRecord,
    StartImport,
    UnshareRecord,
    Update,
)
from fieldstone.errors import Invalid
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.table import Call

INVALID_KEY = "INVALID_IDEMPOTENCY_KEY"

_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
_WRITES = (
    Create | Update | Delete | Restore | Clone | Batch | Across | Import | StartImport | ShareRecord | UnshareRecord
)
_canonical = msgspec.json.Encoder(order="deterministic", decimal_format="number")


def sent_key(call: Call) -> str | None:
    """Returns the key of a request, on a surface that takes one."""
    declared = call.dialect.api.idempotency
    key = None if declared is None else call.request.header(declared.header.lower().encode())
    if declared is not None and key is not None and not _KEY.fullmatch(key):
        message = f"`{declared.header}` holds 1 to 255 printable ASCII characters."
        raise Invalid(message, reason=INVALID_KEY, path=declared.header)
    return key


def refuse_key(call: Call) -> None:
    """Raises Invalid for a key on a route that writes and cannot keep it."""
    declared = call.dialect.api.idempotency
    if declared is not None and call.request.method not in ("GET", "HEAD") and sent_key(call) is not None:
        raise Invalid(f"This route takes no `{declared.header}`.", reason=INVALID_KEY, path=declared.header)


def done_once(call: Call, operation: Operation, parameters: dict[str, str]) -> Operation:
    """Returns the write as one that is done once, when a key came with it; `parameters` are those that the write was read from."""
    key = sent_key(call)
    if key is None or not isinstance(operation, _WRITES):
        return operation
    return Once(key, _fingerprint(call, parameters), operation)


def marked(call: Call, response: Response) -> Response:
    """Returns a replayed answer with the header that says so."""
    declared = call.dialect.api.idempotency
    if declared is not None:
        response.headers = (*response.headers, (declared.replayed.lower().encode(), b"true"))
    return response


def _fingerprint(call: Call, parameters: dict[str, str]) -> str:
    """Returns what tells one request from another: method, path, query, the version it is for, and the body as a value."""
    request = call.request
    told: Any = [request.method, request.path, parameters, request.header(b"if-match"), call.body]
    return blake2b(_canonical.encode(told), digest_size=32).hexdigest()
