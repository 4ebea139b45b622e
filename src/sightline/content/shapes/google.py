"""Gemini: contents and candidates, as the API and Google's ADK send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.content.fields import Fields
from sightline.content.reader import Reader
from sightline.content.shapes import chat, requests
from sightline.records.conversation import Message


def contents(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{contents, systemInstruction}`; ADK keeps the instruction and the tools in `config`."""
    value = fields.peek("contents")
    if not isinstance(value, list | str | dict) or not value:
        return None
    read = _contents(value, reader)
    if read is None:
        return None
    fields.drop("contents")
    before = requests.system(fields, reader)
    config = fields.object("config", "generation_config", "generationConfig")
    if config is not None:
        before = before or requests.system(config, reader)
        fields.leave("config", config)
    return [*before, *read]


def _contents(value: Any, reader: Reader) -> list[Message] | None:
    if isinstance(value, str):
        return [chat.spoken("user", value)]
    values = value if isinstance(value, list) else [value]
    out: list[Message] = []
    for one in values:
        if isinstance(one, str):
            out.append(chat.spoken("user", one))
        elif isinstance(one, dict) and isinstance(one.get("parts"), list | str):
            fields = Fields(one)
            said = chat.role_of(fields.take("role")) or "user"
            out.append(chat.message(fields, reader, _role(said, one)))
        else:
            return None
    return out


def candidates(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{candidates: [{content: {parts, role}, finishReason}]}`."""
    found = fields.list("candidates")
    out: list[Message] = []
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("content"), dict):
            return None
        inner = Fields(one)
        finish = inner.text("finishReason", "finish_reason")
        content = Fields(inner.take("content"))
        said = chat.role_of(content.take("role")) or "assistant"
        message = chat.message(content, reader, said)
        left = reader.rest(inner.left())
        out.append(replace(message, finish_reason=finish, rest=message.rest or left))
    return out or None


def element(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """One content: `{role: user | model, parts: […]}`; results of tools come from the user there."""
    if not isinstance(value.get("parts"), list) or value.keys() - {"role", "parts"}:
        return None
    if not any(isinstance(p, dict) and "type" not in p and "part_kind" not in p for p in value["parts"]):
        return None
    fields = Fields(value)
    said = chat.role_of(fields.take("role")) or role
    return [chat.message(fields, reader, _role(said, value))]


def _role(said: str, value: dict[str, Any]) -> str:
    answers = any(
        isinstance(p, dict) and p.keys() & {"functionResponse", "function_response"}
        for p in value["parts"]
        if isinstance(value["parts"], list)
    )
    return "tool" if answers else said
