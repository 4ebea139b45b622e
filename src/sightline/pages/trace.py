"""One trace: its facts, the window of its tree, and the inspector of the selected span.

A large trace is shown a window at a time; the rows after it are fetched when they come into view, or by a
link.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.pages import formats, inspector
from sightline.pages.address import path_of
from sightline.pages.answers import Missing, html, part
from sightline.pages.environment import render
from sightline.pages.formats import Absent
from sightline.pages.frames import Frames, Table
from sightline.pages.inspector import Fact, Inspector, counted
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.waterfall import TABS, WINDOW, Asked, Shape, SpanRow, rows, shapes, ticks, window_of
from sightline.query import traces as questions
from sightline.query.preview import preview
from sightline.records.trace import Content, Position, Span, Trace

_MINI = 300


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Everything `trace.html` shows."""

    shell: Shell
    trace_id: str
    list_href: str
    title: str
    service: str
    environment: str
    start_time: int
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    mini: tuple[tuple[Shape, float], ...]
    mini_height: float
    rows: tuple[SpanRow, ...]
    shown: str
    earlier: str
    later: str
    inspector: Inspector | None


def facts(trace: Trace) -> tuple[Fact, ...]:
    """The figures of the whole trace."""
    root = trace.spans[0]
    first = [
        s.start_time + s.time_to_first_token_ns - trace.start_time
        for s in sorted(trace.spans, key=lambda s: s.start_time)
        if s.kind == "llm" and s.time_to_first_token_ns is not None
    ]
    unknown = trace.unknown_tokens
    tokens = f"{counted(trace.tokens.input)} → {counted(trace.tokens.output)}"
    if trace.tokens.input is None and trace.tokens.output is None:
        tokens = Absent.UNKNOWN
    cost = "–" if trace.cost_usd is None else formats.money(trace.cost_usd)
    if trace.cost_usd is None and trace.unknown_cost:
        cost = "unknown"
    calls = any(s.kind in ("llm", "embedding") for s in trace.spans)
    found = [
        Fact("Duration", str(formats.duration(trace.duration_ns))),
        Fact("First token", str(formats.duration(first[-1])) if first else "–"),
        Fact("Spans", formats.count(len(trace.spans)), f"{trace.errors} failed" if trace.errors else ""),
        Fact(
            "Tokens",
            tokens if calls else "–",
            f"{unknown} {'call' if unknown == 1 else 'calls'} unknown" if unknown else "",
        ),
        Fact(
            "Cost",
            f"≥ {cost}" if trace.cost_usd is not None and trace.unknown_cost else cost,
            f"{trace.unknown_cost} {'span' if trace.unknown_cost == 1 else 'spans'} unpriced"
            if trace.unknown_cost
            else "",
        ),
    ]
    for label, value in (
        ("User", root.user_id),
        ("Session", root.session_id),
        ("Team", root.team),
        ("Feature", root.feature),
    ):
        if value:
            found.append(Fact(label, value))
    return tuple(found)


def context(
    shell: Shell, trace: Trace, request: Asked, inspected: Inspector | None, title: str
) -> TraceContext:
    """What the page shows of one trace."""
    root = trace.spans[0]
    window = rows(trace, request)
    end = request.start + len(window)
    notes = []
    if trace.truncated:
        notes.append(
            f"The trace has more spans than are read at once; these are the first {len(trace.spans):,}."
        )
    late = sum(s.position is not Position.ROOT and s.depth == 0 for s in trace.spans)
    if late:
        stand = "span stands" if late == 1 else "spans stand"
        notes.append(f"{late:,} {stand} at the end without a parent that was received.")
    step = max(1, len(trace.spans) // _MINI)
    picked = trace.spans[::step]
    height = 30 / max(len(picked), 10)
    return TraceContext(
        shell=shell,
        trace_id=trace.trace_id,
        list_href=path_of(trace.project, "traces"),
        title=title or root.name or trace.trace_id,
        service=root.service,
        environment=root.environment,
        start_time=trace.start_time,
        facts=facts(trace),
        notes=tuple(notes),
        ticks=ticks(trace.duration_ns),
        mini=tuple(
            (shape, round(index * height, 2))
            for index, span in enumerate(picked)
            for shape in shapes(span, trace)
        ),
        mini_height=round(max(1.0, min(2.0, height * 0.8)), 2),
        rows=window,
        shown=""
        if len(window) == len(trace.spans)
        else f"{request.start + 1:,} to {end:,} of {len(trace.spans):,}",
        earlier=request.to("", request.tab, max(0, request.start - WINDOW)) if request.start else "",
        later=request.to("", request.tab, end) if end < len(trace.spans) else "",
        inspector=inspected,
    )


class TracePages:
    """`/p/{project}/traces/{trace_id}`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/traces/{trace_id}", self.show)]

    async def show(self, request: Request) -> Response:
        """One trace, or the part of it that htmx asks for."""
        view, principal = await self.frames.view(request, ("span", "tab", "from", "exact"))
        trace_id = request.path_params["trace_id"]
        found = await questions.trace(self.services.store, view.project, trace_id)
        if found is None:
            raise Missing(
                f"Project {view.project} has no trace {trace_id[:64]}. It may not have arrived yet, may have "
                "been refused or sampled away by its sender, or its retention is over."
            )
        query = request.query_params
        span = query.get("span", "").lower()
        selected = next((s for s in found.spans if s.span_id == span), None)
        start = int(query["from"]) if query.get("from", "").isdecimal() and len(query["from"]) < 9 else 0
        asked = Asked(
            base=path_of(view.project, "traces", found.trace_id),
            span=selected.span_id if selected else "",
            tab=query.get("tab", "") if query.get("tab") in TABS else "",
            start=window_of(found, selected.span_id if selected else "", start),
            exact=query.get("exact") == "1",
        )
        if part(request) == "more-rows":
            frame = await self.frames.shell("Trace", "traces", view, principal)
            filled = context(frame, found, asked, None, "")
            return html(render("_rows.html", filled))
        opened, title = await asyncio.gather(
            self._inspector(found, selected or found.spans[0], asked), self._title(found)
        )
        frame = await self.frames.shell(title[:80], "traces", view, principal)
        filled = context(frame, found, asked, opened, title)
        return html(render("_inspector.html" if part(request) == "inspector" else "trace.html", filled))

    async def _inspector(self, found: Trace, span: Span, asked: Asked) -> inspector.Inspector | None:
        store = self.services.store
        details = await questions.span_details(store, found.project, found.trace_id, [span.span_id])
        if not details:
            return None
        contents: list[Content] = []
        before: list[Content] = []
        if asked.tab in ("", TABS[0]):
            contents, before = await asyncio.gather(
                questions.contents(store, found.project, details[0].contents), self._before(found, span)
            )
        return await run_in_threadpool(inspector.inspector, found, span, details[0], contents, asked, before)

    async def _before(self, found: Trace, span: Span) -> list[Content]:
        """What the model call before this one said."""
        earlier = inspector.previous_call(found, span)
        if earlier is None:
            return []
        store = self.services.store
        details = await questions.span_details(store, found.project, found.trace_id, [earlier.span_id])
        return await questions.contents(store, found.project, details[0].contents) if details else []

    async def _title(self, found: Trace) -> str:
        """What was asked, when the trace's first span with an input tells it; otherwise the root's name."""
        root = found.spans[0]
        details = await questions.span_details(
            self.services.store, found.project, found.trace_id, [root.span_id]
        )
        inputs = [
            ref
            for detail in details
            for field in ("input_messages", "input_value")
            for ref in detail.contents
            if ref.field == field
        ]
        texts = await questions.contents(self.services.store, found.project, inputs[:1], limit=8_000)
        return (preview(texts[0].text or "") if texts else "") or root.name or found.trace_id
