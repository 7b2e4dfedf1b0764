"""Proxies that are trusted to say whose request it is: which address it comes from, and whether it came by TLS.

`X-Forwarded-For` and `X-Forwarded-Proto` count only when the connection itself comes from one of them. Of the addresses that a chain of
proxies has written down, the right-most that is no trusted proxy's is the client's: everything left of it is what he said himself.
"""

import ipaddress
from collections.abc import Iterable, Sequence

from fieldstone.surfaces.http.request import Header, Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV6_PREFIX = 64
"""One customer of a provider has a network of so many bits, and every address in it."""


class Proxies:
    """The trusted proxies, as networks; false when there are none."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def see_through(self, request: Request, headers: Iterable[Header]) -> None:
        """Puts the client in the place of the proxy that the request comes from; leaves every other request as it is."""
        peer = _address(request.address)
        if peer is None or not self._trusts(peer):
            return
        forwarded = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
        request.address = str(self._client(peer, ",".join(forwarded)))
        scheme = request.header(b"x-forwarded-proto")
        if scheme is not None:
            request.secure = scheme.rpartition(",")[2].strip().lower() == "https"

    def _client(self, peer: Address, forwarded: str) -> Address:
        """Returns the first address from the right that no trusted proxy has; where one is not readable, the proxy's that wrote it."""
        client = peer
        for text in reversed(forwarded.split(",")):
            address = _address(text.strip())
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def client_key(address: str) -> str:
    """Returns what requests of one client are counted under: his address, or his network of IPv6."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], IPV6_PREFIX), strict=False))
    except ValueError:
        return address


def _address(text: str) -> Address | None:
    """Returns the address of a text, perhaps with a port behind it; an IPv4 address in the clothes of IPv6 is that IPv4 address."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
