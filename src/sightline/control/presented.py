"""What a request presents of itself: texts that may be keys, and cookies of a signed-in browser."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from sightline.control.tokens import shaped

SECURE_COOKIE = "__Host-sightline"
"""Over TLS. The prefix makes browsers take it from this very host only, for every path, and over TLS."""
PLAIN_COOKIE = "sightline_session"
"""Without TLS, where the prefix is not possible: on this machine, or in a network that is trusted."""


def keys_in(headers: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Every text that may be meant as a key, in order of precedence; and whether browsers add it unasked."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip(), False
    elif scheme.lower() == "basic":
        yield from ((half, True) for half in _basic_halves(rest.strip()))
    elif scheme:
        yield scheme, False  # a bare key, as some senders put it
    for name in ("x-api-key", "api-key", "api_key"):
        if name in headers:
            yield headers[name].strip(), False


def session_tokens(headers: Mapping[str, str]) -> list[str]:
    """Tokens of browser sessions; the one that only TLS can have set comes first."""
    found: dict[str, str] = {}
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        found.setdefault(name, value.strip().strip('"'))
    return [t for name in (SECURE_COOKIE, PLAIN_COOKIE) if shaped(t := found.get(name, ""))]


def _basic_halves(encoded: str) -> list[str]:
    """User and password of Basic; either may be the key, as senders put it on both sides."""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return [encoded]
    user, _, password = decoded.partition(":")
    return [half for half in (password, user) if half] or [encoded]
