"""The demo's own vocabulary: what its generators yield and its encoder takes.

Times are nanoseconds since the epoch, durations nanoseconds; ids are raw bytes. Nothing here knows OTLP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import orjson

Value: TypeAlias = str | bool | int | float | Sequence[Any] | Mapping[str, Any] | None
Attributes: TypeAlias = Mapping[str, Value]

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
"""Span kinds, as OTLP numbers them."""


def json_text(value: object) -> str:
    """A value as compact JSON text, the way SDKs put structures into string attributes."""
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends: one process of one service, and the instrumentation scope inside it."""

    service: str
    version: str
    environment: str
    scope: str
    scope_version: str = ""
    language: str = "python"
    region: str = ""
    host: str = ""
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A span event."""

    name: str
    time: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """One span as its SDK ends it. `parent_id` empty: a root. `error`: the status message; None: no error."""

    source: Source
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    kind: int
    start: int
    end: int
    attributes: Attributes
    events: tuple[Event, ...] = ()
    error: str | None = None
    link: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log record, correlated when `trace_id` is not empty. `body` may be a structure."""

    source: Source
    time: int
    severity: int
    body: Value
    attributes: Attributes = field(default_factory=dict)
    trace_id: bytes = b""
    span_id: bytes = b""
    event_name: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What one request leaves behind. `late` spans arrive long after the others."""

    spans: tuple[Span, ...]
    logs: tuple[LogLine, ...] = ()
    late: tuple[Span, ...] = ()

    @property
    def start(self) -> int:
        """When the first span began."""
        return min(span.start for span in (*self.spans, *self.late))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to run a tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Message:
    """One chat message. Its renderings are kept, because an agent sends its whole history again and again."""

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    """On role `tool`: which call this answers; `text` is then the result."""
    reasoning: str = ""

    @cached_property
    def parts(self) -> list[dict[str, Any]]:
        """OpenTelemetry GenAI parts."""
        if self.role == "tool":
            return [{"type": "tool_call_response", "id": self.call_id, "response": self.text}]
        parts: list[dict[str, Any]] = []
        if self.reasoning:
            parts.append({"type": "reasoning", "content": self.reasoning})
        if self.text:
            parts.append({"type": "text", "content": self.text})
        for call in self.tool_calls:
            parts.append({"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments})
        return parts

    @cached_property
    def genai(self) -> str:
        """JSON of the OpenTelemetry GenAI shape."""
        return json_text({"role": self.role, "parts": self.parts})

    @cached_property
    def chat(self) -> str:
        """JSON of the chat-completions shape: tool arguments are JSON inside JSON."""
        message: dict[str, Any] = {"role": self.role, "content": self.text or None}
        if self.call_id:
            message["tool_call_id"] = self.call_id
        if self.tool_calls:
            message["tool_calls"] = [
                {
                    "id": c.id,
                    "type": "function",
                    "function": {"name": c.name, "arguments": json_text(c.arguments)},
                }
                for c in self.tool_calls
            ]
        return json_text(message)

    @cached_property
    def vercel(self) -> str:
        """JSON of the AI SDK's model messages."""
        if self.role == "system":
            return json_text({"role": "system", "content": self.text})
        if self.role == "tool":
            part = {
                "type": "tool-result",
                "toolCallId": self.call_id,
                "output": {"type": "text", "value": self.text},
            }
            return json_text({"role": "tool", "content": [part]})
        content: list[dict[str, Any]] = [{"type": "text", "text": self.text}] if self.text else []
        content += [
            {"type": "tool-call", "toolCallId": c.id, "toolName": c.name, "input": c.arguments}
            for c in self.tool_calls
        ]
        return json_text({"role": self.role, "content": content})

    @cached_property
    def tokens(self) -> int:
        """A fair guess of its tokens: about four bytes each, and a few for the frame."""
        size = (
            len(self.text.encode())
            + len(self.reasoning)
            + sum(60 + len(str(c.arguments)) for c in self.tool_calls)
        )
        return size // 4 + 4


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A call of a chat model, whoever records it. Token counts of None were not reported.

    `input_tokens` includes cache reads and writes, `output_tokens` includes reasoning.
    `first_token` is nanoseconds from the start, set on streams.
    """

    provider: str
    model: str
    response_model: str
    response_id: str
    messages: Sequence[Message]
    output: Message | None
    system: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning_tokens: int | None = None
    finish: str = "stop"
    temperature: float | None = 0.2
    max_tokens: int | None = 1024
    first_token: int | None = None
    tools: str = ""
    """Tool definitions as JSON, OpenTelemetry GenAI shape."""
    error: str = ""
    """`error.type` of a failed call; empty when it succeeded."""
    error_message: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    host: str = ""
    capture: bool = True
    """Whether the SDK was told to record content."""

    @property
    def streaming(self) -> bool:
        """Whether the answer came in pieces."""
        return self.first_token is not None

    @property
    def waited(self) -> int | None:
        """Nanoseconds to the first token, when one came."""
        return None if self.error else self.first_token


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of text a retriever found."""

    id: str
    title: str
    content: str
    score: float = 0.0
