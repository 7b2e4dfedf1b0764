"""Binding: an api declaration and the catalog become a route table, in which all is settled that depends on them alone."""

from collections.abc import Mapping

from fieldstone.access.capabilities import capabilities
from fieldstone.errors import Internal
from fieldstone.kinds.api import ApiDeclaration, ApiOperation, DataOperation
from fieldstone.late import AtFirstUse
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.surfaces.rest.acting import BOUND
from fieldstone.surfaces.rest.auth import AUTH
from fieldstone.surfaces.rest.check import API_METHODS
from fieldstone.surfaces.rest.envelopes import ENVELOPES
from fieldstone.surfaces.rest.errors import ERRORS
from fieldstone.surfaces.rest.idents import IDENTS
from fieldstone.surfaces.rest.limits import limits_of, route_limit
from fieldstone.surfaces.rest.operations import DATA
from fieldstone.surfaces.rest.pagers import PAGERS
from fieldstone.surfaces.rest.queries import QUERIES
from fieldstone.surfaces.rest.records import RecordCodec
from fieldstone.surfaces.rest.router import Router
from fieldstone.surfaces.rest.table import (
    AcrossPart,
    BodyUse,
    DataPart,
    Dialect,
    Handler,
    ObjectFace,
    Route,
    RouteTable,
)


def bind(
    api: ApiDeclaration, catalog: Catalog, handlers: Mapping[str, Handler], attempts: int | None = None
) -> RouteTable:
    """Returns the route table of an api that loading and `check.py` found nothing wrong with.

    `attempts` a minute from one address replace the rate limit that is declared for what may be guessed at.
    """
    dialect = Dialect(
        api=api,
        envelope=ENVELOPES[api.envelope],
        errors=ERRORS[api.errors],
        pager=PAGERS[api.pager.style],
        queries=QUERIES[api.queries],
        auth=tuple((scheme, AUTH[scheme.scheme]) for scheme in api.auth),
        objects=_faces(api, catalog),
    )
    routes = tuple(_route(dialect, operation, catalog, handlers, attempts) for operation in api.operations)
    router: Router[Route] = Router()
    for route in routes:
        declared = route.declaration
        if router.add(declared.method, declared.path, route) is not None:
            raise Internal(f"{declared.method} {route.template} is declared twice.")
    return RouteTable(dialect, routes, router)


def _faces(api: ApiDeclaration, catalog: Catalog) -> Mapping[str, ObjectFace]:
    """Returns the objects as they look on an api, each made for the first request that names it: few are, of many."""
    prefix = IDENTS[api.idents].prefix
    prefixes = {name: prefix(api, declared) for name, declared in catalog.objects.items()}

    def codec(name: str) -> RecordCodec:
        return RecordCodec(catalog.objects[name], prefixes, codecs)

    def face(name: str) -> ObjectFace:
        declared = catalog.objects[name]
        return ObjectFace(declared, codecs[name], _operations(declared), _location(api, name))

    codecs = AtFirstUse(catalog.objects, codec)
    return AtFirstUse({name: declared for name, declared in catalog.objects.items() if declared.api_enabled}, face)


def _operations(declared: Object) -> frozenset[DataOperation]:
    return frozenset(operation for operation, method in API_METHODS.items() if method in declared.offered)


def _location(api: ApiDeclaration, name: str) -> str | None:
    """Returns the path of the route by which a record of an object is fetched, with `{id}` left in it."""
    for operation in api.operations:
        if operation.operation == "get" and operation.object in (None, name):
            return (api.base_path + operation.path).replace("{object}", name)
    return None


def _route(
    dialect: Dialect,
    operation: ApiOperation,
    catalog: Catalog,
    handlers: Mapping[str, Handler],
    attempts: int | None,
) -> Route:
    data = DATA[operation.operation] if operation.operation is not None else None
    name = BOUND if operation.action is not None else operation.handler
    handler = handlers[name] if name is not None else None
    guessed = handler is not None and handler.part.guessed
    body = _body_use(data, handler)
    limit = route_limit(dialect.api, operation, limits_of(dialect.api, catalog.app), attempts if guessed else None)
    return Route(
        declaration=operation,
        template=dialect.api.base_path + operation.path,
        body=body,
        data=data,
        handler=handler,
        object=dialect.objects[operation.object] if operation.object is not None else None,
        scopes=frozenset(operation.scopes),
        holders=_holders(catalog, operation.permission),
        limit=limit,
        looks=not (data is None or data.writes or body != "none" or operation.public or limit),
    )


def _body_use(data: DataPart | AcrossPart | None, handler: Handler | None) -> BodyUse:
    if data is not None:
        return data.body
    return "optional" if handler is not None and handler.part.body is not None else "none"


def _holders(catalog: Catalog, permission: str | None) -> frozenset[str] | None:
    """Returns the permission sets that carry a capability; None when none is asked for."""
    if permission is None:
        return None
    return frozenset(name for name in catalog.permissions if permission in capabilities(catalog, (name,)))
