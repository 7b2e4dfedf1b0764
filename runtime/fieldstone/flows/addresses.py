"""Addresses of the network: which of them anybody on the internet could reach, and which a name stands for.

A server that asks for what it is told to must not be led to what only it can reach: itself, its own network, the metadata of its cloud.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host's name, as texts; raises OSError when there are none."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_KEPT_BACK = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # for protocols, and a cloud's metadata
            "168.63.129.16/32",  # a cloud's own services, though the address is public
            "64:ff9b:1::/48",  # a network's own translation to IPv4
            "fec0::/10",  # what was for one site
        ),
    )
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Returns the addresses that the machine's resolver knows of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def literal_address(host: str) -> Address | None:
    """Returns the address that a host is, None for a name; raises ValueError for what is neither, such as `127.1` or `2130706433`.

    Systems read such numbers as addresses of IPv4, each in its own way.
    """
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        if not last or ":" in host or last.isdecimal() or last.lower().startswith("0x"):
            raise
        return None


def is_public(address: Address) -> bool:
    """Tells whether an address belongs to the open internet; one of IPv6 that leads to one of IPv4 does so if that does."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _led_to(address)
        if inner is not None:
            return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _KEPT_BACK)
    )


def _led_to(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Returns the address of IPv4 to which one of IPv6 leads: mapped, by a translator, or by a tunnel."""
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
