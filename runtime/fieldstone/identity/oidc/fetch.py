"""Fetching from a provider: JSON alone, from its declared hosts alone, within a time and a size, without following redirects."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from fieldstone.identity.oidc.refused import Refused
from fieldstone.kinds.sign_in import OidcProvider
from fieldstone.late import late_module

if TYPE_CHECKING:
    import httpx
else:
    httpx = late_module("httpx")

SECONDS = 8.0
LARGEST = 512 * 1024
_PORTS = {"https": 443, "http": 80}


class Fetch:
    """Asks one provider; it keeps no connection, and takes no proxy and no password file from the environment."""

    def __init__(self, declared: OidcProvider, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._scheme = urlsplit(declared.issuer).scheme
        self._hosts = frozenset(
            _host(f"{self._scheme}://{host}") for host in (urlsplit(declared.issuer).netloc, *declared.hosts)
        )

    def reaches(self, address: str) -> bool:
        """Tells whether an address is on one of the provider's declared hosts, by its scheme, and nothing but an address."""
        try:
            parts = urlsplit(address)
            return (
                parts.scheme == self._scheme
                and parts.username is None
                and parts.fragment == ""
                and _host(address) in self._hosts
            )
        except ValueError:
            return False

    async def json(
        self, address: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Returns the status and the JSON of a GET, of a POST where there is a form; raises Refused when none is to be had."""
        if not self.reaches(address):
            raise Refused("provider_unavailable", f"{address} is on no declared host")
        asked = {"accept": "application/json", **(headers or {})}
        try:
            async with asyncio.timeout(SECONDS), self._client() as client:
                method = "GET" if form is None else "POST"
                async with client.stream(method, address, data=form, headers=asked) as answer:
                    return answer.status_code, msgspec.json.decode(await _body(answer))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused("provider_unavailable", f"{address}: {error!r}") from None

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._tls, timeout=SECONDS, follow_redirects=False, trust_env=False)


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise httpx.DecodingError(f"more than {LARGEST} bytes", request=answer.request)
    return bytes(body)


def _host(address: str) -> tuple[str, int | None]:
    parts = urlsplit(address)
    return (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
