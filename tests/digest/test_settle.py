"""A trace that arrives in several segments ends with the same columns as when it came at once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from digest.engine import NOW, SECOND, Engine
from digest.otlp import START, add, span, traces
from sightline.digest.heads import complete_heads
from sightline.digest.recent import Span as Range
from sightline.digest.settle import Settler
from sightline.digest.trace_sums import NAMES
from sightline.digest.trace_sums import SUMS as SUM_COLUMNS
from sightline.records.ingest import Signal

DERIVED = (  # with what heads carry
    "trace_id, span_id, parent_span_id, name, own_ns, depth, is_root, skew_ns, usage_source, cost_usd, cost_source,"  # noqa: E501
    " price_version, cost_input, session_id, user_id, team, feature, tags, release, environment, tenant_org, inherited, "  # noqa: E501
    + ", ".join(NAMES)
)
WIDE = {
    "session.id": "s",
    "user.id": "u",
    "sightline.team": "t",
    "sightline.feature": "f",
    "sightline.tags": ["x", "y"],
    "deployment.environment.name": "prod",
    "sightline.release": "r",
}


def derived(engine: Engine, project: str) -> list[dict[str, Any]]:
    """What the digest derived, in a fixed order."""
    rows = engine.rows(
        f"SELECT {DERIVED} FROM sightline.spans WHERE project = {{p:String}} ORDER BY trace_id, span_id",
        p=project,
    )
    return [{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows]


@st.composite
def trees(draw: st.DrawFn, trace: int) -> list[Span]:
    """One trace in any order: nested or not, with missing parents, cycles and some values for all of it."""
    count = draw(st.integers(1, 8))
    found = []
    for i in range(1, count + 1):
        choice = draw(st.integers(0, 9))
        parent = 0 if i == 1 and choice < 8 else 99 if choice == 9 else draw(st.integers(1, max(1, i - 1)))
        if choice == 0 and i > 1:
            parent = 0
        attributes: dict[str, Any] = {}
        if draw(st.booleans()):
            attributes |= {
                "gen_ai.operation.name": draw(st.sampled_from(["chat", "invoke_agent", "embeddings"]))
            }
            attributes |= {"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai"}
            attributes |= {"gen_ai.usage.input_tokens": 1000 * i, "gen_ai.usage.output_tokens": 10}
        for key in draw(st.lists(st.sampled_from(sorted(WIDE)), max_size=3, unique=True)):
            value = WIDE[key]
            attributes[key] = [f"{v}{i}" for v in value] if isinstance(value, list) else f"{value}{i}"
        start = START + draw(st.integers(0, 50)) * 100
        made = span(trace, i, parent, start=start, length=draw(st.integers(0, 5000)), attributes=attributes)
        found.append(made)
    return found


def request(spans: Sequence[Span]) -> Any:
    """A request in which every other span is another instrumentation's."""
    made = traces([s for s in spans if s.span_id[-1] % 2], scope="one")
    add(made, [s for s in spans if not s.span_id[-1] % 2], scope="another")
    return made


@st.composite
def scattered(draw: st.DrawFn) -> tuple[list[Span], list[list[Span]]]:
    """Spans of a few traces, and the same spans scattered over segments."""
    spans = [s for trace in range(1, 5) for s in draw(trees(trace))]
    segments: list[list[Span]] = [[] for _ in range(draw(st.integers(2, 4)))]
    for made in draw(st.permutations(spans)):
        segments[draw(st.integers(0, len(segments) - 1))].append(made)
    return spans, [s for s in segments if s]


def cases(count: int, number: int) -> list[tuple[list[Span], list[list[Span]]]]:
    """Generated cases."""
    found = []

    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @seeded(number)
    @given(scattered())
    def collect(case: tuple[list[Span], list[list[Span]]]) -> None:
        found.append(case)

    collect()
    return found


@pytest.mark.parametrize("number", range(6))
def test_scattered_over_segments_is_as_at_once(engine: Engine, number: int) -> None:
    spans, segments = cases(number + 3, number)[-1]
    once, later = engine.fresh(), engine.fresh()
    engine.digest(Signal.TRACES, [request(spans)], once)
    for i, segment in enumerate(segments):
        if number % 2 and i == 1:
            engine.restart()
        engine.digest(Signal.TRACES, [request(segment)], later)
    assert derived(engine, later) == derived(engine, once)


def rows_after(engine: Engine, *segments: Sequence[Span]) -> list[dict[str, Any]]:
    """Rows after some segments of one new project."""
    project = engine.fresh()
    for segment in segments:
        engine.digest(Signal.TRACES, [traces(segment)], project)
    return derived(engine, project)


def test_what_the_root_says_counts_for_the_trace_when_the_root_comes_last(engine: Engine) -> None:
    rows = rows_after(
        engine,
        [span(1, 2, 1, start=START + 100, length=300)],
        [span(1, 3, 2, start=START + 150, length=100)],
        [span(1, 1, attributes=WIDE)],
    )
    for row in rows:
        assert (row["session_id"], row["user_id"], row["team"], row["feature"]) == ("s", "u", "t", "f")
        assert (row["tags"], row["environment"], row["release"]) == (("x", "y"), "prod", "r")
    assert [r["depth"] for r in rows] == [0, 1, 2]
    assert [r["own_ns"] for r in rows] == [700, 200, 100]
    assert rows[0]["inherited"] == 0
    assert rows[1]["inherited"] == rows[2]["inherited"] != 0


def test_usage_that_turns_out_to_be_repeated_is_no_longer_counted(engine: Engine) -> None:
    usage = {
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 10,
        "gen_ai.request.model": "gpt-4o",
    }
    usage["gen_ai.provider.name"] = "openai"
    agent = span(1, 1, attributes={**usage, "gen_ai.operation.name": "invoke_agent"})
    call = span(1, 2, 1, attributes={**usage, "gen_ai.operation.name": "chat"})
    alone = rows_after(engine, [agent])
    assert alone[0]["usage_source"] == "own"
    assert alone[0]["cost_usd"] > 0
    both = rows_after(engine, [agent], [call])
    assert [r["usage_source"] for r in both] == ["rollup", "own"]
    assert (both[0]["cost_usd"], both[0]["cost_source"], both[0]["cost_input"]) == (None, None, None)
    assert sum(r["cost_usd"] or 0 for r in both) == alone[0]["cost_usd"]


USAGE = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "openai/gpt-4o",
    "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 10,
}  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
def test_a_stream_seen_by_a_framework_and_a_client_beside_it_counts_once(
    engine: Engine, backwards: bool
) -> None:
    client = USAGE | {"gen_ai.request.model": "gpt-4o-2024-08-06"}
    segments = [
        traces([span(1, 1, length=5000)], scope="app"),
        traces([span(1, 2, 1, start=START + 10, attributes=USAGE, length=100)], scope="framework"),
        traces([span(1, 3, 1, start=START + 500, attributes=client, length=3000)], scope="client"),
    ]
    project = engine.fresh()
    for segment in segments[:: -1 if backwards else 1]:
        engine.digest(Signal.TRACES, [segment], project)
    rows = derived(engine, project)
    assert [r["usage_source"] for r in rows] == [None, "rollup", "own"]
    assert (rows[1]["cost_usd"], rows[0]["trace_tokens"], rows[0]["trace_calls"]) == (None, 1010, 2)
    assert rows[0]["trace_cost_usd"] == pytest.approx(rows[2]["cost_usd"])


def test_a_call_that_leaves_its_usage_to_the_one_inside_is_not_unknown(engine: Engine) -> None:
    outer = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    calls = [span(1, 2, 1, attributes=outer), span(1, 4, 3, attributes=USAGE)]
    rows = rows_after(engine, [span(1, 1), *calls], [span(1, 3, 2, name="retry")])
    assert [r["usage_source"] for r in rows] == [None, "rollup", None, "own"]
    head = rows[0]
    assert (head["trace_unknown_cost"], head["trace_unknown_tokens"]) == (0, 0)
    # What a tool inside calls is another call: what the outer one used stays unknown.
    tool = span(1, 3, 2, name="look up", attributes={"gen_ai.operation.name": "execute_tool"})
    apart = rows_after(engine, [span(1, 1), *calls], [tool])
    assert [r["usage_source"] for r in apart] == [None, None, None, "own"]
    assert (apart[0]["trace_unknown_cost"], apart[0]["trace_unknown_tokens"]) == (1, 1)
    alone = rows_after(engine, [span(1, 1), span(1, 2, 1, attributes=outer)])
    assert (alone[0]["trace_unknown_cost"], alone[0]["trace_unknown_tokens"]) == (1, 1)


def test_a_span_sent_again_is_there_once_and_its_later_copy_wins(engine: Engine) -> None:
    first, second = span(1, 1, name="open", length=10), span(1, 1, name="closed", length=500)
    rows = rows_after(engine, [first], [second])
    assert [(r["name"], r["own_ns"]) for r in rows] == [("closed", 500)]
    rows = rows_after(engine, [first, second])
    assert [(r["name"], r["own_ns"]) for r in rows] == [("closed", 500)]
    rows = rows_after(engine, [first, span(1, 2, 1)], [second], [second])
    assert [r["name"] for r in rows] == ["closed", "work"]


def test_a_segment_digested_twice_adds_nothing(engine: Engine) -> None:
    project = engine.fresh()
    request = traces([span(1, 1, attributes={"session.id": "s"}), span(1, 2, 1)])
    for _ in range(2):
        engine.digest(Signal.TRACES, [request], project, token=f"{project}-same")
        before = derived(engine, project)
    engine.restart()
    engine.digest(Signal.TRACES, [request], project, token=f"{project}-same")
    assert len(before) == 2
    assert derived(engine, project) == before


def test_a_child_that_begins_before_its_parent_shows_the_skew(engine: Engine) -> None:
    rows = rows_after(engine, [span(1, 2, 1, start=START - 70)], [span(1, 1)])
    assert [r["skew_ns"] for r in rows] == [0, 70]


def test_traces_of_two_projects_with_one_id_stay_apart(engine: Engine) -> None:
    one, two = engine.fresh(), engine.fresh()
    engine.digest(Signal.TRACES, [traces([span(1, 1, attributes=WIDE)])], one)
    engine.digest(Signal.TRACES, [traces([span(1, 2, 1)])], two)
    engine.digest(Signal.TRACES, [traces([span(1, 3, 1)])], one)
    assert derived(engine, two)[0]["session_id"] is None
    assert [r["session_id"] for r in derived(engine, one)] == ["s", "s"]
    assert [r["depth"] for r in derived(engine, one)] == [0, 1]


def test_a_trace_that_was_received_long_ago_is_still_settled(engine: Engine) -> None:
    project = engine.fresh()
    old = NOW - 5 * 86_400 * SECOND
    engine.digest(Signal.TRACES, [traces([span(7, 1, attributes=WIDE, start=old)])], project, received=old)
    engine.restart()
    engine.digest(Signal.TRACES, [traces([span(7, 2, 1, start=old + 100)])], project)
    assert [(r["depth"], r["session_id"]) for r in derived(engine, project)] == [(0, "s"), (1, "s")]


SUMS = """
SELECT
    trace_id,
    argMin(span_id, (parent_span_id != '', start_time, span_id)) AS head,
    max(toUnixTimestamp64Nano(start_time) + duration_ns) - min(toUnixTimestamp64Nano(start_time)) AS duration,
    count() AS spans,
    countIf(status = 'error') AS errors,
    sumIf(input_tokens, usage_source = 'own') AS input_tokens,
    sumIf(cost_usd, usage_source = 'own') AS cost
FROM sightline.spans WHERE project = {p:String} GROUP BY trace_id ORDER BY trace_id
"""
HEADS = """
SELECT trace_id, span_id, trace_duration_ns, trace_spans, trace_errors, trace_input_tokens, trace_cost_usd
FROM sightline.spans WHERE project = {p:String} AND trace_head ORDER BY trace_id
"""


def flat(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [[round(v, 9) if isinstance(v, float) else v for v in row.values()] for row in rows]


@pytest.mark.parametrize("number", range(4))
def test_each_trace_has_one_head_with_the_sums_of_its_spans(engine: Engine, number: int) -> None:
    _, segments = cases(number + 2, 100 + number)[-1]
    project = engine.fresh()
    for segment in segments:
        engine.digest(Signal.TRACES, [traces(segment)], project)
        heads = engine.rows(HEADS, p=project)
        assert flat(heads) == flat(engine.rows(SUMS, p=project)) != []


def test_a_head_moves_to_a_root_that_comes_late(engine: Engine) -> None:
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces([span(1, 2, 1, start=START + 100, length=300)])], project)
    assert [row["span_id"] for row in engine.rows(HEADS, p=project)] == [f"{2:016x}"]
    engine.digest(Signal.TRACES, [traces([span(1, 1, start=START + 200, length=50)])], project)
    (head,) = engine.rows(HEADS, p=project)
    assert (head["span_id"], head["trace_spans"], head["trace_duration_ns"]) == (f"{1:016x}", 2, 300)
    others = engine.rows(
        f"SELECT {', '.join(NAMES)} FROM sightline.spans WHERE project = {{p:String}} AND NOT trace_head",
        p=project,
    )
    assert [row.pop("trace_models") for row in others] == [[]]
    assert [set(row.values()) for row in others] == [{False, None}]


def test_traces_from_before_get_their_heads_once(engine: Engine) -> None:
    spans, _ = cases(3, 7)[-1]
    project = engine.fresh()
    engine.digest(Signal.TRACES, [traces(spans)], project)
    wanted = derived(engine, project)
    zero = ", ".join(["trace_head = 0", *(f"{one.name} = {one.nothing}" for one in SUM_COLUMNS)])
    with contextlib.closing(engine.store.writer()) as writer:
        writer.command(
            f"UPDATE sightline.spans SET {zero} WHERE project = {{p:String}}",
            {"p": project},
            settings={"allow_experimental_lightweight_update": 1},
        )
        assert engine.rows(HEADS, p=project) == []
        assert complete_heads(writer) == len({row["trace_id"] for row in wanted})
        assert derived(engine, project) == wanted
        assert complete_heads(writer) == 0


def test_readers_never_see_two_heads_of_a_trace(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    settle = Settler.settle

    def looked(self: Settler, touched: str, span: Range) -> int:
        # Between the insert of a segment and its settling.
        seen.append(len(engine.rows(HEADS, p=project)))
        return settle(self, touched, span)

    monkeypatch.setattr(Settler, "settle", looked)
    project = engine.fresh()
    for number in (3, 2, 1):
        made = span(1, number, number - 1, start=START + number, length=300)
        engine.digest(Signal.TRACES, [traces([made])], project)
    assert seen == [1, 1]
    assert [row["span_id"] for row in engine.rows(HEADS, p=project)] == [f"{1:016x}"]
