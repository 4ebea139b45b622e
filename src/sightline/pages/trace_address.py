"""What the address of a trace says: which span, which tab, what is folded, zoomed, looked for. Pure.

All of it can be written by hand and works without scripts; what cannot be read is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sightline.pages.address import with_query

TABS = ("messages", "documents", "attributes", "cost", "events", "moment", "scores", "raw")
VIEWS = ("waterfall", "path")
PARAMETERS = ("span", "tab", "from", "exact", "view", "open", "fold", "zoom", "find",
              "score_done", "score_undo")  # fmt: skip
ALL = "all"
"""In `open`: every span in a row of its own."""
_MOST_IDS = 200
_ID = re.compile(r"[0-9a-f]{1,64}(-[0-9a-f]{8})?|all")
_SIDE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)?")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


@dataclass(frozen=True, slots=True)
class Zoom:
    """A stretch of the trace in nanoseconds since its start."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """In nanoseconds, at least one."""
        return max(1, self.end - self.start)

    def __str__(self) -> str:
        return f"{_written(self.start)}..{_written(self.end)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of the page. `carried`: range, environment and comparison, for links that lead on.

    `start` is the first row shown, `exact` shows texts as stored, `find` is what is looked for in the trace.
    """

    base: str
    span: str = ""
    tab: str = ""
    start: int = 0
    exact: bool = False
    view: str = VIEWS[0]
    open: frozenset[str] = frozenset()
    fold: frozenset[str] = frozenset()
    zoom: Zoom | None = None
    find: str = ""
    carried: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The parameters of this state that differ from the default."""
        given = {
            **self.carried,
            "span": self.span,
            "tab": self.tab,
            "exact": "1" if self.exact else "",
            "view": self.view if self.view != VIEWS[0] else "",
            "open": ".".join(sorted(self.open)),
            "fold": ".".join(sorted(self.fold)),
            "zoom": str(self.zoom) if self.zoom else "",
            "find": self.find,
            "from": str(self.start) if self.start else "",
        }
        return tuple((name, value) for name, value in given.items() if value)

    @property
    def href(self) -> str:
        """The address of this state."""
        return with_query(self.base, dict(self.fields))

    def to(self, span: str) -> str:
        """The address of another span in this view."""
        return replace(self, span=span, exact=False).href

    def on(self, tab: str, span: str = "") -> str:
        """The address of a tab, of this span or another."""
        return replace(self, tab=tab, span=span or self.span, exact=False).href

    def toggled(self, id_: str, expanded: bool, span: str = "") -> str:
        """The address where a row is folded or unfolded; with it, `span` is chosen."""
        opened, folded = self.open - {id_}, self.fold - {id_}
        # What was unfolded by hand goes back to how it stands by itself, and the other way round.
        if expanded and id_ not in self.open:
            folded |= {id_}
        if not expanded and id_ not in self.fold:
            opened |= {id_}
        return replace(self, open=opened, fold=folded, span=span or self.span, start=0).href


def read(base: str, query: Mapping[str, str], carried: Mapping[str, str | None]) -> Asked:
    """The state as the address has it; what is not understood stays at its default."""
    start = query.get("from", "")
    tab, view = query.get("tab", ""), query.get("view", "")
    return Asked(
        base=base,
        span=query.get("span", "").lower()[:64],
        tab=tab if tab in TABS else "",
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 0,
        exact=query.get("exact") == "1",
        view=view if view in VIEWS else VIEWS[0],
        open=_ids(query.get("open", "")),
        fold=_ids(query.get("fold", "")),
        zoom=zoom(query.get("zoom", "")),
        find=query.get("find", "").strip()[:500],
        carried=carried,
    )


def misread(query: Mapping[str, str]) -> tuple[str, ...]:
    """What the address says that is not understood, in words."""
    found = []
    if query.get("zoom") and zoom(query["zoom"]) is None:
        found.append(f"The zoom “{query['zoom'][:40]}” is not understood; it is written as 1.2s..3.6s.")
    for name, known in (("tab", TABS), ("view", VIEWS)):
        if query.get(name) and query[name] not in known:
            found.append(f"The {name} “{query[name][:40]}” is not known; there are {', '.join(known)}.")
    return tuple(found)


def _ids(text: str) -> frozenset[str]:
    return frozenset(one for one in text[:20_000].split(".")[:_MOST_IDS] if _ID.fullmatch(one))


def zoom(text: str) -> Zoom | None:
    """`1.2s..3.6s` as a stretch of the trace; None when it is none."""
    begin, dots, end = text.partition("..")
    start, stop = _moment(begin), _moment(end)
    if not dots or start is None or stop is None or stop <= start:
        return None
    return Zoom(start, stop)


def _moment(text: str) -> int | None:
    found = _SIDE.fullmatch(text.strip())
    if not found:
        return None
    whole, _, rest = found[1].partition(".")
    unit = _UNITS[found[2] or "s"]
    return int(whole) * unit + (int(rest) * unit // 10 ** len(rest) if rest else 0)


def _written(ns: int) -> str:
    """In seconds, every digit."""
    whole, rest = divmod(ns, 10**9)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".") + "s"
