"""Checks of api declarations that loading cannot make: whether the parts that a surface names fit what it asks of them.

Names of objects, fields, parts and routes were checked at load; here nothing is refused but what those parts could not do.
"""

from collections.abc import Iterator, Mapping

from fieldstone.errors import Fault
from fieldstone.kinds.api import ApiDeclaration, ApiOperation, DataOperation, Pager
from fieldstone.kinds.object import Method
from fieldstone.query.operators import OPERATORS
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.surfaces.rest.auth import AUTH
from fieldstone.surfaces.rest.idents import IDENTS
from fieldstone.surfaces.rest.limits import declared_limit, limits_of
from fieldstone.surfaces.rest.native.auth.table import AUTH_HANDLERS
from fieldstone.surfaces.rest.pagers import PAGERS
from fieldstone.surfaces.rest.queries import QUERIES
from fieldstone.surfaces.rest.router import Router
from fieldstone.surfaces.rest.table import CALL

API_METHODS: Mapping[DataOperation, Method] = {
    "list": "list",
    "query": "list",
    "get": "get",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "clone": "clone",
    "batch": "bulk",
    "create_many": "bulk",
    "update_many": "bulk",
    "delete_many": "bulk",
    "across": "bulk",
    "history": "history",
    "import": "import",
    "import_job": "import",
    "export": "export",
    "restore": "restore",
    "shares": "get",
    "share": "update",
    "unshare": "update",
}
"""What an object's `apiMethods` must name for it to take part in a data operation."""

Remark = tuple[str, str | None]
"""What is wrong, and the hint."""


def check_apis(catalog: Catalog) -> list[Fault]:
    """Returns the faults of every api, mounted or not."""
    faults = []
    mounted = [catalog.apis[name] for name in catalog.app.surfaces.apis if name in catalog.apis]
    for api in catalog.apis.values():
        place = catalog.items["api"][api.name].place
        remarks = [*_of_api(api), *_of_paths(api, mounted)]
        for operation in api.operations:
            remarks += [(f"`{operation.id}`: {text}", hint) for text, hint in _of_operation(api, operation, catalog)]
        faults += [Fault(place, Code.ROUTE_INCOMPLETE, text, hint) for text, hint in remarks]
    return [*faults, *_of_actions(catalog)]


def _of_actions(catalog: Catalog) -> Iterator[Fault]:
    """Yields a fault for every action whose request no surface answers on which it can be called."""
    calling = [api for api in catalog.apis.values() if any(route.handler == CALL for route in api.operations)]
    routers = [_router(api) for api in calling]
    for action in catalog.actions.values():
        declared = action.declaration
        if declared.type != "api":
            continue
        method, path = declared.method or "POST", str(declared.target).replace("{recordId}", "0")
        for api, router in zip(calling, routers, strict=True):
            found = router.find(method, path)
            if isinstance(found, frozenset):
                place = catalog.items["action"][action.key].at("target")
                hint = (
                    f"It is answered by {', '.join(sorted(found))}."
                    if found
                    else "Write the path without the base path."
                )
                message = f"`{api.name}` has no route `{method} {declared.target}`."
                yield Fault(place, Code.ACTION, message, hint)


def _router(api: ApiDeclaration) -> Router[ApiOperation]:
    router: Router[ApiOperation] = Router()
    for operation in api.operations:
        router.add(operation.method, operation.path, operation)
    return router


def _of_api(api: ApiDeclaration) -> Iterator[Remark]:
    for scheme in api.auth:
        if AUTH[scheme.scheme].named != (scheme.header is not None):
            wants = "needs a `header`" if AUTH[scheme.scheme].named else "takes no `header`"
            yield f"The auth scheme `{scheme.scheme}` {wants}.", None
    plain = Pager()
    if not PAGERS[api.pager.style].renames and (api.pager.limit, api.pager.cursor) != (plain.limit, plain.cursor):
        yield f"The pager `{api.pager.style}` has parameters of its own; they cannot be renamed.", None
    if not IDENTS[api.idents].prefixes and api.objects:
        yield f"Ids are `{api.idents}`, so no object has an `idPrefix` on this surface.", "Say `idents: prefixed`."


def _of_paths(api: ApiDeclaration, mounted: list[ApiDeclaration]) -> Iterator[Remark]:
    for other in mounted if api in mounted else []:
        if other is not api and f"{api.base_path}/".startswith(f"{other.base_path}/"):
            yield f"`{api.base_path}` lies within the base path of `{other.name}`.", None


def _of_operation(api: ApiDeclaration, operation: ApiOperation, catalog: Catalog) -> Iterator[Remark]:
    queries = QUERIES[api.queries]
    if operation.operation == "query" and not queries.whole:
        yield f"`queries: {api.queries}` has no language for a query's body.", "Leave the operation out."
    if (operation.parameters or operation.search) and queries.whole:
        key = "parameters" if operation.parameters else "search"
        yield f"`queries: {api.queries}` has a language of its own and no `{key}`.", "Say `queries: mapped`."
    part = AUTH_HANDLERS.get(operation.handler or "")
    if part is not None and part.guessed:
        limit = declared_limit(operation, limits_of(api, catalog.app))
        if limit is None or limit.by != "address" or not limit.exact:
            hint = "Name a class such as `auth: {requests: 10, per: 60, by: address, exact: true}` in its `rateLimit`."
            yield f"`{operation.handler}` takes what may be guessed at, and has no exact rate limit by address.", hint
    if operation.object is None:
        return
    fields = catalog.objects[operation.object].shape.fields
    for name in (*operation.parameters, operation.search):
        if name in (api.pager.limit, api.pager.cursor):
            yield f"The parameter `{name}` is the pager's.", "Give it another name."
    for parameter in operation.parameters.values():
        family = fields[parameter.field].comparison
        if family not in OPERATORS[parameter.operator].families:
            yield f"`{parameter.operator}` does not fit `{parameter.field}`.", None
