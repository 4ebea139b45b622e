from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.query import opened_traces
from sightline.query.moment import moment
from sightline.query.opened_traces import KEPT_NS, OpenedTraces
from sightline.query.similar import similar
from sightline.query.trace_find import chosen_in, find
from sightline.records.trace import Trace
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Connection, Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Connection]]:
    found = Store(embedded_url(tmp_path_factory.mktemp("opened")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    story.helpdesk(told, 6)
    story.request(told, 2, story.NOW - story.S, project="other")
    story.store(told, writer)
    yield found, writer
    writer.close()
    found.close()


def opened(store: Store, traces: OpenedTraces, number: int, project: str = "default", at: int = story.NOW):  # type: ignore[no-untyped-def]
    return asyncio.run(traces.get(store, project, story.trace_id(number), at))


def test_a_large_trace_is_kept_until_it_changes_or_ages(
    written: tuple[Store, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, writer = written
    monkeypatch.setattr(opened_traces, "LARGE", 10)
    traces = OpenedTraces()
    first = opened(store, traces, 0)
    assert first is not None and opened(store, traces, 0) is first
    assert opened(store, traces, 0, at=story.NOW + KEPT_NS) is not first
    again = opened(store, traces, 0)
    told = story.Told()
    told.span(story.trace_id(0), 99, 2, "late", "tool", story.NOW, story.S, 2)
    story.store(told, writer)
    changed = opened(store, traces, 0)
    assert changed is not again and changed is not None and len(changed.trace.spans) == 14


def test_what_is_kept_is_bounded_and_of_its_project(
    written: tuple[Store, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = written
    monkeypatch.setattr(opened_traces, "LARGE", 10)
    traces = OpenedTraces(most=30)
    kept = [opened(store, traces, number) for number in (1, 2, 3)]
    assert opened(store, traces, 3) is kept[2] and opened(store, traces, 2) is kept[1]
    assert opened(store, traces, 1) is not kept[0]
    theirs = opened(store, traces, 2, "other")
    assert theirs is not None and theirs is not kept[1] and theirs.trace.project == "other"
    assert opened(store, traces, 1, "other") is None
    assert asyncio.run(traces.get(store, "default", "zz", story.NOW)) is None


def trace_of(store: Store, number: int, project: str = "default") -> Trace:
    found = opened(store, OpenedTraces(), number, project)
    assert found is not None
    return found.trace


@pytest.mark.parametrize("text", ["refund", "kind:llm", "' OR 1=1 --", 'a" b', "\\", "%", "model:gpt-4o*"])
def test_a_search_stays_in_its_trace_and_project(written: tuple[Store, Connection], text: str) -> None:
    store, _ = written
    trace = trace_of(store, 2, "other")
    found = asyncio.run(find(store, trace, text, story.NOW))
    assert found <= set(trace.columns.ids)
    _, plain = chosen_in(trace, text, story.NOW)
    assert (plain == "") == (":" in text)


def test_like_requests_and_moments_are_of_the_project(written: tuple[Store, Connection]) -> None:
    store, _ = written
    found = asyncio.run(similar(store, trace_of(store, 2)))
    assert {one.trace_id for one in found} == {story.trace_id(n) for n in (0, 1, 3, 4, 5)}
    assert asyncio.run(similar(store, trace_of(store, 2, "other"))) == ()
    trace = trace_of(store, 2)
    nothing = asyncio.run(moment(store, "other", trace.spans[0]))
    assert nothing.logs == () and nothing.metrics == ()
