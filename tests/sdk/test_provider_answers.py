"""Answers and streamed chunks in the shapes that providers have, as dicts and as objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.sdk.test_provider_shapes import PARIS, objects

from sightline.sdk.answers import answer_of
from sightline.sdk.stream_reading import StreamReading
from sightline.sdk.usage import Usage

ANSWERS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "openai": (
        {
            "id": "r1",
            "model": "m-1",
            "choices": [
                {
                    "finish_reason": "tool_calls",
                    "message": {
                        "role": "assistant",
                        "content": "I look.",
                        "tool_calls": [
                            {"id": "c1", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
                        ],
                    },
                }
            ],
            "usage": {"prompt_tokens": 2, "completion_tokens": 1},
        },
        ([{"type": "text", "content": "I look."}, PARIS], "m-1", "r1", ("tool_calls",), Usage(2, 1)),
    ),
    "openai completions": (
        {"model": "m-1", "choices": [{"text": "42", "finish_reason": "stop"}]},
        ([{"type": "text", "content": "42"}], "m-1", None, ("stop",), None),
    ),
    "openai responses": (
        {
            "id": "r1",
            "model": "m-1",
            "status": "completed",
            "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "42"}]},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": '{"city": "Paris"}',
                },
            ],
            "usage": {"input_tokens": 2, "output_tokens": 1},
        },
        ([{"type": "text", "content": "42"}, PARIS], "m-1", "r1", ("completed",), Usage(2, 1)),
    ),
    "anthropic": (
        {
            "id": "r1",
            "model": "m-1",
            "role": "assistant",
            "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "42"}],
            "usage": {"input_tokens": 2, "output_tokens": 1, "cache_read_input_tokens": 3},
        },
        ([{"type": "text", "content": "42"}], "m-1", "r1", ("end_turn",), Usage(5, 1, 3)),
    ),
    "google": (
        {
            "response_id": "r1",
            "model_version": "m-1",
            "candidates": [
                {"finish_reason": "STOP", "content": {"role": "model", "parts": [{"text": "42"}]}}
            ],
            "usage_metadata": {"prompt_token_count": 2, "candidates_token_count": 1},
        },
        ([{"type": "text", "content": "42"}], "m-1", "r1", ("STOP",), Usage(2, 1)),
    ),
    "bedrock": (
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "42"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 2, "outputTokens": 1},
        },
        ([{"type": "text", "content": "42"}], None, None, ("end_turn",), Usage(2, 1)),
    ),
    "ollama": (
        {
            "model": "m-1",
            "message": {"role": "assistant", "content": "42"},
            "done_reason": "stop",
            "prompt_eval_count": 2,
            "eval_count": 1,
        },
        ([{"type": "text", "content": "42"}], "m-1", None, ("stop",), Usage(2, 1)),
    ),
    "langchain": (
        {
            "type": "ai",
            "content": "42",
            "id": "r1",
            "usage_metadata": {"input_tokens": 2, "output_tokens": 1},
            "response_metadata": {"finish_reason": "stop"},
        },
        ([{"type": "text", "content": "42"}], None, "r1", ("stop",), Usage(2, 1)),
    ),
    "a text": ("42", ([{"type": "text", "content": "42"}], None, None, (), None)),
}


@pytest.mark.parametrize("as_objects", [False, True])
@pytest.mark.parametrize("name", ANSWERS)
def test_answers(name: str, as_objects: bool) -> None:
    said, (parts, model, identity, reasons, usage) = ANSWERS[name]
    answer = answer_of(objects(said) if as_objects else said)
    assert [dict(m) for m in answer.messages] == [{"role": "assistant", "parts": parts}]
    assert (answer.model, answer.id, answer.finish_reasons, answer.usage) == (model, identity, reasons, usage)


def delta(**said: Any) -> dict[str, Any]:
    return {"id": "r1", "model": "m-1", "choices": [{"delta": said, "finish_reason": None}]}


def function(index: int, **said: Any) -> dict[str, Any]:
    return delta(tool_calls=[{"index": index, **said}])


STREAMS: dict[str, tuple[list[Any], list[Any], dict[str, Any]]] = {
    "openai": (
        [
            delta(role="assistant", content=""),
            delta(reasoning_content="Hm."),
            delta(content="I "),
            delta(content="look."),
            function(0, id="c1", function={"name": "weather", "arguments": ""}),
            function(0, function={"arguments": '{"city": '}),
            function(0, function={"arguments": '"Paris"}'}),
            {"id": "r1", "model": "m-1", "choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
            {
                "id": "r1",
                "model": "m-1",
                "choices": [],
                "usage": {"prompt_tokens": 9, "completion_tokens": 4},
            },
        ],
        [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "I look."}, PARIS],
        {"reason": "tool_calls", "input": 9, "output": 4},
    ),
    "openai responses": (
        [
            {"type": "response.created", "response": {"id": "r1", "model": "m-1", "status": "in_progress"}},
            {"type": "response.reasoning_summary_text.delta", "delta": "Hm."},
            {"type": "response.output_text.delta", "delta": "I "},
            {"type": "response.output_text.delta", "delta": "look."},
            {
                "type": "response.output_item.added",
                "output_index": 1,
                "item": {"type": "function_call", "call_id": "c1", "name": "weather"},
            },
            {
                "type": "response.function_call_arguments.delta",
                "output_index": 1,
                "delta": '{"city": "Paris"}',
            },
            {"type": "response.output_text.done", "text": "I look."},
            {
                "type": "response.completed",
                "response": {
                    "id": "r1",
                    "model": "m-1",
                    "status": "completed",
                    "output": [],
                    "usage": {"input_tokens": 9, "output_tokens": 4},
                },
            },
        ],
        [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "I look."}, PARIS],
        {"reason": "completed", "input": 9, "output": 4},
    ),
    "anthropic": (
        [
            {
                "type": "message_start",
                "message": {
                    "id": "r1",
                    "model": "m-1",
                    "usage": {
                        "input_tokens": 2,
                        "cache_read_input_tokens": 7,
                        "cache_creation_input_tokens": 0,
                        "output_tokens": 1,
                    },
                },
            },
            {"type": "ping"},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "Hm."},
            },
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I look."}},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "content_block_start",
                "index": 1,
                "content_block": {"type": "tool_use", "id": "c1", "name": "weather", "input": {}},
            },
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": '{"city": '},
            },
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": '"Paris"}'},
            },
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}},
            {"type": "message_stop"},
        ],
        [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "I look."}, PARIS],
        {"reason": "tool_use", "input": 9, "output": 4},
    ),
    "google": (
        [
            {
                "response_id": "r1",
                "model_version": "m-1",
                "candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True}]}}],
            },
            {"candidates": [{"content": {"parts": [{"text": "I "}]}}]},
            {
                "candidates": [
                    {
                        "content": {
                            "parts": [
                                {"text": "look."},
                                {"function_call": {"id": "c1", "name": "weather", "args": {"city": "Paris"}}},
                            ]
                        },
                        "finish_reason": "STOP",
                    }
                ],
                "usage_metadata": {"prompt_token_count": 9, "candidates_token_count": 4},
            },
        ],
        [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "I look."}, PARIS],
        {"reason": "STOP", "input": 9, "output": 4},
    ),
    "bedrock": (
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "I look."}}},
            {
                "contentBlockStart": {
                    "contentBlockIndex": 1,
                    "start": {"toolUse": {"toolUseId": "c1", "name": "weather"}},
                }
            },
            {
                "contentBlockDelta": {
                    "contentBlockIndex": 1,
                    "delta": {"toolUse": {"input": '{"city": "Paris"}'}},
                }
            },
            {"contentBlockStop": {}},
            {"messageStop": {"stopReason": "tool_use"}},
            {"metadata": {"usage": {"inputTokens": 9, "outputTokens": 4}}},
        ],
        [{"type": "text", "content": "I look."}, PARIS],
        {"reason": "tool_use", "input": 9, "output": 4, "model": None, "id": None},
    ),
    "ollama": (
        [
            {"model": "m-1", "message": {"content": "I "}, "done": False},
            {
                "model": "m-1",
                "message": {"content": "look."},
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": 9,
                "eval_count": 4,
            },
        ],
        [{"type": "text", "content": "I look."}],
        {"reason": "stop", "input": 9, "output": 4, "id": None},
    ),
}


@pytest.mark.parametrize("as_objects", [False, True])
@pytest.mark.parametrize("name", STREAMS)
def test_streams(name: str, as_objects: bool) -> None:
    chunks, parts, expected = STREAMS[name]
    if as_objects and name == "bedrock":
        pytest.skip("Bedrock's are dicts")
    reading = StreamReading(10_000, 0)
    for chunk in chunks:
        reading.chunk(objects(chunk) if as_objects else chunk, 1, 1)
    [message] = reading.messages()
    if as_objects and name == "google":
        message["parts"][2]["arguments"] = vars(message["parts"][2]["arguments"])
    assert message["parts"] == parts
    said = reading.attributes()
    assert said.get("gen_ai.response.model") == expected.get("model", "m-1")
    assert said.get("gen_ai.response.id") == expected.get("id", "r1")
    assert said["gen_ai.response.finish_reasons"] == [expected["reason"]]
    assert said["gen_ai.usage.input_tokens"] == expected["input"]
    assert said["gen_ai.usage.output_tokens"] == expected["output"]


def test_what_a_stream_said_stays_within_the_limit() -> None:
    reading = StreamReading(1_000, 0)
    for n in range(5_000):
        reading.chunk("word ", 1, 1)
        reading.chunk(function(n, id=f"c{n}", function={"name": "f", "arguments": "{}" * 10}), 1, 1)
    [message] = reading.messages()
    assert len(json.dumps(message)) < 20_000
    assert reading.gaps.chunks == 10_000
