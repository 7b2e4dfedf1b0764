"""The room of identity, put together: who asks, the accounts, and the flows around them."""

from collections.abc import Callable

import msgspec

from fieldstone.engine.door import Door
from fieldstone.errors import SettingsError
from fieldstone.identity.accounts import Accounts
from fieldstone.identity.device.room import Devices, open_devices
from fieldstone.identity.email_verification import VERIFY
from fieldstone.identity.errands import Errands
from fieldstone.identity.identity import Identity
from fieldstone.identity.limiter import Limiter
from fieldstone.identity.links import Links, public_base
from fieldstone.identity.means import Means
from fieldstone.identity.oidc.room import open_oidc
from fieldstone.identity.oidc.sign_in import OidcSignIn
from fieldstone.identity.organization_means import OrganizationMeans
from fieldstone.identity.own_sessions import OwnSessions
from fieldstone.identity.password_reset import RETURN
from fieldstone.identity.passwords import Passwords
from fieldstone.identity.presence import Presence
from fieldstone.identity.seal import Seal
from fieldstone.identity.second_factor import SecondFactor
from fieldstone.identity.second_step import SecondStep
from fieldstone.identity.throttle import ATTEMPTS, Throttle
from fieldstone.keyring import Keyring
from fieldstone.log import Log
from fieldstone.registry.app_faults import asked_scopes
from fieldstone.registry.catalog import Catalog
from fieldstone.settings import Settings


class Lasting(msgspec.Struct, frozen=True, eq=False):
    """What of identity lasts as long as the process; every room over its database may use it."""

    passwords: Passwords
    keyring: Keyring
    limiter: Limiter
    presence: Presence
    errands: Errands


class IdentityRoom(msgspec.Struct, frozen=True, eq=False):
    """What the surfaces use of identity, and what runs beside the requests."""

    identity: Identity
    presence: Presence
    accounts: Accounts
    sessions: OwnSessions
    means: Means
    limiter: Limiter
    second_factor: SecondFactor
    oidc: OidcSignIn
    devices: Devices
    organizations: OrganizationMeans


def open_identity(
    door: Door,
    settings: Settings,
    lasting: Lasting,
    *,
    mails: bool,
    seconds: Callable[[], float],
    log: Log,
) -> IdentityRoom:
    """Returns the room over the door; `mails` says that there is a transport. Raises SettingsError."""
    catalog, execute, clock = door.catalog, door.execute, door.clock
    auth, keyring, limiter = catalog.app.auth, lasting.keyring, lasting.limiter
    throttle = Throttle(limiter, settings.limits.sign_ins or ATTEMPTS)
    means = Means(
        execute=execute,
        auth=auth,
        app=catalog.app.label or catalog.app.name,
        fields=catalog.objects["sys_user"].fields,
        passwords=lasting.passwords,
        throttle=throttle,
        errands=lasting.errands,
        links=_links(catalog, settings) if mails else None,
        clock=clock,
        new_id=door.new_id,
    )
    if auth.require_email_verification and means.links is None:
        raise SettingsError(
            "`requireEmailVerification` needs mails that lead back to this server.",
            hint="Set FIELDSTONE_PUBLIC_URL, and FIELDSTONE_SMTP_URL or FIELDSTONE_MAIL_FOLDER.",
        )
    steps = SecondStep(execute, keyring)
    identity = Identity(
        execute,
        catalog,
        presence=lasting.presence,
        clock=clock,
        epoch=door.store.epoch,
    )
    return IdentityRoom(
        identity=identity,
        presence=lasting.presence,
        accounts=Accounts(
            execute,
            auth=auth,
            scopes=asked_scopes(catalog),
            passwords=lasting.passwords,
            throttle=throttle,
            steps=steps,
            errands=means.errands,
            clock=clock,
        ),
        sessions=OwnSessions(execute, auth=auth, clock=clock),
        means=means,
        limiter=limiter,
        second_factor=SecondFactor(means, Seal(keyring), steps),
        oidc=open_oidc(means, steps, catalog, settings, keyring, seconds=seconds, log=log),
        devices=open_devices(means, settings, limiter),
        organizations=OrganizationMeans(means, identity, catalog, catalog.app.organizations),
    )


def _links(catalog: Catalog, settings: Settings) -> Links | None:
    """Returns how mails lead back to the mounted routes; None where the address is not known, or a route is not there."""
    base = public_base(settings)
    mounted = [catalog.apis[name] for name in catalog.app.surfaces.apis]
    paths = {
        operation.handler: api.base_path + operation.path
        for api in reversed(mounted)
        for operation in api.operations
        if operation.handler in (VERIFY, RETURN)
    }
    return Links(base, paths) if base is not None and len(paths) == len((VERIFY, RETURN)) else None
