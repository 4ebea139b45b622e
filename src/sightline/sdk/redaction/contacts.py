"""E-mail addresses and IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from sightline.sdk.redaction.found import Found

_PLAIN_AT = re.compile(r"@(?=[^\W_])")
_AT = re.compile(r"@(?=[^\W_])|%40(?=[A-Za-z0-9])")
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w\-]{0,61}[^\W_])?+\.){1,8}([A-Za-z][A-Za-z0-9\-]{1,23}|[^\W\d_]{2,24})(?![\w])"
)
_NOT_LOCAL = re.compile(r"[\s@\"'()<>\[\]{},:;\\|&?=*$!#`~^/]")
# Endings of files and attributes that look like domains: logo@2x.png.
_NO_DOMAIN = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "svg",
        "css",
        "scss",
        "json",
        "html",
        "htm",
        "xml",
        "yaml",
        "yml",
        "toml",
        "txt",
        "pdf",
        "csv",
        "tsx",
        "jsx",
        "vue",
        "lock",
        "map",
        "bin",
        "exe",
        "log",
        "conf",
        "cfg",
        "ini",
        "bak",
        "whl",
        "tar",
        "zip",
        "local",
        "localhost",
        "internal",
        "invalid",
    ]
)
_OTHERS = frozenset({"git", "hg", "svn"})
_V4 = re.compile(r"[0-9](?<![\w.][0-9])(?:[0-9]{0,2})(?:\.[0-9]{1,3}){3}(?![\w]|\.[0-9])")
_V6 = re.compile(r":(?<![\w:.]:)?(?=[0-9a-fA-F:])")
_V6_WORD = re.compile(r"[0-9a-fA-F:]{2,39}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?")


def emails(text: str) -> Iterator[Found]:
    """Addresses, also with letters beyond ASCII and with %40 in a URL."""
    if "@" not in text and "%40" not in text:
        return
    # A pattern that begins with one sign is found much faster than a choice of two.
    for match in (_AT if "%40" in text else _PLAIN_AT).finditer(text):
        at = match.start()
        if at == 0 or text[at - 1].isspace():
            continue
        domain = _DOMAIN.match(text, match.end(), match.end() + 256)
        if domain is None or domain[1].lower() in _NO_DOMAIN:
            continue
        name = _NOT_LOCAL.split(text[max(0, at - 64) : at])[-1].lstrip(".-")
        # A percent-encoded pair before the name is what separates it in a URL.
        if match[0] == "%40" and "%" in name:
            name = re.split(r"%[0-9A-Fa-f]{2}", name)[-1]
        if not name or name.endswith(".") or not any(c.isalnum() for c in name):
            continue
        if name.lower() in _OTHERS and text[domain.end() : domain.end() + 1] in (":", "/"):
            continue
        yield Found(at - len(name), domain.end(), "email")


def addresses(text: str) -> Iterator[Found]:
    """IPv4 and IPv6 addresses; unspecified, loopback and broadcast addresses are nobody's."""
    for match in _V4.finditer(text):
        if _somebodys(match[0]):
            yield Found(match.start(), match.end(), "ip", "v4")
    end = 0
    for colon in _V6.finditer(text):
        at = colon.start()
        if at < end:
            continue
        start = at
        while start > 0 and at - start < 4 and text[start - 1] in "0123456789abcdefABCDEF":
            start -= 1
        if start and (text[start - 1].isalnum() or text[start - 1] in "_:"):
            continue
        word = _V6_WORD.match(text, start)
        if word is None or word[0].count(":") < 2 or not any(c.isdigit() for c in word[0]):
            continue
        end = word.end()
        found = word[0].rstrip(":") if not word[0].endswith("::") else word[0]
        if not text[end : end + 1].isalnum() and _somebodys(found):
            yield Found(start, start + len(found), "ip", "v6")


def _somebodys(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or text == "255.255.255.255")
