"""What stands beside a list's rows: columns of any field, where texts were found, what would help."""

from __future__ import annotations

import asyncio

import pytest
from tests.query.filter_story import NOW, SAID, WINDOW

from sightline.query import easing as easing_module
from sightline.query import listing
from sightline.query.dimensions import dimension
from sightline.query.easing import easing
from sightline.query.listing_columns import column_values
from sightline.query.listing_places import places
from sightline.query.selection import Selection, Target, count, select
from sightline.store.store import Store


def chosen(text: str, target: Target = Target.TRACES) -> Selection:
    return select(text, WINDOW, NOW, target)


def test_columns_have_what_the_topmost_span_says(told_store: Store) -> None:
    page = asyncio.run(listing.traces(told_store, chosen("user:alice"), limit=10)).traces
    ids, starts = [(t.trace_id, "") for t in page], [t.start_time for t in page]
    names = ["attr.squad", "name", "attr.retries", "tool"]
    found = asyncio.run(column_values(told_store, WINDOW, ids, starts, [dimension(name) for name in names]))
    assert set(found) == set(ids)
    assert ("search", "odd ones", "3", "") in found.values()
    assert asyncio.run(column_values(told_store, WINDOW, ids, starts, [])) == {}
    other = asyncio.run(column_values(told_store, chosen("").window, [], [], [dimension("name")]))
    assert other == {}


def test_columns_of_spans_are_their_own(told_store: Store) -> None:
    page = asyncio.run(listing.spans(told_store, chosen("tool", Target.SPANS), limit=5)).spans
    ids, starts = [(s.trace_id, s.span_id) for s in page], [s.start_time for s in page]
    found = asyncio.run(
        column_values(told_store, WINDOW, ids, starts, [dimension("kind"), dimension("tool")])
    )
    assert found == {ids_: ("tool", span.tool_name) for ids_, span in zip(ids, page, strict=True)}


@pytest.mark.parametrize("target", list(Target))
def test_places_are_of_the_rows_that_are_shown(told_store: Store, target: Target) -> None:
    selection = chosen('"déjà vu"', target)
    if target is Target.TRACES:
        rows = asyncio.run(listing.traces(told_store, selection)).traces
        ids = [(row.trace_id, "") for row in rows]
    else:
        spans = asyncio.run(listing.spans(told_store, selection)).spans
        ids = [(row.trace_id, row.span_id) for row in spans]
    found = asyncio.run(places(told_store, selection, ids, [NOW - 500 * 10**9]))
    assert list(found) == ids and len(ids) == 1
    excerpt = found[ids[0]].excerpt
    assert [excerpt.text[a:b] for a, b in excerpt.ranges] == ["déjà vu"] and "déjà vu" in SAID
    # Nothing is looked for where no text was asked, or no row is shown.
    assert asyncio.run(places(told_store, chosen("llm", target), ids, [NOW])) == {}
    assert asyncio.run(places(told_store, selection, [], [])) == {}


def test_the_condition_to_blame(told_store: Store) -> None:
    selection = chosen("llm user:nobody", Target.SPANS)
    found = asyncio.run(easing(told_store, selection, NOW))
    assert found is not None and (found.condition, found.filter) == ("user:nobody", "kind:llm")
    assert found.count == asyncio.run(count(told_store, chosen("llm", Target.SPANS)))
    assert asyncio.run(easing(told_store, chosen("user:nobody tool:nothing"), NOW)) is None
    one = asyncio.run(easing(told_store, chosen("user:nobody"), NOW))
    assert one is not None and one.filter == "" and one.count > 5


def test_only_so_many_conditions_are_tried(told_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(easing_module, "MOST", 1)
    assert asyncio.run(easing(told_store, chosen("llm user:nobody", Target.SPANS), NOW)) is None
