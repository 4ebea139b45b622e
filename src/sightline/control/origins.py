"""The sites whose pages may use a public key: how they are written, and whether a page is of one. Pure.

Written are `https://app.example`, `http://localhost:3000`, `https://*.example.com` (every name under it, at
any depth, and not the name itself), and `*` for every site. Schemes of apps in a web view
(`capacitor://localhost`) and of browser extensions are taken too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from sightline.control.errors import InvalidValue

ANY = "*"
MAX_ORIGINS = 50
_MAX_LENGTH = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_WRITTEN = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT = {"http": "80", "https": "443"}
_EXAMPLE = "expected one such as https://app.example, https://*.example.com or http://localhost:3000"


def written(text: str) -> str:
    """An origin as it is kept: lower case, without the scheme's own port. Raises InvalidValue."""
    shown = repr(text[:80])
    plain = text.strip().lower().removesuffix("/")
    if plain == ANY:
        return ANY
    if not plain.isascii():
        plain = _ascii(plain, shown)
    found = _WRITTEN.fullmatch(plain)
    if found is None or len(plain) > _MAX_LENGTH or int(found["port"] or 0) > 65_535:
        raise InvalidValue(f"The origin {shown} does not fit: {_EXAMPLE}, without a path.")
    host = found["host"]
    if host.startswith("*.") and "." not in host[2:] and host != "*.localhost":
        raise InvalidValue(
            f"The origin {shown} lets in every site under {host[2:]!r}; name the domain, such as"
            f" https://*.example.{host[2:]}, or write * for every site."
        )
    port = found["port"]
    kept = f":{int(port)}" if port and port != _DEFAULT.get(found["scheme"]) else ""
    return f"{found['scheme']}://{host}{kept}"


def all_written(texts: Iterable[str]) -> tuple[str, ...]:
    """Several, each once, in their order. Raises InvalidValue for a wrong one, for none and for too many."""
    found = tuple(dict.fromkeys(written(text) for text in texts if text.strip()))
    if not found:
        raise InvalidValue(
            f"A public key needs the origins of the pages that may use it: {_EXAMPLE}; or * for every site."
        )
    if len(found) > MAX_ORIGINS:
        raise InvalidValue(f"A key takes {MAX_ORIGINS} origins, not {len(found)}; use one with *. before it.")
    return found


def allowed(origin: str | None, patterns: Collection[str]) -> bool:
    """Whether a page with this `Origin` is of one of the sites. `null` and no origin are of none, whatever
    the patterns: such a page does not say where it is from."""
    if origin is None:
        return False
    plain = origin.strip().lower()
    found = _WRITTEN.fullmatch(plain) if len(plain) <= 2 * _MAX_LENGTH else None
    if found is None or found["host"].startswith("*"):
        return False
    if ANY in patterns:
        return True
    scheme, host, port = found["scheme"], found["host"], found["port"]
    kept = f":{int(port)}" if port and port != _DEFAULT.get(scheme) else ""
    if f"{scheme}://{host}{kept}" in patterns:
        return True
    # Each name above this one, so that the work is that of the host's own length.
    labels = host.split(".")
    return any(f"{scheme}://*.{'.'.join(labels[i:])}{kept}" in patterns for i in range(1, len(labels)))


def _ascii(text: str, shown: str) -> str:
    """A name in another script as browsers send it."""
    scheme, _, rest = text.partition("://")
    host, colon, port = rest.partition(":")
    star = "*." if host.startswith("*.") else ""
    try:
        return f"{scheme}://{star}{host.removeprefix(star).encode('idna').decode()}{colon}{port}"
    except UnicodeError as error:
        raise InvalidValue(f"The origin {shown} does not fit: {_EXAMPLE}.") from error
