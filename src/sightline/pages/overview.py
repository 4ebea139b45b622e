"""`/p/{project}/`: is something wrong, and what should one look at now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages.address import COMPARISONS, View, path_of, with_query
from sightline.pages.answers import html
from sightline.pages.attention import METHOD, Entry, attention
from sightline.pages.charts import Chart
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.overview_parts import (
    MODEL_MEASURES,
    MODELS,
    SERVICE_MEASURES,
    SERVICES,
    Both,
    Panel,
    Tile,
    charts,
    panels,
    tiles,
)
from sightline.pages.services import Services
from sightline.pages.shell import NAVIGATION, Shell
from sightline.pages.zones import zone, zone_name
from sightline.query import traces as questions
from sightline.query.behaviour import behaviour
from sightline.query.breakdown import breakdown, rank
from sightline.query.buckets import buckets
from sightline.query.overview import SHOWN, overview
from sightline.query.question import Question, ask
from sightline.query.selection import Selection, Target, select
from sightline.query.window import Window
from sightline.records.figures import Breakdown
from sightline.records.overview import Behaviour, Overview
from sightline.records.trace import TraceSummary

_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Standout:
    """A request that stands out."""

    href: str
    name: str
    input: str
    started: int
    duration_ns: int
    cost_usd: float | None
    error: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """Requests at one end of the list, and the list."""

    title: str
    href: str
    rows: tuple[Standout, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class OverviewContext:
    """Everything `overview.html` shows."""

    shell: Shell
    now: int
    since: int
    until: int
    compared: str
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]
    entries: tuple[Entry, ...]
    more: int
    method: str
    panels: tuple[Panel, ...]
    ends: tuple[Ends, ...]
    quiet: bool


class OverviewPages:
    """`/p/{project}/`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}", self.bare), ("GET", "/p/{project}/", self.show)]

    async def bare(self, request: Request) -> Response:
        """The same address without its slash."""
        project = request.path_params["project"]
        await self.frames.reader(request, project)
        return RedirectResponse(with_query(path_of(project, ""), dict(request.query_params)), 302)

    async def show(self, request: Request) -> Response:
        """The overview; the first run while a project has no trace."""
        view, principal = await self.frames.view(request, ("vs", "zone"))
        store, now = self.services.store, self.services.clock()
        place = zone_name(request)
        found, behaved, environments = await asyncio.gather(
            self._figures(view, now, place),
            self._behaved(view, now),
            questions.environments(store, view.project, view.since),
        )
        if (
            not found.now.whole.total[0].value
            and await questions.latest_arrival(store, view.project, 0) is None
        ):
            return RedirectResponse(path_of(view.project, "first"), 302)
        summaries = await self._summaries(view, found.now)
        frame = await self.frames.shell("Overview", "overview", view, principal, environments, compares=True)
        entries, more = attention(
            view, *behaved, found.models.rows, MODEL_MEASURES.index("cost"), self.services.intake()
        )
        context = OverviewContext(
            shell=frame,
            now=now,
            since=view.since,
            until=view.until,
            compared=COMPARISONS[view.vs].lower() if view.vs != "none" else "",
            tiles=tiles(view, found, frozenset(entry.name for entry in NAVIGATION)),
            charts=charts(view, found, zone(place), now),
            entries=entries,
            more=more,
            method=METHOD,
            panels=panels(view, found),
            ends=_ends(view, found.now, summaries),
            quiet=not found.now.whole.total[0].value,
        )
        return html(render("overview.html", context))

    async def _figures(self, view: View, now: int, place: str) -> Both:
        store = self.services.store

        async def requests(window: Window) -> Overview:
            return await overview(store, _selected(view, now, window), place)

        async def requests_before() -> Overview | None:
            return await requests(view.earlier) if view.earlier else None

        async def spans(text: str, by: str, measures: Sequence[str]) -> tuple[Breakdown, Breakdown | None]:
            selection = _selected(view, now, view.window, Target.SPANS, text)
            question = ask(selection, measures, [by], top=SHOWN, zone=place)
            ranked = await rank(store, question)
            answer = await breakdown(store, question, ranked)
            if view.earlier is None:
                return answer, None
            return answer, await breakdown(store, _before(question, view.earlier, place), ranked)

        first, then, models, services = await asyncio.gather(
            requests(view.window),
            requests_before(),
            spans(MODELS, "model", MODEL_MEASURES),
            spans(SERVICES, "service", SERVICE_MEASURES),
        )
        return Both(first, then, *models, *services)

    async def _behaved(self, view: View, now: int) -> tuple[tuple[Behaviour, ...], tuple[Behaviour, ...]]:
        """How spans behave now and did before: what is compared with where nothing is chosen, too."""
        store = self.services.store
        earlier = view.earlier or view.window.earlier(view.window.length)
        before = await behaviour(store, _selected(view, now, earlier, Target.SPANS))
        return await behaviour(store, _selected(view, now, view.window, Target.SPANS), before), before

    async def _summaries(self, view: View, found: Overview) -> dict[str, TraceSummary]:
        ids = list(dict.fromkeys((*found.slowest, *found.dearest, *found.failed)))
        listed = await questions.summaries(self.services.store, view.project, ids, view.since - _DAY)
        return {trace_id: summary for trace_id, (summary, _) in listed.items()}


def _selected(
    view: View, now: int, window: Window, target: Target = Target.TRACES, text: str = ""
) -> Selection:
    return select(text, window, now, target, environment=view.environment)


def _before(question: Question, earlier: Window, place: str) -> Question:
    """The same question of an earlier window."""
    return replace(
        question,
        selection=replace(question.selection, window=earlier),
        buckets=buckets(earlier, step=question.buckets.step, zone=place),
    )


def _ends(view: View, found: Overview, summaries: dict[str, TraceSummary]) -> tuple[Ends, ...]:
    def rows(ids: Sequence[str]) -> tuple[Standout, ...]:
        known = (summaries[trace_id] for trace_id in ids if trace_id in summaries)
        return tuple(
            Standout(
                href=view.link("traces", t.trace_id),
                name=t.name or t.trace_id[:16],
                input=t.input_preview or t.service,
                started=t.start_time,
                duration_ns=t.duration_ns,
                cost_usd=t.cost_usd,
                error=t.errors > 0,
            )
            for t in known
        )

    failed = view.link("traces", q="status:error")
    return (
        Ends("Slowest", view.link("traces", sort="-duration"), rows(found.slowest), "No request began."),
        Ends(
            "Dearest", view.link("traces", sort="-cost"), rows(found.dearest), "No request has a known cost."
        ),
        Ends("Last failed", failed, rows(found.failed), "No request failed."),
    )
