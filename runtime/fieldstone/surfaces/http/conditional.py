"""Conditional requests (RFC 9110, section 13): entity tags for answers, and what `If-Match` and `If-None-Match` ask for."""

import re
from hashlib import blake2b

from fieldstone.errors import Invalid
from fieldstone.surfaces.http.request import Header, Request, Response

_VERSION = re.compile(r'(?:W/)?"(\d{1,18})(?:-[0-9a-f]+)?"|(\d{1,18})')


def entity_tag(body: bytes, version: int | None = None) -> str:
    """Returns the tag of a body: `"<version>-<hash>"` for a record, `"<hash>"` for other things."""
    digest = blake2b(body, digest_size=6).hexdigest()
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def tagged(request: Request, body: bytes, version: int | None = None, headers: tuple[Header, ...] = ()) -> Response:
    """Returns a body with its tag and more headers, or 304 without it when the client already has it."""
    tag = entity_tag(body, version)
    told: tuple[Header, ...] = ((b"etag", tag.encode()), *headers)
    held = request.headers.get(b"if-none-match")
    if held is not None and _holds(held.decode("latin-1"), tag):
        return Response(304, b"", headers=told)
    return Response(200, body, headers=told)


def matched_version(request: Request) -> int | None:
    """Returns the version that `If-Match` asks for: a bare number, or a tag of ours; None for no header and for `*`."""
    sent = request.header(b"if-match")
    if sent is None or sent.strip() == "*":
        return None
    found = _VERSION.fullmatch(sent.strip())
    if found is None:
        raise Invalid(
            "`If-Match` does not hold a version.",
            reason="INVALID_QUERY",
            path="If-Match",
            hint='Send the record\'s `version`, or its `ETag`, such as "7-1f0c": one of them, or `*`.',
        )
    return int(found[1] or found[2])


def _holds(sent: str, tag: str) -> bool:
    return sent.strip() == "*" or any(part.strip().removeprefix("W/") == tag for part in sent.split(","))
