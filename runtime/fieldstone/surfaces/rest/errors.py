"""The table `errors`: the shapes in which a dialect tells of a failure."""

from collections.abc import Mapping
from typing import Any

from fieldstone.surfaces.http.errors import Failure
from fieldstone.surfaces.rest.table import ErrorPart, Schema

_TEXT: Schema = {"type": "string"}


def objectos_body(failure: Failure) -> dict[str, Any]:
    """Returns `{error: {code, message, details, requestId}}` (contract 10.1)."""
    return {
        "error": {
            "code": failure.code,
            "message": failure.message,
            "details": failure.details,
            "requestId": failure.request_id,
        }
    }


def _flat_body(failure: Failure) -> dict[str, Any]:
    return {
        "code": failure.code,
        "message": failure.message,
        "details": failure.details,
        "request_id": failure.request_id,
    }


def _schema(request_id: str) -> Schema:
    return {
        "type": "object",
        "required": ["code", "message", "details", request_id],
        "properties": {"code": _TEXT, "message": _TEXT, "details": {"type": "object"}, request_id: _TEXT},
    }


ERRORS: Mapping[str, ErrorPart] = {
    "objectos": ErrorPart(
        summary="`{error: {code, message, details, requestId}}`",
        body=objectos_body,
        schema={"type": "object", "required": ["error"], "properties": {"error": _schema("requestId")}},
    ),
    "flat": ErrorPart(summary="`{code, message, details, request_id}`", body=_flat_body, schema=_schema("request_id")),
}
