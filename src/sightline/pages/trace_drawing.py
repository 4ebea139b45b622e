"""One trace as its address asks for it: its lines, what is chosen, what stands around it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.pages.minimap import fitting
from sightline.pages.pathline import PathOnLines, Step
from sightline.pages.scale import Scale
from sightline.pages.trace_address import ALL, VIEWS, Asked
from sightline.pages.trace_lines import Line, Lines, Shows, lines
from sightline.pages.waterfall import WINDOW, Rows, SpanRow
from sightline.query.opened_traces import LARGE, Opened
from sightline.records.trace import Trace

_MOST_STEPPED = 400


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that are shown: lines `first` up to `first + len(rows)` of `total`, in pieces of `size`."""

    rows: tuple[SpanRow, ...]
    first: int
    total: int
    size: int
    href: str
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked for in the trace: how many spans have it, and the way through them."""

    text: str
    count: int
    place: int
    previous: str
    next: str
    kept: tuple[tuple[str, str], ...]
    clear: str


class KeptLines:
    """The lines of the large trace drawn last: whoever scrolls asks for a piece of the same ones again."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[Any, ...], Lines] | None = None

    def of(self, found: Opened, asked: Asked, chosen: int, only: Collection[int] | None) -> Lines:
        """The lines of a trace for an address."""
        trace = found.trace
        # With a row for each nothing has to be revealed.
        every = ALL in asked.open and not asked.fold
        key = (found, asked.open, asked.fold, asked.view, -1 if every else chosen)
        kept = self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        made = lines(trace.tree, trace.columns, found.groups, asked, chosen, only)
        if len(made) > LARGE:
            self._kept = (key, made)
        return made


class Drawing:
    """One trace as the address asks for it: its lines, what is chosen, and what stands around it. Pure."""

    def __init__(
        self,
        found: Opened,
        asked: Asked,
        hits: frozenset[str] = frozenset(),
        kept: KeptLines | None = None,
    ) -> None:
        self.found, self.hits = found, hits
        self.trace: Trace = found.trace
        self.group = next((g for some in found.groups.values() for g in some if g.id == asked.span), None)
        row = self.trace.row(asked.span)
        self.chosen = -1 if row is None else row
        known = asked.span if row is not None or self.group else ""
        self.asked = replace(asked, span=known, zoom=fitting(asked.zoom, self.trace))
        self.path = PathOnLines(found.path, self.trace.tree)
        only = self.path.rows if asked.view == VIEWS[1] else None
        reveal = self.group.members[0] if self.group and self.chosen < 0 else self.chosen
        if self.group and reveal >= 0:
            reveal = self.trace.tree.parent[reveal]
        self.lines: Lines = (kept or KeptLines()).of(found, self.asked, reveal, only)
        zoom = self.asked.zoom
        begin = self.trace.start_time
        self.scale = Scale(
            begin + (zoom.start if zoom else 0), begin + (zoom.end if zoom else self.trace.duration_ns), begin
        )

    def place(self) -> int | None:
        """The line of what is chosen."""
        if self.chosen >= 0:
            return self.lines.place_of(self.chosen)
        for place, line in enumerate(self.lines.lines):
            if self.group and line.group is self.group and line.shows is Shows.GROUP:
                return place
        return None

    def window(self, inspected: str = "") -> Window:
        """Two pieces of rows: as asked, unless what is chosen would be out of them."""
        total = len(self.lines)
        first = self.asked.start // WINDOW * WINDOW if self.asked.start < total else 0
        place = self.place()
        if place is not None and not first <= place < first + 2 * WINDOW:
            first = max(0, place - WINDOW // 2) // WINDOW * WINDOW
        found = self.rows(first, first + 2 * WINDOW, inspected)
        end = first + len(found)
        # By itself, an address with a chosen span shows that span's rows.
        free = replace(self.asked, span="")
        return Window(
            found,
            first,
            total,
            WINDOW,
            self.asked.href,
            replace(free, start=max(0, first - 2 * WINDOW)).href if first else "",
            replace(free, start=end).href if end < total else "",
        )

    def piece(self) -> Window:
        """One piece of rows, exactly where it was asked for."""
        first = self.asked.start // WINDOW * WINDOW
        return Window(self.rows(first, first + WINDOW), first, len(self.lines), WINDOW, "", "", "")

    def rows(self, first: int, last: int, inspected: str = "") -> tuple[SpanRow, ...]:
        """Rows of some lines; `inspected` is chosen while the address names no span."""
        chosen = self.chosen if self.chosen >= 0 or self.group else (self.trace.row(inspected) or 0)
        drawn = Rows(self.trace, self.lines, self.asked, self.scale, self.path, self.hits, chosen)
        return drawn.window(first, last)

    def steps(self, window: Window) -> tuple[Step, ...]:
        """The path's steps between lines, where all lines stand on the page."""
        if window.first or len(self.lines) > _MOST_STEPPED:
            return ()
        return self.path.steps(self.lines, self.scale)

    def beside(self) -> tuple[str, str]:
        """Addresses of the lines before and after what is chosen."""
        place = self.place()
        place = 0 if place is None else place
        return self._nearest(range(place - 1, -1, -1)), self._nearest(range(place + 1, len(self.lines)))

    def _nearest(self, places: Sequence[int]) -> str:
        for place in places:
            id_ = self._id(self.lines.lines[place])
            if id_:
                return self.asked.to(id_)
        return ""

    def _id(self, line: Line) -> str:
        if line.shows is Shows.SPAN:
            return self.trace.columns.ids[line.row]
        return line.group.id if line.group and line.shows is Shows.GROUP else ""

    def next_error(self) -> str:
        """The next failed span in the order of the tree, also in what is folded; around at the end."""
        failed = self.trace.columns.failed
        start = self.chosen
        if start < 0 and self.group:
            start = self.group.members[0] - 1
        order = [*range(start + 1, len(failed)), *range(start + 1)]
        row = next((row for row in order if failed[row]), None)
        if row is None:
            return ""
        return replace(self.asked, span=self.trace.columns.ids[row], start=0).href

    def finding(self) -> Finding:
        """What was looked for, and the hits before and after what is chosen."""
        ids = self.trace.columns.ids
        rows = [row for row, id_ in enumerate(ids) if id_ in self.hits] if self.hits else []
        before = [row for row in rows if row < self.chosen]
        after = [row for row in rows if row > self.chosen]

        def to(row: int) -> str:
            return replace(self.asked, span=ids[row], start=0).href

        place = len(before) + 1 if self.chosen in rows else 0
        previous = before[-1] if before else rows[-1] if rows else None
        following = after[0] if after else rows[0] if rows else None
        state = replace(self.asked, find="", start=0)
        return Finding(
            text=self.asked.find,
            count=len(rows),
            place=place,
            previous="" if previous is None else to(previous),
            next="" if following is None else to(following),
            kept=state.fields,
            clear=state.href if self.asked.find else "",
        )
