"""LangChain: serialised messages in three generations, generations of a model, states of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.content.fields import Fields
from sightline.content.reader import Reader
from sightline.content.shapes import chat, requests
from sightline.records.conversation import Message

_KINDS = {
    "human": "user", "ai": "assistant", "system": "system", "developer": "system", "tool": "tool",
    "function": "tool", "chat": "", "generic": "",
}  # fmt: skip


def element(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """`{lc, id: […, HumanMessage], kwargs}`, `{type: human, data: {…}}`, or `{type: human, content}`."""
    kind, inner = _opened(value)
    if inner is None:
        return None
    said = _kind(kind)
    if said is None:
        return None
    fields = Fields(inner)
    own = chat.role_of(fields.take("role"))
    fields.drop("type", "example")
    return [chat.message(fields, reader, said or own or role)]


def _opened(value: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    path, kwargs = value.get("id"), value.get("kwargs")
    if "lc" in value and isinstance(path, list) and path and isinstance(kwargs, dict):
        return str(path[-1]), kwargs
    kind = value.get("type")
    if not isinstance(kind, str) or "role" in value:
        return "", None
    if kind not in _KINDS and not kind.endswith("MessageChunk"):
        return "", None
    if isinstance(value.get("data"), dict):
        return kind, value["data"]
    return (kind, value) if "content" in value else ("", None)


def _kind(name: str) -> str | None:
    """The role of a message's class or type; None when it is no message."""
    word = name.lower().removesuffix("chunk").removesuffix("message")
    return _KINDS.get(word)


def generations(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{generations: [[{text, message, generation_info}]], llm_output}`."""
    value = fields.peek("generations")
    if not isinstance(value, list) or not value:
        return None
    rows = [one for row in value for one in (row if isinstance(row, list) else [row])]
    if not rows or not all(isinstance(one, dict) for one in rows):
        return None
    fields.drop("generations")
    out: list[Message] = []
    for one in rows:
        inner = Fields(one)
        info = inner.object("generation_info")
        finish = info.text("finish_reason", "stop_reason", "done_reason") if info else ""
        if info:
            inner.leave("generation_info", info)
        message = inner.peek("message")
        found = reader.element(message, "assistant") if isinstance(message, dict) else None
        if found is None:
            found = (chat.spoken("assistant", inner.text("text")),)
        else:
            inner.drop("message", "text")  # the text is the message's own, again
        rest = reader.rest(inner.left())
        last = replace(
            found[-1], finish_reason=found[-1].finish_reason or finish, rest=found[-1].rest or rest
        )
        out += [*found[:-1], last]
    return out


def constructed(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """A serialised prompt: `{lc, id: […, ChatPromptValue], kwargs: {messages}}`, or `{kwargs: {text}}`."""
    inner = fields.peek("kwargs")
    if "lc" not in fields or not isinstance(inner, dict):
        return None
    within = Fields(inner)
    found = requests.messages(within, reader, role) or requests.words(within, reader, role)
    if found is not None:
        fields.drop("kwargs", "id", "lc")
        fields.leave("kwargs", within)
    return found
