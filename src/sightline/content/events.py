"""Messages that SDKs send as span events or log events instead of attributes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sightline.content import messages
from sightline.content.json_text import dumps, parse
from sightline.content.shapes.indexed import nested
from sightline.records.conversation import Document, Message
from sightline.records.trace import SpanEvent

# Which role an event speaks for, and the attribute that holds a whole list of messages.
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_LISTS = {
    "gen_ai.content.prompt": ("gen_ai.prompt", "user"),
    "gen_ai.content.completion": ("gen_ai.completion", "assistant"),
}
_DETAILS = "gen_ai.client.inference.operation.details"
_DETAIL_KEYS = (
    ("gen_ai.system_instructions", "system"),
    ("gen_ai.input.messages", "user"),
    ("gen_ai.output.messages", "assistant"),
)
NAMES = frozenset({*_ROLES, *_LISTS, _DETAILS, "gen_ai.choice"})


def spoken(events: Sequence[SpanEvent]) -> tuple[Message, ...]:
    """The messages of a span's events, in the order of the events."""
    return tuple(message for event in events for message in said(event.name, event.attributes))


def said(name: str, attributes: Mapping[str, Any], body: Any = None) -> tuple[Message, ...]:
    """The messages of one event; `body` is a log record's. Nothing when the event is no message."""
    source = f"event:{name}"
    if name in _LISTS:
        key, role = _LISTS[name]
        return _read(attributes.get(key), role, source)
    if name == _DETAILS:
        told = attributes if body is None else {**attributes, **(body if isinstance(body, dict) else {})}
        return tuple(m for key, role in _DETAIL_KEYS for m in _read(told.get(key), role, source))
    if name == "gen_ai.choice":
        return _message(attributes, body, "assistant", source)
    return _message(attributes, body, _ROLES[name], source) if name in _ROLES else ()


def found(events: Sequence[SpanEvent]) -> tuple[Document, ...]:
    """The documents that OpenLLMetry's vector stores send, one event each."""
    out = []
    for event in events:
        if event.name != "db.query.result":
            continue
        at = {key.removeprefix("db.query.result."): value for key, value in event.attributes.items()}
        score = at.get("score", at.get("distance"))
        known = isinstance(score, int | float)
        metadata = at.get("metadata")
        out.append(
            Document(
                str(at.get("document") or ""),
                str(at.get("id") or ""),
                float(score) if known and score is not None else None,
                metadata={} if metadata is None else {"metadata": _text(metadata)},
                source="event:db.query.result",
            )
        )
    return tuple(out)


def _read(value: Any, role: str, source: str) -> tuple[Message, ...]:
    text = _text(value)
    return messages.read(text, role, source=source).messages if text else ()


def _message(attributes: Mapping[str, Any], body: Any, role: str, source: str) -> tuple[Message, ...]:
    """One message of its event's body, or of its attributes, whose structures may be JSON text."""
    if body is None:
        flat = {k: v for k, v in attributes.items() if not k.startswith(("gen_ai.", "event."))}
        body = {k: _opened(v) for k, v in nested(flat).items()}
    if isinstance(body, str):
        return _read(body, role, source)
    if not isinstance(body, dict) or not body.keys() - {"index", "role", "finish_reason"}:
        return ()
    finish = str(body.get("finish_reason") or "")
    value = body
    if "message" in body:
        inner = body["message"]
        value = inner if isinstance(inner, dict) else {"content": inner}
        value = value | {k: v for k, v in body.items() if k not in ("message", "index", "finish_reason")}
    reading = messages.read_value({"role": role} | value, role)
    last = len(reading.messages) - 1
    return tuple(
        replace(
            message,
            source=source,
            answer=source.endswith("choice"),
            finish_reason=message.finish_reason or (finish if at == last else ""),
            rest=message.rest or (dumps(reading.rest) if at == last and reading.rest else ""),
        )
        for at, message in enumerate(reading.messages)
    )


def _opened(value: Any) -> Any:
    found = parse(value) if isinstance(value, str) and value[:1] in ("[", "{") else None
    return value if found is None or found.cut else found.value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else dumps(value)
