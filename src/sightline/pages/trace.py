"""One trace: its facts, the window of its tree, and the inspector of the selected span.

A large trace is shown a window at a time; the rows around it are fetched before they come into view, or by a
link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats
from sightline.pages.address import View, path_of, with_query
from sightline.pages.answers import Missing, html, part
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.group import GroupSheet, group_sheet
from sightline.pages.inspector import Inspector
from sightline.pages.minimap import Minimap, minimap
from sightline.pages.pathline import Step
from sightline.pages.score_rows import ScoreChip
from sightline.pages.scores_part import trace_scores
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.span_reader import SpanReader
from sightline.pages.trace_address import ALL, PARAMETERS, VIEWS, misread, read
from sightline.pages.trace_drawing import Drawing, Finding, KeptLines, Window
from sightline.pages.trace_facts import Fact, StageBar, facts, notes, running, stage_bars
from sightline.query.opened_traces import LARGE, OpenedTraces
from sightline.query.repeats import Repeats
from sightline.query.trace_find import find

_T = TypeVar("_T")


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
    chips: Mapping[str, tuple[ScoreChip, ...]] = field(default_factory=dict)
    scores: tuple[ScoreChip, ...] = ()


def context(
    shell: Shell,
    drawing: Drawing,
    inspected: Inspector | None,
    sheet: GroupSheet | None,
    title: str,
    now: int,
    misunderstood: Sequence[str] = (),
    view: View | None = None,
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
        facts=facts(trace, view),
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
        wanted, store = part(request), self.services.store
        session = trace.spans[0].session_id if trace.spans else ""
        scored = await trace_scores(
            self.services, request, principal, trace.project, trace.trace_id, session
        )  # fmt: skip
        # Tens of milliseconds for a large trace: senders on the same loop must not wait for it.
        apart = run_in_threadpool if len(trace.spans) >= LARGE else _here
        drawing = await apart(Drawing, found, asked, hits, self.lines)
        if wanted == "more-rows":
            return html(await apart(lambda: render("_rows.html", Piece(drawing.piece(), scored.chips))))
        reader = SpanReader(store, trace, scored)
        sheet = None
        if drawing.group is not None:
            sheet = await apart(group_sheet, trace, drawing.group, drawing.asked)
        reading = self._inspected(reader, drawing)
        if wanted == "inspector":
            opened = await reading
            return html(render("_inspector.html", Inspected(opened, sheet)))
        opened, title = await asyncio.gather(reading, reader.title())
        frame = await self.frames.shell(title[:80], "traces", view, principal)
        wrong = misread(request.query_params)

        def page() -> str:
            shows = context(frame, drawing, opened, sheet, title, now, wrong, view)
            return render("trace.html", replace(shows, chips=scored.chips, scores=scored.whole))

        return html(await apart(page))

    async def _inspected(self, reader: SpanReader, drawing: Drawing) -> Inspector | None:
        """The inspector of the chosen span, of the first one while none is; None for a group."""
        if drawing.group is not None:
            return None
        return await reader.inspector(max(drawing.chosen, 0), drawing.asked, drawing.beside())

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
    """A piece of rows alone, with the scores of spans by their ids."""

    window: Window
    chips: Mapping[str, tuple[ScoreChip, ...]]


@dataclass(frozen=True, slots=True)
class Inspected:
    """The inspector alone."""

    inspector: Inspector | None
    sheet: GroupSheet | None


async def _here(work: Callable[..., _T], *arguments: Any) -> _T:
    return work(*arguments)


def _unknown(project: str, trace_id: str) -> Missing:
    return Missing(
        f"Project {project} has no trace {trace_id[:64]}. It may not have arrived yet (spans are visible a "
        "second or so after they were received), may have been refused or sampled away by its sender, or its "
        "retention is over; or it is in another project."
    )
