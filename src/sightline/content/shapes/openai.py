"""OpenAI: choices of chat completions, and items of Responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.content.fields import Fields
from sightline.content.parts.table import BY_NAME
from sightline.content.reader import Reader, normal
from sightline.content.shapes import chat
from sightline.records.conversation import Message

_CHOICE_KEYS = {"finish_reason", "index", "logprobs", "finishReason", "stop_reason", "content_filter_results"}


def choice(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """`{index, message | delta | text, finish_reason}`, also the body of OpenTelemetry's `gen_ai.choice`."""
    said = value.get("message", value.get("delta"))
    if isinstance(said, str) and value.keys() - {"message"} <= _CHOICE_KEYS and len(value) > 1:
        said = {"content": said}
    if said is None and isinstance(value.get("text"), str) and value.keys() - _CHOICE_KEYS == {"text"}:
        said = {"content": value["text"]}
    if not isinstance(said, dict) or "event.name" in value:
        return None
    fields = Fields(value)
    fields.drop("message", "delta", "text")
    fields.drop("done")
    finish = fields.text(*chat.FINISH)
    inner = reader.element(said, "assistant")
    left = fields.left()
    if inner is None:
        said_fields = Fields(said)
        said_role = chat.role_of(said_fields.take("role")) or "assistant"
        inner = (chat.message(said_fields, reader, said_role),)
    rest = reader.rest(left)
    *before, last = inner
    return [*before, replace(last, finish_reason=last.finish_reason or finish, rest=last.rest or rest)]


def choices(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """A chat completion, or the old completion: `{choices: […]}`."""
    found = fields.peek("choices")
    if not isinstance(found, list) or not all(isinstance(c, dict) for c in found):
        return None
    read = [choice(c, reader, "assistant") for c in found]
    if not read or None in read:
        return None
    fields.drop("choices")
    return [message for messages in read for message in messages or ()]


def item(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """An item without a role: a call of the model, a tool's output, reasoning. Also LiveKit's items."""
    kind = value.get("type")
    if not isinstance(kind, str) or "role" in value or normal(kind) not in BY_NAME:
        return None
    name = normal(kind)
    if not name.endswith(("call", "output")) and name != "reasoning":
        return None
    parts = reader.understood(value)
    if parts is None:
        return None
    said = "tool" if name.endswith("output") else "assistant"
    return [Message(said, parts, rest=reader.rest({}))]


def response(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{object: response, output: […]}`, and a request `{input: […], instructions}`."""
    for key, said in (("output", "assistant"), ("input", "user")):
        found = fields.peek(key)
        if not isinstance(found, list) or not found:
            continue
        read = [reader.element(one, said) for one in found]
        if all(one is None for one in read):
            continue
        fields.drop(key)
        before = [chat.spoken("system", text)] if (text := fields.text("instructions")) else []
        out = [*before]
        for one, messages in zip(found, read, strict=True):
            out += messages if messages is not None else [Message(said, reader.parts(one))]
        return out
    if isinstance(fields.peek("input"), str) and fields.keys() & {"instructions", "previous_response_id"}:
        instructions = fields.text("instructions")
        before = [chat.spoken("system", instructions)] if instructions else []
        return [*before, chat.spoken("user", fields.text("input"))]
    return None


def joined(messages: Sequence[Message]) -> list[Message]:
    """Neighbouring items of one answer as one message: reasoning, calls and text that came together."""
    out: list[Message] = []
    for message in messages:
        last = out[-1] if out else None
        if (
            last is not None
            and message.shape == last.shape == "openai_responses"
            and message.role == last.role == "assistant"
        ):
            out[-1] = replace(
                last,
                parts=(*last.parts, *message.parts),
                rest=" ".join(r for r in (last.rest, message.rest) if r),
            )
        else:
            out.append(message)
    return out
