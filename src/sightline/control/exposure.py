"""Where the server may listen without keys, and which browsers may then talk to it. Pure functions.

Two attacks on a server that trusts loopback come through the user's own browser. A page of
evil.example may send requests to http://127.0.0.1:4318: the browser then names the page in
`Origin`. And the name evil.example may suddenly mean 127.0.0.1 ("DNS rebinding"): then the page
and the server are one site to the browser, which lets the page read the answers, but it still says
`Host: evil.example`. So an open server answers only to names that cannot be rebound, and only to
pages of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from ipaddress import IPv6Address, ip_address

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%A-Za-z0-9]+\]|[^:\[\]/?#@\s]+)(?::(?P<port>\d{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/?#@\s]+)", re.IGNORECASE)
_DEFAULT_PORT = {"http": "80", "https": "443"}
# What proxies add to a request that they pass on.
_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_loopback(host: str) -> bool:
    """Whether a host to listen on or to be reached at is this machine only.

    127.0.0.0/8, ::1 (with or without brackets), IPv4 inside IPv6, localhost and names under it.
    Nothing is resolved: any other name may mean anything, and an empty one means everywhere.
    """
    name = host.strip().lower().removesuffix(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def exposure_error(host: str, has_keys: bool, insecure: bool, options: str = "") -> str | None:
    """Why the server may not listen on `host`, with the command that changes it; None when it may.

    `has_keys`: whether a key was ever made or a person added; `insecure`: the operator said that no keys
    are needed.
    `options` (such as `--data /srv/sightline`) make the command work on the same database.
    """
    if is_loopback(host) or has_keys or insecure:
        return None
    where = "every address of this machine" if _is_everywhere(host) else repr(host)
    command = " ".join(filter(None, ["sightline keys create --project default --scope admin", options]))
    return (
        f"Listening on {where} would let everyone who reaches it read and write everything, because there is"
        f" no key yet. Make one: {command}; or add a person: sightline people add EMAIL; or listen on"
        " loopback with --host 127.0.0.1; or, where something in front checks who comes, pass --insecure."
    )


def _is_everywhere(host: str) -> bool:
    name = host.strip().removeprefix("[").removesuffix("]")
    try:
        return ip_address(name).is_unspecified
    except ValueError:
        return name in {"", "*"}


def passed_on_by(headers: Mapping[str, str]) -> str | None:
    """The header, by its lower-case name, that shows that a proxy passed a request on; None without one.

    Nothing else is read from it: what stands in it may be from anybody.
    """
    return next((name for name in _PASSED_ON if name in headers), None)


def host_allowed(
    host_header: str | None, bind_host: str, allowed: Collection[str], passed_on: bool = False
) -> bool:
    """Whether a request with this `Host` may be answered without a key.

    Loopback addresses and localhost names, the host listened on, and names in `allowed` (without
    port; `*`: all) may. A request without `Host` is from no browser. Of a request that a proxy
    `passed_on` only a name in `allowed` counts: the proxy makes the world look like this machine.
    """
    if "*" in allowed:
        return True
    if host_header is None:
        return not passed_on
    parts = _HOST.fullmatch(host_header.strip())
    if parts is None:
        return False
    name = _plain(parts["name"])
    if name in {_plain(a) for a in allowed}:
        return True
    return not passed_on and (is_loopback(name) or (name == _plain(bind_host) != ""))


def origin_allowed(origin: str | None, host_header: str | None, allowed: Collection[str]) -> bool:
    """Whether a page of `origin` may send to the server it reached as `host_header`.

    Its own pages and the origins in `allowed` (`https://app.example`, or `*`) may. No `Origin`: a
    program, or a page's own reading, which the browser keeps to itself. `null` is a page that hides
    where it is from.
    """
    if origin is None or "*" in allowed:
        return True
    if origin.strip().lower().rstrip("/") in {a.strip().lower().rstrip("/") for a in allowed}:
        return True
    found = _ORIGIN.fullmatch(origin.strip())
    if found is None or host_header is None:
        return False
    own = _name_and_port(host_header, found["scheme"].lower())
    return own is not None and own == _name_and_port(found["host"], found["scheme"].lower())


def _name_and_port(host: str, scheme: str) -> tuple[str, str] | None:
    parts = _HOST.fullmatch(host.strip())
    return None if parts is None else (_plain(parts["name"]), parts["port"] or _DEFAULT_PORT[scheme])


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix(".").removeprefix("[").removesuffix("]")
