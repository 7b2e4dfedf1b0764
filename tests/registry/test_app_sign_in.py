"""What `auth` in app.yaml says of providers and devices, and what loading refuses of it."""

from pathlib import Path

import pytest

from fieldstone.errors import DeclarationError
from tests.identity.house import load, write_app

ACME = "{name: acme, issuer: 'https://login.example.org', clientId: x"


def faults(folder: Path, auth: str) -> list[str]:
    """Returns the faults of an app whose `auth` says this."""
    app = f"name: small\npackages: []\nsurfaces: {{apis: []}}\nauth:\n  {auth}\n"
    with pytest.raises(DeclarationError) as refused:
        load(write_app(folder, **{"app.yaml": app}))
    return [str(fault) for fault in refused.value.faults]


def test_a_secret_that_is_written_down_is_refused_with_the_mend_and_is_not_repeated(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f"oidc: [{ACME}, clientSecret: hunter2}}]")
    assert "app.yaml:5" in fault
    assert "write `{env: NAME}`" in fault
    assert "hunter2" not in fault


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.org",
        "https://login.example.org/?x=1",
        "https://a@b.example",
        "file:///etc",
        "https://A.example",
    ],
)
def test_an_issuer_is_an_address_by_tls(tmp_path: Path, issuer: str) -> None:
    (fault,) = faults(tmp_path, f"oidc: [{{name: acme, clientId: x, issuer: '{issuer}'}}]")
    assert "An issuer is an `https://` address" in fault


def test_names_are_given_once(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f"oidc: [{ACME}}}, {ACME}}}]")
    assert "NAME_CLASH There is a `acme` in `oidc` already." in fault


def test_a_device_asks_for_scopes_that_a_surface_names(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "deviceClients: [{id: tool, label: Tool, scopes: [data:read]}]")
    assert "No mounted surface asks for `data:read`." in fault
