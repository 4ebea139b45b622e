"""The list of traces: the latest first, one line each, older ones by cursor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.pages import formats
from sightline.pages.address import DEFAULT_RANGE, RANGES, Link, View, path_of
from sightline.pages.answers import Missing, html
from sightline.pages.environment import render
from sightline.pages.filter_bar import FilterBar, chosen, filter_bar
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.shell import Shell
from sightline.query import listing
from sightline.query import traces as questions
from sightline.query.filter.errors import FilterError
from sightline.query.selection import Selection
from sightline.records.trace import TracePage, TraceSummary

PAGE = 100
_YEAR = re.compile(r"-20\d\d-?(?=\d\d-?\d\d$)")


@dataclass(frozen=True, slots=True)
class Bar:
    """A duration on the page's one scale, as percentages: pale until the first token, solid after it."""

    pale: float
    solid_from: float
    solid: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `input` falls back to nothing; `lower_bound`: some usage is unknown."""

    trace_id: str
    href: str
    name: str
    service: str
    error: str
    input: str
    started: int
    duration_ns: int
    first_token_ns: int | None
    bar: Bar
    input_tokens: int | None
    output_tokens: int | None
    tokens_unknown: int
    cost_usd: float | None
    lower_bound: str
    has_usage: bool
    model: str
    model_short: str
    more_models: int
    user: str
    note: str


@dataclass(frozen=True, slots=True)
class TracesContext:
    """Everything `traces.html` shows."""

    shell: Shell
    bar: FilterBar
    now: int
    rows: tuple[Row, ...]
    scale: str
    older: str
    newest: str
    wider: Link | None


def scale(durations: Sequence[int]) -> int:
    """The duration that fills a bar: the longest, unless it is one of a few that would dwarf all others."""
    if not durations:
        return 0
    usual = durations[int(0.95 * (len(durations) - 1))]
    return usual if durations[-1] > 2 * usual else durations[-1]


def row(summary: TraceSummary, project: str, longest: int) -> Row:
    """A line from a summary. `longest` is the duration that fills the bar."""
    scale = 100 / max(longest, 1)
    whole = min(100.0, summary.duration_ns * scale)
    first = summary.time_to_first_token_ns
    pale = 0.0 if first is None else min(whole, first * scale)
    unknown = summary.unknown_cost + summary.unknown_tokens
    return Row(
        trace_id=summary.trace_id,
        href=path_of(project, "traces", summary.trace_id),
        name=summary.name or summary.trace_id[:16],
        service=summary.service,
        error=_error(summary),
        input=summary.input_preview,
        started=summary.start_time,
        duration_ns=summary.duration_ns,
        first_token_ns=first,
        bar=Bar(round(pale, 2), round(pale, 2), round(max(whole - pale, 0.4), 2)),
        input_tokens=summary.tokens.input,
        output_tokens=summary.tokens.output,
        tokens_unknown=summary.unknown_tokens,
        cost_usd=summary.cost_usd,
        lower_bound=f"{unknown} of its calls have unknown tokens or no price" if unknown else "",
        has_usage=bool(summary.models) or unknown > 0 or summary.cost_usd is not None,
        model=summary.model,
        model_short=short_model(summary.model),
        more_models=max(0, summary.models - 1),
        user=summary.user_id,
        note="" if summary.root_received else "its root was not received",
    )


def short_model(name: str) -> str:
    """A model's name without a provider's path and without the year of its date."""
    return _YEAR.sub("-", name.rsplit("/", 1)[-1])


def _error(summary: TraceSummary) -> str:
    if summary.status == "error":
        return "the request failed"
    if summary.errors:
        return f"{summary.errors} of its {summary.spans} spans failed, the request itself did not"
    return ""


def context(
    shell: Shell, bar: FilterBar, view: View, page: TracePage, now: int, cursor: str | None
) -> TracesContext:
    """What the page shows of one answer of the store."""
    durations = sorted(t.duration_ns for t in page.traces)
    longest = scale(durations)
    cut = bool(durations) and durations[-1] > longest
    return TracesContext(
        shell=shell,
        bar=bar,
        now=now,
        rows=tuple(row(t, view.project, longest) for t in page.traces),
        scale=f"{formats.duration(longest)}{', longer ones are cut' if cut else ''}",
        older=view.link("traces", q=view.q, cursor=page.next) if page.next else "",
        newest=view.link("traces", q=view.q) if cursor else "",
        wider=_wider(view),
    )


def _wider(view: View) -> Link | None:
    """The next longer range, for an empty list."""
    names = list(RANGES)
    at = names.index(view.range_name) if view.range_name in RANGES else len(names)
    if at + 1 >= len(names):
        return None
    name = names[at + 1]
    href = view.link("traces", q=view.q, range=name if name != DEFAULT_RANGE else None)
    return Link(f"Show the {RANGES[name][0].lower()}", href)


class TracesPages:
    """`/p/{project}/traces`."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.services = services
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [("GET", "/p/{project}/traces", self.show)]

    async def show(self, request: Request) -> Response:
        """The list of traces; the first run while a project has none."""
        view, principal = await self.frames.view(request, ("q", "cursor"))
        now = self.services.clock()
        cursor = request.query_params.get("cursor")
        store = self.services.store
        found = chosen(view, now)
        try:
            page, environments = await asyncio.gather(
                self._page(found, cursor), questions.environments(store, view.project, view.since)
            )
        except questions.BadCursor as error:
            raise Missing(f"This page of the list cannot be opened: {error}.") from error
        empty = not page.traces and await questions.latest_arrival(store, view.project, 0) is None
        if empty and not cursor:
            return RedirectResponse(path_of(view.project, "first"), 302)
        frame = await self.frames.shell("Traces", "traces", view, principal, environments)
        bar = filter_bar(view, "traces", found)
        return html(render("traces.html", context(frame, bar, view, page, now, cursor)))

    async def _page(self, found: Selection | FilterError, cursor: str | None) -> TracePage:
        if isinstance(found, FilterError):
            return TracePage((), None)
        return await listing.traces(self.services.store, found, limit=PAGE, cursor=cursor)
