"""A span's stored content as blocks to read: who said what, which tools were called. Pure.

Stored texts come in a dozen shapes and may be cut. What is understood becomes messages, everything else
is shown as the text it is; nothing is dropped and nothing is interpreted as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.records.trace import Content

MAX_BLOCKS = 400
_ORDER = ("system_instructions", "input_messages", "input_value", "output_messages", "output_value")
# A field left out when another one tells the same in full.
_REPEATS = {"input_value": "input_messages", "output_value": "output_messages"}
_TITLES = {
    "system_instructions": "System",
    "input_value": "Input",
    "output_value": "Output",
    "output_messages": "Output",
    "tool_arguments": "Arguments",
    "tool_result": "Result",
    "tool_definitions": "Tools",
    "tool_calls": "Tool calls",
    "retrieval_documents": "Documents",
    "prompt_template": "Template",
    "prompt_variables": "Variables",
    "error_stacktrace": "Stack trace",
}
_ROLES = {
    "system": "System",
    "developer": "System",
    "user": "User",
    "human": "User",
    "assistant": "Assistant",
    "ai": "Assistant",
    "model": "Assistant",
    "tool": "Tool",
    "function": "Tool",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool the model asked for, with its arguments as text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Block:
    """One message. `tone` is `sys`, `out` or empty; `code`: text to be set in fixed width."""

    title: str
    tone: str
    text: str
    calls: tuple[Call, ...]
    code: bool
    note: str


def blocks(contents: Sequence[Content]) -> tuple[Block, ...]:
    """Every stored text of a span, conversation first, in reading order."""
    fields = {content.ref.field for content in contents}
    ranked = sorted(
        (c for c in contents if _REPEATS.get(c.ref.field) not in fields),
        key=lambda c: (_ORDER.index(c.ref.field) if c.ref.field in _ORDER else len(_ORDER), c.ref.field),
    )
    out: list[Block] = []
    for content in ranked:
        for block in _of(content):
            if len(out) == MAX_BLOCKS:
                out.append(Block("More", "", "", (), False, f"shown are the first {MAX_BLOCKS} messages"))
                return tuple(out)
            out.append(block)
    return tuple(out)


def _of(content: Content) -> Iterator[Block]:
    field = content.ref.field
    title = _TITLES.get(field, field.replace("_", " ").capitalize())
    tone = "sys" if field == "system_instructions" else "out" if field.startswith("output") else ""
    if content.text is None:
        yield Block(title, tone, "", (), False, "the text has expired; times, tokens and cost stay")
        return
    note = f"the beginning of {content.ref.size:,} bytes" if content.truncated else ""
    value = None if content.truncated else _json(content.text)
    found = list(_messages(value, tone)) if field.endswith(("messages", "instructions", "value")) else []
    if found:
        yield from found
        return
    if isinstance(value, str):
        yield Block(title, tone, value, (), False, note)
    elif value is None:
        yield Block(title, tone, content.text, (), content.text[:1] in ("{", "["), note)
    else:
        yield Block(title, tone, json.dumps(value, ensure_ascii=False, indent=2), (), True, note)


def _json(text: str) -> Any:
    if text[:1] not in ("{", "[", '"'):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _messages(value: Any, tone: str) -> Iterator[Block]:
    """Messages of the shapes of chat APIs; nothing when the value is none of them."""
    if isinstance(value, dict):
        inner = value.get("messages")
        value = inner if isinstance(inner, list) else [value]
    if not isinstance(value, list) or not all(isinstance(m, dict) for m in value):
        return
    if not all(m.keys() & {"role", "message"} or ("content" in m and "type" in m) for m in value):
        return
    for message in value:
        inner = message.get("message")
        message = inner if isinstance(inner, dict) else message
        role = str(message.get("role") or ("assistant" if tone == "out" else "user"))
        text, calls = _body(message)
        title = _ROLES.get(role.lower(), role[:20].capitalize())
        if title == "Tool" and message.get("name"):
            text, calls = "", [Call(str(message["name"])[:120], text)]
        own = "sys" if title == "System" else "out" if tone == "out" else ""
        yield Block(
            "Output" if own == "out" else title, own, text, tuple(calls), title.startswith("Tool"), ""
        )


def _body(message: dict[str, Any]) -> tuple[str, list[Call]]:
    texts: list[str] = []
    asked = message.get("tool_calls")
    calls = [_call(c) for c in asked if isinstance(c, dict)] if isinstance(asked, list) else []
    for key in ("content", "parts"):
        part = message.get(key)
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list):
            for piece in part:
                if isinstance(piece, dict) and str(piece.get("type", "")).replace("-", "_") in (
                    "tool_call",
                    "tool_use",
                    "function_call",
                ):
                    calls.append(_call(piece))
                else:
                    texts.append(_text(piece))
        elif part is not None:
            texts.append(_text(part))
    return "\n".join(t for t in texts if t), calls


def _text(piece: Any) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, dict):
        for key in ("text", "content", "response", "result"):
            if isinstance(piece.get(key), str):
                return str(piece[key])
    return json.dumps(piece, ensure_ascii=False)


def _call(call: dict[str, Any]) -> Call:
    function = call.get("function")
    inner = function if isinstance(function, dict) else call
    arguments = inner.get("arguments", inner.get("input", inner.get("args", "")))
    return Call(
        str(inner.get("name") or "tool"),
        arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False),
    )
