"""What an address says: the state of every view, read from the query string and written into links.

All of a view's state is in its address, so that it can be sent to a colleague and walked with Back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from sightline.query.window import LATEST, Window

S = 10**9
# Relative ranges in the order of the menu: name in the address → (words, seconds).
RANGES: dict[str, tuple[str, int]] = {
    "15m": ("Last 15 minutes", 900),
    "1h": ("Last hour", 3600),
    "6h": ("Last 6 hours", 6 * 3600),
    "24h": ("Last 24 hours", 24 * 3600),
    "7d": ("Last 7 days", 7 * 86400),
    "30d": ("Last 30 days", 30 * 86400),
}
MONTH = "month"
DEFAULT_RANGE = "24h"
# What figures are compared with: name in the address → words.
COMPARISONS: dict[str, str] = {
    "none": "No comparison",
    "prev": "The time before",
    "-1d": "A day earlier",
    "-7d": "A week earlier",
}
_BACK = {"-1d": 86400 * S, "-7d": 7 * 86400 * S}
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


@dataclass(frozen=True, slots=True)
class Link:
    """Words, where they lead, and whether the reader is there."""

    text: str
    href: str
    current: bool = False
    icon: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A request's state as read from the address: defaults filled in, what was wrong in `notices`.

    `since` and `until` are the range in nanoseconds, `range_name` as the address has it, `range_text` in
    words. `vs` names the comparison, `q` is the filter as typed. `relative`: the range moves with time.
    """

    project: str
    since: int
    until: int
    range_name: str
    range_text: str
    relative: bool
    environment: str
    vs: str
    q: str
    here: str
    theme: str
    notices: tuple[str, ...]

    @property
    def window(self) -> Window:
        """Project and range, as questions take them."""
        return Window(self.project, self.since, self.until)

    @property
    def earlier(self) -> Window | None:
        """What the range is compared with, of the same length."""
        if self.vs == "none":
            return None
        return self.window.earlier(_BACK.get(self.vs, self.until - self.since))

    def link(self, *parts: str, **changes: str | None) -> str:
        """The address of a page of this project with the same range, environment and comparison.

        `changes` are parameters to set, or with None to leave out.
        """
        return with_query(path_of(self.project, *parts), self.carried | changes)

    @property
    def carried(self) -> dict[str, str | None]:
        """The parameters that go with the reader from page to page; defaults are left out."""
        return {
            "range": self.range_name if self.range_name != DEFAULT_RANGE else None,
            "env": self.environment or None,
            "vs": self.vs if self.vs != "none" else None,
        }


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


def view(
    project: str, path: str, query: Mapping[str, str], theme: str, now: int, known: Sequence[str] = ()
) -> View:
    """Read the state of a page from its address at a moment (ns). `known` names the page's own parameters,
    `vs` and `q` among them where the page has a comparison or a filter.

    An unknown parameter is ignored and named, a broken value replaced by the default and said so.
    """
    notices = []
    name = query.get("range", DEFAULT_RANGE)
    found = _range(name, now)
    if found is None:
        notices.append(
            f"The range “{name[:60]}” is not understood; showing the last 24 hours. Known are "
            f"{', '.join(RANGES)}, {MONTH}, and two times such as 2026-11-19T14:00Z..2026-11-20T14:00Z."
        )
        name = DEFAULT_RANGE
        found = _range(name, now) or (0, 1, "")
    vs = query.get("vs", "none") if "vs" in known else "none"
    if vs not in COMPARISONS:
        notices.append(f"The comparison “{vs[:40]}” is not understood. Known are {', '.join(COMPARISONS)}.")
        vs = "none"
    # The comparison goes with the reader to pages that have none.
    unknown = [key for key in query if key not in {"range", "env", "vs", *known}]
    if unknown:
        notices.append(
            f"Ignored: {', '.join(key[:40] for key in unknown[:5])}. This page has no such parameter."
        )
    kept = {key: value for key, value in query.items() if key not in unknown}
    return View(
        project=project,
        since=found[0],
        until=found[1],
        range_name=name,
        range_text=found[2],
        relative=".." not in name,
        environment=query.get("env", ""),
        vs=vs,
        q=query.get("q", "") if "q" in known else "",
        here=with_query(path, kept),
        theme=theme,
        notices=tuple(notices),
    )


def _range(name: str, now: int) -> tuple[int, int, str] | None:
    """Beginning, end and words of a range; None when it is not understood."""
    if name in RANGES:
        words, seconds = RANGES[name]
        return max(0, now - seconds * S), max(now, 1), words
    if name == MONTH:
        first = datetime.fromtimestamp(now // S, UTC).replace(day=1, hour=0, minute=0, second=0)
        return int(first.timestamp()) * S, max(now, 1), "This month"
    begins, dots, ends = name.partition("..")
    since, until = _moment(begins), _moment(ends)
    if not dots or since is None or until is None or not 0 <= since < until <= LATEST:
        return None
    return since, until, f"{_said(since, now)} to {_said(until, now)} UTC"


def _moment(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    elapsed = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * S + elapsed.microseconds * 1000


def _said(ns: int, now: int) -> str:
    then = datetime.fromtimestamp(ns // S, UTC)
    seconds = f":{then:%S}" if then.second else ""
    year = "" if then.year == datetime.fromtimestamp(now // S, UTC).year else f" {then.year}"
    return f"{then.day} {then:%b}{year} {then:%H:%M}{seconds}"


def absolute_range(since: int, until: int) -> str:
    """A range as the address has it, to the millisecond: `2026-11-19T14:32Z..2026-11-20T14:32Z`."""
    return f"{_written(since)}..{_written(until)}"


def _written(ns: int) -> str:
    then = datetime.fromtimestamp(ns // S, UTC)
    thousandths = ns // 10**6 % 1000
    if thousandths:
        return f"{then:%Y-%m-%dT%H:%M:%S}.{thousandths:03d}Z"
    return f"{then:%Y-%m-%dT%H:%M:%S}Z" if then.second else f"{then:%Y-%m-%dT%H:%M}Z"
