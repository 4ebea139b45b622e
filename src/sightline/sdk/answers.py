"""What a model answered, read from a provider's response: dicts or objects, recognised by their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sightline.sdk.messages import Message, message_of, parts_of
from sightline.sdk.usage import Usage, field, usage_of

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response says; None and empty where it says nothing."""

    messages: tuple[Message, ...] = ()
    model: str | None = None
    id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    usage: Usage | None = None
    dimensions: int | None = None


def answer_of(response: object) -> Answer:
    """The answer in a provider's response: OpenAI, Anthropic, Google, Bedrock, Ollama, LangChain.

    >>> answer_of({"model": "m", "choices": [{"message": {"content": "42"}}]}).messages
    ({'role': 'assistant', 'parts': [{'type': 'text', 'content': '42'}]},)
    """
    if isinstance(response, str):
        return Answer((message_of(response, "assistant"),))
    if isinstance(response, list | tuple):
        return Answer(tuple(message_of(one, "assistant") for one in response[:_MOST]))
    messages, reasons = _said(response)
    return Answer(
        messages,
        text(response, "model") or text(response, "model_version") or text(response, "modelId"),
        text(response, "id") or text(response, "response_id"),
        tuple(reason for reason in reasons if reason),
        usage_of(field(response, "usage")) or usage_of(field(response, "usage_metadata"))
        or usage_of(field(response, "usageMetadata")) or usage_of(response),
        _dimensions(response),
    )  # fmt: skip


def text(value: object, *path: str) -> str | None:
    """A field that is a text, or an enumeration's value that is one; None where it is anything else."""
    found = field(value, *path)
    if isinstance(found, str) and found:
        inner = getattr(found, "value", found)
        return str.__str__(inner if isinstance(inner, str) else found)
    inner = field(found, "value") if found is not None and not isinstance(found, dict) else None
    return str.__str__(inner) if isinstance(inner, str) and inner else None


def _listed(value: object, *path: str) -> list[Any]:
    found = field(value, *path)
    return list(found[:_MOST]) if isinstance(found, list | tuple) else []


def _said(response: object) -> tuple[tuple[Message, ...], list[str | None]]:
    if choices := _listed(response, "choices"):
        made = [
            _assistant(m)
            if (m := field(c, "message")) is not None
            else message_of(text(c, "text") or "", "assistant")
            for c in choices
        ]
        return tuple(made), [text(choice, "finish_reason") for choice in choices]
    if output := _listed(response, "output"):
        parts = [part for item in output for part in message_of(item, "assistant")["parts"]]
        return ({"role": "assistant", "parts": parts},), [text(response, "status")]
    if candidates := _listed(response, "candidates"):
        made = [_assistant(field(candidate, "content")) for candidate in candidates]
        return tuple(made), [
            text(candidate, "finish_reason") or text(candidate, "finishReason") for candidate in candidates
        ]
    inner = field(response, "output", "message")
    if inner is None:
        inner = field(response, "message")
    if inner is not None and not isinstance(inner, str):
        reason = (
            text(response, "stopReason") or text(response, "done_reason") or text(response, "finish_reason")
        )
        return (_assistant(inner),), [reason]
    if field(response, "content") is not None or _listed(response, "tool_calls"):
        reason = text(response, "stop_reason") or text(response, "response_metadata", "finish_reason")
        return (_assistant(response),), [reason]
    plain = text(response, "response") or text(response, "text")
    return ((message_of(plain, "assistant"),) if plain else ()), [text(response, "done_reason")]


def _assistant(message: object) -> Message:
    if message is None:
        return {"role": "assistant", "parts": []}
    made = message_of(message, "assistant")
    return {"role": "assistant", "parts": made["parts"] or parts_of(text(message, "text"))}


def _dimensions(response: object) -> int | None:
    """The length of the first vector of embeddings."""
    first = (_listed(response, "data") or _listed(response, "embeddings") or [None])[0]
    vector = first if isinstance(first, list | tuple) else field(first, "embedding") or field(first, "values")
    return len(vector) if isinstance(vector, list | tuple) and vector else None
