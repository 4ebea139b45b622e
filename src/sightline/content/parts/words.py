"""Text, reasoning and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import dumps
from sightline.content.reader import BASE64, Reader
from sightline.records.conversation import Part, Reasoning, Refusal, Text


def text(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{type: text, text}` of chat APIs, `content` of OpenTelemetry, `{value}` of OpenAI's assistants."""
    inner = fields.object("text")
    if inner is not None:  # {"text": {"value": …, "annotations": […]}}
        said = inner.text("value", "text")
        fields.leave("text", inner)
        return [Text(said)] if said else None
    if "thought" in fields and fields.peek("thought") is True:  # Gemini marks thoughts beside the text
        fields.drop("thought")
        return [Reasoning(fields.text("text"))]
    key = next((k for k in ("text", "content", "value", "Text") if k in fields), None)
    if key is None or not isinstance(fields.peek(key), str | int | float | None):
        return None
    said = fields.text(key)
    fields.drop("source_type", "state")
    return [Text(said)] if said else []


def reasoning(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """Thoughts: of OpenTelemetry, Anthropic, Mistral, LangChain, the AI SDK, and Responses' summaries."""
    keys = ("content", "text", "thinking", "reasoning", "reasoning_text", "summary", "thought")
    said = "\n\n".join(words for key in keys if (words := _joined(fields.take(key))))
    _drop_opaque(fields)
    fields.drop("num_tokens", "id", "status")
    return [Reasoning(said, hidden=not said)]


def redacted(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """Thoughts that the provider gave encrypted."""
    _drop_opaque(fields)
    return [Reasoning(fields.text("text", "thinking"), hidden=True)]


def refusal(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """What a model says instead of an answer."""
    said = fields.text("refusal", "content", "text")
    return [Refusal(said)] if said else None


def code(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """Gemini's executable code and its output, as text in a fence."""
    inner = fields.object("executableCode", "executable_code", "codeExecutionResult", "code_execution_result")
    if inner is None:
        return None
    program, outcome, said = inner.text("code"), inner.text("outcome"), inner.text("output")
    if not program and not outcome and not said:
        return None
    found = Text(f"```{inner.text('language').lower()}\n{program}\n```") if program else None
    fields.leave("code", inner)
    return [
        *([found] if found else []),
        *([Text(f"```\n{said}\n```", label=outcome)] if said or outcome else []),
    ]


def error(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """An error in the place of content."""
    said = fields.text("message", "error", "errorText", "text")
    return [Text(said, label="error")] if said else None


def _drop_opaque(fields: Fields) -> None:
    """Leave out what only the provider can read."""
    for key in ("data", "encrypted_content", "redactedContent", "redacted"):
        value = fields.peek(key)
        if value is True or (isinstance(value, str) and BASE64.fullmatch(value)):
            fields.drop(key)


def _joined(value: Any) -> str:
    """Text of a string, or of a list of `{text}`, which Mistral and Responses send."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        said = [_joined(piece) for piece in value]
        return "\n\n".join(piece for piece in said if piece)
    if isinstance(value, dict):
        inner = value.get("text") or value.get("content")
        alone = value.keys() <= {"type", "text", "content"} and len(value) <= 2
        return inner if isinstance(inner, str) and alone else dumps(value)
    return "" if value is None or value is True else dumps(value)
