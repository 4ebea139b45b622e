"""AutoGen's messages, which name their class. Semantic Kernel and Agent Framework have roles: `chat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.parts import calls
from sightline.content.reader import Reader
from sightline.content.shapes import chat
from sightline.records.conversation import Message, Part, ToolResult

_TYPES = {
    "SystemMessage": "system",
    "UserMessage": "user",
    "AssistantMessage": "assistant",
    "FunctionExecutionResultMessage": "tool",
    "TextMessage": "",
    "MultiModalMessage": "",
    "StopMessage": "assistant",
    "HandoffMessage": "assistant",
    "ThoughtEvent": "assistant",
    "ToolCallRequestEvent": "assistant",
    "ToolCallExecutionEvent": "tool",
    "ToolCallSummaryMessage": "assistant",
}


def element(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """`{type: AssistantMessage, content, thought, source}`; its content may be a list of calls or results."""
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _TYPES or "content" not in value:
        return None
    fields = Fields(value)
    source = fields.text("source")
    said = _TYPES[kind] or ("user" if source == "user" else "assistant")
    parts: list[Part] = []
    if thought := fields.text("thought"):
        parts.append(chat.thought(thought))
    content = fields.take("content")
    if kind == "ThoughtEvent" and isinstance(content, str):
        parts.append(chat.thought(content))
    elif isinstance(content, list):
        for one in content:
            parts += _piece(one, reader, said)
    else:
        parts += reader.parts(content)
    fields.drop("type")
    finish = fields.text("finish_reason")
    return [
        Message(
            said, tuple(parts), source if source != said else "", "", finish, rest=reader.rest(fields.left())
        )
    ]


def _piece(one: Any, reader: Reader, role: str) -> Sequence[Part]:
    if not isinstance(one, dict) or "type" in one:
        return reader.parts(one)
    fields = Fields(one)
    if role == "tool" and "content" in one:
        failed = fields.take("is_error") is True
        content = reader.result(fields.take("content"))
        found: Sequence[Part] = [ToolResult(content, calls.call_id(fields), fields.text("name"), failed)]
    else:
        found = calls.call(fields, reader) or reader.part(one)
    if left := fields.left():
        reader.leftovers.append(left)
    return found
