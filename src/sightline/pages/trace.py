"""One trace: its facts, the window of its tree, and the inspector of the selected span.

A large trace is shown a window at a time; the rows around it are fetched before they come into view, or by a
link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats
from sightline.pages.address import path_of, with_query
from sightline.pages.answers import Missing, html, part
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.group import GroupSheet, group_sheet
from sightline.pages.inspector import Inspector
from sightline.pages.minimap import Minimap, fitting, minimap
from sightline.pages.pathline import PathOnLines, Step
from sightline.pages.scale import Scale
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.span_reader import SpanReader
from sightline.pages.trace_address import ALL, PARAMETERS, VIEWS, Asked, misread, read
from sightline.pages.trace_facts import Fact, StageBar, facts, notes, running, stage_bars
from sightline.pages.trace_lines import Line, Lines, Shows, lines
from sightline.pages.waterfall import WINDOW, Rows, SpanRow
from sightline.query.opened_traces import LARGE, Opened, OpenedTraces
from sightline.query.repeats import Repeats
from sightline.query.trace_find import find
from sightline.records.trace import Trace

_MOST_STEPPED = 400


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that are shown: lines `first` up to `first + len(rows)` of `total`."""

    rows: tuple[SpanRow, ...]
    first: int
    total: int
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


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Everything `trace.html` shows."""

    shell: Shell
    trace_id: str
    list_href: str
    compare_href: str
    title: str
    service: str
    environment: str
    start_time: int
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    mini: Minimap
    window: Window
    steps: tuple[Step, ...]
    spans_total: int
    grouped: bool
    everything: str
    path_only: bool
    path_switch: str
    next_error: str
    finding: Finding
    stages: tuple[StageBar, ...]
    duration_ns: int
    running: bool
    inspector: Inspector | None
    sheet: GroupSheet | None


class KeptLines:
    """The lines of the large trace drawn last: whoever scrolls asks for a piece of the same ones again."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._lines: Lines | None = None

    def of(self, found: Opened, asked: Asked, chosen: int, only: Collection[int] | None) -> Lines:
        """The lines of a trace for an address."""
        trace = found.trace
        # With a row for each nothing has to be revealed.
        every = ALL in asked.open and not asked.fold
        key = (found, asked.open, asked.fold, asked.view, -1 if every else chosen)
        if self._lines is not None and key == self._key:
            return self._lines
        made = lines(trace.tree, trace.columns, found.groups, asked, chosen, only)
        if len(made) > LARGE:
            self._key, self._lines = key, made
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
            self.asked.href,
            replace(free, start=max(0, first - 2 * WINDOW)).href if first else "",
            replace(free, start=end).href if end < total else "",
        )

    def piece(self) -> Window:
        """One piece of rows, exactly where it was asked for."""
        first = self.asked.start // WINDOW * WINDOW
        return Window(self.rows(first, first + WINDOW), first, len(self.lines), "", "", "")

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


def context(
    shell: Shell,
    drawing: Drawing,
    inspected: Inspector | None,
    sheet: GroupSheet | None,
    title: str,
    now: int,
    misunderstood: Sequence[str] = (),
) -> TraceContext:
    """What the page shows of one trace."""
    trace, asked = drawing.trace, drawing.asked
    root = trace.spans[0]
    window = drawing.window(inspected.span.span_id if inspected else "")
    groups: Sequence[Sequence[Repeats]] = list(drawing.found.groups.values())
    other = replace(asked, view=VIEWS[0] if asked.view == VIEWS[1] else VIEWS[1], start=0)
    opened = replace(asked, open=asked.open - {ALL} if ALL in asked.open else asked.open | {ALL}, start=0)
    return TraceContext(
        shell=shell,
        trace_id=trace.trace_id,
        list_href=with_query(path_of(trace.project, "traces"), asked.carried),
        compare_href=with_query(path_of(trace.project, "compare"), {**asked.carried, "a": trace.trace_id}),
        title=title or root.name or trace.trace_id,
        service=root.service,
        environment=root.environment,
        start_time=trace.start_time,
        facts=facts(trace),
        notes=(*misunderstood, *notes(drawing.found, now)),
        ticks=drawing.scale.ticks(),
        mini=minimap(trace, asked, lambda ns: str(formats.duration(ns))),
        window=window,
        steps=drawing.steps(window),
        spans_total=len(trace.spans),
        grouped=bool(groups) and ALL not in asked.open,
        everything=opened.href if groups else "",
        path_only=asked.view == VIEWS[1],
        path_switch=other.href,
        next_error=drawing.next_error(),
        finding=drawing.finding(),
        stages=stage_bars(drawing.found, asked),
        duration_ns=trace.duration_ns,
        running=running(drawing.found, now),
        inspector=inspected,
        sheet=sheet,
    )


class TracePages:
    """`/p/{project}/traces/{trace_id}`, and a span's record as a file."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self.opened = OpenedTraces()
        self.lines = KeptLines()

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("GET", "/p/{project}/traces/{trace_id}", self.show),
            ("GET", "/p/{project}/traces/{trace_id}/record", self.record),
        ]

    async def show(self, request: Request) -> Response:
        """One trace, or the part of it that is asked for."""
        view, principal = await self.frames.view(request, PARAMETERS)
        trace_id, now = request.path_params["trace_id"], self.services.clock()
        found = await self.opened.get(self.services.store, view.project, trace_id, now)
        if found is None:
            raise _unknown(view.project, trace_id)
        trace = found.trace
        asked = read(path_of(view.project, "traces", trace.trace_id), request.query_params, view.carried)
        hits = await find(self.services.store, trace, asked.find, now) if asked.find else frozenset()
        wanted = part(request)
        drawing = Drawing(found, asked, hits, self.lines)
        if wanted == "more-rows":
            return html(render("_rows.html", Piece(drawing.piece())))
        reader = SpanReader(self.services.store, trace)
        sheet = None
        if drawing.group is not None:
            sheet = group_sheet(trace, drawing.group, drawing.asked)
            opened, title = None, await reader.title()
        else:
            opened, title = await asyncio.gather(
                reader.inspector(max(drawing.chosen, 0), drawing.asked, drawing.beside()), reader.title()
            )
        frame = await self.frames.shell(title[:80], "traces", view, principal)
        wrong = misread(request.query_params)
        filled = context(frame, drawing, opened, sheet, title, now, wrong)
        return html(render("_inspector.html" if wanted == "inspector" else "trace.html", filled))

    async def record(self, request: Request) -> Response:
        """One span as it is stored, as a JSON file."""
        view, _ = await self.frames.view(request, ("span",))
        trace_id = request.path_params["trace_id"]
        span = request.query_params.get("span", "").lower()[:64]
        found = await self.opened.get(self.services.store, view.project, trace_id, self.services.clock())
        row = found.trace.row(span) if found else None
        if found is None or row is None:
            raise _unknown(view.project, trace_id)
        text = await SpanReader(self.services.store, found.trace).record(row)
        name = f"span-{found.trace.columns.ids[row][:32]}.json"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="application/json", headers=headers)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of rows alone."""

    window: Window


def _unknown(project: str, trace_id: str) -> Missing:
    return Missing(
        f"Project {project} has no trace {trace_id[:64]}. It may not have arrived yet (spans are visible a "
        "second or so after they were received), may have been refused or sampled away by its sender, or its "
        "retention is over; or it is in another project."
    )
