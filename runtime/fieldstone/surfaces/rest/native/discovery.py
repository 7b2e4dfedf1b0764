"""Handlers of discovery: what this server offers, in full for those signed in, reduced for all (contract 10.4)."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.surfaces.http.conditional import tagged
from fieldstone.surfaces.http.encode import encode_json
from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.table import Call, HandlerPart, RouteTable


class Deployment(msgspec.Struct, frozen=True):
    """What discovery tells of the server: the app's label, and whether it is for production."""

    name: str
    environment: Literal["development", "production"]


class Version(msgspec.Struct, rename="camel"):
    """A version of the surface and how long it will be there."""

    version: str
    status: str
    deprecated_at: str | None
    sunset_at: str | None


class Endpoint(msgspec.Struct):
    """One route, and the capability that it asks for."""

    method: str
    path: str
    permission: str | None


class Service(msgspec.Struct):
    """Whether a part of the surface is there, and where."""

    enabled: bool
    status: str
    route: str


class DiscoveryDocument(msgspec.Struct, rename="camel", omit_defaults=True):
    """What this server offers; `endpoints` is in the full document alone."""

    name: str
    version: str
    environment: str
    versions: list[Version]
    deprecation: dict[str, str | None]
    scoping: dict[str, bool | str]
    routes: dict[str, str]
    services: dict[str, Service]
    capabilities: dict[str, dict[str, bool]]
    locale: dict[str, str | list[str]]
    schema_discovery: dict[str, str]
    endpoints: list[Endpoint] | None = None


_PLACES = {
    "metadata": "meta.types",
    "auth": "auth.get_session",
    "search": "search",
    "openapi": "openapi.document",
}


async def _full(service: Deployment, call: Call) -> Response:
    document = _document(service, call.table)
    document.endpoints = [
        Endpoint(route.declaration.method, route.template, route.declaration.permission) for route in call.table.routes
    ]
    return tagged(call.request, encode_json(document))


async def _reduced(service: Deployment, call: Call) -> Response:
    return tagged(call.request, encode_json(_document(service, call.table)))


def _document(service: Deployment, table: RouteTable) -> DiscoveryDocument:
    api = table.dialect.api
    routes = _routes(table)
    openapi = routes.pop("openapi", None)
    return DiscoveryDocument(
        name=service.name,
        version=api.name,
        environment=service.environment,
        versions=[Version(api.name, "current", None, None)],
        deprecation={"horizon": None, "parallelFor": "one minor release"},
        scoping={"enabled": False, "resolution": "auto", "scoped": False},
        routes=routes,
        services={name: Service(enabled=True, status="available", route=route) for name, route in routes.items()},
        capabilities={
            "search": {"enabled": "search" in routes},
            "transactionalBatch": {"enabled": _writes_across(table)},
        },
        locale={"default": "en", "supported": ["en"], "timezone": "UTC"},
        schema_discovery={} if openapi is None else {"openapi": openapi},
    )


def _writes_across(table: RouteTable) -> bool:
    return any(route.declaration.operation == "across" for route in table.routes)


def _routes(table: RouteTable) -> dict[str, str]:
    """Returns where each part of the surface begins, read off the routes that are declared."""
    routes = {}
    by_handler = {route.declaration.handler: route.template for route in table.routes}
    for route in table.routes:
        if route.declaration.operation == "list" and route.template.endswith("/{object}"):
            routes["data"] = route.template.removesuffix("/{object}")
    for name, handler in _PLACES.items():
        if handler in by_handler:
            template = by_handler[handler]
            routes[name] = template.rpartition("/")[0] if name == "auth" else template
    return routes


DISCOVERY_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "discovery.full": HandlerPart(
        _full, "What this server offers: routes, versions, services", answer=DiscoveryDocument, tagged=True
    ),
    "discovery.reduced": HandlerPart(
        _reduced, "What this server offers, in short", answer=DiscoveryDocument, tagged=True
    ),
}
"""Handlers over a `Deployment`."""
