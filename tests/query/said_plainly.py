"""The slow way to what spans say, to hold the quick one against it."""

from __future__ import annotations

import asyncio

import pytest
from tests.query.filter_story import NOW, WINDOW

from sightline.query import listing, said
from sightline.query.search import latest, search
from sightline.query.selection import Selection, Target, counting, refined, select
from sightline.query.window import Window
from sightline.store.store import Store

# How many spans the first stretch has, and how many texts are named.
BOUNDS = ((1, 0), (3, 0), (4, 2), (7, 1_000), (20_000, 2_000))


def chosen(text: str, window: Window = WINDOW, target: Target = Target.SPANS) -> Selection:
    return select(text, window, NOW, target)


def plain(store: Store, selection: Selection) -> list[tuple[str, str, int]]:
    """All that match by the statement that knows nothing beforehand, newest first."""
    asked = latest(selection, 100_000)
    rows = [(str(t), str(s), int(n)) for t, s, n in store.query(asked.text, asked.parameters).rows]
    return sorted(rows, key=lambda row: (row[2], row[0], row[1]), reverse=True)


def bounded(patch: pytest.MonkeyPatch, bounds: tuple[int, int]) -> None:
    patch.setattr(said, "FIRST", bounds[0])
    patch.setattr(said, "MOST_NAMED", bounds[1])
    patch.setattr(said, "MOST_COUNTED", bounds[1])
    patch.setattr(said, "_STRETCHED", 20 * bounds[0])


def agrees(store: Store, selection: Selection, limit: int) -> None:
    every = plain(store, selection)
    page = asyncio.run(listing.spans(store, selection, limit=limit))
    assert [(s.trace_id, s.span_id, s.start_time) for s in page.spans] == every[:limit]
    assert (page.next is not None) == (len(every) > limit)
    hits = [(h.trace_id, h.span_id, h.start_time) for h in asyncio.run(search(store, selection, limit=limit))]
    assert len(set(hits)) == len(hits) and set(hits) <= set(every)
    # Of several that start together any may be the last.
    assert [row[2] for row in hits] == [row[2] for row in every[:limit]]
    for told in (
        asyncio.run(said.looked_up(store, selection)),
        asyncio.run(said.looked_up(store, selection, every=True)),
        refined(asyncio.run(said.looked_up(store, selection, every=True)), selection.node, NOW),
    ):
        asked = counting(told)
        assert store.query(asked.text, asked.parameters).scalar() == len(every)
