"""Parts told apart by the key they carry: of Gemini, Bedrock, Haystack, OpenInference."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.content.fields import Fields
from sightline.content.json_text import dumps
from sightline.content.parts import calls, words
from sightline.content.reader import Reader
from sightline.records.conversation import Part, Reasoning, Text, ToolCall, ToolResult


def bedrock_reasoning(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{reasoningContent: {reasoningText: {text, signature}} | {redactedContent}}`."""
    inner = fields.object("reasoningContent")
    if inner is None:
        return None
    said = inner.object("reasoningText")
    found = Reasoning(said.text("text")) if said else Reasoning("", hidden=True)
    if said is not None:
        inner.leave("reasoningText", said)
    inner.drop("redactedContent")
    fields.leave("reasoningContent", inner)
    return [found]


def haystack_reasoning(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{reasoning: {reasoning_text}}`, or the words themselves."""
    inner = fields.object("reasoning")
    if inner is None:
        return words.reasoning(fields, reader)
    found = Reasoning(inner.text("reasoning_text", "text"))
    fields.leave("reasoning", inner)
    return [found]


def guarded(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{guardContent: {text: {text}}}`: text that a guardrail is to check."""
    inner = fields.object("guardContent")
    found = words.text(inner, reader) if inner else None
    if found is not None and inner is not None:
        fields.leave("guardContent", inner)
    return found


def cited(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{citationsContent: {content: [{text}], citations}}`."""
    inner = fields.object("citationsContent")
    if inner is None:
        return None
    found = reader.parts(inner.list("content"))
    fields.leave("citationsContent", inner)
    return found


def structure(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """`{json: …}` in a Bedrock result."""
    value = fields.take("json")
    return None if value is None else [Text(dumps(value), json=True)]


def wrapped(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """OpenInference's `{message_content: {type, …}}`."""
    inner = fields.peek("message_content")
    if not isinstance(inner, dict):
        return None
    fields.drop("message_content")
    return reader.part(inner)


def ui_tool(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """The AI SDK's tool part of a page: `{type: tool-NAME, toolCallId, state, input, output, errorText}`."""
    tag = fields.text("type")
    name = fields.text("toolName") or tag.removeprefix("tool-")
    asked = fields.take("input", "args", "rawInput")
    id_ = fields.text("toolCallId")
    answer, said = fields.take("output", "result"), fields.take("errorText")
    fields.drop("state")
    call = ToolCall(name, calls.arguments(asked), id_, provider=fields.take("providerExecuted") is True)
    if answer is None and said is None:
        return [call]
    content = (*reader.result(answer), *reader.result(said))
    return [call, ToolResult(content, id_, name, error=said is not None)]


def nothing(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A mark between parts that says nothing to a reader."""
    return []
