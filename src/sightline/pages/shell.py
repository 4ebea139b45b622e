"""The frame around every page: project, environment, range, navigation, theme, and what arrives.

All of a view's state is in its address; the shell computes the addresses of its own switches from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sightline.pages import formats
from sightline.pages.services import Intake
from sightline.records.access import Principal
from sightline.records.people import Role

# Relative ranges in the order of the menu: name in the address → (words, seconds).
RANGES: dict[str, tuple[str, int]] = {
    "15m": ("Last 15 minutes", 900),
    "1h": ("Last hour", 3600),
    "6h": ("Last 6 hours", 6 * 3600),
    "24h": ("Last 24 hours", 24 * 3600),
    "7d": ("Last 7 days", 7 * 86400),
    "30d": ("Last 30 days", 30 * 86400),
}
DEFAULT_RANGE = "24h"
THEMES = ("system", "light", "dark")
THEME_COOKIE = "sightline_theme"
SLOW_AFTER = 10.0
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


@dataclass(frozen=True, slots=True)
class Link:
    """Words, where they lead, and whether the reader is there."""

    text: str
    href: str
    current: bool = False
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Foot:
    """What arrives, how soon it is visible, what is in quarantine. `tone` is empty, `warn` or `err`."""

    arriving: str
    visible: str
    quarantine: str
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Account:
    """The reader, where somebody is signed in. `csrf` is what forms of their session bring."""

    title: str
    email: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything the frame shows. `theme` is empty when the system decides, `account` None where nobody is
    signed in."""

    title: str
    project: str
    projects: tuple[Link, ...]
    environment: str
    environments: tuple[Link, ...]
    range_name: str
    range_text: str
    ranges: tuple[Link, ...]
    navigation: tuple[Link, ...]
    theme: str
    themes: tuple[Link, ...]
    foot: Foot
    here: str
    notices: tuple[str, ...]
    account: Account | None


@dataclass(frozen=True, slots=True)
class View:
    """A request's state as read from the address: defaults filled in, what was wrong in `notices`."""

    project: str
    range_name: str
    environment: str
    here: str
    theme: str
    notices: tuple[str, ...]

    @property
    def seconds(self) -> int:
        """Length of the range."""
        return RANGES[self.range_name][1]


def path_of(project: str, *parts: str) -> str:
    """`/p/{project}/…` with every part quoted."""
    return "/".join(("/p", quote(project, safe=""), *(quote(part, safe="") for part in parts)))


def with_query(path: str, query: Mapping[str, str | None]) -> str:
    """`path` with the parameters that have a value."""
    kept = {key: value for key, value in query.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def local(address: str, otherwise: str = "/") -> str:
    """`address` when it is a path of this server, so that a link cannot send the reader elsewhere."""
    return address if _LOCAL.fullmatch(address) else otherwise


def theme_of(cookie: str | None) -> str:
    """The reader's theme, empty when nothing (or nonsense) was chosen."""
    return cookie if cookie in ("light", "dark") else ""


def view(project: str, path: str, query: Mapping[str, str], theme: str, known: Sequence[str] = ()) -> View:
    """Read the state of a page from its address. `known` names the parameters of the page itself.

    An unknown parameter is ignored and named, a broken value replaced by the default and said so.
    """
    notices = []
    range_name = query.get("range", DEFAULT_RANGE)
    if range_name not in RANGES:
        notices.append(
            f"The range “{range_name[:40]}” is not understood; showing the last 24 hours. "
            f"Known are {', '.join(RANGES)}."
        )
        range_name = DEFAULT_RANGE
    unknown = [key for key in query if key not in {"range", "env", *known}]
    if unknown:
        notices.append(
            f"Ignored: {', '.join(key[:40] for key in unknown[:5])}. This page has no such parameter."
        )
    kept = {key: value for key, value in query.items() if key not in unknown}
    return View(project, range_name, query.get("env", ""), with_query(path, kept), theme, tuple(notices))


def foot(intake: Intake, href: str) -> Foot:
    """The foot of the navigation: amber when late, red when a sender is refused or a request is set aside."""
    rate = intake.spans_per_second
    arriving = "no spans yet" if rate is None and not intake.accepted else "measuring"
    if rate is not None:
        arriving = f"{formats.count(round(rate)) if rate == 0 or rate >= 10 else f'{rate:.1f}'} spans/s"
    visible = (
        "" if intake.visible_after is None else str(formats.duration(round(intake.visible_after * formats.S)))
    )
    tone = "warn" if (intake.visible_after or 0) > SLOW_AFTER else ""
    quarantine = "Nothing in quarantine"
    if intake.refused:
        tone, quarantine = "err", f"{formats.count(intake.refused)} requests refused"
    if intake.quarantined:
        tone, quarantine = "err", f"{formats.count(intake.quarantined)} in quarantine"
    return Foot(arriving, visible, quarantine, tone, href)


def shell(
    title: str,
    page: str,
    view: View,
    intake: Intake,
    projects: Sequence[str],
    environments: Sequence[str] = (),
    *,
    empty: bool = False,
    principal: Principal | None = None,
) -> Shell:
    """The frame for one page. `page` is the navigation entry the reader is at, `empty`: no trace came yet."""
    person = principal.person if principal else None
    base = path_of(view.project, "traces")
    carried = {
        "range": view.range_name if view.range_name != DEFAULT_RANGE else None,
        "env": view.environment or None,
    }
    first = path_of(view.project, "first")
    navigation = [Link("Traces", with_query(base, carried), page == "traces", "traces")]
    if empty or page == "first":
        navigation.append(Link("First run", first, page == "first", "first"))
    if principal is not None and (person or principal.role_in(view.project) is Role.ADMIN):
        navigation.append(Link("Settings", "/settings", page == "settings", "settings"))
    at_list = base if page != "first" else first
    return Shell(
        title=title,
        project=view.project,
        projects=tuple(Link(name, path_of(name, "traces"), name == view.project) for name in projects),
        environment=view.environment,
        environments=(
            Link("All environments", with_query(base, carried | {"env": None}), not view.environment),
            *(
                Link(name, with_query(base, carried | {"env": name}), name == view.environment)
                for name in environments
            ),
        )
        if environments or view.environment
        else (),
        range_name=view.range_name,
        range_text=RANGES[view.range_name][0],
        ranges=tuple(
            Link(
                text,
                with_query(at_list, carried | {"range": name if name != DEFAULT_RANGE else None}),
                name == view.range_name,
            )
            for name, (text, _) in RANGES.items()
        ),
        navigation=tuple(navigation),
        theme=view.theme,
        themes=tuple(
            Link(
                name.capitalize(),
                with_query("/theme", {"to": name, "back": view.here}),
                name == (view.theme or "system"),
            )
            for name in THEMES
        ),
        foot=foot(intake, first),
        here=view.here,
        notices=view.notices,
        account=Account(person.title, person.email, principal.csrf) if principal and person else None,
    )
