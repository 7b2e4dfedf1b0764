"""Handlers of API keys."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fieldstone.identity.keys import NewKey
from fieldstone.surfaces.http.convert import convert_body
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import NOT_STORED, json_answer
from fieldstone.surfaces.rest.native.auth.service import SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart

ShortText = Annotated[str, msgspec.Meta(max_length=200)]


class KeyBody(msgspec.Struct):
    """An API key to be made; no `scopes` means no limit but the maker's own rights."""

    name: ShortText = "API key"
    expires_at: str | None = None
    scopes: list[str] | None = None


async def _create_key(service: SignIn, call: Call) -> Response:
    body = convert_body(call.body, KeyBody)
    key = await service.accounts.create_key(call.caller, body.name, body.expires_at, body.scopes)
    return json_answer(key, NOT_STORED, status=201)


KEY_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.create_key": HandlerPart(_create_key, "Make an API key; it is shown this once", KeyBody, NewKey, status=201),
}
"""Handlers over a `SignIn`."""
