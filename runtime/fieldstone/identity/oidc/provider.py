"""A provider: where its endpoints are and which keys it signs with, found by its discovery document and kept for a while.

A key that is not known is looked for at the provider, now and then: so keys are rotated without a restart, and nobody makes us ask at will.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import msgspec

from fieldstone.identity.oidc.fetch import Fetch
from fieldstone.identity.oidc.refused import Refused
from fieldstone.kinds.sign_in import OidcProvider
from fieldstone.late import late_module

if TYPE_CHECKING:
    from joserfc import errors, jwk
else:
    errors, jwk = late_module("joserfc.errors"), late_module("joserfc.jwk")

KEPT_SECONDS = 3600.0
"""How long a discovery document and a set of keys are kept."""

BETWEEN_LOOKS = 30.0
"""How long it takes until keys are looked for again because one was not there."""

_MOST_KEYS = 50
_OK = 200
_FAILING = 500


class Discovery(msgspec.Struct, frozen=True):
    """What is used of a discovery document (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


class Tokens(msgspec.Struct, frozen=True):
    """What a code is good for."""

    id_token: str
    access_token: str | None = None


class Provider:
    """One declared provider, with its secret."""

    def __init__(self, declared: OidcProvider, secret: str | None, fetch: Fetch, seconds: Callable[[], float]) -> None:
        """Takes a clock in seconds for what is kept."""
        self.declared = declared
        self._secret = secret
        self._fetch = fetch
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._discovery: Discovery | None = None
        self._discovered_at = 0.0
        self._keys: Mapping[str | None, jwk.Key] = {}
        self._looked_at: float | None = None

    async def discovery(self) -> Discovery:
        """Returns the discovery document; raises Refused where there is none, or one of another issuer or of foreign hosts."""
        named = self.declared.client_secret
        if named is not None and self._secret is None:
            raise Refused("provider_unavailable", f"{named.env} is not set")
        async with self._turn:
            if self._discovery is None or self._seconds() - self._discovered_at > KEPT_SECONDS:
                self._discovery = await self._discover()
                self._discovered_at = self._seconds()
            return self._discovery

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Returns the tokens that a code is good for; raises Refused."""
        discovery = await self.discovery()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.declared.client_id,
        }
        headers: dict[str, str] = {}
        if self._secret is not None and "client_secret_basic" in discovery.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(self.declared.client_id)}:{quote_plus(self._secret)}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self._secret is not None:
            form["client_secret"] = self._secret
        status, answer = await self._fetch.json(discovery.token_endpoint, form, headers)
        if status >= _FAILING:
            raise Refused("provider_unavailable", f"the token endpoint answered {status}")
        try:
            return msgspec.convert(answer if status == _OK else None, Tokens)
        except msgspec.ValidationError:
            raise Refused("invalid_token", f"the token endpoint answered {status} without an ID token") from None

    async def userinfo(self, access_token: str) -> Any:
        """Returns what the provider tells of whom a token is about; None where it tells nothing but in ID tokens. Raises Refused."""
        address = (await self.discovery()).userinfo_endpoint
        if address is None:
            return None
        status, answer = await self._fetch.json(address, headers={"authorization": f"Bearer {access_token}"})
        if status != _OK:
            raise Refused("provider_unavailable", f"the userinfo endpoint answered {status}")
        return answer

    async def key(self, kid: str | None) -> jwk.Key:
        """Returns the key of an id, the only one there is without an id; raises Refused."""
        discovery = await self.discovery()
        async with self._turn:
            age = None if self._looked_at is None else self._seconds() - self._looked_at
            known = kid in self._keys
            if age is None or age > KEPT_SECONDS or (not known and age > BETWEEN_LOOKS):
                self._keys = await self._find_keys(discovery.jwks_uri)
                self._looked_at = self._seconds()
            found = self._keys.get(kid)
        if found is None:
            raise Refused("invalid_token", "signed with a key that the provider does not publish")
        return found

    async def _discover(self) -> Discovery:
        issuer = self.declared.issuer
        _status, answer = await self._fetch.json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = msgspec.convert(answer, Discovery)
        except msgspec.ValidationError as error:
            raise Refused("provider_unavailable", f"the discovery document: {error}") from None
        if found.issuer != issuer:
            raise Refused("provider_unavailable", f"the discovery document is that of {found.issuer[:200]}")
        for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if not self._fetch.reaches(address):
                raise Refused("provider_unavailable", f"{address[:200]} is on no declared host")
        return found

    async def _find_keys(self, address: str) -> Mapping[str | None, jwk.Key]:
        """Returns the keys that sign, by their ids; under None the one that needs none because it is the only one."""
        _status, answer = await self._fetch.json(address)
        try:
            listed = msgspec.convert(answer, _KeySet).keys[:_MOST_KEYS]
        except msgspec.ValidationError as error:
            raise Refused("provider_unavailable", f"the keys: {error}") from None
        keys: dict[str | None, jwk.Key] = {}
        signing = [entry for entry in listed if entry.get("use", "sig") == "sig" and entry.get("kty") != "oct"]
        for entry in signing:
            try:
                key = jwk.JWKRegistry.import_key(entry)
            except (errors.JoseError, ValueError, TypeError, KeyError):
                continue
            keys[entry.get("kid")] = key
            if len(signing) == 1:
                keys[None] = key
        return keys
