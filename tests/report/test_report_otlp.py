# ruff: noqa: E501 - the cases are lines of a table
"""Spans of files are read as the server reads them: compared with the catalog's plain reading."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.catalog.conventions import conventions
from sightline.catalog.reference import SpanFacts, read
from sightline.catalog.vocabulary import Scope
from sightline.report.answers import answer_of
from sightline.report.call import Call
from sightline.report.otlp import _FIELDS, OtlpReader, any_value, attributes, key_of

NAMES = sorted(
    {
        source.attribute
        for name in (*_FIELDS, "span.kind")
        for source in conventions().field(name).applicable
        if source.scope in (Scope.ATTRIBUTE, Scope.RESOURCE)
    }
)
SCOPES = sorted({scope.rstrip("*") for emitter in conventions().emitters for scope in emitter.scopes} | {""})
VALUES = st.one_of(
    st.integers(0, 10_000), st.floats(0, 100), st.booleans(),
    st.sampled_from(["chat", "LLM", "embeddings", "openai", "gpt-4o", "12", "error", "ada", "", "agent", "{}",
                     '{"total": 1.5, "input": 3, "output": 2}', '{"prompt_tokens": 5}', '[{"role":"user","content":"x"}]']),
)  # fmt: skip
READER = OtlpReader()


def wrapped(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def line(
    said: dict[str, Any], resource: dict[str, Any] | None = None, scope: str = "", **more: Any
) -> dict[str, Any]:
    """A request with one span."""
    listed = [{"key": k, "value": wrapped(v)} for k, v in said.items()]
    span = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "n", "startTimeUnixNano": "1764135000000000000",
            "endTimeUnixNano": "1764135001000000000", "attributes": listed} | more  # fmt: skip
    outer = [{"key": k, "value": wrapped(v)} for k, v in (resource or {}).items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": outer}, "scopeSpans": [{"scope": {"name": scope}, "spans": [span]}]}
        ]
    }


def one(request: dict[str, Any]) -> Call:
    [call] = list(READER.read(json.loads(json.dumps(request))))
    assert isinstance(call, Call), call
    return call


@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=9),
    st.dictionaries(st.sampled_from([*NAMES, "service.name"]), VALUES, max_size=2), st.sampled_from(SCOPES), st.integers(0, 2),
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_read_as_on_the_server(said: dict[str, Any], resource: dict[str, Any], scope: str, code: int) -> None:
    call = one(line(said, resource, scope, status={"code": code}))
    facts = SpanFacts(
        tuple(said.items()), tuple(resource.items()), scope, "n", code, "", True, 1764135000000000000
    )
    values = read(facts).values
    assert call.kind == values["span_kind" if "span_kind" in values else "kind"]
    expected = {
        "provider": "provider", "asked_model": "request_model", "user": "user_id", "feature": "feature",
        "input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens", "total": "tokens_total",
        "cost": "reported_cost_usd",
    }  # fmt: skip
    assert {ours: getattr(call, ours) for ours in expected} == {o: values.get(t) for o, t in expected.items()}
    assert bool(call.error) == (values.get("status") == "error" or code == 2)


def test_the_sdks_own_words() -> None:
    said = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 3,
        "gen_ai.response.time_to_first_chunk": 0.25, "user.id": "ada", "sightline.feature": "chat",
        "sightline.sampling.weight": 20.0, "error.type": "TimeoutError",
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]',
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi  there"}]}]',
    }  # fmt: skip
    call = one(
        line(said, {"service.name": "shop"}, parentSpanId="0c" * 8, status={"code": "STATUS_CODE_ERROR"})
    )
    assert (call.kind, call.model, call.input, call.output, call.ttft) == (
        "llm",
        "gpt-4o-2024-08-06",
        12,
        3,
        250_000_000,
    )
    assert (call.user, call.feature, call.service, call.weight) == ("ada", "chat", "shop", 20.0)
    assert (call.error, call.answer, call.excerpt, call.duration) == ("TimeoutError", 5, "Hi there", 10**9)
    assert call.parent == key_of("0a" * 16, "0c" * 8)


def test_values_of_all_kinds() -> None:
    listed = [
        {"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}}},
        {"key": "b", "value": {"kvlistValue": {"values": [{"key": "c", "value": {"boolValue": True}}]}}},
        {"key": "a", "value": {"intValue": "9"}}, {"key": "d", "value": {}}, {"nonsense": 1},
    ]  # fmt: skip
    assert attributes(listed) == {"a": [1, "x"], "b": {"c": True}, "d": None}
    assert attributes({"plain": 1}) == {"plain": 1}
    assert any_value({"double_value": "NaN"}) != any_value({"int_value": 3})


def test_what_is_no_span_says_so() -> None:
    broken = line({})
    broken["resourceSpans"][0]["scopeSpans"][0]["spans"] = [{"startTimeUnixNano": "soon"}, 3, {"status": 7}]
    assert all(isinstance(found, str) for found in READER.read(broken))


def test_answers_in_many_shapes() -> None:
    assert answer_of("plain text") == 10
    assert (
        answer_of('[{"role":"assistant","content":[{"type":"text","text":"ab"},{"type":"text","text":"c"}]}]')
        == 3
    )
    assert answer_of([{"parts": [{"type": "tool_call", "name": "f"}]}]) is None
    assert answer_of({"candidates": [{"content": {"parts": [{"text": "abc"}]}}]}) == 3
    assert answer_of("[broken json") == 12
    assert answer_of(None) is None
    assert answer_of("") == 0
