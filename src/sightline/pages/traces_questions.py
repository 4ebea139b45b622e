"""What the list asks the store: its rows at once, its figures and facets beside them while the reader waits.

Figures and facets that are not there soon come by themselves later; rows are waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sightline.pages import traces_facets, traces_figures
from sightline.pages.score_lists import facets_of, row_chips
from sightline.pages.services import Services
from sightline.pages.traces_columns import Columns
from sightline.pages.traces_facets import FacetsPart
from sightline.pages.traces_figures import FiguresPart, Group
from sightline.pages.traces_rows import Row, Told, scale, span_row, trace_row
from sightline.pages.traces_state import ListState
from sightline.query import listing
from sightline.query.breakdown import breakdown
from sightline.query.easing import Easing, easing
from sightline.query.facets import facet_values, facets
from sightline.query.listing_columns import column_values
from sightline.query.listing_places import places
from sightline.query.question import ask
from sightline.query.scores import ScoreName
from sightline.query.search import phrases_of
from sightline.query.selection import Selection, Target, count, select
from sightline.query.weighing import Weighing
from sightline.records.facets import Facet
from sightline.records.listing import SpanSummary
from sightline.records.trace import TraceSummary
from sightline.store.rows import QueryTimeout, QueryTooLarge
from sightline.store.store import Store

PAGE = 50
# How long (s) a page waits for figures and facets; its rows are waited for.
PATIENCE = 0.4
TOO_MUCH = "This would take too long. A shorter range, or one more condition, makes it quick."
_GROUPS = 50
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of rows. `longest` fills a bar, `cut`: some are longer. `next` is the cursor behind it.

    `fault` says why there are none; `easing` what would help when nothing matches.
    """

    rows: tuple[Row, ...] = ()
    longest: int = 0
    cut: bool = False
    next: str | None = None
    fault: str = ""
    easing: Easing | None = None


async def listed(
    services: Services, state: ListState, selection: Selection, columns: Columns, now: int
) -> Listed:
    """A page of rows. Raises BadCursor; what is too much becomes a sentence."""
    try:
        return await _listed(services, state, selection, columns, now)
    except (QueryTimeout, QueryTooLarge):
        return Listed(fault=TOO_MUCH)


async def _listed(
    services: Services, state: ListState, selection: Selection, columns: Columns, now: int
) -> Listed:
    store = services.store
    found: Sequence[TraceSummary] | Sequence[SpanSummary]
    cursor = state.cursor or None
    if selection.target is Target.SPANS:
        page = await listing.spans(store, selection, limit=PAGE, cursor=cursor, sort=state.sort)
        found, after = page.spans, page.next
    else:
        traces = await listing.traces(store, selection, limit=PAGE, cursor=cursor, sort=state.sort)
        found, after = traces.traces, traces.next
    if not found:
        none = None if state.cursor or not selection.text else await easing(store, selection, now)
        return Listed(easing=none)
    ids = [(one.trace_id, one.span_id if isinstance(one, SpanSummary) else "") for one in found]
    starts = [one.start_time for one in found]
    shows_scores = any(column.name == "feedback" for column in columns.shown)
    sessions = {one.trace_id: one.session_id for one in found if not isinstance(one, SpanSummary)}
    values, said, scores = await asyncio.gather(
        column_values(store, selection.window, ids, starts, columns.dimensions),
        places(store, selection, ids, starts),
        row_chips(services, selection.window.project, ids if shows_scores else (), sessions),
    )
    told = Told(columns.shown, values, phrases_of(selection.predicate), said, scores)
    durations = sorted(one.duration_ns for one in found)
    longest = scale(durations)
    project = selection.window.project
    rows = tuple(
        span_row(one, project, longest, told)
        if isinstance(one, SpanSummary)
        else trace_row(one, project, longest, told)
        for one in found
    )
    return Listed(rows, longest, durations[-1] > longest, after)


async def figures(state: ListState, weighing: Weighing, now: int) -> FiguresPart:
    """The figures and the histogram of the whole list."""
    store, selection = weighing.store, weighing.as_chosen
    everything = select("", selection.window, now, selection.target, selection.environment)
    try:
        selection = await weighing.selection()
        found, of = await asyncio.gather(
            breakdown(store, ask(selection, traces_figures.MEASURES)),
            count(store, everything) if selection.text else _nothing(),
        )
    except (QueryTimeout, QueryTooLarge):
        return traces_figures.none(fault="Counting all that match takes too long in this range.")
    return traces_figures.part(state, selection, found, of, now)


async def _nothing() -> None:
    return None


async def faceted(state: ListState, weighing: Weighing, now: int, seen: Sequence[ScoreName]) -> FacetsPart:
    """The facets beside the list; `seen` are the names of the project's scores."""
    scores = facets_of(seen)
    more: Facet | None = None
    store = weighing.store
    try:
        selection = await weighing.selection()
        if state.facet and traces_facets.can_be(state.facet):
            more = await facet_values(
                store, selection, now, state.facet, state.find, limit=traces_facets.MORE
            )
            names = traces_facets.names(replace(state, facet=more.name), scores)
        else:
            names = traces_facets.names(replace(state, facet=""), scores)
        found = await facets(store, selection, now, names, limit=traces_facets.SHOWN, scores=seen)
    except (QueryTimeout, QueryTooLarge):
        return replace(traces_facets.NONE, fault="Counting values takes too long in this range.")
    return traces_facets.part(state, selection, found, more, scores)


async def grouped(store: Store, state: ListState, selection: Selection) -> tuple[Group, ...]:
    """Spans by name, the most frequent first."""
    question = ask(selection, traces_figures.GROUP_MEASURES, ["name"], top=_GROUPS, order="count")
    return traces_figures.groups(state, await breakdown(store, question))


async def side_by_side(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """All answers; when one fails the others are stopped."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
