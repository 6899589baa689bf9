"""Where a webhook may lead: to public addresses only, unless a setting names the private network.

The name is resolved here, every address it has is looked at, and the connection goes to these very addresses: a second
answer of the name server changes nothing (https://owasp.org/www-community/pages/attacks/DNS_Rebinding).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[list[tuple[str, int]]]]
"""From a host and a port to the addresses and ports that stand for it. Raises OSError."""

_CLOSED: Final = tuple(
    ipaddress.ip_network(n)
    for n in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared address space of carriers, https://www.rfc-editor.org/rfc/rfc6598
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/127",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""What is not the public Internet: https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry"""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator: https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4 in an older spelling: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1"""


class Forbidden(Exception):  # noqa: N818 - it becomes a sentence for people
    """An address to which nothing may be sent."""


def networks(written: str) -> tuple[Network, ...]:
    """The networks of AMENDS_WEBHOOK_PRIVATE, parted by commas or blanks. Raises ValueError naming the faulty one."""
    found: list[Network] = []
    for word in written.replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise ValueError(f"“{word[:60]}” is no network. Write them like 10.20.0.0/16, parted by commas.") from None
    return tuple(found)


def closed(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether nothing may be sent to this address: private, this machine, multicast, reserved, or unreadable.

    An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo) counts like itself.
    """
    try:
        spoken = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    return any(not _open(one, allowed) for one in _meant(spoken))


def _meant(address: Address) -> Iterator[Address]:
    """The addresses at which this one may arrive."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if inner is not None:
        yield inner
    elif address.teredo is not None:
        yield from address.teredo
    else:
        yield address


def _open(address: Address, allowed: Sequence[Network]) -> bool:
    if any(address in network for network in allowed if network.version == address.version):
        return True
    if any(address in network for network in _CLOSED if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


async def system(host: str, port: int) -> list[tuple[str, int]]:
    """What this machine's resolver says. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(where[0]), int(where[1])) for *_, where in found]


async def reachable(host: str, port: int, allowed: Sequence[Network], resolve: Resolve) -> list[tuple[str, int]]:
    """The addresses to connect to. Raises Forbidden if a single one may not be reached, OSError if there is none."""
    found = list(dict.fromkeys(await resolve(host, port)))
    if not found:
        raise OSError("the name has no address")
    bad = next((address for address, _ in found if closed(address, allowed)), "")
    if bad:
        raise Forbidden(f"leads to {bad}, which is no public address")
    return found


class Pinned(AbstractResolver):
    """Answers with the addresses that were looked at, and asks nobody."""

    def __init__(self, addresses: Sequence[tuple[str, int]]) -> None:
        """`addresses`, each with its port."""
        self._addresses = tuple(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The same, whatever is asked."""
        del port, family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address, port in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""
