"""The list of traces, spans or names for a filter, with figures, a histogram and facets beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages import formats, traces_facets, traces_figures, traces_questions
from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, absolute_range, path_of, with_query
from sightline.pages.answers import Missing, html, part, while_connected
from sightline.pages.begun import Begun
from sightline.pages.environment import render
from sightline.pages.filter_bar import FilterBar, chosen, filter_bar
from sightline.pages.frames import Frames, Table
from sightline.pages.score_lists import ScoreNames
from sightline.pages.score_several import PARAMETERS as SCORED_PARAMETERS
from sightline.pages.score_several import Bulk, bulk
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.pages.trace_preview import Preview, trace_preview
from sightline.pages.traces_columns import Columns, columns, view_links
from sightline.pages.traces_facets import Choice, FacetsPart
from sightline.pages.traces_figures import FiguresPart, Group
from sightline.pages.traces_questions import Listed, faceted, figures, grouped, listed, side_by_side
from sightline.pages.traces_rows import Row
from sightline.pages.traces_state import PARAMETERS, VIEWS, ListState, read
from sightline.pages.views import ViewMenu, view_menu
from sightline.query import traces as questions
from sightline.query.export_sql import Form
from sightline.query.filter.edits import parts_of
from sightline.query.filter.errors import FilterError
from sightline.query.in_use import attributes_in_use
from sightline.query.opened_traces import OpenedTraces
from sightline.query.scores import ScoreName
from sightline.query.selection import Selection
from sightline.query.suggest import BOUNDS
from sightline.query.weighing import Weighing
from sightline.records.facets import Used
from sightline.store.rows import QueryTimeout, QueryTooLarge

_T = TypeVar("_T")
# Parts of the page that come by themselves: the ids htmx asks for.
PARTS = {
    "facets": "_traces_facets.html",
    "figures": "_traces_figures.html",
    "columns": "_traces_columns.html",
    "rows": "_traces_rows.html",
    "preview": "_traces_preview.html",
}


EXPORTS = (
    (Form.PARQUET, "Parquet"),
    (Form.CSV, "CSV"),
    (Form.JSONL, "JSON, a line each"),
    (Form.OTLP, "OTLP, to send again"),
)


@dataclass(frozen=True, slots=True)
class Selected:
    """The selected rows: their ids, and where they can be compared and forgotten."""

    ids: tuple[str, ...]
    compare: str
    clear: str


@dataclass(frozen=True, slots=True)
class TracesContext:
    """Everything `traces.html` shows."""

    shell: Shell
    bar: FilterBar
    menu: ViewMenu
    now: int
    noun: str
    grouped: bool
    columns: Columns
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    scale: str
    figures: FiguresPart
    facets: FacetsPart
    facets_late: bool
    conditions: int
    telling: tuple[tuple[str, Choice], ...]
    views: tuple[Link, ...]
    here: str
    whole: str
    copy: str
    exports: tuple[Link, ...]
    live: bool
    live_link: str
    selected: Selected
    scoring: Bulk | None
    older: str
    newest: str
    wider: Link | None
    fault: str
    easing: Link | None
    easing_count: str
    peek: str
    preview: Preview | None


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the store said about a list."""

    listed: Listed
    groups: tuple[Group, ...]
    figures: FiguresPart
    facets: FacetsPart
    used: Sequence[Used]
    conditions: int = 0
    preview: Preview | None = None


def context(
    shell: Shell,
    bar: FilterBar,
    menu: ViewMenu,
    state: ListState,
    shown: Columns,
    answers: _Answers,
    now: int,
    scoring: Bulk | None = None,
) -> TracesContext:
    """What the page shows of the answers of the store."""
    found, view = answers.listed, state.view
    easing = found.easing
    compared = [one.split("/")[0] for one in state.sel]
    here = {
        "sel": ",".join(state.sel) or None,
        "facet": state.facet or None,
        "find": state.find or None,
        "cursor": state.cursor or None,
    }
    both = view.link("compare", a=compared[0], b=compared[1]) if len(compared) == 2 else ""
    return TracesContext(
        shell=shell,
        bar=bar,
        menu=menu,
        now=now,
        noun="traces" if state.shows == "traces" else "spans",
        grouped=state.shows == "groups",
        columns=shown,
        rows=found.rows,
        groups=answers.groups,
        scale=f"{formats.duration(found.longest)}{', longer ones are cut' if found.cut else ''}",
        figures=answers.figures,
        facets=answers.facets,
        facets_late=answers.facets is traces_facets.NONE and bar.mistake is None,
        conditions=answers.conditions,
        telling=tuple(traces_facets.telling(answers.facets)),
        views=view_links(state, list(VIEWS.items())),
        here=state.link(**here),
        whole=state.link(**here, parts="all"),
        copy=state.link(range=absolute_range(view.since, view.until)),
        exports=_exports(state),
        live=state.live,
        live_link=state.link(live=None if state.live else "1"),
        selected=Selected(state.sel, both, state.link()),
        scoring=scoring,
        older=state.link(cursor=found.next, facet=state.facet or None) if found.next else "",
        newest=state.link() if state.cursor else "",
        wider=_wider(state),
        fault=found.fault,
        easing=Link(easing.condition, state.link(q=easing.filter or None)) if easing else None,
        easing_count=formats.count(easing.count) if easing else "",
        peek=state.peek,
        preview=answers.preview,
    )


def _exports(state: ListState) -> tuple[Link, ...]:
    """Everything that matches as a file, in each format."""
    view = state.view
    asked = {
        "project": view.project,
        "q": view.q,
        "since": str(view.since),
        "until": str(view.until),
        "environment": view.environment,
        "target": str(state.target),
    }
    return tuple(
        Link(words, with_query("/api/v1/export", asked | {"format": form})) for form, words in EXPORTS
    )


def _wider(state: ListState) -> Link | None:
    """The next longer range, for an empty list."""
    names = list(RANGES)
    at = names.index(state.view.range_name) if state.view.range_name in RANGES else len(names)
    if at + 1 >= len(names):
        return None
    name = names[at + 1]
    href = state.link(range=name if name != DEFAULT_RANGE else None)
    return Link(f"Show the {RANGES[name][0].lower()}", href)


class TracesPages:
    """`/p/{project}/traces`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames
        self.opened = OpenedTraces()
        self._begun = Begun()
        self._scores = ScoreNames(services)

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/traces", self.show)]

    async def show(self, request: Request) -> Response:
        """The list; the first run while a project has none. What nobody waits for any more is stopped."""
        return await while_connected(request, self._show(request))

    async def _show(self, request: Request) -> Response:
        view, principal = await self.frames.view(request, (*PARAMETERS, *SCORED_PARAMETERS))
        several = request.query_params.getlist("cols")
        if len(several) > 1:
            # A form of check boxes names each column by itself; addresses have one list.
            state = read(view, dict(request.query_params) | {"cols": ",".join(filter(None, several))})
            return RedirectResponse(state.link(), 302)
        state = read(view, request.query_params)
        if toggled := request.query_params.get("toggle"):
            return RedirectResponse(state.toggled(toggled[:140]), 302)
        now, store = self.services.clock(), self.services.store
        found = chosen(state.view, now, state.target)
        bar = filter_bar(state.view, "traces", found, state.kept, state.target)
        scores = await self._scores.of(view.project)
        shown, faults = columns(state, scored=bool(scores))
        state = replace(state, view=replace(state.view, notices=(*state.view.notices, *faults)))
        wanted = part(request)
        try:
            answers, environments = await asyncio.gather(
                self._answers(state, found, shown, now, wanted, scores),
                questions.environments(store, view.project, view.since),
            )
        except questions.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        empty = not (wanted or answers.listed.rows or answers.groups or state.cursor)
        if empty and await questions.latest_arrival(store, view.project, 0) is None:
            return RedirectResponse(path_of(view.project, "first"), 302)
        if wanted == "columns":
            shown, _ = columns(state, answers.used, scored=bool(scores))
        frame = await self.frames.shell("Traces", "traces", state.view, principal, environments)
        kept = {"q": view.q or None} | state.kept
        menu = await view_menu(self.services, state.view, principal, "traces", kept)
        scoring = None
        if not wanted:
            kept_scores = await run_in_threadpool(self.services.control.score_definitions, view.project)
            query = request.query_params
            scoring = bulk(query, principal, view.project, state.view.here, kept_scores, scores)
        shows = context(frame, bar, menu, state, shown, answers, now, scoring)
        return html(render(PARTS.get(wanted, "traces.html"), shows))

    async def _answers(
        self, state: ListState, found: Selection | FilterError, shown: Columns, now: int, wanted: str,
        scores: Sequence[ScoreName],
    ) -> _Answers:  # fmt: skip
        """The answers to what is wanted: a part, or the whole page."""
        nothing = _Answers(Listed(), (), traces_figures.none(), traces_facets.NONE, ())
        if isinstance(found, FilterError):
            return nothing
        weighing = Weighing(self.services.store, found)
        # What the page before did not wait for may be nearly there: addresses of parts are those of pages.
        here = state.link(facet=state.facet or None, find=state.find or None)
        if wanted == "figures":
            work = self._begun.taken(("figures", here), figures(state, weighing, now))
            return replace(nothing, figures=await work)
        if wanted == "facets":
            faces = await self._begun.taken(("facets", here), faceted(state, weighing, now, scores))
            return replace(nothing, facets=faces)
        if wanted == "columns":
            return replace(nothing, used=await self._used(found))
        if wanted == "preview":
            return replace(nothing, preview=await self._preview(state, now))
        if wanted == "rows":
            return replace(nothing, listed=await listed(self.services, state, found, shown, now))
        rows, groups, counted, faces, brief = await side_by_side(
            self._rows(state, found, shown, now),
            self._groups(state, found),
            self._soon(state, "figures", figures(state, weighing, now), traces_figures.none(late=True)),
            self._soon(state, "facets", faceted(state, weighing, now, scores), traces_facets.NONE),
            self._preview(state, now),
        )
        return _Answers(rows, groups, counted, faces, (), len(parts_of(found.node)), brief)

    async def _soon(self, state: ListState, name: str, work: Coroutine[Any, Any, _T], otherwise: _T) -> _T:
        here = state.link(facet=state.facet or None, find=state.find or None)
        if state.whole:
            return await self._begun.taken((name, here), work)
        return await self._begun.soon((name, here), work, traces_questions.PATIENCE, otherwise)

    async def _preview(self, state: ListState, now: int) -> Preview | None:
        if not state.peek:
            return None
        view = state.view
        return await trace_preview(
            self.services.store, self.opened, view.project, state.peek, now, view.carried
        )

    async def _rows(self, state: ListState, found: Selection, shown: Columns, now: int) -> Listed:
        if state.shows == "groups":
            return Listed()
        return await listed(self.services, state, found, shown, now)

    async def _groups(self, state: ListState, found: Selection) -> tuple[Group, ...]:
        if state.shows != "groups":
            return ()
        return await grouped(self.services.store, state, found)

    async def _used(self, found: Selection) -> Sequence[Used]:
        try:
            return await attributes_in_use(self.services.store, found, BOUNDS)
        except (QueryTimeout, QueryTooLarge):
            return ()
