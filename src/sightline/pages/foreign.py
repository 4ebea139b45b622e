"""Foreign text on its way into a page: escaped, its invisible commands shown, its links named."""

from __future__ import annotations

from urllib.parse import urlsplit

from markupsafe import Markup, escape

from sightline.pages.formats import shown

SCHEMES = frozenset({"http", "https", "mailto"})
# No window opener, no referrer, no vote for a search engine.
REL = "noopener noreferrer nofollow"


def escaped(text: str) -> Markup:
    """Text that is text again in HTML, whatever it contains."""
    return escape(shown(text))


def lines(text: str) -> str:
    """Text with one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def scheme(address: str) -> str:
    """The scheme of an absolute address; empty for any other, so that no link leads into these pages."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.scheme.lower() if parts.netloc or parts.scheme.lower() == "mailto" else ""


def host(address: str) -> str:
    """Where a link leads, in words: a host, or a mail address."""
    try:
        parts = urlsplit(address)
        return parts.path if parts.scheme.lower() == "mailto" else parts.hostname or ""
    except ValueError:
        return ""


def link(address: str, words: str | Markup = "") -> Markup:
    """A link to somewhere else, which says where; the mere text when its scheme is none of `SCHEMES`."""
    if scheme(address) not in SCHEMES:
        return escaped(words or address)
    said = words if isinstance(words, Markup) else escaped(words or address)
    opened = Markup('<a href="{}" rel="{}" target="_blank" title="{}">{}</a>').format(
        address, REL, shown(address), said
    )
    where = host(address)
    if not where or where in str(words or address).lower():
        return opened
    return opened + Markup(' <span class="host">{}</span>').format(shown(where))
