"""Trusted proxies tell whose request it is; what anybody else says of that is not heard."""

from pathlib import Path
from typing import Any

import pytest

from fieldstone.settings import Settings
from fieldstone.surfaces.http.proxies import Proxies
from fieldstone.surfaces.http.request import Request
from tests.databases import sqlite_address
from tests.surfaces.running import DATA, PASSWORD, WORLD, running

TRUSTED = Proxies(("10.0.0.0/8", "fd00::/8"))
Forwarded = tuple[str, ...]


async def _nothing() -> Any:
    return {}


def seen(peer: str, forwarded: Forwarded, scheme: str | None = None, proxies: Proxies = TRUSTED) -> Request:
    """Returns a request as it is seen behind the proxies; each text is a header line of its own."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    if scheme is not None:
        headers.append((b"x-forwarded-proto", scheme.encode()))
    request = Request("1", "GET", "/", b"", dict(headers), False, peer, _nothing)
    proxies.see_through(request, headers)
    return request


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", ("192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        # What the client wrote himself stands to the left of what the proxies have added.
        ("10.0.0.1", ("203.0.113.9, 192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", ("10.9.9.9, 203.0.113.9, 192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", ("203.0.113.9", "192.0.2.7"), "192.0.2.7"),
        # A chain of trusted proxies is walked to its end.
        ("10.0.0.1", ("192.0.2.7, 10.0.0.2, 10.0.0.3",), "192.0.2.7"),
        ("10.0.0.1", ("203.0.113.9, 192.0.2.7", "10.0.0.2"), "192.0.2.7"),
        ("10.0.0.1", ("10.0.0.4, 10.0.0.2",), "10.0.0.4"),
        # Nothing is read past what cannot be read.
        ("10.0.0.1", ("192.0.2.7, unknown, 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("192.0.2.7, é",), "10.0.0.1"),
        ("10.0.0.1", ("192.0.2.7:1234",), "192.0.2.7"),
        ("10.0.0.1", ("[2001:db8::7]:1234",), "2001:db8::7"),
        ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
        ("::ffff:10.0.0.1", ("::ffff:192.0.2.7",), "192.0.2.7"),
        # From anybody else the header means nothing.
        ("192.0.2.7", ("203.0.113.9",), "192.0.2.7"),
        ("192.0.2.7", ("10.0.0.1",), "192.0.2.7"),
        ("", ("203.0.113.9",), ""),
        ("testclient", ("203.0.113.9",), "testclient"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(
    peer: str, forwarded: Forwarded, address: str
) -> None:
    assert seen(peer, forwarded).address == address


@pytest.mark.parametrize(
    ("peer", "scheme", "secure"),
    [
        ("10.0.0.1", "https", True),
        ("10.0.0.1", "HTTPS", True),
        ("10.0.0.1", "http", False),
        ("10.0.0.1", None, False),
        ("10.0.0.1", "https, http", False),
        ("10.0.0.1", "http, https", True),
        ("192.0.2.7", "https", False),
    ],
)
def test_tls_is_believed_of_a_trusted_proxy_alone(peer: str, scheme: str | None, secure: bool) -> None:
    assert seen(peer, (), scheme).secure is secure


def test_without_trusted_proxies_no_header_is_believed() -> None:
    nobody = Proxies(())
    assert not nobody
    assert seen("10.0.0.1", ("192.0.2.7",), "https", nobody).address == "10.0.0.1"


@pytest.mark.parametrize(
    ("networks", "address", "secure"), [(("127.0.0.0/8",), "192.0.2.7", True), ((), "127.0.0.1", False)]
)
async def test_a_session_tells_where_it_was_begun_and_its_cookie_is_secure_behind_tls(
    tmp_path: Path, networks: tuple[str, ...], address: str, secure: bool
) -> None:
    settings = Settings(trusted_proxies=networks)
    async with running(WORLD, sqlite_address(tmp_path / "behind.db"), settings) as world:
        headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "X-Forwarded-Proto": "https"}
        body = {"email": "mia@world.example", "password": PASSWORD}
        answer = await world.nobody.ask("POST", "/api/v1/auth/sign-in", body, headers=headers)
        assert ("; Secure" in answer.headers["set-cookie"]) is secure
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        sessions = (await world.nobody.get(f"{DATA}/sys_session", headers=bearer)).json()
        assert [session["ip"] for session in sessions["items"]] == [address]
