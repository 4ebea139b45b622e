"""Cohere's first chat API: the message apart from its history, results of tools beside it."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.content.fields import Fields
from sightline.content.json_text import dumps
from sightline.content.reader import Reader
from sightline.content.shapes import chat, requests
from sightline.records.conversation import Message, ToolResult


def request(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{preamble, chat_history, message, tool_results}`; LangChain's agents name the message `input`."""
    history = fields.peek("chat_history")
    if not isinstance(history, list) or not fields.keys() & {"message", "input", "question", "preamble"}:
        return None
    read = requests.elements(history, reader, "user") if history else []
    if read is None:
        return None
    fields.drop("chat_history")
    out = [*requests.system(fields, reader), *read]
    if said := fields.text("message", "input", "question"):
        out.append(chat.spoken("user", said))
    for result in fields.list("tool_results"):
        if not isinstance(result, dict):
            out.append(Message("tool", reader.parts(result)))
            continue
        asked = result.get("call")
        name = str(asked.get("name") or "") if isinstance(asked, dict) else ""
        content = reader.result(result.get("outputs", result))
        out.append(Message("tool", (ToolResult(content, "", name),), rest=_parameters(asked)))
    return out


def _parameters(asked: object) -> str:
    return dumps({"call": asked}) if isinstance(asked, dict) else ""


def answer(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{text, generation_id, tool_calls, finish_reason}`."""
    if not isinstance(fields.peek("text"), str) or not fields.keys() & {"generation_id", "response_id"}:
        return None
    fields.drop("chat_history")  # the request again
    inner = {key: fields.take(key) for key in ("text", "tool_calls", "tool_plan", "finish_reason")}
    inner["id"] = fields.text("generation_id", "response_id")
    return [chat.message(Fields({k: v for k, v in inner.items() if v}), reader, "assistant")]
