"""Pages of lists on a real store: they fit together, agree with counts, and stay while data arrives.

Regenerate the statements with `UPDATE_GOLDEN=1 pytest tests/query/test_listing.py`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.filter_story import HOUR, NOW, WINDOW

from sightline.query import listing, stretches
from sightline.query.listing_order import (
    NEWEST,
    BadSort,
    Cursor,
    Place,
    Sort,
    read_cursor,
    sort_of,
    sortable,
)
from sightline.query.listing_sql import span_keys, trace_keys, trace_starts
from sightline.query.selection import Selection, Target, count, select
from sightline.query.traces import BadCursor
from sightline.query.window import LATEST, Window
from sightline.records.listing import SpanSummary
from sightline.records.trace import TraceSummary
from sightline.store.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story

GOLDEN = Path(__file__).parent / "golden" / "listing"
FILTERS = (
    "", "llm", "user:alice", "-env:prod", "error", '"refund"', "tool under kind:agent", "trace.cost>0.001",
    "session:(any error)", "log:retrying", "duration>1s", "cost>0 or kind:tool", "model:nothing",
)  # fmt: skip
SORTS = [Sort(by, up) for by in sortable(Target.TRACES) for up in (False, True)]
SPAN_SORTS = [Sort(by, up) for by in sortable(Target.SPANS) for up in (False, True)]


def chosen(text: str, target: Target = Target.TRACES, window: Window = WINDOW) -> Selection:
    return select(text, window, NOW, target)


def walk(store: Store, selection: Selection, limit: int, sort: Sort = NEWEST) -> list[TraceSummary]:
    found: list[TraceSummary] = []
    cursor = None
    while True:
        page = asyncio.run(listing.traces(store, selection, limit=limit, cursor=cursor, sort=sort))
        assert len(page.traces) <= limit
        found += page.traces
        cursor = page.next
        if cursor is None:
            return found


def walk_spans(store: Store, selection: Selection, limit: int, sort: Sort = NEWEST) -> list[SpanSummary]:
    found: list[SpanSummary] = []
    cursor = None
    while True:
        page = asyncio.run(listing.spans(store, selection, limit=limit, cursor=cursor, sort=sort))
        found += page.spans
        cursor = page.next
        if cursor is None:
            return found


def ids(traces: list[TraceSummary]) -> list[str]:
    return [trace.trace_id for trace in traces]


def key(row: TraceSummary | SpanSummary, sort: Sort) -> int | float | None:
    tokens = [n for n in (row.tokens.input, row.tokens.output) if n is not None]
    spans = isinstance(row, SpanSummary)
    return {
        "time": row.start_time,
        "duration": row.duration_ns,
        "own": row.own_ns if isinstance(row, SpanSummary) else 0,
        "cost": None if row.cost_usd is None else round(row.cost_usd * 1e9),
        "tokens": sum(tokens) if tokens else None,
        "input": row.tokens.input,
        "output": row.tokens.output,
        "ttft": row.time_to_first_token_ns,
        "spans": 0 if spans else row.spans,
        "errors": 0 if spans else row.errors,
    }[sort.by]


@pytest.mark.parametrize("text", FILTERS)
def test_a_list_has_what_is_counted(told_store: Store, text: str) -> None:
    found = walk(told_store, chosen(text), 500)
    assert len(set(ids(found))) == len(found) == asyncio.run(count(told_store, chosen(text)))
    assert ids(walk(told_store, chosen(text), 3)) == ids(found)
    spans = walk_spans(told_store, chosen(text, Target.SPANS), 500)
    assert len({(s.trace_id, s.span_id) for s in spans}) == len(spans)
    assert len(spans) == asyncio.run(count(told_store, chosen(text, Target.SPANS)))


@pytest.mark.parametrize("text", FILTERS)
def test_reading_in_stretches_finds_the_same(
    told_store: Store, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = chosen(text, Target.SPANS)
    whole, all_spans = ids(walk(told_store, chosen(text), 500)), walk_spans(told_store, spans, 500)
    many = (WINDOW.until - WINDOW.since) // 7
    borders = list(range(WINDOW.since + many, WINDOW.until, many))[::-1]

    async def divided(store: Store, rest: Window) -> list[int]:
        return [one for one in borders if rest.since < one < rest.until]

    monkeypatch.setattr(stretches, "_borders", divided)
    for limit in (2, 500):
        assert ids(walk(told_store, chosen(text), limit)) == whole
        assert walk_spans(told_store, spans, limit) == all_spans


@pytest.mark.parametrize("sort", SORTS, ids=str)
@pytest.mark.parametrize("text", ["", "llm", "user:alice"])
def test_every_order_of_traces(told_store: Store, text: str, sort: Sort) -> None:
    found = walk(told_store, chosen(text), 500, sort)
    assert sorted(ids(found)) == sorted(ids(walk(told_store, chosen(text), 500)))
    keys = [key(trace, sort) for trace in found]
    known = [k for k in keys if k is not None]
    assert known == sorted(known, reverse=not sort.ascending)
    assert keys == [*known, *[None] * (len(keys) - len(known))]
    assert ids(walk(told_store, chosen(text), 4, sort)) == ids(found)


@pytest.mark.parametrize("sort", SPAN_SORTS, ids=str)
def test_every_order_of_spans(told_store: Store, sort: Sort) -> None:
    found = walk_spans(told_store, chosen("-name:level*", Target.SPANS), 500, sort)
    keys = [key(span, sort) for span in found]
    known = [k for k in keys if k is not None]
    assert known == sorted(known, reverse=not sort.ascending)
    assert keys == [*known, *[None] * (len(keys) - len(known))]
    pages = walk_spans(told_store, chosen("-name:level*", Target.SPANS), 7, sort)
    assert [s.span_id for s in pages] == [s.span_id for s in found]


def test_a_span_says_what_it_was_asked(told_store: Store) -> None:
    found = walk_spans(told_store, chosen("llm", Target.SPANS), 5)[0]
    assert found.kind == "llm" and found.model and found.cost_usd and found.input_preview


def test_another_project_is_not_listed(told_store: Store) -> None:
    window = replace(WINDOW, project="other")
    there = ids(walk(told_store, chosen("user:mallory", window=window), 10))
    assert there == [story.trace_id(903)]
    assert not walk(told_store, chosen("user:mallory"), 10)
    page = asyncio.run(listing.traces(told_store, chosen("", window=window), limit=2))
    mine = asyncio.run(listing.traces(told_store, chosen(""), limit=2, cursor=page.next))
    assert story.trace_id(903) not in ids(list(mine.traces))


def test_the_time_asked_about_bounds_the_list(told_store: Store) -> None:
    found = walk(told_store, chosen(""), 500)
    for trace in (found[0], found[3]):
        from_it = Window("default", trace.start_time, WINDOW.until)
        upto_it = Window("default", WINDOW.since, trace.start_time)
        assert ids(walk(told_store, chosen("", window=from_it), 2))[-1] == trace.trace_id
        assert trace.trace_id not in ids(walk(told_store, chosen("", window=upto_it), 500))


FOREIGN = ["x", "", "!!", "LXRpbWU", "é", "-time.1.2.3.ab", Cursor(NEWEST, 5, 3, Place(1, "ab")).write()]


@pytest.mark.parametrize("cursor", FOREIGN[:1] + FOREIGN[2:])
def test_a_foreign_cursor_is_refused(told_store: Store, cursor: str) -> None:
    with pytest.raises(BadCursor, match="start again without one"):
        asyncio.run(listing.traces(told_store, chosen(""), cursor=cursor))


def test_a_cursor_of_another_list_is_refused(told_store: Store) -> None:
    made = Cursor(Sort("cost"), 0, LATEST, Place(5, "ab"))
    with pytest.raises(BadCursor, match="sorted by -cost, not -time"):
        asyncio.run(listing.traces(told_store, chosen(""), cursor=made.write()))
    with pytest.raises(BadCursor):
        read_cursor(made.write(), Sort("cost"), Target.SPANS)


@given(
    by=st.sampled_from(["cost", "time"]),
    up=st.booleans(),
    since=st.integers(0, 10**18),
    key=st.none() | st.integers(0, LATEST),
    trace=st.text("0123456789abcdef", min_size=1, max_size=64),
)
def test_cursors_are_read_as_written(by: str, up: bool, since: int, key: int | None, trace: str) -> None:
    made = Cursor(Sort(by, up), since, since + 1, Place(key if by == "cost" else since, trace))
    assert read_cursor(made.write(), made.sort, Target.TRACES) == made


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_cursors(text: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor(text, NEWEST, Target.TRACES)


def test_orders_are_read() -> None:
    assert sort_of("", Target.TRACES) == NEWEST == sort_of("-start", Target.TRACES)
    assert sort_of("cost", Target.SPANS) == Sort("cost", ascending=True)
    assert str(sort_of("-ttft", Target.TRACES)) == "-ttft"
    with pytest.raises(BadSort, match="did you mean duration"):
        sort_of("-durations", Target.TRACES)
    with pytest.raises(BadSort, match="one of time, duration"):
        sort_of("errors", Target.SPANS)


def statements() -> str:
    window = Window("helpdesk", NOW - 24 * HOUR, NOW)
    traces, spans = (
        select("llm user:alice", window, NOW, target) for target in (Target.TRACES, Target.SPANS)
    )
    everything = select("", window, NOW, Target.TRACES)
    made = [
        trace_starts(everything, window, window.wider(), None, NEWEST, 101),
        trace_starts(traces, window, window.wider(), Place(NOW - 1, "ab"), NEWEST, 101),
        trace_keys(everything, None, Sort("duration"), 101),
        trace_keys(traces, Place(None, "ab"), Sort("cost", ascending=True), 101),
        span_keys(spans, window, window.wider(), Place(NOW - 1, "ab/cd"), NEWEST, 101),
        span_keys(spans, window, window.wider(), Place(7, "ab/cd"), Sort("cost"), 101),
    ]
    return "\n---\n".join(statement.text for statement in made) + "\n"


def test_the_statements() -> None:
    path = GOLDEN / "statements.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(statements())
    assert statements() == path.read_text()
