"""The languages that a reader prefers, out of `Accept-Language` (RFC 9110, 12.5.4)."""

import re

from fieldstone.surfaces.http.request import Request

MOST = 10
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


def languages_of(request: Request) -> tuple[str, ...]:
    """Returns the languages of a request in lower case, the best first; what cannot be read, and what is refused, is left out."""
    weighed = []
    for place, part in enumerate((request.header(b"accept-language") or "").split(",")[:MOST]):
        found = _RANGE.fullmatch(part)
        weight = 1.0 if found is None or found[2] is None else float(found[2])
        if found is not None and weight > 0:
            weighed.append((-weight, place, found[1].lower()))
    return tuple(language for _, _, language in sorted(weighed))
