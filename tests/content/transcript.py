"""A conversation as lines to read in a golden file, and the cases they are made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sightline.content.conversation import conversation
from sightline.records.conversation import (
    Conversation,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from sightline.records.trace import Content, ContentRef, SpanEvent

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in (HERE / "cases").glob("*.json"))


def content(field: str, value: Any, *, truncated: bool = False) -> Content:
    """A stored content. A text stays as it is; other values become JSON text."""
    text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
    hash_ = hashlib.sha256((text or field).encode("utf-8", "replace")).hexdigest()[:32]
    return Content(ContentRef(field, hash_, len((text or "").encode("utf-8", "replace"))), text, truncated)


def case(name: str) -> dict[str, Any]:
    """A case as it stands in its file."""
    found: dict[str, Any] = json.loads((HERE / "cases" / f"{name}.json").read_text())
    return found


def contents_of(told: dict[str, Any]) -> list[Content]:
    """The contents of a case; `=field` is the very text of that other field."""
    given = told["contents"]
    return [
        content(field, given[value[1:]] if isinstance(value, str) and value[:1] == "=" else value)
        for field, value in given.items()
    ]


def events_of(told: dict[str, Any]) -> list[SpanEvent]:
    """The events of a case."""
    return [SpanEvent(at, e["name"], e["attributes"]) for at, e in enumerate(told.get("events", []))]


def of_case(name: str) -> Conversation:
    """What is read of a case."""
    told = case(name)
    return conversation(contents_of(told), events_of(told), tool=told.get("tool", ""))


def transcript(found: Conversation) -> str:
    """Everything of a conversation, line by line."""
    lines: list[str] = []
    for at, message in enumerate(found.messages):
        lines += _message(found, at, message)
    for tool in found.tools:
        lines.append(f"tool {tool.name}: {tool.description} {tool.parameters} {tool.rest}".rstrip())
    for document in found.documents:
        score = "" if document.score is None else f" {document.score}"
        lines.append(
            f"document {document.id}{score} [{document.source}] {document.name} {document.url}".rstrip()
        )
        lines.append(f"  {document.content}")
        lines += [f"  {key} = {value}" for key, value in document.metadata.items()]
    for left in found.leftovers:
        told = f"repeats {left.repeats}" if left.repeats else _short(left.text or "expired")
        lines.append(f"left {left.source}: {told}")
    return "\n".join(lines) + "\n"


def _message(found: Conversation, at: int, message: Message) -> Iterator[str]:
    marks = [message.role, *(f"({word})" for word in (message.name, message.id) if word)]
    marks += [f"[{message.source} {message.shape}]"]
    marks += ["answer"] * message.answer + ["cut"] * message.cut
    marks += [f"finish={message.finish_reason}"] if message.finish_reason else []
    yield " ".join(marks)
    for index, part in enumerate(message.parts):
        call = found.calls.get((at, index))
        yield f"  {_part(part)}" + (f" <- {call[0]}.{call[1]}" if call else "")
    if message.rest:
        yield f"  rest {message.rest}"


def _part(part: Part) -> str:
    if isinstance(part, Text):
        return f"text{' json' * part.json}{f' <{part.label}>' * bool(part.label)}: {_short(part.text)}"
    if isinstance(part, Reasoning):
        return f"reasoning{' hidden' * part.hidden}: {part.text}"
    if isinstance(part, Refusal):
        return f"refusal: {part.text}"
    if isinstance(part, ToolCall):
        return f"call{' by provider' * part.provider} {part.name} ({part.id}): {part.arguments}"
    if isinstance(part, ToolResult):
        inner = "; ".join(_part(p) for p in part.content)
        return f"result{' error' * part.error} {part.name} ({part.id}): {inner}"
    assert isinstance(part, Media)
    told = {k: _short(str(getattr(part, k)), 40) for k in ("mime", "url", "data", "id", "name", "text")}
    return f"{type(part).__name__.lower()} " + " ".join(f"{k}={v}" for k, v in told.items() if v)


def _short(text: str, most: int = 200) -> str:
    text = text.replace("\n", "⏎")
    return text if len(text) <= most else f"{text[:most]}… {len(text)}"
