"""Which address a request is from: that of its connection, or what a proxy that is trusted says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as they are written in settings. Raises ValueError that names the wrong one."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise ValueError(
                f"{text!r} is no address and no network, such as 10.0.0.7 or 10.0.0.0/8"
            ) from error
    return tuple(found)


def address_of(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address that a request is from.

    `forwarded` are the values of `X-Forwarded-For`, in their order. Each proxy adds on the right whom it
    heard from, so it is read from there, as long as the one who wrote it is trusted: what stands left of
    that, the sender wrote, and it may say anything.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    found = peer
    while hops and _is_in(found, trusted):
        said = _plain(hops.pop())
        if said is None:
            break
        found = said
    return found


def _is_in(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(
        address.version == network.version and address in network for network in trusted
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def _plain(hop: str) -> str | None:
    """A hop without its port; None for what is no address (`unknown`, an obfuscated name)."""
    for text in (hop, hop.rpartition(":")[0], hop.partition("]")[0]):
        found = _address(text.removeprefix("[").removesuffix("]"))
        if found is not None:
            return str(found)
    return None
