"""Settings are read from the environment, and what cannot be read is refused with what would do."""

import pytest

from fieldstone.errors import SettingsError
from fieldstone.settings import read_settings


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", ()),
        ("192.0.2.7", ("192.0.2.7/32",)),
        ("10.0.0.0/8, ::1,fd00::/8", ("10.0.0.0/8", "::1/128", "fd00::/8")),
    ],
)
def test_trusted_proxies_are_addresses_and_networks(text: str, networks: tuple[str, ...]) -> None:
    assert read_settings({"FIELDSTONE_TRUSTED_PROXIES": text}).trusted_proxies == networks


@pytest.mark.parametrize("text", ["*", "10.0.0.1/8", "proxy.example.org", "10.0.0.0/8,", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"FIELDSTONE_TRUSTED_PROXIES": text})
    assert refused.value.message.startswith("FIELDSTONE_TRUSTED_PROXIES: ")
    assert "10.0.0.0/8" in refused.value.details["hint"]
