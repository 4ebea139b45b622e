"""Lists while data arrives: pages that were begun stay as they were."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.query import listing
from sightline.query.listing_order import NEWEST, Sort
from sightline.query.selection import Selection, Target, select
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story
from pages_story import NOW, S

HOUR = 3600 * S


def chosen(since: int, until: int) -> Selection:
    return select("", Window("default", since, until), NOW, Target.TRACES)


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[tuple[Store, Connection]]:
    found = Store(embedded_url(tmp_path), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    story.helpdesk(told, 12)
    story.store(told, writer)
    yield found, writer
    writer.close()
    found.close()


@pytest.mark.parametrize("sort", [NEWEST, Sort("duration"), Sort("cost", ascending=True)], ids=str)
def test_what_arrives_does_not_shift_pages(growing: tuple[Store, Connection], sort: Sort) -> None:
    store, writer = growing
    # A relative range: its end is now, which moves on.
    early = chosen(NOW - 2 * HOUR, NOW)
    late = chosen(NOW - 2 * HOUR + 60 * S, NOW + 60 * S)
    before = [t.trace_id for t in asyncio.run(listing.traces(store, early, limit=500, sort=sort)).traces]
    first = asyncio.run(listing.traces(store, early, limit=4, sort=sort))
    told = story.Told()
    for n in range(5):
        story.request(told, 300 + n, NOW + n * S)
    story.store(told, writer)
    second = asyncio.run(listing.traces(store, late, limit=500, sort=sort, cursor=first.next))
    assert [t.trace_id for t in (*first.traces, *second.traces)] == before
