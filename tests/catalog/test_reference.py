"""Golden spans, one for each emitter, and properties that hold for every span."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.catalog.conventions import conventions
from sightline.catalog.reference import SpanFacts, read
from sightline.catalog.vocabulary import FieldType

SECOND = 1_000_000_000


def span(attributes: dict[str, Any], **facts: Any) -> SpanFacts:
    resource = facts.pop("resource", {"service.name": "shop"})
    return SpanFacts(attributes=list(attributes.items()), resource=list(resource.items()), **facts)


GOLDEN: dict[str, tuple[SpanFacts, dict[str, Any]]] = {
    "OpenTelemetry GenAI": (
        span(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.response.model": "gpt-4o-2024-08-06",
                "gen_ai.usage.input_tokens": 120,
                "gen_ai.usage.cache_read.input_tokens": 100,
                "gen_ai.usage.output_tokens": 0,
                "gen_ai.response.finish_reasons": ["tool_calls"],
                "gen_ai.response.time_to_first_chunk": 0.25,
                "gen_ai.conversation.id": "c1",
                "gen_ai.request.temperature": 0,
                "gen_ai.request.stop_sequences": ["\n", "END"],
            },
            scope="opentelemetry.instrumentation.openai_v2",
            status_code=1,
        ),
        {
            "kind": "llm",
            "operation": "chat",
            "provider": "openai",
            "request_model": "gpt-4o",
            "response_model": "gpt-4o-2024-08-06",
            "model_version": "2024-08-06",
            "input_tokens": 120,
            "cache_read_tokens": 100,
            "output_tokens": 0,
            "finish_reasons": ("tool_call",),
            "finish_reason": "tool_call",
            "time_to_first_token_ns": 250_000_000,
            "session_id": "c1",
            "params_temperature": 0.0,
            "params_stop_sequences": ("\n", "END"),
            "status": "ok",
            "service": "shop",
            "framework": "openai_v2",
        },
    ),
    "OpenInference": (
        span(
            {
                "openinference.span.kind": "LLM",
                "llm.model_name": "claude-sonnet-4-5",
                "llm.provider": "anthropic",
                "llm.token_count.prompt": 50,
                "llm.token_count.completion": 7,
                "llm.token_count.prompt_details.cache_write": 40,
                "input.value": " hello ",
                "input.mime_type": "text/plain",
                "session.id": "s",
                "user.id": "u",
                "tag.tags": ["a", "b"],
                "metadata": '{"team": "search", "feature": "answers"}',
                "llm.invocation_parameters": '{"temperature": 0.5, "max_tokens": 9, "n": null,'
                ' "reasoning": {"effort": "low"}}',
            },
            scope="openinference.instrumentation.anthropic",
        ),
        {
            "kind": "llm",
            "operation": "chat",
            "request_model": "claude-sonnet-4-5",
            "response_model": "claude-sonnet-4-5",
            "input_tokens": 50,
            "cache_write_tokens": 40,
            "output_tokens": 7,
            "input_value": " hello ",
            "input_messages": " hello ",
            "session_id": "s",
            "user_id": "u",
            "tags": ("a", "b"),
            "team": "search",
            "feature": "answers",
            "params_temperature": 0.5,
            "params_max_tokens": 9,
            "params_reasoning_effort": "low",
            "framework": "anthropic",
        },
    ),
    "OpenLLMetry": (
        span(
            {
                "gen_ai.system": "OpenAI",
                "llm.request.type": "chat",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.prompt_tokens": 11,
                "gen_ai.usage.completion_tokens": 2,
                "llm.usage.total_tokens": 13,
                "llm.is_streaming": False,
                "traceloop.workflow.name": "flow",
                "traceloop.association.properties.session_id": "abc",
                "gen_ai.response.finish_reason": "stop",
            },
            scope="opentelemetry.instrumentation.openai.v1",
        ),
        {
            "kind": "llm",
            "operation": "chat",
            "provider": "openai",
            "input_tokens": 11,
            "output_tokens": 2,
            "tokens_total": 13,
            "streaming": False,
            "workflow_name": "flow",
            "session_id": "abc",
            "finish_reason": "stop",
            "framework": "openai",
        },
    ),
    "Langfuse": (
        span(
            {
                "langfuse.observation.type": "generation",
                "langfuse.observation.model.name": "gpt-4o",
                "langfuse.observation.usage_details": '{"input": 10, "input_cached_tokens": 90,'
                ' "output": 5, "total": 105}',
                "langfuse.observation.cost_details": '{"input": 0.001, "total": 0.002}',
                "langfuse.observation.completion_start_time": '"1970-01-01T00:00:11.500Z"',
                "langfuse.observation.level": "ERROR",
                "langfuse.observation.prompt.name": "greet",
                "langfuse.observation.prompt.version": 3,
                "langfuse.session.id": "s",
                "langfuse.trace.tags": ["x"],
                "langfuse.observation.input": '[{"role": "user", "content": "hi"}]',
            },
            scope="langfuse-sdk",
            start_time=10 * SECOND,
        ),
        {
            "kind": "llm",
            "request_model": "gpt-4o",
            "input_tokens": 100,
            "cache_read_tokens": 90,
            "output_tokens": 5,
            "tokens_total": 105,
            "reported_cost_usd": 0.002,
            "cost_input": 0.001,
            "time_to_first_token_ns": 1_500_000_000,
            "streaming": True,
            "status": "error",
            "level": "error",
            "prompt_name": "greet",
            "prompt_version": "3",
            "prompt_vendor": "langfuse",
            "tags": ("x",),
            "framework": "langfuse",
        },
    ),
    "Vercel AI SDK": (
        span(
            {
                "ai.operationId": "ai.streamText.doStream",
                "ai.model.id": "gpt-4o",
                "ai.model.provider": "openai.responses",
                "ai.usage.promptTokens": 8.0,
                "ai.usage.completionTokens": "4",
                "ai.response.msToFirstChunk": 125.5,
                "ai.response.finishReason": "tool-calls",
                "ai.response.text": "done",
                "ai.telemetry.metadata.userId": "u",
                "ai.telemetry.functionId": "answer",
            },
            scope="ai",
        ),
        {
            "kind": "llm",
            "operation": "chat",
            "provider": "openai",
            "request_model": "gpt-4o",
            "input_tokens": 8,
            "output_tokens": 4,
            "streaming": True,
            "time_to_first_token_ns": 125_500_000,
            "finish_reason": "tool_call",
            "output_value": "done",
            "user_id": "u",
            "service": "shop",
            "framework": "vercel-ai-sdk",
        },
    ),
    "MLflow": (
        span(
            {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.llm.model": '"gpt-4o"',
                "mlflow.llm.provider": '"azure"',
                "mlflow.chat.tokenUsage": '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}',
                "mlflow.spanInputs": '{"messages": []}',
                "mlflow.trace.session": '"s1"',
            }
        ),
        {
            "kind": "llm",
            "operation": "chat",
            "provider": "azure.ai.openai",
            "request_model": "gpt-4o",
            "input_tokens": 3,
            "output_tokens": 4,
            "tokens_total": 7,
            "input_value": '{"messages": []}',
            "session_id": "s1",
        },
    ),
    "pydantic-ai": (
        span(
            {
                "model_name": "gpt-4o",
                "agent_name": "planner",
                "logfire.msg": "agent run",
                "gen_ai.usage.details.cache_read_tokens": 5,
                "operation.cost": 0.01,
                "metadata": '{"team": "a"}',
            },
            scope="pydantic-ai",
            name="agent run",
        ),
        {
            "kind": "agent",
            "request_model": "gpt-4o",
            "agent_name": "planner",
            "cache_read_tokens": 5,
            "reported_cost_usd": 0.01,
            "team": "a",
            "framework": "pydantic-ai",
        },
    ),
    "Claude Code": (
        span(
            {
                "span.type": "llm_request",
                "model": "claude-opus-4",
                "input_tokens": 3,
                "cache_read_tokens": 1000,
                "cache_creation_tokens": "20",
                "output_tokens": 9,
                "ttft_ms": 800,
                "attempt": 2,
                "stop_reason": "end_turn",
                "error": "overloaded",
            },
            resource={"service.name": "claude-code"},
        ),
        {
            "kind": "llm",
            "request_model": "claude-opus-4",
            "response_model": "claude-opus-4",
            "input_tokens": 1023,
            "cache_read_tokens": 1000,
            "cache_write_tokens": 20,
            "output_tokens": 9,
            "time_to_first_token_ns": 800_000_000,
            "http_retry_count": 1,
            "finish_reason": "stop",
            "error_message": "overloaded",
        },
    ),
    "Strands": (
        span(
            {
                "gen_ai.system": "strands-agents",
                "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "gen_ai.server.time_to_first_token": 750,
                "gen_ai.usage.cache_write_input_tokens": 12,
                "gen_ai.tool.status": "success",
            },
            scope="strands.telemetry.tracer",
        ),
        {
            "provider": "aws.bedrock",
            "framework": "strands",
            "time_to_first_token_ns": 750_000_000,
            "cache_write_tokens": 12,
            "tool_is_error": False,
        },
    ),
    "a count of tokens of Anthropic's SDK": (
        span(
            {"gen_ai.request.model": "claude-opus-4-8", "anthropic.message.count_tokens.input_tokens": 5},
            name="anthropic.messages.count_tokens",
            scope="com.anthropic.sdk.python",
        ),
        {"kind": "other", "input_tokens": None, "provider": "anthropic"},
    ),
    "a tool of OpenLLMetry": (
        span(
            {"traceloop.span.kind": "tool", "traceloop.entity.name": "search", "traceloop.entity.input": "{}"}
        ),
        {"kind": "tool", "tool_name": "search", "tool_arguments": "{}", "input_value": "{}"},
    ),
    "an agent of OpenLLMetry": (
        span({"traceloop.span.kind": "agent", "traceloop.entity.name": "bob"}),
        {"kind": "agent", "agent_name": "bob"},
    ),
    "a plain HTTP call": (
        span(
            {
                "http.request.method": "GET",
                "url.full": "https://me:pw@api.example.com/v1?api_key=abc&q=1",
                "http.response.status_code": 200,
            },
            status_code=2,
        ),
        {
            "kind": "http",
            "http_method": "GET",
            "http_url": "https://api.example.com/v1?api_key=REDACTED&q=1",
            "http_status_code": 200,
            "status": "error",
        },
    ),
    "an SQL query": (
        span({"db.system": "postgresql", "db.operation": "SELECT"}),
        {"kind": "db"},
    ),
    "a vector store": (
        span({"db.system": "pinecone", "db.operation": "query", "db.vector.query.top_k": 5}),
        {"kind": "retriever", "operation": "retrieval", "retrieval_top_k": 5},
    ),
    "an application's own bare names": (
        span({"model": "Volvo", "input_tokens": 5, "error": "no", "thread_id": "9", "env": "x"}),
        {"kind": "other", "status": "unset"},
    ),
    "Sightline's own names": (
        span(
            {
                "sightline.session_id": "mine",
                "langfuse.session.id": "theirs",
                "team": "b",
                "sightline.team": "a",
            },
            resource={"service.name": "shop", "team": "c"},
        ),
        {"session_id": "mine", "team": "a"},
    ),
}
ABSENT = {
    "an application's own bare names": {"request_model", "input_tokens", "error_message", "session_id"},
    "an SQL query": {"operation"},
    "OpenInference": {"output_messages", "total_tokens"},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_span(name: str) -> None:
    facts, expected = GOLDEN[name]
    values = read(facts).values
    assert {k: values.get(k) for k in expected} == expected
    assert ABSENT.get(name, set()) & values.keys() == set()


def test_the_source_that_won_is_known() -> None:
    reading = read(span({"llm.model_name": "b", "gen_ai.request.model": "a"}))
    assert reading.sources["model.request"].attribute == "gen_ai.request.model"
    assert reading.sources["span.kind"].convention == "otel_genai"


def test_an_invalid_value_lets_the_next_source_answer() -> None:
    values = read(span({"gen_ai.usage.input_tokens": "many", "llm.token_count.prompt": 4})).values
    assert values["input_tokens"] == 4
    assert "input_tokens" not in read(span({"gen_ai.usage.input_tokens": "0.53"})).values


def test_of_duplicates_the_first_counts_and_the_span_before_its_resource() -> None:
    key = "gen_ai.usage.output_tokens"
    assert read(SpanFacts(attributes=[(key, 2), (key, 3)], resource=[(key, 1)])).values["output_tokens"] == 2
    assert read(SpanFacts(attributes=[(key, ""), (key, 3)], resource=[(key, 1)])).values["output_tokens"] == 1
    assert read(SpanFacts(attributes=[(key, None)], resource=[(key, 1)])).values["output_tokens"] == 1


def test_a_resource_source_does_not_read_the_span() -> None:
    values = read(SpanFacts(attributes=[("service.version", "span")], resource=[])).values
    assert "service_version" not in values


def test_root_only_sources_need_the_root() -> None:
    attributes = [("langfuse.trace.input", "question")]
    assert read(SpanFacts(attributes=attributes)).values["input_value"] == "question"
    assert "input_value" not in read(SpanFacts(attributes=attributes, is_root=False)).values


@pytest.mark.parametrize(
    ("attributes", "scope", "expected"),
    [
        ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 40}, "", 100),
        ({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 40}, "", 50),
        (
            {
                "gen_ai.usage.input_tokens": 100,
                "gen_ai.usage.output_tokens": 5,
                "gen_ai.usage.total_tokens": 145,
                "gen_ai.usage.cache_read.input_tokens": 40,
            },
            "",
            140,
        ),
        (
            {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read_input_tokens": 40},
            "opentelemetry.instrumentation.bedrock",
            140,
        ),
        (
            {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 40},
            "opentelemetry.instrumentation.genai.bedrock",
            140,
        ),
        (
            {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.cache_read.input_tokens": 40},
            "opentelemetry.instrumentation.genai.openai",
            100,
        ),
        ({"llm.token_count.prompt": 100, "llm.token_count.prompt_details.cache_read": 40}, "", 100),
    ],
)
def test_input_tokens_include_the_cached_ones(attributes: dict[str, Any], scope: str, expected: int) -> None:
    assert read(span(attributes, scope=scope)).values["input_tokens"] == expected


def test_reasoning_left_out_of_the_output_is_added() -> None:
    usage = {"prompt_token_count": 10, "candidates_token_count": 5, "thoughts_token_count": 20}
    attributes = {"gcp.vertex.agent.llm_response": json.dumps({"usage_metadata": usage})}
    assert read(span(attributes)).values["output_tokens"] == 25
    inferred = {
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 20,
        "gen_ai.usage.total_tokens": 35,
    }
    assert read(span(inferred)).values["output_tokens"] == 25
    assert read(span({**inferred, "gen_ai.usage.total_tokens": 15})).values["output_tokens"] == 5


PYTHON_TYPE = {
    FieldType.STR: str,
    FieldType.INT: int,
    FieldType.FLOAT: float,
    FieldType.BOOL: bool,
    FieldType.LIST: tuple,
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=12)
    | st.binary(max_size=4)
    | st.sampled_from(
        ["12", " 7 ", "3.0", "1e5", "true", "stop", "LLM", '[1, "a"]', '"gpt-4o"', "{}", "{'cache_read': 5}"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
KEYS = st.sampled_from(sorted(conventions().keys)) | st.text(max_size=8)
ATTRIBUTES = st.lists(st.tuples(KEYS, VALUES), max_size=25)


@settings(max_examples=150, deadline=None)
@given(ATTRIBUTES, ATTRIBUTES, st.text(max_size=10), st.booleans(), st.integers(0, 2**63))
def test_any_span_is_read_and_every_value_has_its_type(
    attributes: list[Any], resource: list[Any], scope: str, root: bool, start: int
) -> None:
    facts = SpanFacts(attributes, resource, scope=scope, is_root=root, start_time=start)
    reading = read(facts)
    for field in conventions().span_fields:
        if field.column in reading.values:
            value = reading.values[field.column]
            assert type(value) is PYTHON_TYPE[field.type], field.name
            assert value != "" and value != ()
    assert reading.values.get("input_tokens", 0) >= 0  # type: ignore[operator]
    assert read(facts) == reading


@settings(max_examples=60, deadline=None)
@given(ATTRIBUTES)
def test_attributes_that_no_field_reads_change_nothing(attributes: list[Any]) -> None:
    noise = [("x.unrelated", "1"), ("y.unrelated", 2)]
    assert read(SpanFacts(attributes)).values == read(SpanFacts([*noise, *attributes])).values
