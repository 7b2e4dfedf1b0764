"""Requests to the outside: HTTP to addresses of the open internet, within a time and a size.

A name is resolved once for each request, every address that it has is judged, and the connection goes to one of those that were judged,
so that a name that means something else a moment later leads nowhere. Redirects are followed here, each one judged like the first.
What is not public is refused unless the app's settings allow its host by name. Nothing of the environment is heeded: no proxy, no
password file; no cookie and no connection is kept.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from fieldstone.errors import ExternalService, OutboundRefused
from fieldstone.flows.addresses import Resolve, is_public, literal_address, resolve_by_system
from fieldstone.late import late_module

if TYPE_CHECKING:
    import httpx
else:
    httpx = late_module("httpx")

SECONDS: Final = 30.0
"""The longest that a request may take, its redirects and the last byte of its answer included."""

CONNECT_SECONDS: Final = 5.0
LARGEST: Final = 5 * 1024 * 1024
"""The most bytes of an answer's body."""

REDIRECTS: Final = 5

_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_PORTS: Final = {"http": 80, "https": 443}
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)
_FOR_ANYBODY: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""The headers that go along to another origin: no other may hold what is meant for the first one alone."""


class Request(msgspec.Struct, frozen=True):
    """What is asked of somebody outside."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes | None = None


class Answer(msgspec.Struct, frozen=True):
    """What came back: `url` is where it came from, after redirects; headers are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Bounds(msgspec.Struct, frozen=True):
    """How long a request may take, how large its answer may be, how often it may be sent elsewhere."""

    seconds: float = SECONDS
    largest: int = LARGEST
    redirects: int = REDIRECTS


BOUNDS = Bounds()


class Outbound:
    """Asks the outside."""

    def __init__(
        self, allowed: Collection[str] = (), *, resolve: Resolve = resolve_by_system, tls: ssl.SSLContext | None = None
    ) -> None:
        """Takes the hosts whose addresses are not judged: `name` for each of its ports, or `name:port`."""
        self._allowed = frozenset(name.lower() for name in allowed)
        self._resolve = resolve
        self._tls = tls

    async def send(self, request: Request, bounds: Bounds = BOUNDS) -> Answer:
        """Returns the answer to a request, whatever its status.

        Raises OutboundRefused for what may not be asked, ExternalService when no answer came within the bounds.
        """
        hop = _checked(request)
        shown = f"{hop.url.scheme}://{hop.url.netloc.decode()}"
        try:
            async with asyncio.timeout(bounds.seconds):
                for _ in range(bounds.redirects + 1):
                    found = await self._ask(hop, bounds.largest)
                    if isinstance(found, Answer):
                        return found
                    hop = found
        except TimeoutError:
            raise ExternalService(f"`{shown}` did not answer within {bounds.seconds:g} s.") from None
        except httpx.HTTPError as error:
            raise ExternalService(f"`{shown}` could not be asked: {_cause(error)}.") from None
        raise ExternalService(f"`{shown}` sent the request elsewhere more than {bounds.redirects} times.")

    async def _ask(self, hop: _Hop, largest: int) -> Answer | _Hop:
        """Returns the answer of one place, or where it says to ask instead."""
        failure: httpx.HTTPError | None = None
        for address in await self._addresses(hop.url):
            try:
                return await self._ask_at(address, hop, largest)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("it has no address")

    async def _ask_at(self, address: str, hop: _Hop, largest: int) -> Answer | _Hop:
        url = hop.url.copy_with(host=address)
        headers = {"accept-encoding": "identity", **hop.headers, "host": hop.url.netloc.decode()}
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        async with (
            httpx.AsyncClient(verify=self._trust(), timeout=timeout, trust_env=False) as client,
            client.stream(
                hop.method, url, headers=headers, content=hop.body, extensions={"sni_hostname": _host(hop.url)}
            ) as answer,
        ):
            if answer.has_redirect_location:
                return _redirected(hop, answer.status_code, answer.headers["location"])
            body = await _body(answer, largest)
            return Answer(str(hop.url), answer.status_code, dict(answer.headers), body)

    def _trust(self) -> ssl.SSLContext:
        """Returns whom to trust: the machine's authorities, read when they are first needed."""
        if self._tls is None:
            self._tls = httpx.create_ssl_context(trust_env=False)
        return self._tls

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Returns the addresses at which a host may be asked; raises OutboundRefused when one of them is not public."""
        host, port = _host(url), url.port or _PORTS[url.scheme]
        try:
            literal = literal_address(host)
            found = [str(literal)] if literal is not None else list(await self._resolve(host, port))
        except ValueError:
            raise OutboundRefused(f"`{host}` is neither a name nor an address.") from None
        except OSError:
            raise ExternalService(f"`{host}` is not known.") from None
        name = f"[{host}]" if ":" in host else host
        if self._allowed.isdisjoint((name, f"{name}:{port}")):
            for text in found:
                address = literal_address(text)
                if address is None or not is_public(address):
                    raise OutboundRefused(
                        f"`{host}` is not on the open internet.",
                        hint="An app may allow it: `outbound: {hosts: [...]}`.",
                    )
        return found


class _Hop(msgspec.Struct, frozen=True):
    """One place to ask."""

    url: httpx.URL
    method: str
    headers: Mapping[str, str]
    body: bytes | None


def _checked(request: Request) -> _Hop:
    """Returns the first place of a request; raises OutboundRefused for what no request may hold."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if ours := sorted(_OURS & headers.keys()):
        raise OutboundRefused(f"The header `{ours[0]}` is not for a request to set.")
    if not request.method.isalpha() or request.method.upper() in {"CONNECT", "TRACE"}:
        raise OutboundRefused(f"`{request.method}` is not a method that may be used.")
    for name, value in headers.items():
        if not name.isascii() or not value.isprintable():
            raise OutboundRefused(f"The header `{name}` is not a line of text.")
    return _Hop(_url(request.url), request.method.upper(), headers, request.body)


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise OutboundRefused("The address is not a URL.") from None
    if url.scheme not in _PORTS or not _HOST.fullmatch(_host(url)):
        raise OutboundRefused("The address is not one of http or https.")
    if url.userinfo:
        raise OutboundRefused("The address holds a name or a password.", hint="Send them in a header.")
    return url.copy_with(fragment=None)


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").lower()


def _redirected(hop: _Hop, status: int, location: str) -> _Hop:
    """Returns the place to which an answer sends a request; raises OutboundRefused for the way from https to http."""
    try:
        url = _url(str(hop.url.join(location)))
    except httpx.InvalidURL:
        raise OutboundRefused("The address of a redirect is not a URL.") from None
    if hop.url.scheme == "https" and url.scheme != "https":
        raise OutboundRefused(f"`{hop.url.host}` sends the request from https to http.")
    headers, method, body = dict(hop.headers), hop.method, hop.body
    if (url.scheme, url.host, url.port) != (hop.url.scheme, hop.url.host, hop.url.port):
        headers = {name: value for name, value in headers.items() if name in _FOR_ANYBODY}
    if (status == httpx.codes.SEE_OTHER and method != "HEAD") or (status in {301, 302} and method == "POST"):
        method, body = "GET", None
        headers.pop("content-type", None)
    return _Hop(url, method, headers, body)


async def _body(answer: httpx.Response, largest: int) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise ExternalService("The answer came compressed, which was not asked for.")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > largest:
            raise ExternalService(f"The answer is larger than {largest} bytes.")
    return bytes(body)


def _cause(error: httpx.HTTPError) -> str:
    """Returns why no answer came, without what the system says of it."""
    match error:
        case httpx.ConnectTimeout():
            return "no connection in time"
        case httpx.ConnectError():
            return "no connection"
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return "the request is not one of HTTP"
        case httpx.RemoteProtocolError():
            return "the answer is not one of HTTP"
        case _:
            return "the connection broke"
