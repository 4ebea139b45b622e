"""What the pages of the settings share: their tabs, and which projects a reader administers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sightline.pages.address import Link
from sightline.pages.shell import Shell
from sightline.records.access import Principal
from sightline.records.people import Role

Frame = Callable[..., Awaitable[Shell]]
"""Request, title and the page's own parameters → the frame."""


def tabs(principal: Principal, current: str) -> tuple[Link, ...]:
    """The settings this reader may see, in their order; `current` is the last part of an address."""
    roles = principal.person.roles.values() if principal.person else ()
    admin = principal.operator or principal.person is None or Role.ADMIN in roles
    names = [("People", "people"), ("Keys", "keys"), ("Projects", "projects")] if admin else []
    if admin or Role.EDITOR in roles:
        names += [("Prices", "prices"), ("Scores", "scores")]
    if admin:
        names += [("Scrape", "scrape"), ("Health", "health"), ("Log", "log")]
    if principal.person is not None:
        names.append(("Your account", "me"))
    return tuple(Link(text, f"/settings/{name}", name == current) for text, name in names)


def managed(principal: Principal, names: Sequence[str]) -> list[str]:
    """The projects this reader administers."""
    return [n for n in names if principal.operator or principal.role_in(n) is Role.ADMIN]


def edited(principal: Principal, names: Sequence[str]) -> list[str]:
    """The projects whose prices this reader may change."""
    roles = ((n, principal.role_in(n)) for n in names)
    return [n for n, role in roles if principal.operator or (role and role.includes(Role.EDITOR))]


def nanoseconds(moment: datetime) -> int:
    """A moment as the pages' filters take it."""
    return round(moment.timestamp() * 1000) * 10**6
