"""A stored text of any SDK as messages of typed parts. Pure, bounded, linear in the text.

`ELEMENTS` and `WHOLES` are the shapes that are understood, in the order they are tried; content parts are in
`parts/table.py`. What none of them knows is one message with the text as it was stored: nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from sightline.content.fields import Fields
from sightline.content.json_text import Parsed, dumps, parse
from sightline.content.parts import calls, media
from sightline.content.parts.table import BY_KEY, BY_NAME
from sightline.content.reader import MessageReader, Reader
from sightline.content.shapes import (
    agents,
    amazon,
    chat,
    cohere,
    google,
    indexed,
    langchain,
    microsoft,
    openai,
    pydantic_ai,
    requests,
)
from sightline.records.conversation import Message, ResultPart, Text, ToolCall

MAX_MESSAGES = 5_000
_MAX_WRAPPERS = 3
PLAIN, JSON, PARTS, WORDS = "plain", "json", "parts", "words"
# A text, a structure, or an object of someone's own.
UNSTRUCTURED = frozenset({PLAIN, JSON, WORDS})

# One element of a list of messages.
ELEMENTS: Mapping[str, MessageReader] = {
    "pydantic_ai_events": pydantic_ai.event,
    "pydantic_ai": pydantic_ai.element,
    "langchain": langchain.element,
    "autogen": microsoft.element,
    "gemini": google.element,
    "chat": chat.element,
    "openai_choices": openai.choice,
    "openai_responses": openai.item,
}

WholeReader: TypeAlias = Callable[[Fields, Reader, str], Sequence[Message] | None]
# A whole stored object. What a shape leaves of the object is told beside its messages.
WHOLES: Mapping[str, WholeReader] = {
    "indexed": indexed.whole,
    "langchain": langchain.constructed,
    "langchain_generations": langchain.generations,
    "openai_chat": openai.choices,
    "gemini": google.candidates,
    "gemini_request": google.contents,
    "bedrock": amazon.converse,
    "bedrock_titan": amazon.titan,
    "history": cohere.request,
    "cohere_answer": cohere.answer,
    "request": requests.messages,
    "openai_responses": openai.response,
    "prompt": requests.prompt,
    "answer": requests.one_message,
    "livekit": agents.items,
    "haystack": agents.replies,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one stored text says. `shape`: how it was understood; `plain` is mere text, `json` other JSON.

    `rest`: what stood beside the messages, such as a request's parameters. `cut`: the text ends before its
    JSON does.
    """

    messages: tuple[Message, ...]
    shape: str = PLAIN
    rest: Mapping[str, Any] = field(default_factory=dict)
    cut: bool = False

    @property
    def understood(self) -> bool:
        """Whether it is a conversation, rather than a text or a structure of someone's own."""
        return self.shape not in UNSTRUCTURED


def read(text: str, role: str = "user", *, source: str = "", cut: bool = False) -> Reading:
    """The messages of a stored text. `role` has what names no role itself; `cut`: it is known to be cut."""
    parsed = parse(text, cut=cut)
    answer = role == "assistant"
    if parsed is None:
        found = Reading((Message(role, _plain(text)),) if text else (), PLAIN, cut=cut)
    else:
        found = _cut(read_value(parsed.value, role), parsed, text)
        said = any(message.parts for message in found.messages)
        if (parsed.cut and (found.shape == JSON or not said)) or not (said or found.rest):
            told = Message(role, (Text(text, json=not parsed.cut),), cut=parsed.cut)
            found = Reading((told,), JSON, cut=parsed.cut)
    return replace(
        found,
        messages=tuple(
            replace(m, source=source, answer=answer, shape=m.shape or found.shape) for m in found.messages
        ),
        cut=found.cut or cut,
    )


def read_value(value: Any, role: str = "user") -> Reading:
    """The same of a parsed value."""
    reader = Reader(BY_NAME, BY_KEY, ELEMENTS, media.of_text)
    found = _conversation(value, reader, role)
    if found is None and isinstance(value, dict):
        fields = Fields(value)
        said = requests.words(fields, reader, role)
        if said is not None:
            found = Reading(tuple(said), WORDS, _rest(fields, reader))
    if found is None:
        if isinstance(value, str):
            return Reading((Message(role, _plain(value)),) if value else ())
        return Reading((Message(role, (Text(dumps(value), json=True),)),), JSON)
    messages = openai.joined(found.messages)
    if len(messages) > MAX_MESSAGES:
        messages = messages[:MAX_MESSAGES]
        more = len(found.messages) - MAX_MESSAGES
        told = Text(dumps(value), json=True, label=f"{more} more messages, in the whole text")
        messages.append(Message(role, (told,)))
    return replace(found, messages=tuple(messages))


def _conversation(value: Any, reader: Reader, role: str, depth: int = _MAX_WRAPPERS) -> Reading | None:
    """The first shape that knows a value; None when it is someone's own structure."""
    if isinstance(value, list):
        return _list(value, reader, role)
    if not isinstance(value, dict) or not value:
        return None
    found = reader.element(value, role)
    if found is not None:
        return Reading(found, found[0].shape if found else PARTS)
    for name, whole in WHOLES.items():
        fields = Fields(value)
        reader.leftovers = []
        messages = whole(fields, reader, role)
        if messages is not None:
            return Reading(tuple(messages), name, _rest(fields, reader))
    if reader.knows(value) and "type" in value and (parts := reader.understood(value)) is not None:
        return Reading((Message(role, parts, rest=reader.rest({})),), PARTS)
    if depth:
        fields = Fields(value)
        inner: list[Reading] = []

        def below(value: Any) -> Sequence[Message] | None:
            found = _conversation(value, reader, role, depth - 1)
            if found is not None:
                inner.append(found)
            return None if found is None else found.messages

        messages = requests.wrapped(fields, reader, role, below)
        if messages is not None:
            rest = {**_rest(fields, reader), **inner[-1].rest}
            return Reading(tuple(messages), inner[-1].shape, rest)
    return None


def _list(values: list[Any], reader: Reader, role: str) -> Reading | None:
    found = requests.elements(values, reader, role)
    if found is not None:
        return Reading(tuple(found), next((m.shape for m in found if m.shape), PARTS))
    if values and all(reader.knows(value) for value in values):
        return Reading((Message(role, reader.parts(values), rest=reader.rest({})),), PARTS)
    texts = requests.texts(values, role)
    return None if texts is None else Reading(tuple(texts), PARTS)


def result(text: str) -> tuple[ResultPart, ...]:
    """What a tool answered, read from the text stored of its span."""
    parsed = parse(text)
    if parsed is None or parsed.cut:
        return (Text(text),)
    return calls.answer(parsed.value, Reader(BY_NAME, BY_KEY, ELEMENTS, media.of_text))


def tool_calls(text: str) -> tuple[ToolCall, ...]:
    """The calls of a text that holds nothing else: one, a list of them, or a list of JSON texts."""
    parsed = parse(text)
    value = parsed.value if parsed else None
    reader = Reader(BY_NAME, BY_KEY, ELEMENTS, media.of_text)
    found: list[ToolCall] = []
    for one in value if isinstance(value, list) else [value]:
        inner = parse(one) if isinstance(one, str) else None
        made = inner.value if inner else one
        if isinstance(made, dict):
            found += [p for p in calls.call(Fields(made), reader) or () if isinstance(p, ToolCall)]
    return tuple(found)


def _rest(fields: Fields, reader: Reader) -> dict[str, Any]:
    left = fields.left()
    if reader.leftovers:
        left |= {"parts": reader.leftovers}
        reader.leftovers = []
    return left


def _plain(text: str) -> tuple[Any, ...]:
    found = media.of_text(text)
    return (Text(text) if found is None else found,)


def _cut(found: Reading, parsed: Parsed, text: str) -> Reading:
    """The last message of a cut text is cut, and says what of the text could not be read."""
    if not parsed.cut or not found.messages:
        return replace(found, cut=parsed.cut)
    *before, last = found.messages
    tail = (Text(parsed.tail, label="cut"),) if parsed.tail else ()
    return replace(found, messages=(*before, replace(last, parts=(*last.parts, *tail), cut=True)), cut=True)
