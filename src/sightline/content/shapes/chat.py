"""Messages with a role, of nearly every chat API and framework: other keys and parts, the same build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.parts import calls, words
from sightline.content.reader import Reader
from sightline.records.conversation import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

ALIASES: Mapping[str, str] = {
    "system": "system", "developer": "system", "systemmessage": "system",
    "user": "user", "human": "user", "request": "user",
    "assistant": "assistant", "ai": "assistant", "model": "assistant", "bot": "assistant",
    "chatbot": "assistant", "gpt": "assistant",
    "tool": "tool", "function": "tool", "ipython": "tool", "toolresponse": "tool", "data": "tool",
}  # fmt: skip
_ROLE_KEYS = ("role", "_role", "author", "from", "sender")
# In this order: where what is said stands.
_SAID = ("content", "_content", "parts", "contents", "blocks", "items", "text", "message", "value", "images")
_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "tool_plan", "thought", "reasoning_text")
FINISH = ("finish_reason", "finishReason", "stop_reason", "stopReason", "finish", "done_reason")


def role_of(value: Any) -> str:
    """A role as we spell it; the sender's own word when it is none of ours; empty when there is none.

    `MessageRole.USER`, `{"Label": "user"}` and `{"type": "role", "value": "user"}` are `user`.
    """
    if isinstance(value, dict):
        value = value.get("value") or value.get("Label") or value.get("label") or value.get("role")
    if not isinstance(value, str):
        return ""
    word = value.rsplit(".", 1)[-1].strip().lower()
    return ALIASES.get(word.replace("_", "").replace("-", ""), word[:40])


def element(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """A message that names its role."""
    key = next((k for k in _ROLE_KEYS if k in value), None)
    if key is None or not value.keys() & {
        *_SAID,
        *_THOUGHTS,
        "tool_calls",
        "function_call",
        "refusal",
        "audio",
    }:
        return None
    said = role_of(value[key])
    if not said and value[key] is not None:
        return None
    fields = Fields(value)
    fields.drop(key)
    return [message(fields, reader, said or role)]


def message(fields: Fields, reader: Reader, role: str) -> Message:
    """The message of this role that these fields make."""
    parts: list[Part] = []
    for key in _THOUGHTS:
        thought = fields.peek(key)
        if isinstance(thought, str | list) and thought:
            parts += words.reasoning(Fields({"text": fields.take(key)}), reader) or ()
    said = _said(fields, reader)
    if role == "tool" and said and not any(isinstance(part, ToolResult) for part in said):
        failed = str(fields.take("status", "is_error")).lower() in ("error", "true")
        content = tuple(p for p in said if isinstance(p, Text | Image | Audio | File))
        others = [p for p in said if p not in content]
        content = tuple(
            reader.result(p.text)[0] if type(p) is Text and p.text and not p.json else p for p in content
        )
        parts += [*others, ToolResult(content, calls.call_id(fields), fields.text("name"), failed)]
    else:
        parts += said
    parts += _asked(fields, reader, parts)
    if refused := fields.text("refusal"):
        parts.append(Refusal(refused))
    audio = fields.peek("audio")
    if isinstance(audio, dict):
        parts += reader.part({"type": "audio", "audio": fields.take("audio")})
    name = fields.text("name", "_name")
    id_ = fields.text("id", "message_id")
    finish = _finish(fields)
    if fields.peek("status") in ("completed", "complete", "success"):
        fields.drop("status")
    fields.drop("role")
    return Message(role, tuple(parts), name, id_, finish, rest=reader.rest(fields.left()))


def _said(fields: Fields, reader: Reader) -> list[Part]:
    out: list[Part] = []
    for key in _SAID:
        value = fields.peek(key)
        if value is None or value == "":
            fields.drop(key)
        elif key == "images" and isinstance(value, list):  # Ollama: base64 beside the text
            fields.drop(key)
            for data in value:
                out += (
                    reader.part({"type": "image", "data": data})
                    if isinstance(data, str)
                    else reader.parts(data)
                )
        elif isinstance(value, dict) and "parts" in value and value.keys() <= {"parts", "role", "type"}:
            fields.drop(key)
            out += reader.parts(value["parts"])
        elif key not in ("message", "value", "text", "items") or isinstance(value, str | list):
            fields.drop(key)
            out += reader.parts(value)
    return out


def _asked(fields: Fields, reader: Reader, parts: Sequence[Part]) -> list[Part]:
    """Tool calls that stand beside the content, once each."""
    extra = fields.object("additional_kwargs")
    told = {part.id for part in parts if isinstance(part, ToolCall) and part.id}
    wanted = [*fields.list("tool_calls", "toolCalls"), *fields.list("invalid_tool_calls")]
    if extra is not None:
        wanted += extra.list("tool_calls")
        if isinstance(extra.peek("function_call"), dict):
            wanted.append(extra.take("function_call"))
        fields.leave("additional_kwargs", extra)
    if isinstance(fields.peek("function_call"), dict):
        wanted.append(fields.take("function_call"))
    out: list[Part] = []
    for one in wanted:
        if not isinstance(one, dict):
            out += reader.parts(one)
            continue
        wrapped = one.get("tool_call")
        inner = Fields(wrapped if isinstance(wrapped, dict) else one)
        made = calls.call(inner, reader)
        if made is None:
            out += reader.part(one)
            continue
        found = made[0]
        if isinstance(found, ToolCall) and (not found.id or found.id not in told):
            told.add(found.id)
            out.append(found)
            if left := inner.left():
                reader.leftovers.append({"part": "tool_call"} | left)
    return out


def _finish(fields: Fields) -> str:
    found = fields.text(*FINISH)
    for key in ("response_metadata", "meta", "_meta"):
        inner = fields.object(key)
        if inner is not None:
            found = found or inner.text(*FINISH)
            fields.leave(key, inner)
    return found


def spoken(role: str, text: str, shape: str = "") -> Message:
    """A message of one text."""
    return Message(role, (Text(text),) if text else (), shape=shape)


def thought(text: str) -> Reasoning:
    """What a model thought, in a shape that has it beside the answer."""
    return Reasoning(text, hidden=not text)
