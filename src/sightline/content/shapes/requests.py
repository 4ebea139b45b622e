"""Whole requests and answers that carry messages under a key: of chat APIs, frameworks and decorators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import parse
from sightline.content.reader import Reader
from sightline.content.shapes import chat
from sightline.records.conversation import Message, Text

_SYSTEM = ("system", "system_prompt", "instructions", "systemInstruction", "system_instruction", "preamble")


def system(fields: Fields, reader: Reader) -> list[Message]:
    """The system prompt that stands beside the messages, as text, parts or a message of its own."""
    for key in _SYSTEM:
        value = fields.peek(key)
        if not isinstance(value, str | list | dict) or not value:
            continue
        fields.drop(key)
        if isinstance(value, dict) and isinstance(value.get("parts"), list):
            value = value["parts"]
        return [Message("system", reader.parts(value), rest=reader.rest({}))]
    return []


def elements(values: Sequence[Any], reader: Reader, role: str) -> list[Message] | None:
    """A list as messages when its first or most of its elements are; the others are told as they are."""
    if len(values) == 1 and isinstance(values[0], list):
        return elements(values[0], reader, role)
    if values and all(isinstance(v, list) for v in values):
        if all(_pair(v) for v in values):
            return [chat.spoken(chat.role_of(v[0]), v[1]) for v in values]
        batches = [elements(v, reader, role) for v in values]
        if None not in batches:
            return [message for batch in batches for message in batch or ()]
        return None
    read = [reader.element(value, role) for value in values]
    known = sum(found is not None for found in read)
    if not known or (read[0] is None and known * 2 < len(read)):
        return None
    out: list[Message] = []
    for value, found in zip(values, read, strict=True):
        out += found if found is not None else [Message(role, reader.parts(value), rest=reader.rest({}))]
    return out


def _pair(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(v, str) for v in value)
        and value[0].lower() in chat.ALIASES
    )


def messages(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{messages: […], system}` of nearly every chat API; the list may be JSON inside JSON."""
    value = fields.peek("messages")
    if isinstance(value, str):
        found = parse(value)
        value = found.value if found and isinstance(found.value, list) and not found.cut else None
    if not isinstance(value, list):
        return None
    read = elements(value, reader, role) if value else []
    if read is None:
        return None
    fields.drop("messages")
    before = system(fields, reader)
    prompt = fields.text("prompt") if isinstance(fields.peek("prompt"), str) else ""
    return [*before, *read, *([chat.spoken("user", prompt)] if prompt else [])]


def prompt(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{system, prompt}` of the AI SDK and of completion APIs; the prompt may be a list of messages."""
    value = fields.peek("prompt")
    if isinstance(value, list):
        read = elements(value, reader, role)
        if read is None:
            return None
        fields.drop("prompt")
        return [*system(fields, reader), *read]
    if not isinstance(value, str) or not value or not fields.keys() & {"system", "system_prompt"}:
        return None
    fields.drop("prompt")
    return [*system(fields, reader), chat.spoken("user", value)]


def one_message(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """An answer that wraps its message: Ollama, Cohere 2, LlamaIndex, Logfire, a choice's body."""
    for key in ("message", "content", "chat_message", "response_message"):
        value = fields.peek(key)
        if not isinstance(value, dict):
            continue
        found = reader.element(value, role)
        if found is None and isinstance(value.get("parts"), list):
            found = (chat.message(Fields(value), reader, role),)
        if found is None:
            continue
        fields.drop(key)
        finish = fields.text(*chat.FINISH)
        *before, last = found
        return [*before, _finished(last, finish)]
    return None


def _finished(message: Message, finish: str) -> Message:
    return message if message.finish_reason or not finish else replace(message, finish_reason=finish)


# What decorators, runners and frameworks put around what they were called with.
_WRAPPERS = (
    "inputs", "outputs", "input", "output", "kwargs", "args", "state", "request", "response", "body", "data",
    "update", "result", "values", "value", "prompt_value", "raw_response", "llm",
)  # fmt: skip
_WORDS = (
    "question", "query", "user_input", "input", "prompt", "inputText", "instruction", "text", "content",
    "answer", "output", "response", "result", "completion", "generation", "outputText", "message",
    "output_text",
)  # fmt: skip


def wrapped(fields: Fields, reader: Reader, role: str, whole: Any) -> Sequence[Message] | None:
    """`{inputs: {messages: […]}, …}`: the first wrapper in which `whole` finds a conversation."""
    for key in _WRAPPERS:
        value = fields.peek(key)
        if not isinstance(value, dict | list) or not value:
            continue
        found: Sequence[Message] | None = whole(value)
        if found is not None:
            fields.drop(key)
            return found
    return None


def words(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """`{question: "…"}`: a well-known key holds what was said; the others stay beside it."""
    for key in _WORDS:
        value = fields.peek(key)
        if isinstance(value, str) and value:
            fields.drop(key)
            found = reader.parts(value)
            return [Message(role, found)]
    args = fields.peek("args")  # a decorated function of one text
    if isinstance(args, list) and len(args) == 1 and isinstance(args[0], str) and args[0]:
        fields.drop("args")
        return [Message(role, reader.parts(args[0]))]
    return None


def texts(values: Sequence[Any], role: str) -> list[Message] | None:
    """A list of strings, as completions of DSPy are."""
    if role == "assistant" and values and all(isinstance(value, str) for value in values):
        return [Message(role, tuple(Text(value) for value in values if value))]
    return None
