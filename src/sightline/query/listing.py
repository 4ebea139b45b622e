"""Pages of traces and of spans for a selection: newest first, or by cost, duration and others, either way.

The newest first is read in the table's own order, only as far as the page reaches. Where a filter looks into
other spans, that would read the whole time first; so it is read in stretches that grow as long as the page is
not full. Every other order looks at all that match.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sightline.query import trace_rows
from sightline.query.filter.nodes import Whole
from sightline.query.filter.predicates import (
    AllOf,
    Counted,
    Logged,
    Measured,
    Predicate,
    Says,
    Standing,
    of_trace,
    within,
)
from sightline.query.listing_order import (
    NEWEST,
    TIME,
    Cursor,
    Place,
    Sort,
    read_cursor,
    window_of,
)
from sightline.query.listing_sql import nth_head, rest_of, span_keys, trace_keys, trace_starts
from sightline.query.previews import previews
from sightline.query.said import IN_ANY_ORDER, is_stretched, latest_first, looked_up
from sightline.query.selection import Selection, Target
from sightline.query.statements import statement
from sightline.query.traces import DAY, summaries
from sightline.query.window import WIDER, Window
from sightline.records.listing import SpanPage, SpanSummary
from sightline.records.trace import TracePage, TraceSummary
from sightline.store.store import Store

PAGE = 100
MAX_PAGE = 500
# How many traces the first stretches have. A text is looked up in the contents again for each stretch.
STRETCHES = (500, 4_000, 32_000)
_TEXT_STRETCHES = (4_000,)
# Of rows that start at the same nanosecond so many are sorted by their ids.
_MOST_TOGETHER = 100_000
# What a span was asked or called with, the most telling first.
_INPUTS = ("input_messages", "indexed_input", "input_value", "tool_arguments", "embedding_texts")


async def traces(
    store: Store,
    selection: Selection,
    *,
    limit: int = PAGE,
    cursor: str | None = None,
    sort: Sort = NEWEST,
) -> TracePage:
    """A page of the traces of a selection (made for traces). Raises BadCursor.

    A trace stands where its head starts. Errors of the store pass through.
    """
    limit = max(1, min(limit, MAX_PAGE))
    at = read_cursor(cursor, sort, Target.TRACES) if cursor else None
    selection = await looked_up(store, replace(selection, window=window_of(selection.window, at)))
    if sort.by == TIME:
        found, last = await _by_time(store, selection, limit, at, sort)
    else:
        found, last = await _by_key(store, selection, limit, at, sort)
    window = selection.window
    return TracePage(found, Cursor(sort, window.since, window.until, last).write() if last else None)


async def spans(
    store: Store,
    selection: Selection,
    *,
    limit: int = PAGE,
    cursor: str | None = None,
    sort: Sort = NEWEST,
) -> SpanPage:
    """A page of the spans of a selection (made for spans). Raises BadCursor.

    Errors of the store pass through.
    """
    limit = max(1, min(limit, MAX_PAGE))
    at = read_cursor(cursor, sort, Target.SPANS) if cursor else None
    window = window_of(selection.window, at)
    place = at.after if at else None

    selection = await looked_up(store, selection)
    stretched = sort == NEWEST and is_stretched(selection.predicate)
    order = IN_ANY_ORDER if stretched else ""

    async def asked(
        stretch: Window, after: Place | None, most: int, part: Selection = selection
    ) -> list[Key]:
        one = span_keys(replace(part, window=stretch), after, sort, most)
        rows = (await store.fetch(one.text + order, one.parameters, purpose="spans")).rows
        return [(str(trace), str(span), key, int(start)) for trace, span, key, start in rows]

    if stretched:
        rest = replace(selection, window=rest_of(window, place, sort))

        async def newest(part: Selection, most: int) -> list[Key]:
            # Every row of the later stretches comes after the place.
            inside = place if place and place.key == part.window.until - 1 else None
            return await _in_time(partial(asked, part=part), part.window, inside, sort, most)

        keys = await latest_first(store, rest, limit + 1, newest)
    elif sort.by == TIME:
        keys = await _in_time(asked, window, place, sort, limit + 1)
    else:
        keys = await asked(window, place, limit + 1)
    shown = keys[:limit]
    found = await _span_rows(store, window.project, shown)
    last = Place(_whole(shown[-1][2]), f"{shown[-1][0]}/{shown[-1][1]}") if len(keys) > limit else None
    return SpanPage(found, Cursor(sort, window.since, window.until, last).write() if last else None)


Key = tuple[Any, ...]
"""A row of ids and, last, when it starts."""
_Ask = Callable[[Window, Place | None, int], Awaitable[list[Key]]]


async def _in_time(ask: _Ask, window: Window, place: Place | None, sort: Sort, most: int) -> list[Key]:
    """The first rows in order of time and id.

    Rows come in order of time alone, so that only a page is read. When the last two start together, others
    that do may have been left out: all that start at that moment are asked for.
    """
    rows = await ask(window, place, most)
    if len(rows) == most > 1 and rows[-1][-1] == rows[-2][-1]:
        moment = rows[-1][-1]
        there = place if place and place.key == moment else None
        together = await ask(replace(window, since=moment, until=moment + 1), there, _MOST_TOGETHER)
        rows = [row for row in rows if row[-1] != moment] + together
    rows.sort(key=lambda row: (row[-1], *row[:2]), reverse=not sort.ascending)
    return rows[:most]


# Traces by time.


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the time asked about, and where other spans of its traces are looked for."""

    window: Window
    reach: Window


async def _by_time(
    store: Store, selection: Selection, limit: int, at: Cursor | None, sort: Sort
) -> tuple[tuple[TraceSummary, ...], Place | None]:
    """Traces in order of time, and the last row that was read if there may be more."""
    whole = selection.window
    place = at.after if at else None
    rest: Window | None = rest_of(whole, place, sort)
    sizes = iter(_sizes(selection.predicate) if not sort.ascending else ())
    starts: list[Key] = []
    while rest and len(starts) <= limit:
        stretch, rest = await _next_stretch(store, whole, rest, sizes)
        reach = stretch.reach

        async def asked(window: Window, after: Place | None, most: int, reach: Window = reach) -> list[Key]:
            one = trace_starts(selection, window, reach, after, sort, most)
            rows = (await store.fetch(one.text, one.parameters, purpose="traces")).rows
            return [(str(trace), int(start)) for trace, start in rows]

        # One more than asked for tells whether there are older ones.
        starts += await _in_time(asked, stretch.window, place, sort, limit + 1 - len(starts))
        # Everything after it is in other stretches.
        place = None
        if len(starts) == limit and rest:
            # Whether there are older ones would cost another stretch; their page says it.
            break
    shown = starts[:limit]
    listed = await _summaries(store, whole, [id_ for id_, _ in shown], [start for _, start in shown])
    more = len(starts) > limit or (len(starts) == limit and rest is not None)
    last = Place(shown[-1][1], shown[-1][0]) if shown and more else None
    return tuple(listed[id_] for id_, _ in shown if id_ in listed), last


def _sizes(predicate: Predicate) -> tuple[int, ...]:
    """How many traces each of the first stretches should have; none: all at once."""
    parts = predicate.parts if isinstance(predicate, AllOf) else (predicate,)
    looks = [p for part in parts for p in within(part)]
    # What is said of a session may be about spans long before.
    if any(isinstance(p, Counted) and p.whole is Whole.SESSION for p in looks):
        return ()
    if any(isinstance(p, Measured) and p.measure.whole is Whole.SESSION for p in looks):
        return ()
    if any(isinstance(p, Says) for p in looks):
        return _TEXT_STRETCHES
    elsewhere = Counted | Measured | Standing | Logged
    inside = all(map(of_trace, parts)) and not any(isinstance(p, elsewhere) for p in looks)
    return () if inside else STRETCHES


async def _next_stretch(
    store: Store, whole: Window, rest: Window, sizes: Iterator[int]
) -> tuple[_Stretch, Window | None]:
    """The newest part of what is left with as many traces as planned, and what is left then."""
    size = next(sizes, None)
    wide = whole.wider()
    if size is None:
        return _Stretch(rest, wide), None
    asked = nth_head(rest, size)
    begins = (await store.fetch(asked.text, asked.parameters, purpose="traces")).scalar()
    if begins is None or int(begins) + 1 >= rest.until:
        return _Stretch(rest, wide), None
    stretch = replace(rest, since=int(begins) + 1)
    # A trace's spans start with it or later; their clocks may differ by as much as is looked for elsewhere.
    reach = replace(wide, since=max(wide.since, stretch.since - WIDER))
    return _Stretch(stretch, reach), replace(rest, until=stretch.since)


async def _summaries(
    store: Store, window: Window, ids: Sequence[str], starts: Sequence[int]
) -> dict[str, TraceSummary]:
    return await summaries(store, window.project, ids, min(starts) - DAY) if ids else {}


# Traces by what they cost, how long they took, …


async def _by_key(
    store: Store, selection: Selection, limit: int, at: Cursor | None, sort: Sort
) -> tuple[tuple[TraceSummary, ...], Place | None]:
    asked = trace_keys(selection, at.after if at else None, sort, limit + 1)
    keys = (await store.fetch(asked.text, asked.parameters, purpose="traces")).rows
    shown = keys[:limit]
    ids = [str(row[0]) for row in shown]
    listed = await _summaries(store, selection.window, ids, [int(row[2]) for row in shown])
    last = Place(_whole(shown[-1][1]), ids[-1]) if len(keys) > limit else None
    return tuple(listed[id_] for id_ in ids if id_ in listed), last


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


# Spans.


async def _span_rows(
    store: Store, project: str, keys: Sequence[tuple[object, ...]]
) -> tuple[SpanSummary, ...]:
    if not keys:
        return ()
    order = list(dict.fromkeys((str(row[0]), str(row[1])) for row in keys))
    starts = [int(str(row[3])) for row in keys]
    answer = await store.fetch(
        statement("span_rows"),
        {
            "project": project,
            "first": min(starts),
            "last": max(starts),
            "trace_ids": sorted({trace for trace, _ in order}),
            "span_ids": sorted({span for _, span in order}),
            "inputs": list(_INPUTS),
        },
        purpose="spans",
    )
    by_id = {(row["trace_id"], row["span_id"]): row for row in answer.dicts()}
    asked = await previews(store, project, [row["input_hash"] for row in by_id.values()])
    return tuple(
        trace_rows.span_summary(by_id[ids], asked.get(by_id[ids]["input_hash"], ""))
        for ids in order
        if ids in by_id
    )
