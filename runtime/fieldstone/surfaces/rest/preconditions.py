"""The version that a write asks for: `If-Match`, or `expectedVersion` in the body of an update or the query of a delete (contract 3.4)."""

from collections.abc import Mapping
from typing import Any

from fieldstone.errors import FieldFault, Invalid
from fieldstone.surfaces.http.conditional import matched_version
from fieldstone.surfaces.http.request import Request

EXPECTED_VERSION = "expectedVersion"
_MOST_DIGITS = 18


def split_version(request: Request, body: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """Returns the expected version of an update and its values without it."""
    values = dict(body)
    sent = values.pop(EXPECTED_VERSION, None)
    if sent is not None and (type(sent) is not int or sent < 0):
        raise Invalid(
            "`expectedVersion` is not a version.",
            faults=[FieldFault(EXPECTED_VERSION, "invalid_type", "A whole number is needed.")],
        )
    return _agreed(matched_version(request), sent), values


def take_version(request: Request, parameters: dict[str, str]) -> int | None:
    """Returns the expected version of a delete and takes it out of the parameters."""
    text = parameters.pop(EXPECTED_VERSION, None)
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Invalid("`expectedVersion` is not a version.", reason="INVALID_QUERY", path=EXPECTED_VERSION)
    return _agreed(matched_version(request), None if text is None else int(text))


def _agreed(matched: int | None, expected: int | None) -> int | None:
    if matched is not None and expected is not None and matched != expected:
        raise Invalid(
            "`If-Match` and `expectedVersion` name two versions.", reason="INVALID_QUERY", path=EXPECTED_VERSION
        )
    return expected if matched is None else matched
