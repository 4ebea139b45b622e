"""What people, models and tools said, in one shape: messages of typed parts, documents, tools.

`Message.rest` and `Text` keep, as JSON text, what a sender added that no field here has a place for, so that
nothing is lost between the stored text and its reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Words. `json`: the text is one JSON document. `label`: the sender's own name of a part that is not
    understood; the text is then that part as JSON."""

    text: str
    json: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought. `hidden`: its provider gave it encrypted or not at all; the text may be empty."""

    text: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model would not answer, in its words."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool a model asked for. `arguments` as sent: JSON text, mostly. `provider`: the model's provider runs
    it."""

    name: str
    arguments: str
    id: str = ""
    provider: bool = False


@dataclass(frozen=True, slots=True)
class Media:
    """Something that is not text: `data` (base64), `url` or `id` says where it is; all may be empty.

    `text` is what it says in words: the transcript of audio, the text of a document. `mime` may be empty.
    """

    mime: str = ""
    url: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Image(Media):
    """A picture."""


@dataclass(frozen=True, slots=True)
class Audio(Media):
    """A sound."""


@dataclass(frozen=True, slots=True)
class File(Media):
    """Any other file: a document, a video."""


ResultPart: TypeAlias = Text | Image | Audio | File


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered. `id` is that of its call; `error`: it says that it failed."""

    content: tuple[ResultPart, ...]
    id: str = ""
    name: str = ""
    error: bool = False


Part: TypeAlias = Text | Reasoning | Refusal | ToolCall | ToolResult | Image | Audio | File
Place: TypeAlias = tuple[int, int]
"""A part of a conversation: index of its message, index in it."""

ROLES = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Message:
    """Parts that one role said together.

    `role` is one of `ROLES`, or the sender's own word. `source` is the content field it was read from,
    `shape` the shape that was recognised there. `answer`: the span produced it. `cut`: the stored text ends
    inside it. `rest`: JSON text of what else was sent with it.
    """

    role: str
    parts: tuple[Part, ...]
    name: str = ""
    id: str = ""
    finish_reason: str = ""
    source: str = ""
    shape: str = ""
    answer: bool = False
    cut: bool = False
    rest: str = ""


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A tool that was offered. `parameters` is its JSON schema as text, `rest` what else was said of it."""

    name: str
    description: str = ""
    parameters: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A span in which a tool ran. `call` is the id of the call that asked for it, empty when it says none;
    times in nanoseconds."""

    name: str
    call: str
    span_id: str
    parent: str
    start_time: int
    duration_ns: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was retrieved, ranked or remembered. `score` is the sender's own; None: none was given.

    `metadata` holds JSON values as text, or the strings themselves. `source`: the content field.
    """

    content: str
    id: str = ""
    score: float | None = None
    name: str = ""
    url: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A stored text that is no part of the conversation. `text` is None when it has expired.

    `repeats`: the field that tells the same and is read instead; empty when nothing does. `size` and `cut` as
    stored.
    """

    source: str
    text: str | None
    size: int = 0
    cut: bool = False
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a span says, once: messages in reading order, then what belongs to none of them.

    `calls` leads from the place of a tool's result to that of the call that asked for it.
    """

    messages: tuple[Message, ...] = ()
    calls: Mapping[Place, Place] = field(default_factory=dict)
    tools: tuple[ToolDefinition, ...] = ()
    documents: tuple[Document, ...] = ()
    leftovers: tuple[Leftover, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceSaid:
    """What one trace of a session says: its root, and its model calls in the order they began."""

    trace_id: str
    start_time: int
    root: Conversation
    calls: tuple[Conversation, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a session: what was asked and answered, without the history that came with it.

    `tools` are the names of the tools called on the way, in order, with repeats. `repeated` is how many
    messages of the request the session had already. `start_time` in nanoseconds.
    """

    trace_id: str
    start_time: int
    asked: tuple[Message, ...]
    answered: tuple[Message, ...]
    tools: tuple[str, ...] = ()
    repeated: int = 0
