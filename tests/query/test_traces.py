"""The questions about traces on a real store."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.query import listing, traces
from sightline.query.selection import Target, select
from sightline.query.window import LATEST, Window
from sightline.records.trace import ContentRef, Position, TracePage
from sightline.settings import StoreSettings
from sightline.store import schema
from sightline.store.store import Store, embedded_url

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
import pages_story as story


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = Store(embedded_url(tmp_path_factory.mktemp("traces")), StoreSettings())
    writer = found.writer()
    schema.migrate(writer)
    told = story.Told()
    story.helpdesk(told)
    story.request(told, 77, story.NOW - story.S, project="other")
    whole = "".join(f"part {n} é; " for n in range(300))
    parts = [whole[i : i + 500] for i in range(0, len(whole), 500)]
    told.spans[0]["content"]["tool_definitions"] = ("ee" * 16, len(whole.encode()))
    story.store(told, writer)
    hashes = [hashlib.sha256(part.encode()).hexdigest()[:32] for part in parts]
    for part, hash_ in zip(parts, hashes, strict=True):
        writer.command(
            "INSERT INTO sightline.content (project, hash, body, parts, expires)"
            " SELECT 'default', unhex({h:String}), {b:String}, [], today() + 9",
            {"h": hash_, "b": part},
        )
    writer.command(
        "INSERT INTO sightline.content (project, hash, body, parts, expires)"
        " SELECT 'default', unhex({h:String}), '',"
        " arrayMap(x -> toFixedString(unhex(x), 16), {p:Array(String)}), today() + 9",
        {"h": "ee" * 16, "p": hashes},
    )
    yield found
    writer.close()
    found.close()


def listed(
    store: Store,
    project: str,
    limit: int = 100,
    cursor: str | None = None,
    since: int = 0,
    environment: str = "",
) -> TracePage:
    """A page of all traces."""
    window = Window(project, since, LATEST)
    everything = select("", window, story.NOW, Target.TRACES, environment)
    return asyncio.run(listing.traces(store, everything, limit=limit, cursor=cursor))


def test_pages_of_the_list_fit_together(store: Store) -> None:
    def walk(limit: int) -> list[str]:
        ids: list[str] = []
        cursor = None
        while True:
            page = listed(store, "default", limit, cursor)
            assert len(page.traces) <= limit
            ids += [t.trace_id for t in page.traces]
            cursor = page.next
            if cursor is None:
                return ids

    whole = walk(500)
    assert len(whole) == len(set(whole)) == 25
    assert walk(4) == whole
    assert walk(1) == whole


def test_a_summary_counts_usage_once(store: Store) -> None:
    page = listed(store, "default", 1)
    found = page.traces[0]
    assert (found.name, found.service, found.spans, found.errors) == ("POST /v1/answer", "api-gateway", 13, 0)
    assert (found.tokens.input, found.tokens.output) == (1412 + 18 + 6204, 186 + 148)
    assert found.cost_usd == pytest.approx(0.002372 + 0.00000036 + 0.01251)
    assert (found.unknown_cost, found.unknown_tokens, found.models) == (1, 0, 2)
    assert found.model == "gpt-4o-2024-11-20" and found.user_id == "u_20418"
    assert found.input_preview == story.QUESTIONS[0] and found.root_received


def test_a_list_can_be_narrowed(store: Store) -> None:
    recent = listed(store, "default", since=story.NOW - 400 * story.S)
    assert len(recent.traces) == 4
    assert not listed(store, "default", environment="dev").traces
    assert asyncio.run(traces.environments(store, "default", 0)) == ["prod"]


@pytest.mark.parametrize(
    "cursor", ["x", "1", "-1-ab", "99999999999999999999-ab", "1-zz", "1-' OR 1=1", "9" * 19 + "-a"]
)
def test_a_foreign_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(traces.BadCursor, match="cursor"):
        listed(store, "default", cursor=cursor)


def test_a_trace_adds_up_to_its_summary(store: Store) -> None:
    summary = listed(store, "default", 1).traces[0]
    found = asyncio.run(traces.trace(store, "default", summary.trace_id.upper()))
    assert found is not None
    assert found.duration_ns == summary.duration_ns and found.cost_usd == pytest.approx(summary.cost_usd)
    assert found.tokens == summary.tokens and found.unknown_cost == summary.unknown_cost
    assert [s.name for s in found.spans if s.depth == 1] == ["helpdesk_agent"]
    assert sum(s.own_ns for s in found.spans if s.name == "search_knowledge") == 18 * story.MS
    assert next(s for s in found.spans if s.name == "output check").skew_ns == 12 * story.MS


def test_late_spans_and_circles_are_kept(store: Store) -> None:
    found = asyncio.run(traces.trace(store, "default", story.trace_id(900)))
    assert found is not None
    assert [(s.name, s.position) for s in found.spans] == [
        ("nightly digest", Position.ROOT),
        ("summarise", Position.PARENT_MISSING),
        ("ping", Position.CYCLE),
        ("pong", Position.CHILD),
    ]


def test_a_limit_is_told(store: Store) -> None:
    found = asyncio.run(traces.trace(store, "default", story.trace_id(0), limit=5))
    assert found is not None and found.truncated and len(found.spans) == 5


@pytest.mark.parametrize("trace_id", ["", "zz", "' OR 1=1 --", "0" * 32, "a" * 65])
def test_no_such_trace(store: Store, trace_id: str) -> None:
    assert asyncio.run(traces.trace(store, "default", trace_id)) is None


def test_projects_are_apart(store: Store) -> None:
    other = story.trace_id(77)
    assert asyncio.run(traces.trace(store, "default", other)) is None
    assert asyncio.run(traces.trace(store, "other", other)) is not None
    assert asyncio.run(traces.has_trace(store, "other", other))
    assert not asyncio.run(traces.has_trace(store, "default", other))
    assert [t.trace_id for t in listed(store, "other").traces] == [other]
    assert asyncio.run(traces.span_details(store, "default", other, [f"{other[:8]}00000001"])) == []
    assert listed(store, "def' OR 1=1 --").traces == ()
    ref = asyncio.run(traces.span_details(store, "other", other, [f"{other[:8]}0000000c"]))[0].contents[0]
    assert asyncio.run(traces.contents(store, "ghost", [ref]))[0].text is None


def test_a_span_in_full(store: Store) -> None:
    trace = story.trace_id(0)
    ids = [f"{trace[:8]}0000000c", "gone", f"{trace[:8]}00000001"]
    answer, root = asyncio.run(traces.span_details(store, "default", trace, ids))
    assert answer.columns["request_model"] == "gpt-4o" and answer.columns["finish_reason"] == "stop"
    assert "cost_usd" in answer.columns and "tool_name" not in answer.columns
    assert answer.attributes == {"gen_ai.request.custom.nested": [1, 2], "promo_code": "AUTUMN"}
    assert [event.name for event in answer.events] == ["gen_ai.choice"]
    assert {ref.field for ref in answer.contents} == {"input_messages", "output_messages"}
    assert root.attributes["app.region"] == "eu-west"


def test_contents_are_joined_from_parts_and_cut(store: Store) -> None:
    ref = ContentRef("tool_definitions", "ee" * 16, 0)
    whole = "".join(f"part {n} é; " for n in range(300))
    found = asyncio.run(traces.contents(store, "default", [ref]))[0]
    assert found.text == whole and not found.truncated
    cut = asyncio.run(traces.contents(store, "default", [ref], limit=701))[0]
    assert cut.text is not None and whole.startswith(cut.text) and cut.truncated
    assert 690 < len(cut.text.encode()) <= 701
