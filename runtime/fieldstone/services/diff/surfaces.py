"""Surfaces: which are served, their routes, what a request must show and say, and how often it may come."""

import re
from collections.abc import Iterator

from fieldstone.kinds.api import ApiDeclaration, ApiOperation, Parameter, RateLimit
from fieldstone.registry.catalog import Catalog
from fieldstone.services.diff.finding import Finding, both, pairs
from fieldstone.services.diff.keys import PAGER_KEYS, ROUTE_KEYS, SURFACE_KEYS, key_findings

OF_ROUTES = ("id", "method", "path", "parameters", "rateLimit")
OF_SURFACES = ("name", "version", "auth", "pager", "rateLimits", "operations")
_PLACE = re.compile(r"\{[^}]*\}")


def surface_findings(old: Catalog, new: Catalog) -> Iterator[Finding]:
    """Yields what differs between the surfaces that are served."""
    for name, before, after in pairs(_served(old), _served(new)):
        subject = f"api {name}"
        if after is None:
            yield Finding("breaking", subject, f"`{name}`: the surface is no longer served.")
        elif before is None:
            yield Finding("added", subject, f"`{name}`: the surface is new.")
        else:
            yield from _changed(subject, before, after)
            yield from _limits(subject, _limits_of(old, before), _limits_of(new, after))


def _served(catalog: Catalog) -> dict[str, ApiDeclaration]:
    return {name: api for name, api in catalog.apis.items() if name in catalog.app.surfaces.apis}


def _changed(subject: str, old: ApiDeclaration, new: ApiDeclaration) -> Iterator[Finding]:
    where = f"`{new.name}`"
    for scheme in old.auth:
        if scheme not in new.auth:
            told = f"a credential by `{scheme.scheme}` is no longer taken as it was"
            yield Finding("breaking", subject, f"{where}: {told}.")
    yield from key_findings(subject, where, old.pager, new.pager, PAGER_KEYS)
    yield from key_findings(subject, where, old, new, SURFACE_KEYS, OF_SURFACES)
    for route, before, after in pairs(_routes(old), _routes(new)):
        if after is None:
            yield Finding("breaking", subject, f"`{route}`: the route is gone.")
        elif before is None:
            yield Finding("added", subject, f"`{route}`: the route is new.")
        else:
            for name, was, now in pairs(before.parameters, after.parameters):
                yield from _parameter(subject, f"`{route}`: the parameter `{name}`", was, now)
            yield from key_findings(subject, f"`{route}`", before, after, ROUTE_KEYS, OF_ROUTES)


def _routes(api: ApiDeclaration) -> dict[str, ApiOperation]:
    """Returns the routes by method and path, whatever their places are called."""
    return {f"{each.method} {api.base_path}{_PLACE.sub('{}', each.path)}": each for each in api.operations}


def _parameter(subject: str, where: str, old: Parameter | None, new: Parameter | None) -> Iterator[Finding]:
    if new is None:
        yield Finding("breaking", subject, f"{where} is gone.")
    elif old is None:
        told = "is new, and must be given" if new.required else "is new"
        yield Finding("breaking" if new.required else "added", subject, f"{where} {told}.")
    elif (old.field, old.operator) != (new.field, new.operator):
        yield Finding("breaking", subject, f"{where} asks for something else.")
    elif old.required != new.required:
        told = "must be given now" if new.required else "need not be given any more"
        yield Finding("breaking" if new.required else "added", subject, f"{where} {told}.")


def _limits_of(catalog: Catalog, api: ApiDeclaration) -> dict[str, RateLimit]:
    return {**api.rate_limits, **catalog.app.surfaces.rate_limits}


def _limits(subject: str, old: dict[str, RateLimit], new: dict[str, RateLimit]) -> Iterator[Finding]:
    for name, limit in new.items():
        if name not in old:
            told = f"the rate limit `{name}` is new: {_told(limit)}"
            yield Finding("breaking", subject, f"{told}.")
    for name, was, now in both(old, new):
        if was != now:
            fewer = now.requests * was.per < was.requests * now.per or was.by != now.by
            told = f"the rate limit `{name}` was {_told(was)}, is {_told(now)}"
            yield Finding("breaking" if fewer else "added", subject, f"{told}.")
    for name in old.keys() - new.keys():
        yield Finding("added", subject, f"the rate limit `{name}` is gone.")


def _told(limit: RateLimit) -> str:
    return f"{limit.requests:,} in {limit.per:,} s by {limit.by}"
