"""REST surfaces, with the routes that other packages add to them: every part and object that a dialect names is there.

Refuses two routes for one request, whichever of the files they stand in, and what `api_operations.py` finds wrong with a route.
"""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from fieldstone.errors import Fault
from fieldstone.kinds.api import ApiDeclaration, ApiExtension, ApiOperation
from fieldstone.query.names import did_you_mean
from fieldstone.registry.api_operations import PLACEHOLDER, Path, Surroundings, operation_faults, unknown_part
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document


class _Taken(msgspec.Struct, frozen=True):
    """The ids and the routes that a surface has so far, these each with the operation that has it, and its classes of rate limits."""

    ids: set[str]
    routes: dict[tuple[str, str], str]
    rate_limits: Collection[str]


def link_apis(documents: Mapping[str, Document], around: Surroundings) -> tuple[dict[str, ApiDeclaration], list[Fault]]:
    """Returns the surfaces by name, with all their routes, and everything wrong with them and their extensions."""
    faults: list[Fault] = []
    apis: dict[str, ApiDeclaration] = {}
    taken: dict[str, _Taken] = {}
    for name, document in documents.items():
        declared = document.declared
        if isinstance(declared, ApiDeclaration):
            apis[name], taken[name] = declared, _Taken(set(), {}, declared.rate_limits)
            faults += _surface_faults(document, declared, around)
            faults += _route_faults(document, declared.operations, taken[name], around)
    for document in documents.values():
        extension = document.declared
        if not isinstance(extension, ApiExtension):
            continue
        base = apis.get(extension.extends)
        if base is None:
            message = f"There is no surface `{extension.extends}`."
            faults.append(
                document.fault(("extends",), Code.UNKNOWN_API, message, did_you_mean(extension.extends, apis))
            )
            continue
        faults += _route_faults(document, extension.operations, taken[extension.extends], around)
        operations = (*base.operations, *extension.operations)
        apis[extension.extends] = msgspec.structs.replace(base, operations=operations)
    return apis, faults


def _surface_faults(document: Document, api: ApiDeclaration, around: Surroundings) -> Iterator[Fault]:
    """Yields what is wrong with what a surface decides for all its routes."""
    yield from _part_faults(document, api, around)
    if api.pager.max_limit is not None and api.pager.default_limit > api.pager.max_limit:
        message = f"Pages of {api.pager.default_limit} are larger than the largest, {api.pager.max_limit}."
        yield document.fault(("pager", "defaultLimit"), Code.WRONG_VALUE, message)
    for name in api.objects:
        if around.objects.get(name) is None:
            yield from around.objects.missing(document.key_at("objects", name), name)


def _route_faults(
    document: Document, operations: tuple[ApiOperation, ...], taken: _Taken, around: Surroundings
) -> Iterator[Fault]:
    """Yields what is wrong with the routes of a file, one after the other; what they take is taken for those behind them."""
    for number, operation in enumerate(operations):
        path: Path = ("operations", number)
        route = (operation.method, PLACEHOLDER.sub("{}", operation.path))
        if operation.id in taken.ids:
            message = f"An operation `{operation.id}` is declared already."
            yield document.fault((*path, "id"), Code.ROUTE_CLASH, message, "Rename one.")
        if route in taken.routes:
            message = f"`{operation.method} {operation.path}` is already the route of `{taken.routes[route]}`."
            yield document.fault((*path, "path"), Code.ROUTE_CLASH, message, "Change one of the two.")
        if operation.rate_limit is not None and operation.rate_limit not in taken.rate_limits:
            hint = did_you_mean(operation.rate_limit, taken.rate_limits) or "Declare it in `rateLimits` of the surface."
            message = f"There is no class `{operation.rate_limit}` of rate limits."
            yield document.fault((*path, "rateLimit"), Code.WRONG_VALUE, message, hint)
        taken.ids.add(operation.id)
        taken.routes.setdefault(route, operation.id)
        yield from operation_faults(document, path, operation, around)


def _part_faults(document: Document, api: ApiDeclaration, around: Surroundings) -> Iterator[Fault]:
    named: list[tuple[Path, str, str]] = [
        (("envelope",), "envelopes", api.envelope),
        (("errors",), "errors", api.errors),
        (("queries",), "queries", api.queries),
        (("idents",), "idents", api.idents),
        (("pager", "style"), "pagers", api.pager.style),
    ]
    named += [(("auth", number, "scheme"), "auth", scheme.scheme) for number, scheme in enumerate(api.auth)]
    for path, table, name in named:
        yield from unknown_part(document, path, table, name, around.parts)
