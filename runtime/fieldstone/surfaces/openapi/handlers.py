"""Handlers of the OpenAPI document and of the page that shows it."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from fieldstone.errors import Unauthenticated
from fieldstone.services.meta.items import Meta
from fieldstone.surfaces.http.conditional import tagged
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.openapi.docs import docs_asset, docs_page
from fieldstone.surfaces.openapi.document import openapi_document
from fieldstone.surfaces.rest.table import Call, HandlerPart

_KEPT = 64


class OpenApi:
    """Makes and keeps the documents of a catalog's surfaces: one for each combination of permission sets that asks."""

    def __init__(self, meta: Meta, *, open_docs: bool) -> None:
        """Takes who knows what callers may know; `open_docs` shows the page to anybody."""
        self._meta = meta
        self.open_docs = open_docs
        self._kept: OrderedDict[tuple[str, frozenset[str], bool], bytes] = OrderedDict()

    def document(self, call: Call) -> bytes:
        """Returns the document of the call's surface, for its caller."""
        key = (call.dialect.api.name, call.caller.sets, call.caller.system)
        document = self._kept.get(key)
        if document is None:
            document = encode_json(
                openapi_document(call.table, self._meta.objects(call.caller), self._meta.actions(call.caller))
            )
            self._kept[key] = document
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return document


async def _document(service: OpenApi, call: Call) -> Response:
    return tagged(call.request, service.document(call))


async def _docs(service: OpenApi, call: Call) -> Response:
    _require_sight(service, call)
    return docs_page(call.request)


async def _docs_asset(service: OpenApi, call: Call) -> Response:
    _require_sight(service, call)
    return docs_asset(call.request, call.path["asset"])


def _require_sight(service: OpenApi, call: Call) -> None:
    if not service.open_docs and call.caller.id is None:
        raise Unauthenticated("You are not signed in.", hint=call.dialect.auth_hint)


OPENAPI_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "openapi.document": HandlerPart(_document, "This document", tagged=True),
    "openapi.docs": HandlerPart(_docs, "The documentation, for people", media_type="text/html", refusals=(401,)),
    "openapi.docs_asset": HandlerPart(
        _docs_asset, "A file of the documentation", media_type="text/css", refusals=(401,)
    ),
}
"""Handlers over an `OpenApi`."""
