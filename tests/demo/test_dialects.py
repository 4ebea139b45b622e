from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sightline.demo.dialects import DIALECTS
from sightline.demo.shapes import Message, ModelCall, ToolCall
from sightline.demo.world import SHOP_TOOLS

CALL = ModelCall(
    provider="anthropic",
    model="claude-sonnet-4-5",
    response_model="claude-sonnet-4-5-20250929",
    response_id="msg_1",
    messages=[
        Message("user", "Where is my order?"),
        Message("assistant", "", (ToolCall("c1", "track_order", {"order": "AP1"}),)),
        Message("tool", '{"status": "in transit"}', call_id="c1"),
    ],
    output=Message("assistant", "It is on its way."),
    system="Be brief.",
    input_tokens=1200,
    output_tokens=90,
    cache_read=1024,
    cache_write=100,
    reasoning_tokens=30,
    first_token=400_000_000,
    tools=SHOP_TOOLS,
    prompt_name="shop",
    prompt_version="7",
)
TOKENS = {
    "otel_genai": {
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.output_tokens": 90,
        "gen_ai.usage.cache_read.input_tokens": 1024,
        "gen_ai.usage.reasoning.output_tokens": 30,
        "gen_ai.response.time_to_first_chunk": 0.4,
        "gen_ai.provider.name": "anthropic",
    },
    "otel_genai_old": {
        "gen_ai.usage.prompt_tokens": 1200,
        "gen_ai.usage.completion_tokens": 90,
        "gen_ai.system": "anthropic",
    },
    "openinference": {
        "llm.token_count.prompt": 1200,
        "llm.token_count.completion": 90,
        "llm.token_count.total": 1290,
        "llm.token_count.prompt_details.cache_write": 100,
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "track_order",
        "llm.input_messages.3.message.tool_call_id": "c1",
    },
    "openllmetry": {
        "gen_ai.usage.prompt_tokens": 1200,
        "llm.usage.total_tokens": 1290,
        "llm.request.type": "chat",
        "gen_ai.system": "Anthropic",
        "gen_ai.prompt.1.content": "Where is my order?",
        "gen_ai.completion.0.content": "It is on its way.",
        "llm.is_streaming": True,
    },
    "langfuse": {"langfuse.observation.type": "generation", "langfuse.observation.prompt.version": 7},
    "vercel": {
        "ai.usage.inputTokens": 1200,
        "ai.usage.cachedInputTokens": 1024,
        "ai.model.provider": "anthropic.messages",
        "ai.response.msToFirstChunk": 400.0,
        "ai.operationId": "ai.streamText.doStream",
    },
    "pydantic_ai": {
        "gen_ai.system": "anthropic",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.usage.input_tokens": 1200,
    },
}


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_a_call_is_recorded_as_its_sdk_does(name: str) -> None:
    rendered = DIALECTS[name].render(CALL, 10**18)
    for key, value in TOKENS[name].items():
        assert rendered.attributes[key] == value, key
    assert None not in rendered.attributes.values()


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_a_failed_call_has_no_usage_and_no_answer(name: str) -> None:
    failed = replace(
        CALL,
        output=None,
        input_tokens=None,
        output_tokens=None,
        cache_read=None,
        cache_write=None,
        reasoning_tokens=None,
        error="RateLimitError",
        error_message="429",
    )
    rendered = DIALECTS[name].render(failed, 10**18)
    assert not rendered.events or all("First Token" not in e.name for e in rendered.events)
    for key in rendered.attributes:
        assert "FirstChunk" not in key and "first_chunk" not in key and "start_time" not in key, key
        assert "usage" not in key and "token_count" not in key and "completion.0" not in key, key
        assert "output" not in key or "settings" in key, key


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_without_capture_no_content_leaves(name: str) -> None:
    rendered = DIALECTS[name].render(replace(CALL, capture=False), 10**18)
    sent = json.dumps([rendered.attributes, [dict(e.attributes) for e in rendered.events]])
    assert "Where is my order" not in sent and "Be brief" not in sent and "on its way" not in sent


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_content_is_there_when_captured(name: str) -> None:
    rendered = DIALECTS[name].render(CALL, 10**18)
    sent = json.dumps([rendered.attributes, [dict(e.attributes) for e in rendered.events]])
    assert "Where is my order" in sent and "Be brief" in sent and "on its way" in sent


def test_langfuse_buckets_are_disjoint() -> None:
    rendered = DIALECTS["langfuse"].render(CALL, 0)
    usage = json.loads(str(rendered.attributes["langfuse.observation.usage_details"]))
    total = usage.pop("total")
    assert sum(usage.values()) == total == 1290
    start = str(rendered.attributes["langfuse.observation.completion_start_time"])
    assert json.loads(start) == "1970-01-01T00:00:00.400Z"


def test_tools_take_the_dialects_shape() -> None:
    vercel = DIALECTS["vercel"].render(CALL, 0).attributes["ai.prompt.tools"]
    assert isinstance(vercel, list) and json.loads(vercel[0])["inputSchema"]["type"] == "object"
    chat = DIALECTS["openinference"].render(CALL, 0).attributes["llm.tools.0.tool.json_schema"]
    assert json.loads(str(chat))["function"]["name"] == "find_products"
