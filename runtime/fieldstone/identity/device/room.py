"""The device flow, put together out of what the app declares; refuses a deployment that does not know its own address (SettingsError)."""

import msgspec

from fieldstone.errors import SettingsError
from fieldstone.identity.device.consent import MOST_CODES, WINDOW, DeviceConsent
from fieldstone.identity.device.polling import DevicePolling
from fieldstone.identity.limiter import Limiter
from fieldstone.identity.links import public_base
from fieldstone.identity.means import Means
from fieldstone.identity.throttle import Throttle
from fieldstone.settings import Settings


class Devices(msgspec.Struct, frozen=True, eq=False):
    """Both sides of the flow: the device's and the user's."""

    polling: DevicePolling
    consent: DeviceConsent


def open_devices(means: Means, settings: Settings, limiter: Limiter) -> Devices:
    """Returns the flow for the app's programs, which may be none; raises SettingsError."""
    clients = {client.id: client for client in means.auth.device_clients}
    base = public_base(settings)
    if clients and base is None:
        raise SettingsError("`deviceClients` need to know this server's address.", hint="Set FIELDSTONE_PUBLIC_URL.")
    polling = DevicePolling(means, clients, base or "")
    return Devices(polling, DeviceConsent(means, polling, Throttle(limiter, MOST_CODES, WINDOW)))
