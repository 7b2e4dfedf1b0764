"""What can be wrong with an app's own file once every package is linked: its surfaces, who else's pages may call, who else vouches."""

from collections.abc import Iterator, Sequence

from fieldstone.errors import Fault
from fieldstone.kinds.api import DEFAULT_LIMIT
from fieldstone.kinds.app import AppDeclaration
from fieldstone.query.names import did_you_mean, meant_or_known
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.codes import Code
from fieldstone.registry.source import Spot


def app_faults(app: AppDeclaration, spot: Spot, file: str, catalog: Catalog) -> list[Fault]:
    """Returns every fault of an app; `spot` is that of its whole file."""
    return [
        *_of_surfaces(app, spot, file, catalog),
        *_of_rate_limits(app, spot, file, catalog),
        *_of_cors(app, spot, file),
        *_of_repeated(spot, file, ("auth", "oidc"), "name", [provider.name for provider in app.auth.oidc]),
        *_of_repeated(spot, file, ("auth", "deviceClients"), "id", [client.id for client in app.auth.device_clients]),
        *_of_scopes(app, spot, file, catalog),
    ]


def asked_scopes(catalog: Catalog) -> frozenset[str]:
    """Returns the scopes that some mounted surface asks for."""
    mounted = (catalog.apis[name] for name in catalog.app.surfaces.apis if name in catalog.apis)
    return frozenset(scope for api in mounted for operation in api.operations for scope in operation.scopes)


def _of_surfaces(app: AppDeclaration, spot: Spot, file: str, catalog: Catalog) -> Iterator[Fault]:
    """Yields a fault for every mounted surface that is not declared, or that has the same base path as one before it."""
    bases: dict[str, str] = {}
    for number, name in enumerate(app.surfaces.apis):
        place = spot.find(("surfaces", "apis", number)).of_value(file)
        api = catalog.apis.get(name)
        if api is None:
            yield Fault(place, Code.UNKNOWN_API, f"There is no surface `{name}`.", meant_or_known(name, catalog.apis))
        elif api.base_path in bases:
            message = f"`{name}` and `{bases[api.base_path]}` are both mounted at `{api.base_path}`."
            yield Fault(place, Code.ROUTE_CLASH, message, "Mount one of them.")
        else:
            bases[api.base_path] = name


def _of_rate_limits(app: AppDeclaration, spot: Spot, file: str, catalog: Catalog) -> Iterator[Fault]:
    """Yields a fault for every class of rate limits that no mounted surface has."""
    mounted = [catalog.apis[name] for name in app.surfaces.apis if name in catalog.apis]
    known = {DEFAULT_LIMIT, *(name for api in mounted for name in api.rate_limits)}
    for name in app.surfaces.rate_limits:
        if name not in known:
            place = spot.find(("surfaces", "rateLimits", name)).of_key(file)
            message = f"No mounted surface has a class `{name}` of rate limits."
            hint = did_you_mean(name, known) or f"There are {', '.join(f'`{item}`' for item in sorted(known))}."
            yield Fault(place, Code.WRONG_VALUE, message, hint)


def _of_cors(app: AppDeclaration, spot: Spot, file: str) -> Iterator[Fault]:
    """Yields a fault where every page there is could act with the cookies of whoever looks at it."""
    if "*" in app.cors.origins and app.cors.credentials:
        place = spot.find(("cors", "credentials")).of_value(file)
        message = "`credentials` cannot be given to `*`: any page could then act as whoever looks at it."
        yield Fault(place, Code.WRONG_VALUE, message, "Name the origins, or drop `credentials`.")


def _of_repeated(spot: Spot, file: str, path: tuple[str, str], key: str, names: Sequence[str]) -> Iterator[Fault]:
    """Yields a fault for every entry of a list that has the name of one before it."""
    for number, name in enumerate(names):
        if name in names[:number]:
            place = spot.find((*path, number, key)).of_value(file)
            yield Fault(place, Code.NAME_CLASH, f"There is a `{name}` in `{path[1]}` already.", "Give it another one.")


def _of_scopes(app: AppDeclaration, spot: Spot, file: str, catalog: Catalog) -> Iterator[Fault]:
    """Yields a fault for every scope of a device's program that no mounted surface asks for."""
    known = asked_scopes(catalog)
    for number, client in enumerate(app.auth.device_clients):
        for index, scope in enumerate(client.scopes or ()):
            if scope not in known:
                place = spot.find(("auth", "deviceClients", number, "scopes", index)).of_value(file)
                hint = did_you_mean(scope, known) or "Leave `scopes` out for a token that reaches as far as its user."
                yield Fault(place, Code.WRONG_VALUE, f"No mounted surface asks for `{scope}`.", hint)
