"""Pages of traces and of spans for a selection: newest first, or by cost, duration and others, either way.

The newest first is read in the table's own order, only as far as the page reaches, in stretches that grow as
long as the page is not full (`stretches.py`). Every other order looks at all that match.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from sightline.query import trace_rows
from sightline.query.listing_order import (
    NEWEST,
    TIME,
    Cursor,
    Place,
    Sort,
    read_cursor,
    window_of,
)
from sightline.query.listing_sql import rest_of, span_keys, trace_keys, trace_starts
from sightline.query.previews import previews
from sightline.query.said import IN_ANY_ORDER, is_stretched, latest_first, looked_up
from sightline.query.selection import Selection, Target
from sightline.query.statements import statement
from sightline.query.stretches import Stretch, stretches
from sightline.query.traces import DAY, summaries
from sightline.query.window import Window
from sightline.records.listing import SpanPage, SpanSummary
from sightline.records.trace import TracePage, TraceSummary
from sightline.store.store import Store

PAGE = 100
MAX_PAGE = 500
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
    selection = await looked_up(store, replace(selection, window=window))

    def asking(of: Selection, order: str = "") -> _Ask:
        async def asked(stretch: Stretch, after: Place | None, most: int) -> list[Key]:
            one = span_keys(of, stretch.window, stretch.reach, after, sort, most)
            rows = (await store.fetch(one.text + order, one.parameters, purpose="spans")).rows
            return [(str(trace), str(span), key, int(start)) for trace, span, key, start in rows]

        return asked

    async def newest(part: Selection, most: int) -> list[Key]:
        # Every row of the later stretches comes after the place.
        inside = place if place and place.key == part.window.until - 1 else None
        stretch = Stretch(part.window, part.window.wider())
        return await _in_time(asking(part, IN_ANY_ORDER), stretch, inside, sort, most)

    if sort == NEWEST and is_stretched(selection.predicate):
        rest = replace(selection, window=rest_of(window, place, sort))
        keys = await latest_first(store, rest, limit + 1, newest)
        shown, more = keys[:limit], len(keys) > limit
    elif sort.by == TIME:
        shown, more = await _in_stretches(store, selection, place, sort, limit, asking(selection))
    else:
        keys = await asking(selection)(Stretch(window, window.wider()), place, limit + 1)
        shown, more = keys[:limit], len(keys) > limit
    found = await _span_rows(store, window.project, shown)
    last = Place(_whole(shown[-1][2]), f"{shown[-1][0]}/{shown[-1][1]}") if more else None
    return SpanPage(found, Cursor(sort, window.since, window.until, last).write() if last else None)


Key = tuple[Any, ...]
"""A row of ids and, last, when it starts."""
_Ask = Callable[[Stretch, Place | None, int], Awaitable[list[Key]]]


async def _in_stretches(
    store: Store, selection: Selection, place: Place | None, sort: Sort, limit: int, ask: _Ask
) -> tuple[list[Key], bool]:
    """The first rows in order of time and id, and whether there may be more."""
    rest = rest_of(selection.window, place, sort)
    rows: list[Key] = []
    if sort.ascending:
        rows = await _in_time(ask, Stretch(rest, selection.window.wider()), place, sort, limit + 1)
        return rows[:limit], len(rows) > limit
    async for part in stretches(store, selection, rest):
        # One more than asked for tells whether there are older ones.
        rows += await _in_time(ask, part, place, sort, limit + 1 - len(rows))
        # Everything after it is in other stretches.
        place = None
        if len(rows) > limit or (len(rows) == limit and not part.last):
            # Whether there are older ones than a full page would cost another stretch; their page says it.
            return rows[:limit], True
    return rows, False


async def _in_time(ask: _Ask, part: Stretch, place: Place | None, sort: Sort, most: int) -> list[Key]:
    """The first rows in order of time and id.

    Rows come in order of time alone, so that only a page is read. When the last two start together, others
    that do may have been left out: all that start at that moment are asked for.
    """
    rows = await ask(part, place, most)
    if len(rows) == most > 1 and rows[-1][-1] == rows[-2][-1]:
        moment = rows[-1][-1]
        there = place if place and place.key == moment else None
        then = replace(part, window=replace(part.window, since=moment, until=moment + 1))
        together = await ask(then, there, _MOST_TOGETHER)
        rows = [row for row in rows if row[-1] != moment] + together
    rows.sort(key=lambda row: (row[-1], *row[:2]), reverse=not sort.ascending)
    return rows[:most]


# Traces by time.


async def _by_time(
    store: Store, selection: Selection, limit: int, at: Cursor | None, sort: Sort
) -> tuple[tuple[TraceSummary, ...], Place | None]:
    """Traces in order of time, and the last row that was read if there may be more."""
    whole = selection.window

    async def asked(stretch: Stretch, after: Place | None, most: int) -> list[Key]:
        one = trace_starts(selection, stretch.window, stretch.reach, after, sort, most)
        rows = (await store.fetch(one.text, one.parameters, purpose="traces")).rows
        return [(str(trace), int(start)) for trace, start in rows]

    starts, more = await _in_stretches(store, selection, at.after if at else None, sort, limit, asked)
    listed = await _summaries(store, whole, [id_ for id_, _ in starts], [start for _, start in starts])
    last = Place(starts[-1][1], starts[-1][0]) if starts and more else None
    return tuple(listed[id_] for id_, _ in starts if id_ in listed), last


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
