from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from tests.demo.collect import NOW, Got, Kept, a_week, logs_of, messages, metrics_of, spans_of

from sightline.demo.feed import HORIZON, Live, Plan, Rest, send_history
from sightline.demo.story import DAY, HOUR, MINUTE, SECOND, Story
from sightline.demo.world import FORBIDDEN_USER, LOOP_USER
from sightline.records.ingest import Signal

STORY = Story.around(NOW)


def of_service(name: str) -> list[Got]:
    return [g for g in a_week().spans if g.resource["service.name"] == name]


def named(name: str) -> list[Got]:
    return [g for g in a_week().spans if g.span.name == name]


def seconds(got: Got) -> float:
    return (got.span.end_time_unix_nano - got.span.start_time_unix_nano) / 1e9


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def small(seed: int, **given: float) -> Kept:
    kept = Kept()
    for _ in send_history(kept, Plan(NOW, seed, days=given.get("days", 0.3), traces=60)):
        pass
    return kept


def test_the_same_seed_and_time_give_the_same_bytes() -> None:
    assert small(1).requests == small(1).requests
    assert small(1).requests != small(2).requests


def test_items_announced_are_items_sent() -> None:
    kept = small(4)
    for signal, read in ((Signal.TRACES, spans_of), (Signal.LOGS, logs_of)):
        assert sum(items for s, _, items in kept.requests if s is signal) == len(list(read(kept)))


def test_ids_are_valid_and_unique() -> None:
    seen = set()
    for got in a_week().spans:
        span = got.span
        assert len(span.trace_id) == 16 and any(span.trace_id)
        assert len(span.span_id) == 8 and any(span.span_id)
        assert len(span.parent_span_id) in (0, 8)
        seen.add((span.trace_id, span.span_id))
    assert len(seen) == len(a_week().spans)


def test_spans_lie_in_the_past_and_in_the_days_asked_for() -> None:
    for got in a_week().spans:
        assert got.span.start_time_unix_nano < got.span.end_time_unix_nano < NOW
        assert got.span.start_time_unix_nano > NOW - 7 * DAY - 2 * HOUR


def test_the_newest_hours_come_first_and_late_roots_last() -> None:
    firsts = [g.span.start_time_unix_nano for g in a_week().spans]
    assert NOW - firsts[0] < 3 * HOUR
    late = a_week().spans[-len(a_week().rest.late) :]
    assert late and all(
        g.span.name == "classify_tickets.workflow" and not g.span.parent_span_id for g in late
    )


def test_days_and_nights_and_weekends_differ() -> None:
    answers = [g.span.start_time_unix_nano for g in named("POST /v1/answer")]
    hours = Counter(t // HOUR % 24 for t in answers)
    assert sum(hours[h] for h in range(8, 17)) > 5 * sum(hours[h] for h in range(5))
    days = Counter((t // DAY + 3) % 7 for t in answers)
    assert days[5] + days[6] < 0.5 * (days[0] + days[1])
    batches = Counter(g.span.start_time_unix_nano // HOUR % 24 for g in of_service("ticket-classifier"))
    assert set(batches) <= {1, 2, 3, 4, 5}


def test_agents_resend_their_whole_history() -> None:
    runs: dict[bytes, list[Got]] = defaultdict(list)
    for got in of_service("research-agent"):
        if got.span.name.startswith("chat ") and "gen_ai.output.messages" in got.attributes:
            runs[got.span.trace_id].append(got)
    assert len(runs) > 5
    lengths = []
    for calls in runs.values():
        calls.sort(key=lambda g: g.span.start_time_unix_nano)
        for before, after in pairwise(calls):
            sent, resent = messages(before), messages(after)
            assert resent[: len(sent)] == sent
            assert len(resent) > len(sent)
            answered = json.loads(before.attributes["gen_ai.output.messages"])
            assert resent[len(sent)] == answered[0]
        lengths.append(len(calls))
    assert max(lengths) > 30


def test_the_release_of_wednesday_made_rerank_slow() -> None:
    slow, fast = [], []
    for got in named("rerank"):
        if got.resource["deployment.environment.name"] == "prod" and not got.span.status.code:
            since = got.span.start_time_unix_nano >= STORY.slow_since
            (slow if since else fast).append(seconds(got))
            assert got.resource["service.version"] == (STORY.new_release if since else STORY.old_release)
    assert STORY.new_release == "2026.11.3"
    assert median(slow) > 2.5 * median(fast)


def test_prompt_v42_times_out_in_eu_west_today() -> None:
    failed = [g for g in named("rerank") if g.attributes.get("error.type") == "rerank_timeout"]
    roots = {g.span.trace_id: g for g in named("invoke_agent helpdesk_agent")}
    today = [g for g in failed if g.span.start_time_unix_nano >= STORY.timeout_since]
    assert today
    blamed = [g for g in today if roots[g.span.trace_id].attributes["prompt.version"] == "v42"]
    assert len(blamed) >= 0.8 * len(today)
    assert {g.resource["cloud.region"] for g in blamed} == {"eu-west"}
    served = {g.span.trace_id: g for g in named("POST /v1/answer")}
    assert served[blamed[0].span.trace_id].attributes["http.response.status_code"] == 504


def test_rate_limits_are_retried() -> None:
    refused = [g for g in a_week().spans if g.attributes.get("error.type") == "RateLimitError"]
    calls = [g for g in refused if g.span.name.startswith("chat ")]
    traces = {g.span.trace_id for g in calls}
    good = {
        g.span.trace_id
        for g in a_week().spans
        if g.span.name.startswith("chat ") and not g.span.status.code and g.span.trace_id in traces
    }
    assert len(calls) > 5 and len(good) > 0.8 * len(traces)
    assert all(g.span.status.code == 2 and "429" in g.span.status.message for g in calls)
    assert any(event.name == "exception" for event in calls[0].span.events)


def test_an_agent_stuck_in_a_loop_burns_tokens() -> None:
    loops = [g for g in a_week().spans if g.attributes.get("error.type") == "BudgetExceeded"]
    assert len(loops) == 2 and all(g.attributes["user.id"] == LOOP_USER for g in loops)
    traces = Counter(g.span.trace_id for g in a_week().spans)
    assert sorted(traces[g.span.trace_id] for g in loops)[-1] > 3 * 214


def test_one_tool_fails_for_one_user_only() -> None:
    users = {g.span.trace_id: g.attributes["user.id"] for g in named("invoke_agent helpdesk_agent")}
    failed = [g for g in named("execute_tool lookup_order") if g.span.status.code == 2]
    assert {users[g.span.trace_id] for g in failed} <= {FORBIDDEN_USER}
    worked = [g for g in named("execute_tool lookup_order") if not g.span.status.code]
    assert FORBIDDEN_USER not in {users[g.span.trace_id] for g in worked}


def test_caching_stopped_with_the_shops_new_prompt() -> None:
    read: dict[bool, list[int]] = {True: [], False: []}
    for got in named("ai.streamText.doStream"):
        if "ai.usage.cachedInputTokens" in got.attributes:
            after = got.span.start_time_unix_nano > STORY.uncached_since
            read[after].append(got.attributes["ai.usage.cachedInputTokens"])
    assert sum(read[False]) > 0 and sum(read[True]) == 0 and len(read[True]) > 10


def test_parents_are_missing_late_or_behind() -> None:
    ids = {(g.span.trace_id, g.span.span_id) for g in a_week().spans}
    orphans = {
        g.span.trace_id
        for g in a_week().spans
        if g.span.parent_span_id and (g.span.trace_id, g.span.parent_span_id) not in ids
    }
    assert orphans
    starts = {(g.span.trace_id, g.span.span_id): g.span.start_time_unix_nano for g in a_week().spans}
    skewed = [
        g
        for g in of_service("order-service")
        if g.span.start_time_unix_nano < starts.get((g.span.trace_id, g.span.parent_span_id), 0)
    ]
    assert skewed and {g.resource["host.name"] for g in skewed} == {"orders-7"}


def test_agents_repeat_the_usage_of_their_calls() -> None:
    below: Counter[bytes] = Counter()
    for got in of_service("helpdesk-api"):
        if got.span.name.startswith("chat "):
            usage = got.attributes
            below[got.span.trace_id] += usage.get("gen_ai.usage.input_tokens", 0)
            below[got.span.trace_id] += usage.get("gen_ai.usage.prompt_tokens", 0)
    agents = named("invoke_agent helpdesk_agent")
    assert agents
    for got in agents:
        assert got.attributes["gen_ai.usage.input_tokens"] == below[got.span.trace_id]


def test_tokens_of_every_kind_appear() -> None:
    keys: Counter[str] = Counter(k for g in a_week().spans for k in g.attributes)
    for key in (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.response.time_to_first_chunk",
        "llm.token_count.prompt_details.cache_write",
        "langfuse.observation.usage_details",
        "llm.usage.total_tokens",
    ):
        assert keys[key] > 5, key
    finishes = Counter(
        f for g in a_week().spans for f in g.attributes.get("gen_ai.response.finish_reasons", ())
    )
    assert finishes["length"] > 0 and finishes["tool_call"] > 0


@pytest.mark.parametrize(
    "scope",
    ["opentelemetry.instrumentation.genai.openai", "opentelemetry.instrumentation.openai_v2", "pydantic-ai",
     "openinference.instrumentation.openai", "opentelemetry.instrumentation.openai.v1", "langfuse-sdk", "ai"],
)  # fmt: skip
def test_every_dialect_is_spoken(scope: str) -> None:
    assert sum(g.scope == scope for g in a_week().spans) > 3


def test_people_places_and_versions_vary() -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for got in a_week().spans:
        for key in ("user.id", "team", "feature", "tenant.id", "gen_ai.request.model"):
            if key in got.attributes:
                found[key][got.attributes[key]] += 1
        for key in ("service.name", "service.version", "deployment.environment.name", "cloud.region"):
            if key in got.resource:
                found[key][got.resource[key]] += 1
    assert len(found["user.id"]) > 100
    most = sum(count for _, count in found["user.id"].most_common(len(found["user.id"]) // 10))
    assert most > 0.25 * found["user.id"].total()
    for key, least in (("team", 4), ("feature", 5), ("gen_ai.request.model", 8), ("service.name", 8)):
        assert len(found[key]) >= least, key
    assert set(found["deployment.environment.name"]) == {"prod", "staging", "dev"}
    assert found["gen_ai.request.model"]["triage-8b-lora"] > 50


def test_text_speaks_many_languages() -> None:
    said = "".join(str(g.attributes.get("input.value", "")) for g in named("invoke_agent helpdesk_agent"))
    for script in (
        "[\u0590-\u05ff]",
        "[\u0600-\u06ff]",
        "[\u0900-\u097f]",
        "[\u3040-\u30ff]",
        "[\u4e00-\u9fff]",
        "😩",
    ):
        assert re.search(script, said), script


def test_nothing_points_at_real_people_or_sites() -> None:
    allowed = re.compile(r"(.*\.)?(example\.(org|net|edu|com|int)|internal|openai\.com|anthropic\.com"
                         r"|googleapis\.com|mistral\.ai|amazonaws\.com)$")  # fmt: skip
    seen = set()
    for got in a_week().spans:
        for value in got.attributes.values():
            if isinstance(value, str):
                assert not re.search(r"[\w.]+@[\w-]+\.\w+", value), value
                seen.update(re.findall(r"https?://([\w.-]+)", value))
    assert seen
    assert all(allowed.match(host) for host in seen), seen


def test_logs_belong_to_spans() -> None:
    ids = {(g.span.trace_id, g.span.span_id) for g in a_week().spans}
    records = [record for _, record in logs_of(a_week().kept)]
    linked = [r for r in records if (r.trace_id, r.span_id) in ids]
    assert len(linked) > 0.95 * len(records) > 100
    assert {r.severity_text for r in records} >= {"INFO", "WARN", "ERROR"}
    events = Counter(r.event_name for r in records)
    assert events["gen_ai.client.inference.operation.details"] and events["gen_ai.evaluation.result"]
    assert any(r.body.WhichOneof("value") == "kvlist_value" for r in records)


def test_every_day_of_history_has_thumbs_of_users_and_a_judges_scores() -> None:
    given: dict[str, Counter[int]] = defaultdict(Counter)
    for _, record in logs_of(a_week().kept):
        said = {a.key: a.value for a in record.attributes}
        if record.event_name == "gen_ai.evaluation.result" and record.time_unix_nano < NOW:
            name = said["gen_ai.evaluation.name"].string_value
            by = said["sightline.score.source"].string_value if "sightline.score.source" in said else ""
            given[f"{name} {by}"][(NOW - record.time_unix_nano) // DAY] += 1
    for what in ("helpful end_user", "groundedness evaluator"):
        days = given[what]
        assert len(days) >= 7 and sum(days.values()) > 100, (what, days)
    assert given["verdict person"] and given["satisfaction end_user"]


def test_metrics_of_every_shape() -> None:
    shapes = Counter(m.WhichOneof("data") for m in metrics_of(a_week().kept))
    assert set(shapes) == {"gauge", "sum", "histogram", "exponential_histogram", "summary"}
    ids = {(g.span.trace_id, g.span.span_id) for g in a_week().spans}
    exemplars = [
        (e.trace_id, e.span_id)
        for m in metrics_of(a_week().kept)
        if m.WhichOneof("data") == "histogram"
        for p in m.histogram.data_points
        for e in p.exemplars
    ]
    assert exemplars and set(exemplars) <= ids


def test_live_spans_are_sent_when_they_have_ended() -> None:
    kept, plan = Kept(), Plan(NOW, seed=5, rate=200)
    live = Live(kept, plan, Rest([], [], []))
    sent = 0
    for second in range(1, 121):
        now, before = NOW + second * SECOND, len(kept.requests)
        sent += live.step(now)
        part = Kept(kept.requests[before:])
        assert all(g.span.end_time_unix_nano <= now for g in spans_of(part))
        assert all(record.time_unix_nano <= now for _, record in logs_of(part))
    assert 0.2 * 200 * 120 < sent < 2 * 200 * 120
    requests = defaultdict(set)
    for i, one in enumerate(kept.requests):
        for got in spans_of(Kept([one])):
            requests[got.span.trace_id].add(i)
    assert max(len(found) for found in requests.values()) > 2
    assert any(True for _ in metrics_of(kept))


def test_what_history_leaves_is_sent_live() -> None:
    plan = Plan(NOW, seed=3, days=0.2, traces=400, rate=0.1)
    kept, rest = Kept(), Rest([], [], [])
    for step in send_history(kept, plan):
        rest = step[1]
    assert rest.spans and all(s.end >= NOW and s.start < NOW + HORIZON for s in rest.spans)
    after = Kept()
    live = Live(after, plan, rest)
    live.step(max(s.end for s in rest.spans) + MINUTE)
    sent = {g.span.span_id for g in spans_of(after)}
    assert {s.span_id for s in rest.spans} <= sent
