# ruff: noqa: E501 - the cases are lines of a table
"""Anyone's logs: what is recognised under which name, units that are not guessed, records that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.report.any_log import FieldError, LogReader, mappings, moment
from sightline.report.call import Call
from sightline.report.command import as_json
from sightline.report.figures import Reading
from sightline.report.gather import Gatherer
from sightline.report.log_names import NAMES

KNOWN = {part for names in NAMES.values() for name in names for part in (name, *name.split("."))}

OPENAI = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1764135358, "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1200, "completion_tokens": 80, "total_tokens": 1280,
              "prompt_tokens_details": {"cached_tokens": 1000}},
}  # fmt: skip
BATCH = {"custom_id": "r-1", "response": {"status_code": 200, "body": OPENAI}, "error": None}
ANTHROPIC = {
    "id": "msg_1", "type": "message", "model": "claude-sonnet-4-5", "content": [{"type": "text", "text": "Hi"}],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5, "output_tokens": 7},
}  # fmt: skip
GEMINI = {
    "modelVersion": "gemini-2.5-flash", "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 40, "cachedContentTokenCount": 8, "candidatesTokenCount": 10,
                      "thoughtsTokenCount": 5, "totalTokenCount": 55},
}  # fmt: skip
LITELLM = {
    "litellm_call_id": "a-1", "call_type": "acompletion", "model": "gpt-4o", "custom_llm_provider": "openai",
    "startTime": "2026-11-26T05:00:00.000", "endTime": "2026-11-26T05:00:02.500", "response_cost": 0.0123,
    "completion_start_time": "2026-11-26T05:00:00.400", "end_user": "ada", "metadata": {"user_id": "not asked"},
    "prompt_tokens": 100, "completion_tokens": 20, "status": "success",
}  # fmt: skip
LANGSMITH = {
    "id": "0a", "run_type": "llm", "name": "ChatOpenAI", "trace_id": "t", "parent_run_id": "p",
    "start_time": "2026-11-26T05:00:00.000000", "end_time": "2026-11-26T05:00:01.500000",
    "first_token_time": "2026-11-26T05:00:00.250000", "error": "RateLimitError('slow down')\nTraceback …",
    "extra": {"metadata": {"ls_model_name": "gpt-4o", "ls_provider": "openai", "user_id": "ada"}},
    "outputs": {"usage_metadata": {"input_tokens": 50, "output_tokens": 5}}, "inputs": {"messages": []},
}  # fmt: skip
LANGFUSE = {
    "id": "o1", "traceId": "t", "type": "GENERATION", "name": "answer", "model": "gpt-4o", "level": "ERROR",
    "startTime": "2026-11-26T05:00:00.000Z", "endTime": "2026-11-26T05:00:03.000Z", "parentObservationId": "o0",
    "completionStartTime": "2026-11-26T05:00:01.000Z", "usageDetails": {"input": 9, "output": 3, "total": 12},
    "calculatedTotalCost": 0.001, "statusMessage": "time out", "input": "Q?", "output": "A",
}  # fmt: skip


def one(record: Any, *fields: str) -> Call:
    [call] = list(LogReader(mappings(fields)).read(record))
    assert isinstance(call, Call), call
    return call


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (OPENAI, {"model": "gpt-4o-2024-08-06", "input": 1200, "output": 80, "cache_read": 1000, "answer": 11,
                  "time": 1764135358 * 10**9, "duration": None, "error": "", "kind": "llm"}),
        (BATCH, {"model": "gpt-4o-2024-08-06", "input": 1200, "answer": 11, "error": ""}),
        (BATCH | {"response": {"status_code": 429, "body": {"error": {"type": "rate_limit", "message": "x"}}}},
         {"error": "rate_limit"}),
        (ANTHROPIC, {"input": 115, "cache_read": 100, "cache_write": 5, "output": 7, "answer": 2}),
        (LITELLM, {"duration": 2_500_000_000, "ttft": 400_000_000, "cost": 0.0123, "user": "ada", "input": 100,
                   "provider": "openai", "error": "", "kind": "llm"}),
        (LANGSMITH, {"duration": 1_500_000_000, "ttft": 250_000_000, "model": "gpt-4o", "input": 50, "output": 5,
                     "user": "ada", "error": "RateLimitError", "kind": "llm"}),
        (LANGFUSE, {"duration": 3_000_000_000, "ttft": 1_000_000_000, "cost": 0.001, "input": 9, "output": 3,
                    "error": "error", "answer": 1, "excerpt": "Q?", "kind": "llm"}),
        ({"model": "m", "latency_ms": 12.5, "prompt_tokens": "7"}, {"duration": 12_500_000, "input": 7, "output": None}),
        ({"model": "m", "latency": "1.5s"}, {"duration": 1_500_000_000}),
        ({"log": '{"model":"m","duration_s":2}\n', "stream": "stdout"}, {"duration": 2 * 10**9}),
        ({"level": "info", "event": {"model": "m", "elapsed_ms": 3}}, {"duration": 3_000_000, "error": ""}),
        ({"model": "m", "status": 503}, {"error": "HTTP 503"}),
        ({"level": 50, "time": 1764000000000, "msg": "no", "model": "m"}, {"error": "error", "time": 1764000000 * 10**9}),
        ({"level": 50, "err": {"type": "APIError", "message": "m"}, "model": "m"}, {"error": "APIError"}),
        ({"level": 30, "model": "m"}, {"error": ""}),
        ({"model": "m", "exception": "Traceback (most recent call last):\n  File x\nValueError: no"}, {"error": "ValueError"}),
        (GEMINI, {"model": "gemini-2.5-flash", "input": 40, "output": 15, "cache_read": 8, "reasoning": 5, "answer": 2}),
        # LiteLLM has Anthropic's names beside a count that includes them.
        ({"model": "m", "response": {"usage": {"prompt_tokens": 170, "completion_tokens": 9, "total_tokens": 179,
          "prompt_tokens_details": {"cached_tokens": 100}, "cache_read_input_tokens": 100,
          "cache_creation_input_tokens": 20}}}, {"input": 170, "output": 9, "cache_read": 100, "cache_write": 20}),
        ({"model": "m", "prompt_tokens": 10, "cache_read_input_tokens": 100}, {"input": 110}),
        ({"model": "m", "success": False}, {"error": "error"}),
        ({"model": "m", "usage": None, "user": {"name": "x"}}, {"input": None, "user": None}),
        ({"model": "m", "cost": float("nan"), "latency_ms": -1}, {"cost": None, "duration": None}),
        ({"model": "m", "answer": ""}, {"answer": 0}), ({"model": "m"}, {"answer": None}),
        ({"model": "m", "choices": [{"message": {"content": None, "tool_calls": [{"id": "1"}]}}]}, {"answer": None}),
    ],
)  # fmt: skip
def test_what_is_recognised(record: Any, said: dict[str, Any]) -> None:
    call = one(record)
    assert {name: getattr(call, name) for name in said} == said


def test_a_unit_that_nobody_said_is_asked_for() -> None:
    reader = LogReader()
    [call] = list(reader.read({"model": "m", "latency": 3}))
    assert isinstance(call, Call)
    assert call.duration is None
    assert reader.unknown_units == {"latency=latency": 1}
    assert one({"model": "m", "latency": 3}, "latency=latency:s").duration == 3 * 10**9


def test_own_names_come_first() -> None:
    record = {"model": "m", "took_ms": 5, "total": {"took": 7}, "who": {"id": "ada"}, "user": "no"}
    call = one(record, "latency_ms=total.took:ms", "user=who.id")
    assert (call.duration, call.user) == (7_000_000, "ada")


@pytest.mark.parametrize("word", ["latency", "nonsense=x", "latency=took:parsecs", "=x"])
def test_wrong_mappings_say_what_is_expected(word: str) -> None:
    with pytest.raises(FieldError, match="--field"):
        mappings((word,))


@pytest.mark.parametrize(
    "when", [9223372036854776.0, "9223372036854776", "9999-12-31T00:00:00Z", "0001-01-01"]
)
def test_a_moment_that_nanoseconds_cannot_hold_is_none(when: Any) -> None:
    call = one({"model": "m", "timestamp": when})
    assert call.time is None
    Gatherer().add(call)


def test_one_shape_with_values_that_come_and_go() -> None:
    reader = LogReader()
    rows = [
        {"model": "m", "error": None},
        {"model": "m", "error": "ValueError: no"},
        {"model": "m", "error": ""},
    ]
    assert [c.error for row in rows for c in reader.read(row) if isinstance(c, Call)] == [
        "",
        "ValueError",
        "",
    ]
    assert ("error", "error", 1) in reader.taken


def test_lists_and_what_holds_them() -> None:
    reader = LogReader()
    assert len(list(reader.read({"data": [LANGFUSE, LANGFUSE], "meta": {}}))) == 2
    assert len(list(reader.read([OPENAI, OPENAI, 3]))) == 3


@pytest.mark.parametrize("record", [3, "x", None, {}, {"a": 1}, {"time": "2026-01-01"}])
def test_what_is_no_record_says_so(record: Any) -> None:
    [why] = list(LogReader().read(record))
    assert isinstance(why, str)


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        ("2026-11-26T05:00:00Z", 1795669200 * 10**9), ("2026-11-26 06:00:00+01:00", 1795669200 * 10**9),
        ("2026-11-26T05:00:00", 1795669200 * 10**9), ("2026-11-26", 1795651200 * 10**9), (1795669200, 1795669200 * 10**9),
        (1795669200123, 1795669200123 * 10**6), (1795669200123456, 1795669200123456 * 1000),
        ("1795669200", 1795669200 * 10**9), ("yesterday", None), (True, None), (12, None), (-5, None),
        ("2026-13-45", None), (1e300, None),
    ],
)  # fmt: skip
def test_moments(value: Any, ns: int | None) -> None:
    assert moment(value) == ns


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(sorted(KNOWN)), st.text(max_size=4)), inner, max_size=4)),
    max_leaves=10,
)  # fmt: skip


@given(anything)
@settings(deadline=None, max_examples=300)
def test_whatever_stands_in_a_log_is_read_or_refused(value: Any) -> None:
    gather = Gatherer(3)
    for found in LogReader().read(value):
        assert isinstance(found, Call | str)
        if isinstance(found, Call):
            gather.add(found)
    json.dumps(as_json(gather.report(Reading())), default=str)


def test_a_figure_that_cannot_be_is_unknown_and_breaks_no_sum() -> None:
    gather = Gatherer(3)
    for figure in (8.9e307, 8.9e307, 7):
        for found in LogReader().read({"model": "m", "input_tokens": figure, "cost": figure}):
            assert isinstance(found, Call)
            gather.add(found)
    report = gather.report(Reading())
    assert (report.calls.input, report.calls.cost) == (7, 7)
