"""Lists read in stretches: where stretches begin, and traces that go on through several of them."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.filter_story import HOUR, NOW

from sightline.query import listing, stretches
from sightline.query.filter.predicates import within
from sightline.query.selection import Selection, Target, select
from sightline.query.window import Window
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.rows import QueryTimeout, StoreError
from sightline.store.store import Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story

WINDOW = Window("default", NOW - 20 * HOUR, NOW)
FAILED, STEPS = story.trace_id(1), 10


@pytest.fixture(scope="module")
def nightly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An agent at work for nine hours, a step each; it failed at its first. A short trace each half hour."""
    store = Store(embedded_url(tmp_path_factory.mktemp("nightly")), StoreSettings())
    writer = store.writer()
    schema.migrate(writer)
    told = story.Told()
    began = NOW - 10 * HOUR
    told.span(FAILED, 1, None, "night shift", "agent", began, 9 * HOUR, 0)
    for step in range(STEPS):
        status = {"status": "error"} if step == 0 else {}
        told.span(FAILED, step + 2, 1, "step", "tool", began + step * HOUR - step, story.S, 1, **status)
    for n in range(20):
        told.span(story.trace_id(100 + n), 1, None, "short", "chain", NOW - (n + 1) * HOUR // 2, story.S, 0)
    story.store(told, writer)
    writer.close()
    yield store
    store.close()


def chosen(text: str, target: Target = Target.SPANS) -> Selection:
    return select(text, WINDOW, NOW, target)


def every(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of so many hours."""
    borders = [NOW - n * HOUR for n in range(hours, 20, hours)]

    async def divided(store: Store, rest: Window) -> list[int]:
        return [one for one in borders if rest.since < one < rest.until]

    monkeypatch.setattr(stretches, "_borders", divided)


@pytest.mark.parametrize("hours", [2, 3, 7])
@pytest.mark.parametrize("text", ["name:step trace:(any error)", "under kind:agent", "trace.duration>1h"])
def test_a_trace_of_many_hours_is_whole_in_each_stretch(
    nightly: Store, text: str, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asyncio.run(listing.spans(nightly, chosen(text), limit=500))
    assert len(whole.spans) >= STEPS
    every(hours, monkeypatch)
    assert asyncio.run(listing.spans(nightly, chosen(text), limit=500)) == whole


def test_a_page_ends_with_its_stretch_and_goes_on(nightly: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    short = chosen("name:short")
    whole = asyncio.run(listing.spans(nightly, short, limit=500)).spans
    every(2, monkeypatch)
    first = asyncio.run(listing.spans(nightly, short, limit=3))
    second = asyncio.run(listing.spans(nightly, short, limit=500, cursor=first.next))
    assert first.spans + second.spans == whole and second.next is None


def test_borders_have_as_many_spans_behind_them(nightly: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    there = nightly.query("SELECT toUnixTimestamp64Nano(min(start_time)) FROM sightline.spans").scalar()
    monkeypatch.setattr(stretches, "FIRST", 1)
    # One granule: all of it begins where the first span does, and nothing is left behind it.
    assert asyncio.run(stretches._borders(nightly, WINDOW)) == []
    monkeypatch.setattr(stretches, "_LITTLE", 0)
    assert asyncio.run(stretches._borders(nightly, WINDOW)) == [there]
    elsewhere = Window("other", WINDOW.since, WINDOW.until)
    assert asyncio.run(stretches._borders(nightly, elsewhere)) == []


class _Refusing:
    """A store that answers nothing about borders."""

    def __init__(self, error: StoreError) -> None:
        self.error = error

    async def fetch(self, *_: Any, **__: Any) -> Any:
        raise self.error


def test_without_the_index_the_window_is_read_at_once() -> None:
    async def parts(store: Any) -> list[stretches.Stretch]:
        return [one async for one in stretches.stretches(store, chosen("error"), WINDOW)]

    refusing = _Refusing(StoreError("Not enough privileges", 497))
    assert asyncio.run(parts(refusing)) == [stretches.Stretch(WINDOW, WINDOW.wider())]
    with pytest.raises(QueryTimeout):
        asyncio.run(parts(_Refusing(QueryTimeout("too long", 159))))


@pytest.mark.parametrize(
    ("text", "target", "divided"),
    [
        ("error", Target.SPANS, True),
        ("session:(any error)", Target.SPANS, False),
        ("session.cost>1", Target.TRACES, False),
        ('"refund"', Target.SPANS, False),
        ('"refund"', Target.TRACES, True),
    ],
)
def test_what_is_read_in_stretches(text: str, target: Target, divided: bool) -> None:
    assert stretches._divided(target, list(within(chosen(text, target).predicate))) is divided


@given(st.lists(st.integers(0, 10**12), max_size=6))
def test_stretches_are_the_whole_window(cuts: list[int]) -> None:
    rest = Window("default", 10**15, 10**15 + 10**12)
    borders = sorted({rest.since + cut for cut in cuts if 0 < cut < 10**12}, reverse=True)

    async def parts() -> list[stretches.Stretch]:
        patch = pytest.MonkeyPatch()
        with patch.context() as patched:

            async def given_borders(store: Store, rest: Window) -> list[int]:
                return borders

            patched.setattr(stretches, "_borders", given_borders)
            asked = select("kind:llm", rest, NOW, Target.TRACES)
            return [one async for one in stretches.stretches(_Refusing(StoreError("", 0)), asked, rest)]  # type: ignore[arg-type]

    found = asyncio.run(parts())
    assert found[0].window.until == rest.until and found[-1].window.since == rest.since
    assert [one.last for one in found] == [False] * len(borders) + [True]
    for later, older in itertools.pairwise(found):
        assert later.window.since == older.window.until


def test_the_latest_part_of_a_window(nightly: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    many = int(nightly.query("SELECT count() FROM sightline.spans").scalar() or 0)
    there = nightly.query("SELECT toUnixTimestamp64Nano(min(start_time)) FROM sightline.spans").scalar()
    found = asyncio.run(stretches.latest(nightly, WINDOW, many))
    assert found == Window("default", there, WINDOW.until)
    # One granule has far more than these: that would be no answer.
    assert asyncio.run(stretches.latest(nightly, WINDOW, 3)) is None
    assert asyncio.run(stretches.latest(nightly, WINDOW, many + 1)) is None
