"""`/p/{project}/`: is something wrong, and what should one look at now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages.address import COMPARISONS, View, path_of, with_query
from sightline.pages.answers import html, part
from sightline.pages.attention import METHOD, Entry, attention
from sightline.pages.charts import Chart
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.overview_figures import Both
from sightline.pages.overview_panels import Panel, panels
from sightline.pages.overview_parts import Tile, charts, tiles
from sightline.pages.overview_scores import SHOWN, Asked, ScorePart, ScoresPart, courses, parts
from sightline.pages.score_lists import MOST_PROJECTS, ScoreNames, shown_names
from sightline.pages.services import Services
from sightline.pages.shell import NAVIGATION, Shell
from sightline.pages.zones import zone, zone_name
from sightline.query import traces as questions
from sightline.query.behaviour import behaviour
from sightline.query.breakdown import breakdown
from sightline.query.overview import CALLS, ends, surveys
from sightline.query.question import ask
from sightline.query.scores import has_scores
from sightline.query.selection import Selection, Target, select
from sightline.query.senders import lately_losing
from sightline.query.window import Window
from sightline.records.overview import Behaviour, Ends
from sightline.records.trace import TraceSummary
from sightline.store.rows import QueryTimeout, QueryTooLarge, StoreError

_DAY = 86_400 * 10**9
# Models that are looked at for missing prices.
MOST_MODELS = 50


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
class End:
    """Requests at one end of the list, and the list."""

    title: str
    href: str
    rows: tuple[Standout, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class AttentionPart:
    """Everything `_attention.html` shows."""

    entries: tuple[Entry, ...]
    more: int
    method: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class EndsPart:
    """Everything `_ends.html` shows."""

    ends: tuple[End, ...]
    now: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class OverviewContext:
    """Everything `overview.html` shows. With `later`, what needs attention, scores and the ends of the list
    are not there: scripts fetch them from `here`, and `whole` is the same page with all of it."""

    shell: Shell
    now: int
    since: int
    until: int
    compared: str
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]
    panels: tuple[Panel, ...]
    entries: tuple[Entry, ...]
    more: int
    method: str
    ends: tuple[End, ...]
    scored: bool
    scores: tuple[ScorePart, ...]
    quiet: bool
    failure: str
    later: bool
    here: str
    whole: str


class OverviewPages:
    """`/p/{project}/`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self._names = ScoreNames(services)
        self._with_scores: set[str] = set()

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}", self.bare), ("GET", "/p/{project}/", self.show)]

    async def bare(self, request: Request) -> Response:
        """The same address without its slash."""
        project = request.path_params["project"]
        await self.frames.reader(request, project)
        return RedirectResponse(with_query(path_of(project, ""), dict(request.query_params)), 302)

    async def show(self, request: Request) -> Response:
        """The overview, or a part of it; the first run while a project has no trace.

        What needs attention and what stands out ask the most and come after the figures, where scripts run.
        """
        view, principal = await self.frames.view(request, ("vs", "zone", "parts"))
        now, wanted = self.services.clock(), part(request)
        if wanted == "attention":
            return html(render("_attention.html", await self._attention_or_why(view, now)))
        if wanted == "scores":
            return html(
                render("_overview_scores.html", await self._scored_or_why(view, now, zone_name(request)))
            )
        if wanted == "ends":
            return html(render("_ends.html", await self._ends_or_why(view, now)))
        store, place = self.services.store, zone_name(request)
        found, environments, scored = await asyncio.gather(
            self._figures(view, now, place),
            questions.environments(store, view.project, view.since),
            self._has_scores(view.project),
        )
        quiet = not found.now.whole.total[0].value
        if quiet and await questions.latest_arrival(store, view.project, 0) is None:
            return RedirectResponse(path_of(view.project, "first"), 302)
        all_of_it = quiet or request.query_params.get("parts") == "all"
        attn = await self._attention(view, now) if all_of_it else AttentionPart((), 0, METHOD)
        stand_out = await self._ends(view, now) if all_of_it else EndsPart((), now)
        scores = ScoresPart(())
        if scored and all_of_it:
            scores = await self._scored(view, now, place)
        context = OverviewContext(
            shell=await self.frames.shell(
                "Overview", "overview", view, principal, environments, compares=True
            ),
            now=now,
            since=view.since,
            until=view.until,
            compared=COMPARISONS[view.vs].lower() if view.vs != "none" else "",
            tiles=tiles(view, found, frozenset(entry.name for entry in NAVIGATION)),
            charts=charts(view, found, zone(place), now),
            panels=panels(view, found),
            entries=attn.entries,
            more=attn.more,
            method=attn.method,
            ends=stand_out.ends,
            scored=scored,
            scores=scores.scores,
            quiet=quiet,
            failure="",
            later=not all_of_it,
            here=view.link(""),
            whole=view.link("", parts="all"),
        )
        return html(render("overview.html", context))

    async def _attention_or_why(self, view: View, now: int) -> AttentionPart:
        try:
            return await self._attention(view, now)
        except StoreError as error:
            return AttentionPart((), 0, METHOD, _why(error))

    async def _ends_or_why(self, view: View, now: int) -> EndsPart:
        try:
            return await self._ends(view, now)
        except StoreError as error:
            return EndsPart((), now, _why(error))

    async def _scored_or_why(self, view: View, now: int, place: str) -> ScoresPart:
        try:
            return await self._scored(view, now, place)
        except StoreError as error:
            return ScoresPart((), _why(error))

    async def _has_scores(self, project: str) -> bool:
        """Asked beside the figures; what had one is remembered."""
        if project not in self._with_scores:
            if not await has_scores(self.services.store, project):
                return False
            if len(self._with_scores) >= MOST_PROJECTS:
                self._with_scores.clear()
            self._with_scores.add(project)
        return True

    async def _scored(self, view: View, now: int, place: str) -> ScoresPart:
        """The names that are defined or most frequent, now and in the comparison."""
        store, seen = self.services.store, await self._names.of(view.project)
        kept = await run_in_threadpool(self.services.control.score_definitions, view.project)
        definitions = {one.name: one for one in kept}
        kinds = {one.name: one.data_type for one in seen} | {d.name: d.data_type for d in kept}
        asked = [Asked(name, kinds[name]) for name in shown_names(seen, definitions)[:SHOWN]]
        if not asked:
            return ScoresPart(())
        windows = [view.window, *([view.earlier] if view.earlier else [])]
        selections = [_selected(view, now, window) for window in windows]
        found = await asyncio.gather(*(courses(store, one, asked, place) for one in selections))
        before = found[1] if len(found) > 1 else []
        return ScoresPart(parts(view, found[0], before, definitions, zone(place), now))

    async def _attention(self, view: View, now: int) -> AttentionPart:
        """How spans behave now and did before: what is compared with where nothing is chosen, too."""
        store = self.services.store
        earlier = view.earlier or view.window.earlier(view.window.length)
        calls = _selected(view, now, view.window, Target.SPANS, CALLS)

        async def both() -> tuple[tuple[Behaviour, ...], tuple[Behaviour, ...]]:
            before = await behaviour(store, _selected(view, now, earlier, Target.SPANS))
            return await behaviour(store, _selected(view, now, view.window, Target.SPANS), before), before

        behaved, models, losing = await asyncio.gather(
            both(),
            breakdown(store, ask(calls, ("count", "cost"), ["model"], top=MOST_MODELS)),
            lately_losing(store, view.window, now),
        )
        entries, more = attention(view, *behaved, models.rows, 1, self.services.intake(), losing)
        return AttentionPart(entries, more, METHOD)

    async def _ends(self, view: View, now: int) -> EndsPart:
        store = self.services.store
        everything = _selected(view, now, view.window)
        failed = _selected(view, now, view.window, text="status:error")
        found = await ends(store, everything, failed)
        ids = list(dict.fromkeys((*found.slowest, *found.dearest, *found.failed)))
        summaries = await questions.summaries(store, view.project, ids, view.since - _DAY)
        return EndsPart(_listed(view, found, summaries), now)

    async def _figures(self, view: View, now: int, place: str) -> Both:
        first, then = await surveys(
            self.services.store, view.window, view.earlier, now, view.environment, place
        )
        return Both(
            first.requests,
            then.requests if then else None,
            first.calls,
            then.calls if then else None,
            first.entries,
            then.entries if then else None,
            exact=first.exact,
        )


def _why(error: StoreError) -> str:
    """Why a part is missing, and what to do. The figures of the page stay."""
    if isinstance(error, QueryTimeout | QueryTooLarge):
        return "This range holds more than could be looked through in time. A shorter one is quicker."
    return "The store did not answer. Reload the page to try again."


def _selected(
    view: View, now: int, window: Window, target: Target = Target.TRACES, text: str = ""
) -> Selection:
    return select(text, window, now, target, environment=view.environment)


def _listed(view: View, found: Ends, summaries: dict[str, TraceSummary]) -> tuple[End, ...]:
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
        End("Slowest", view.link("traces", sort="-duration"), rows(found.slowest), "No request began."),
        End(
            "Dearest", view.link("traces", sort="-cost"), rows(found.dearest), "No request has a known cost."
        ),
        End("Last failed", failed, rows(found.failed), "No request failed."),
    )
