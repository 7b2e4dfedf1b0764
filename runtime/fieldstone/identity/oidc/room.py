"""The sign-in with providers, put together out of what the app declares; refuses what a deployment lacks (SettingsError)."""

import ssl
from collections.abc import Callable, Mapping

from fieldstone.errors import SettingsError
from fieldstone.identity.links import public_base
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.attempt import Attempt
from fieldstone.identity.oidc.fetch import Fetch
from fieldstone.identity.oidc.provider import Provider
from fieldstone.identity.oidc.sign_in import CALLBACK_HANDLER, OidcSignIn
from fieldstone.identity.second_step import SecondStep
from fieldstone.identity.signed import Signer
from fieldstone.keyring import Keyring
from fieldstone.kinds.sign_in import OidcProvider
from fieldstone.log import Log
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings


def open_oidc(
    means: Means,
    steps: SecondStep,
    catalog: Catalog,
    settings: Settings,
    keyring: Keyring,
    *,
    seconds: Callable[[], float],
    log: Log,
) -> OidcSignIn:
    """Returns the flow over the app's providers, which may be none; raises SettingsError."""
    declared = means.auth.oidc
    tls = ssl.create_default_context() if declared else None
    providers = {
        one.name: Provider(one, _secret(one, settings), Fetch(one, tls), seconds) for one in declared if tls is not None
    }
    uris = _redirect_uris(declared, catalog, settings) if declared else {}
    signer = Signer(keyring.keys("oidc sign-in"), Attempt)
    return OidcSignIn(means, steps, signer, providers, uris, log)


def _secret(declared: OidcProvider, settings: Settings) -> str | None:
    """Returns a provider's secret; production refuses to start without it, or without TLS."""
    production = settings.environment == "production"
    if production and not declared.issuer.startswith("https://"):
        raise SettingsError(
            f"The issuer of `{declared.name}` is no `https://` address.", hint="Only development takes another."
        )
    if declared.client_secret is None:
        return None
    secret = settings.variables.get(declared.client_secret.env)
    if production and not secret:
        raise SettingsError(
            f"{declared.client_secret.env} is not set.",
            hint=f"It holds the client secret of the provider `{declared.name}` in app.yaml.",
        )
    return secret or None


def _redirect_uris(declared: tuple[OidcProvider, ...], catalog: Catalog, settings: Settings) -> Mapping[str, str]:
    """Returns where each provider sends people back: to the route of the first mounted surface that has one."""
    base = public_base(settings)
    if base is None:
        raise SettingsError("`oidc` needs to know this server's address.", hint="Set FIELDSTONE_PUBLIC_URL.")
    for name in catalog.app.surfaces.apis:
        api = catalog.apis[name]
        for operation in api.operations:
            if operation.handler == CALLBACK_HANDLER:
                path = base + api.base_path + operation.path
                return {one.name: path.replace("{provider}", one.name) for one in declared}
    raise SettingsError(
        f"No mounted surface has a route with `handler: {CALLBACK_HANDLER}`.", hint="Mount `v1`, or declare one."
    )
