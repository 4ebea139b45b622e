"""One function per dialect: a neutral model call becomes the attributes that SDK really sends.

`DIALECTS` is the table. Names follow the SDKs' own sources; docstrings say which generation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from sightline.demo.shapes import CLIENT, INTERNAL, Event, Message, ModelCall, Value, json_text


@dataclass(frozen=True, slots=True)
class Rendered:
    """A model call as one SDK records it: everything of a span but ids and times."""

    name: str
    kind: int
    attributes: dict[str, Value]
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """An SDK: how it renders a model call, and the scope it sends under. `start` is the span's start time."""

    name: str
    scope: str
    version: str
    render: Callable[[ModelCall, int], Rendered] = field(repr=False)


def given(values: Mapping[str, Value]) -> dict[str, Value]:
    """Without what is not known: SDKs leave those attributes out."""
    return {k: v for k, v in values.items() if v is not None and v != ""}


def joined(messages: list[str]) -> str:
    """A JSON array of parts that are JSON already."""
    return "[" + ",".join(messages) + "]"


def with_system(call: ModelCall) -> list[Message]:
    """The messages with the system prompt in front, for dialects that have no place of its own for it."""
    return [Message("system", call.system), *call.messages] if call.system else list(call.messages)


def _parameters(call: ModelCall) -> dict[str, Any]:
    values: dict[str, Value] = {
        "model": call.model,
        "temperature": call.temperature,
        "max_tokens": call.max_tokens,
    }
    if call.streaming:
        values |= {"stream": True}
    return given(values)


@lru_cache(maxsize=64)
def _chat_tools(tools: str) -> list[str]:
    """Each tool as JSON in the chat-completions shape."""
    parsed = [{k: v for k, v in tool.items() if k != "type"} for tool in orjson.loads(tools)]
    return [json_text({"type": "function", "function": tool}) for tool in parsed]


@lru_cache(maxsize=64)
def _vercel_tools(tools: str) -> list[str]:
    """Each tool as JSON in the AI SDK's shape."""
    return [
        json_text(
            {
                "type": "function",
                "name": t["name"],
                "description": t["description"],
                "inputSchema": t["parameters"],
            }
        )
        for t in orjson.loads(tools)
    ]


def otel_genai(call: ModelCall, start: int) -> Rendered:
    """OpenTelemetry GenAI conventions 1.37 and later, content on the span as JSON strings."""
    attributes = given(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": call.provider,
            "gen_ai.request.model": call.model,
            "gen_ai.response.model": "" if call.error else call.response_model,
            "gen_ai.response.id": "" if call.error else call.response_id,
            "gen_ai.request.temperature": call.temperature,
            "gen_ai.request.max_tokens": call.max_tokens,
            "gen_ai.request.stream": True if call.streaming else None,
            "gen_ai.response.time_to_first_chunk": call.waited / 1e9 if call.waited is not None else None,
            "gen_ai.response.finish_reasons": None if call.error else [call.finish],
            "gen_ai.usage.input_tokens": call.input_tokens,
            "gen_ai.usage.output_tokens": call.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": call.cache_read,
            "gen_ai.usage.cache_creation.input_tokens": call.cache_write,
            "gen_ai.usage.reasoning.output_tokens": call.reasoning_tokens,
            "gen_ai.prompt.name": call.prompt_name,
            "gen_ai.prompt.version": call.prompt_version,
            "server.address": call.host,
            "server.port": 443 if call.host else None,
            "error.type": call.error,
        }
    )
    if call.capture:
        if call.system:
            attributes["gen_ai.system_instructions"] = json_text([{"type": "text", "content": call.system}])
        attributes["gen_ai.input.messages"] = joined([m.genai for m in call.messages])
        if call.output is not None:
            attributes["gen_ai.output.messages"] = joined([call.output.genai])
        if call.tools:
            attributes["gen_ai.tool.definitions"] = call.tools
    return Rendered(f"chat {call.model}", CLIENT, attributes)


def otel_genai_old(call: ModelCall, start: int) -> Rendered:
    """OpenTelemetry GenAI conventions 1.26 to 1.36: `gen_ai.system`, prompt and completion as span events."""
    system = {"gcp.gemini": "gemini", "azure.ai.openai": "az.ai.openai"}.get(call.provider, call.provider)
    attributes = given(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": system,
            "gen_ai.request.model": call.model,
            "gen_ai.response.model": "" if call.error else call.response_model,
            "gen_ai.response.id": "" if call.error else call.response_id,
            "gen_ai.request.temperature": call.temperature,
            "gen_ai.request.max_tokens": call.max_tokens,
            "gen_ai.response.finish_reasons": None if call.error else [call.finish],
            "gen_ai.usage.prompt_tokens": call.input_tokens,
            "gen_ai.usage.completion_tokens": call.output_tokens,
            "gen_ai.openai.request.service_tier": "auto" if call.provider == "openai" else None,
            "server.address": call.host,
            "error.type": call.error,
        }
    )
    events: list[Event] = []
    if call.capture:
        prompt = joined([m.chat for m in with_system(call)])
        events.append(Event("gen_ai.content.prompt", start, {"gen_ai.prompt": prompt}))
        if call.output is not None:
            done = start + 1_000_000
            events.append(
                Event("gen_ai.content.completion", done, {"gen_ai.completion": joined([call.output.chat])})
            )
    return Rendered(f"chat {call.model}", CLIENT, attributes, tuple(events))


_OI_SYSTEM = {"gcp.gemini": "vertexai", "mistral_ai": "mistralai", "aws.bedrock": "anthropic"}
_OI_PROVIDER = {"gcp.gemini": "google", "mistral_ai": "mistralai", "aws.bedrock": "aws"}


def _oi_message(prefix: str, message: Message, attributes: dict[str, Value]) -> None:
    attributes[f"{prefix}.message.role"] = message.role
    if message.text:
        attributes[f"{prefix}.message.content"] = message.text
    if message.call_id:
        attributes[f"{prefix}.message.tool_call_id"] = message.call_id
    for k, call in enumerate(message.tool_calls):
        base = f"{prefix}.message.tool_calls.{k}.tool_call"
        attributes[f"{base}.id"] = call.id
        attributes[f"{base}.function.name"] = call.name
        attributes[f"{base}.function.arguments"] = json_text(call.arguments)


def openinference(call: ModelCall, start: int) -> Rendered:
    """OpenInference: flattened messages, `llm.token_count.*`, the first token as a span event."""
    attributes = given(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": call.response_model or call.model,
            "llm.request.model_name": call.model,
            "llm.provider": _OI_PROVIDER.get(call.provider, call.provider),
            "llm.system": _OI_SYSTEM.get(call.provider, call.provider),
            "llm.invocation_parameters": json_text(_parameters(call)),
            "llm.token_count.prompt": call.input_tokens,
            "llm.token_count.completion": call.output_tokens,
            "llm.token_count.prompt_details.cache_read": call.cache_read,
            "llm.token_count.prompt_details.cache_write": call.cache_write,
            "llm.token_count.completion_details.reasoning": call.reasoning_tokens,
            "llm.finish_reason": "" if call.error else call.finish,
            "llm.prompt_template.version": call.prompt_version,
            "prompt.id": call.prompt_name,
        }
    )
    if call.input_tokens is not None and call.output_tokens is not None:
        attributes["llm.token_count.total"] = call.input_tokens + call.output_tokens
    if call.capture:
        messages = with_system(call)
        attributes["input.value"] = joined([m.chat for m in messages])
        attributes["input.mime_type"] = "application/json"
        for i, message in enumerate(messages):
            _oi_message(f"llm.input_messages.{i}", message, attributes)
        if call.output is not None:
            _oi_message("llm.output_messages.0", call.output, attributes)
            attributes["output.value"] = call.output.text or call.output.chat
            attributes["output.mime_type"] = "text/plain" if call.output.text else "application/json"
        if call.tools:
            for i, schema in enumerate(_chat_tools(call.tools)):
                attributes[f"llm.tools.{i}.tool.json_schema"] = schema
    events: tuple[Event, ...] = ()
    if call.waited is not None:
        events = (Event("First Token Stream Event", start + call.waited),)
    return Rendered("ChatCompletion", INTERNAL, attributes, events)


_TRACELOOP = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "mistral_ai": "MistralAI",
    "aws.bedrock": "AWS",
    "gcp.gemini": "Google",
}


def openllmetry(call: ModelCall, start: int) -> Rendered:
    """OpenLLMetry up to 0.4x: indexed `gen_ai.prompt.N`, capitalised `gen_ai.system`, `llm.request.type`."""
    system = _TRACELOOP.get(call.provider, call.provider)
    attributes = given(
        {
            "gen_ai.system": system,
            "llm.request.type": "chat",
            "gen_ai.request.model": call.model,
            "gen_ai.response.model": "" if call.error else call.response_model,
            "gen_ai.response.id": "" if call.error else call.response_id,
            "gen_ai.request.temperature": call.temperature,
            "gen_ai.request.max_tokens": call.max_tokens,
            "gen_ai.usage.prompt_tokens": call.input_tokens,
            "gen_ai.usage.completion_tokens": call.output_tokens,
            "gen_ai.usage.cache_read_input_tokens": call.cache_read,
            "gen_ai.usage.cache_creation_input_tokens": call.cache_write,
            "gen_ai.usage.reasoning_tokens": call.reasoning_tokens,
            "llm.is_streaming": call.streaming,
            "gen_ai.openai.api_base": "https://api.openai.com/v1/" if call.provider == "openai" else None,
            "traceloop.prompt.key": call.prompt_name,
            "traceloop.prompt.version_name": call.prompt_version,
            "error.type": call.error,
        }
    )
    if call.input_tokens is not None and call.output_tokens is not None:
        attributes["llm.usage.total_tokens"] = call.input_tokens + call.output_tokens
    if call.capture:
        for i, message in enumerate(with_system(call)):
            attributes[f"gen_ai.prompt.{i}.role"] = message.role
            if message.text:
                attributes[f"gen_ai.prompt.{i}.content"] = message.text
            if message.call_id:
                attributes[f"gen_ai.prompt.{i}.tool_call_id"] = message.call_id
            for k, wish in enumerate(message.tool_calls):
                attributes[f"gen_ai.prompt.{i}.tool_calls.{k}.id"] = wish.id
                attributes[f"gen_ai.prompt.{i}.tool_calls.{k}.name"] = wish.name
                attributes[f"gen_ai.prompt.{i}.tool_calls.{k}.arguments"] = json_text(wish.arguments)
        if call.output is not None:
            attributes["gen_ai.completion.0.role"] = "assistant"
            attributes["gen_ai.completion.0.finish_reason"] = call.finish
            if call.output.text:
                attributes["gen_ai.completion.0.content"] = call.output.text
            for k, wish in enumerate(call.output.tool_calls):
                attributes[f"gen_ai.completion.0.tool_calls.{k}.id"] = wish.id
                attributes[f"gen_ai.completion.0.tool_calls.{k}.name"] = wish.name
                attributes[f"gen_ai.completion.0.tool_calls.{k}.arguments"] = json_text(wish.arguments)
    events: tuple[Event, ...] = ()
    if call.waited is not None:
        events = (Event("llm.content.completion.chunk", start + call.waited),)
    return Rendered(f"{system.lower()}.chat", CLIENT, attributes, events)


def iso(time: int) -> str:
    """An ISO time in UTC with milliseconds."""
    return datetime.fromtimestamp(time / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def langfuse(call: ModelCall, start: int) -> Rendered:
    """Langfuse SDK 3 to 5: `langfuse.observation.*`, usage as JSON in disjoint buckets."""
    usage: dict[str, int] | None = None
    if call.input_tokens is not None and call.output_tokens is not None:
        cached, written = call.cache_read or 0, call.cache_write or 0
        thought = call.reasoning_tokens or 0
        usage = {"input": call.input_tokens - cached - written, "output": call.output_tokens - thought}
        if cached:
            usage["input_cached_tokens"] = cached
        if written:
            usage["input_cache_creation"] = written
        if thought:
            usage["output_reasoning_tokens"] = thought
        usage["total"] = call.input_tokens + call.output_tokens
    attributes = given(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": call.response_model or call.model,
            "langfuse.observation.model.parameters": json_text(_parameters(call)),
            "langfuse.observation.usage_details": json_text(usage) if usage else None,
            "langfuse.observation.prompt.name": call.prompt_name,
            "langfuse.observation.prompt.version": int(call.prompt_version)
            if call.prompt_version.isdigit()
            else None,
            "langfuse.observation.level": "ERROR" if call.error else None,
            "langfuse.observation.status_message": call.error_message,
        }
    )
    if call.waited is not None:
        attributes["langfuse.observation.completion_start_time"] = json_text(iso(start + call.waited))
    if call.capture:
        attributes["langfuse.observation.input"] = joined([m.chat for m in with_system(call)])
        if call.output is not None:
            attributes["langfuse.observation.output"] = call.output.chat
    return Rendered("generate", INTERNAL, attributes)


_VERCEL = {
    "openai": "openai.responses",
    "anthropic": "anthropic.messages",
    "gcp.gemini": "google.generative-ai",
    "mistral_ai": "mistral.chat",
    "aws.bedrock": "amazon-bedrock",
}


def vercel(call: ModelCall, start: int) -> Rendered:
    """Vercel AI SDK 5 and 6, the inner span: milliseconds, and `gen_ai.*` beside `ai.*`."""
    operation = "ai.streamText.doStream" if call.streaming else "ai.generateText.doGenerate"
    provider = _VERCEL.get(call.provider, call.provider)
    finish = {"tool_call": "tool-calls", "content_filter": "content-filter"}.get(call.finish, call.finish)
    total = None
    if call.input_tokens is not None and call.output_tokens is not None:
        total = call.input_tokens + call.output_tokens
    attributes = given(
        {
            "operation.name": operation,
            "ai.operationId": operation,
            "ai.model.id": call.model,
            "ai.model.provider": provider,
            "ai.settings.maxRetries": 2,
            "ai.settings.temperature": call.temperature,
            "ai.settings.maxOutputTokens": call.max_tokens,
            "ai.usage.inputTokens": call.input_tokens,
            "ai.usage.outputTokens": call.output_tokens,
            "ai.usage.totalTokens": total,
            "ai.usage.cachedInputTokens": call.cache_read,
            "ai.usage.reasoningTokens": call.reasoning_tokens,
            "gen_ai.system": provider,
            "gen_ai.request.model": call.model,
            "gen_ai.request.temperature": call.temperature,
            "gen_ai.request.max_tokens": call.max_tokens,
            "gen_ai.usage.input_tokens": call.input_tokens,
            "gen_ai.usage.output_tokens": call.output_tokens,
        }
    )
    if not call.error:
        attributes |= {
            "ai.response.id": call.response_id,
            "ai.response.model": call.response_model,
            "ai.response.finishReason": finish,
            "gen_ai.response.id": call.response_id,
            "gen_ai.response.model": call.response_model,
            "gen_ai.response.finish_reasons": [finish],
        }
    events: tuple[Event, ...] = ()
    if call.waited is not None:
        first = call.waited / 1e6
        attributes["ai.response.msToFirstChunk"] = first
        events = (Event("ai.stream.firstChunk", start + call.waited, {"ai.response.msToFirstChunk": first}),)
    if call.capture:
        attributes["ai.prompt.messages"] = joined([m.vercel for m in with_system(call)])
        if call.tools:
            attributes["ai.prompt.tools"] = _vercel_tools(call.tools)
        if call.output is not None:
            if call.output.text:
                attributes["ai.response.text"] = call.output.text
            if call.output.tool_calls:
                calls = [
                    {
                        "type": "tool-call",
                        "toolCallId": c.id,
                        "toolName": c.name,
                        "input": json_text(c.arguments),
                    }
                    for c in call.output.tool_calls
                ]
                attributes["ai.response.toolCalls"] = json_text(calls)
    return Rendered(operation, INTERNAL, attributes, events)


def pydantic_ai(call: ModelCall, start: int) -> Rendered:
    """Pydantic AI: the newest message shape, with both `gen_ai.system` and `gen_ai.provider.name`."""
    rendered = otel_genai(call, start)
    attributes = {"gen_ai.system": call.provider, "model_name": call.model, **rendered.attributes}
    attributes.pop("gen_ai.system_instructions", None)
    if call.capture:
        attributes["gen_ai.input.messages"] = joined([m.genai for m in with_system(call)])
    return Rendered(rendered.name, CLIENT, attributes, rendered.events)


DIALECTS: dict[str, Dialect] = {
    d.name: d
    for d in (
        Dialect("otel_genai", "opentelemetry.instrumentation.genai.openai", "1.3b0", otel_genai),
        Dialect("otel_genai_old", "opentelemetry.instrumentation.openai_v2", "2.0b0", otel_genai_old),
        Dialect("openinference", "openinference.instrumentation.openai", "0.1.66", openinference),
        Dialect("openllmetry", "opentelemetry.instrumentation.openai.v1", "0.40.14", openllmetry),
        Dialect("langfuse", "langfuse-sdk", "5.0.4", langfuse),
        Dialect("vercel", "ai", "6.0.326", vercel),
        Dialect("pydantic_ai", "pydantic-ai", "2.68.0", pydantic_ai),
    )
}
