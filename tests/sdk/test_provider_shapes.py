"""Requests, responses, chunks and usage in the shapes that providers have, as dicts and as objects."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.sdk.answers import answer_of
from sightline.sdk.capture import json_of
from sightline.sdk.chunks import chunk_of
from sightline.sdk.messages import messages_of, text_of_messages
from sightline.sdk.usage import Usage, number, usage_of


def objects(value: Any) -> Any:
    """The same as objects with attributes, as the providers' own libraries have it."""
    if isinstance(value, dict):
        return SimpleNamespace(**{key: objects(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return [objects(inner) for inner in value]
    return value


USAGES = {
    "openai": (
        {
            "prompt_tokens": 20,
            "completion_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 8},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
        Usage(20, 9, 8, None, 4),
    ),
    "openai responses": (
        {
            "input_tokens": 20,
            "output_tokens": 9,
            "input_tokens_details": {"cached_tokens": 8},
            "output_tokens_details": {"reasoning_tokens": 4},
        },
        Usage(20, 9, 8, None, 4),
    ),
    "anthropic": (
        {
            "input_tokens": 3,
            "output_tokens": 9,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 7,
        },
        Usage(20, 9, 10, 7, None),
    ),
    "anthropic without a cache": (
        {
            "input_tokens": 3,
            "output_tokens": 9,
            "cache_read_input_tokens": None,
            "cache_creation_input_tokens": None,
        },
        Usage(3, 9),
    ),
    "google": (
        {
            "prompt_token_count": 20,
            "candidates_token_count": 5,
            "thoughts_token_count": 4,
            "cached_content_token_count": 8,
            "tool_use_prompt_token_count": 2,
        },
        Usage(22, 9, 8, None, 4),
    ),
    "google rest": ({"promptTokenCount": 20, "candidatesTokenCount": 5}, Usage(20, 5)),
    "bedrock": (
        {"inputTokens": 3, "outputTokens": 9, "cacheReadInputTokens": 10, "cacheWriteInputTokens": 7},
        Usage(20, 9, 10, 7),
    ),
    "langchain": (
        {
            "input_tokens": 20,
            "output_tokens": 9,
            "input_token_details": {"cache_read": 8, "cache_creation": 1},
            "output_token_details": {"reasoning": 4},
        },
        Usage(20, 9, 8, 1, 4),
    ),
    "deepseek": (
        {"prompt_tokens": 20, "completion_tokens": 9, "prompt_cache_hit_tokens": 8},
        Usage(20, 9, 8),
    ),
    "cohere": ({"billed_units": {"input_tokens": 20, "output_tokens": 9}}, Usage(20, 9)),
    "ollama": ({"prompt_eval_count": 20, "eval_count": 9}, Usage(20, 9)),
}


@pytest.mark.parametrize("as_objects", [False, True])
@pytest.mark.parametrize("name", USAGES)
def test_usage(name: str, as_objects: bool) -> None:
    said, expected = USAGES[name]
    assert usage_of(objects(said) if as_objects else said) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "input_tokens",
                        "prompt_tokens",
                        "usage",
                        "choices",
                        "delta",
                        "content",
                        "type",
                        "parts",
                        "message",
                        "tool_calls",
                        "role",
                        "text",
                        "candidates",
                        "output",
                        "data",
                        "embedding",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_nonsense_is_survived(said: Any) -> None:
    for value in (said, objects(said)):
        usage_of(value)
        chunk_of(value)
        answer_of(value)
        made = text_of_messages(messages_of(value), 1_000)
        assert len(made) <= 1_000
        json.loads(made)


def test_counts_that_are_none() -> None:
    assert [number(n) for n in (True, -1, "3", None, float("nan"), float("inf"), 2**60, 2.0)] == [
        None
    ] * 7 + [2]
    assert usage_of({"prompt_tokens": "many"}) is None


PARIS = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}}
MESSAGES: dict[str, tuple[Any, Any]] = {
    "openai": (
        [
            {"role": "developer", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "21"},
            {"role": "assistant", "content": "", "refusal": "No."},
        ],
        [
            {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
            {
                "role": "user",
                "parts": [
                    {"type": "text", "content": "What is it?"},
                    {"type": "uri", "modality": "image", "uri": "https://x.example/a.png"},
                    {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                ],
            },
            {"role": "assistant", "parts": [PARIS]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21"}]},
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": ""}, {"type": "refusal", "content": "No."}],
            },
        ],
    ),
    "anthropic": (
        [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                    },
                    {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "x"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Paris"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "21"}]},
        ],
        [
            {
                "role": "user",
                "parts": [
                    {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                    {"type": "uri", "modality": "image", "uri": "https://x.example/a.png"},
                ],
            },
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "Hm."},
                    {"type": "text", "content": "I look."},
                    PARIS,
                ],
            },
            {"role": "user", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21"}]},
        ],
    ),
    "google": (
        [
            {
                "role": "user",
                "parts": [{"text": "hi"}, {"inline_data": {"mime_type": "image/png", "data": "AAAA"}}],
            },
            {
                "role": "model",
                "parts": [{"function_call": {"id": "c1", "name": "weather", "args": {"city": "Paris"}}}],
            },
            {
                "role": "user",
                "parts": [{"function_response": {"name": "weather", "response": {"celsius": 21}}}],
            },
        ],
        [
            {
                "role": "user",
                "parts": [
                    {"type": "text", "content": "hi"},
                    {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
                ],
            },
            {"role": "assistant", "parts": [PARIS]},
            {
                "role": "user",
                "parts": [{"type": "tool_call_response", "id": "weather", "response": {"celsius": 21}}],
            },
        ],
    ),
    "openai responses": (
        [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city": "Paris"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "21"},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "21 °C"}]},
        ],
        [
            {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
            {"role": "assistant", "parts": [PARIS]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "21"}]},
            {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm."}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "21 °C"}]},
        ],
    ),
    "the conventions' own": (
        [
            {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
            {"role": "assistant", "parts": [PARIS]},
        ],
        [
            {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
            {"role": "assistant", "parts": [PARIS]},
        ],
    ),
    "texts": (["a", "b"], [{"role": "user", "parts": [{"type": "text", "content": t}]} for t in "ab"]),
    "one message": (
        {"role": "user", "content": "hi"},
        [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}],
    ),
}


@pytest.mark.parametrize("as_objects", [False, True])
@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str, as_objects: bool) -> None:
    said, expected = MESSAGES[name]
    if as_objects and name in ("the conventions' own", "google", "anthropic"):
        pytest.skip("these are written as dicts, or their inner values are")
    assert messages_of(objects(said) if as_objects else said) == expected


def test_of_a_long_conversation_the_beginning_and_the_end_are_kept() -> None:
    said = messages_of(
        [{"role": "system", "content": "rules"}, *(f"turn {n} {'x' * 50}" for n in range(10_000))]
    )
    made = json.loads(text_of_messages(said, 5_000))
    texts = [message["parts"][0]["content"] for message in made]
    assert texts[0] == "rules"
    assert "messages left out" in texts[1]
    assert texts[-1].startswith("turn 9999")
    assert len(text_of_messages(said, 5_000)) <= 5_000


@given(st.lists(st.text(max_size=300), max_size=30), st.integers(0, 3_000))
def test_messages_stay_within_their_limit(texts: list[str], limit: int) -> None:
    made = text_of_messages(messages_of(texts), limit)
    assert len(made) <= max(limit, 256)
    json.loads(made)


@given(st.text(max_size=200), st.sampled_from(["system", "user", "assistant", 'a "role"']))
def test_a_single_text_is_written_as_any_message_is(text: str, role: str) -> None:
    said = messages_of([{"role": role, "content": text}])
    assert json.loads(text_of_messages(said, 10_000)) == json.loads(json_of(said, 10_000))
