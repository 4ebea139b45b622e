"""Pydantic AI: its own messages, and the list of events of its first format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.content.fields import Fields
from sightline.content.reader import Reader
from sightline.content.shapes import chat
from sightline.records.conversation import Message, Part

_ROLES = {"systemprompt": "system", "userprompt": "user", "toolreturn": "tool", "retryprompt": "tool"}


def element(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """`{kind: request | response, parts: [{part_kind, content}]}`: a request has parts of several roles."""
    if value.get("kind") not in ("request", "response") or not isinstance(value.get("parts"), list):
        return None
    fields = Fields(value)
    parts = fields.list("parts")
    out: list[Message] = []
    if instructions := fields.text("instructions"):
        out.append(chat.spoken("system", instructions))
    for one in parts:
        said = "assistant"
        if value["kind"] == "request":
            tag = str(one.get("part_kind", "")) if isinstance(one, dict) else ""
            said = _ROLES.get(tag.replace("-", ""), "user")
        found = _part(one, reader)
        if out and out[-1].role == said and said != "user":
            out[-1] = replace(out[-1], parts=(*out[-1].parts, *found))
        else:
            out.append(Message(said, found))
    finish = fields.text("finish_reason")
    fields.drop("kind", "timestamp")
    rest = reader.rest(fields.left())
    if not out:
        return [Message("assistant" if value["kind"] == "response" else "user", (), rest=rest)]
    out[-1] = replace(out[-1], finish_reason=finish, rest=rest)
    return out


def _part(one: Any, reader: Reader) -> tuple[Part, ...]:
    if isinstance(one, dict) and one.get("part_kind") in ("system-prompt", "user-prompt"):
        fields = Fields(one)
        found = reader.parts(fields.take("content"))
        fields.drop("part_kind", "timestamp")
        if left := fields.left():
            reader.leftovers.append({"part": one["part_kind"]} | left)
        return found
    return reader.parts(one)


def event(value: dict[str, Any], reader: Reader, role: str) -> Sequence[Message] | None:
    """`{"event.name": "gen_ai.user.message", content, role}` or `gen_ai.choice`, in a list of them."""
    name = value.get("event.name")
    if not isinstance(name, str):
        return None
    inner = {k: v for k, v in value.items() if k not in ("event.name", "gen_ai.message.index", "index")}
    if isinstance(inner.get("message"), dict):
        said = inner.pop("message")
        found = reader.element(said, "assistant") or (chat.message(Fields(said), reader, "assistant"),)
        last = found[-1]
        left = Fields(inner)
        finish = left.text("finish_reason")
        left.drop("role", "gen_ai.system")
        rest = last.rest or reader.rest(left.left())
        return [*found[:-1], replace(last, finish_reason=finish or last.finish_reason, rest=rest)]
    word = name.removeprefix("gen_ai.").removesuffix(".message")
    fields = Fields(inner)
    fields.drop("gen_ai.system")
    said_role = chat.role_of(fields.take("role")) or chat.ALIASES.get(
        word, "assistant" if word == "choice" else role
    )
    return [chat.message(fields, reader, said_role)]
