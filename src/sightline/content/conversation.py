"""A span's stored contents as one conversation, each thing once. Pure.

Several fields may tell the same: OpenInference sends the request as `input.value` and its messages again as
numbered keys. For what went in and for what came out, one field is read; another is left out only when all
that it says is said already, and then says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sightline.content import documents, events, messages, sayings, tools
from sightline.content.history import part_key
from sightline.content.json_text import dumps, parse
from sightline.content.messages import Reading, read
from sightline.content.pairing import pairs
from sightline.records.conversation import (
    Conversation,
    Document,
    Leftover,
    Message,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from sightline.records.trace import Content, SpanEvent

# Fields that tell what went in and what came out, best first.
INPUTS = ("input_messages", "indexed_input", "input_value")
OUTPUTS = ("output_messages", "indexed_output", "output_value")
SYSTEM = "system_instructions"
TOOLS = ("tool_definitions", "indexed_tools")
DOCUMENTS = (
    "retrieval_documents", "indexed_documents", "reranker_output_documents", "reranker_input_documents",
    "memory_records",
)  # fmt: skip
_CALLED, _RETURNED, _WANTED = "tool_arguments", "tool_result", "tool_calls"


def conversation(
    contents: Sequence[Content], happened: Sequence[SpanEvent] = (), *, tool: str = ""
) -> Conversation:
    """What a span says, in reading order: system, input, output; then documents, tools and the rest.

    `happened` are the span's events, of which some SDKs make its messages. `tool` is the name of the tool
    that a tool's span ran.
    """
    return _Gathering(contents, happened, tool).conversation()


class _Gathering:
    """The contents of one span while they are sorted."""

    def __init__(self, contents: Sequence[Content], happened: Sequence[SpanEvent], tool: str) -> None:
        self.leftovers: list[Leftover] = []
        self.texts: dict[str, Content] = {}
        self.all = {content.ref.field: content for content in contents}
        self.twins: dict[str, str] = {}
        self.tools: tuple[ToolDefinition, ...] = ()
        self.happened = happened
        self.tool = tool
        first: dict[str, str] = {}
        for content in sorted(contents, key=lambda c: _rank(c.ref.field)):
            field = content.ref.field
            if content.text is None or field in self.texts:
                self._leave(content)
            elif content.ref.hash in first:
                self.twins[field] = first[content.ref.hash]
                self.texts[field] = content
            else:
                first[content.ref.hash] = field
                self.texts[field] = content

    def conversation(self) -> Conversation:
        """Everything in its place."""
        found = self._documents()
        self._tools()
        spoken = self._messages()
        said = {word: m.source for m in reversed(spoken) for word in sayings.words([m])}
        for field, content in self.texts.items():
            self._leave(content, self._told(content, said) or self.twins.get(field, ""))
        self.leftovers.sort(key=lambda left: (bool(left.repeats), _rank(left.source)))
        return Conversation(tuple(spoken), pairs(spoken), self.tools, found, tuple(self.leftovers))

    def _messages(self) -> list[Message]:
        called = self._tool_span()
        system = self._read(SYSTEM, "system")
        asked = self._side(INPUTS, "user")
        answered = self._side(OUTPUTS, "assistant")
        sources = [m.source for m in (*asked[:1], *answered[:1])]
        one_list = self.twins.get(OUTPUTS[0]) == INPUTS[0] and sayings.structured(asked)
        if one_list and sources == [INPUTS[0], OUTPUTS[0]]:
            asked, answered = _split(asked)
            if not answered:
                self._leave(self.all[OUTPUTS[0]], INPUTS[0])
        if not sayings.structured([*asked, *answered]):
            # An SDK that sends messages as events sends no better ones as attributes.
            told = events.spoken(self.happened)
            asked = self._without(asked, told) + [m for m in told if not m.answer]
            answered = self._without(answered, told) + [m for m in told if m.answer]
        answered = self._wanted(answered)
        if called:  # a tool's span: its input is its arguments, again
            asked = asked if sayings.structured(asked) else self._without(asked, called)
            answered = self._without(answered, called)
        return [*self._without(system, asked), *asked, *called, *answered]

    def _without(self, messages: list[Message], others: Sequence[Message]) -> list[Message]:
        """The messages that say more than the others; a field that says no more is said to repeat them."""
        said = sayings.words(others)
        kept = [message for message in messages if not sayings.within(message, said)]
        if messages and others and not kept:
            self._leave(self.all.get(messages[0].source), others[0].source)
        return kept

    def _side(self, fields: Sequence[str], role: str) -> list[Message]:
        """The messages of the best field of one side: the first that is understood, or one that says more."""
        best: tuple[str, Reading] | None = None
        for field in fields:
            content = self.texts.get(field)
            if content is None or content.text is None or self.twins.get(field) in (_CALLED, _RETURNED):
                continue
            found = read(content.text, role, source=field, cut=content.truncated)
            better = found.understood and (
                best is None
                or not best[1].understood
                or sayings.words(best[1].messages) < sayings.words(found.messages)
            )
            if best is None or better:
                best = (field, found)
        if best is None:
            return []
        field, reading = best
        self._take(field)
        self._rest(field, reading)
        return list(reading.messages)

    def _read(self, field: str, role: str) -> list[Message]:
        content = self.texts.get(field)
        if content is None or content.text is None:
            return []
        self._take(field)
        reading = read(content.text, role, source=field, cut=content.truncated)
        self._rest(field, reading)
        return list(reading.messages)

    def _tool_span(self) -> list[Message]:
        """A tool's own span as the call and its result."""
        out: list[Message] = []
        called, returned = self.texts.get(_CALLED), self.texts.get(_RETURNED)
        if called is not None and called.text is not None:
            self._take(_CALLED)
            part = ToolCall(self.tool, _opened(called.text))
            out.append(Message("assistant", (part,), source=_CALLED, shape="tool", cut=called.truncated))
        if returned is not None and returned.text is not None:
            self._take(_RETURNED)
            result = ToolResult(messages.result(returned.text), name=self.tool)
            out.append(
                Message(
                    "tool", (result,), source=_RETURNED, shape="tool", cut=returned.truncated, answer=True
                )
            )
        return out

    def _wanted(self, answered: list[Message]) -> list[Message]:
        """The answer with the calls that stand in a field of their own (the AI SDK's)."""
        content = self.texts.get(_WANTED)
        if content is None or content.text is None:
            return answered
        told = {part_key(p) for m in answered for p in m.parts}
        fresh = tuple(c for c in messages.tool_calls(content.text) if part_key(c) not in told)
        if not fresh:
            return answered
        self._take(_WANTED)
        if answered and answered[-1].role == "assistant":
            last = answered[-1]
            return [*answered[:-1], replace(last, parts=(*last.parts, *fresh))]
        return [*answered, Message("assistant", fresh, source=_WANTED, shape="calls", answer=True)]

    def _documents(self) -> tuple[Document, ...]:
        out: list[Document] = [*events.found(self.happened)]
        for field in DOCUMENTS:
            content = self.texts.get(field)
            if content is None or content.text is None:
                continue
            found = documents.documents(content.text, field)
            if found is not None:
                self._take(field)
                out += found
        content = self.texts.get("output_value")
        if not out and content is not None and content.text is not None:
            parsed = parse(content.text)
            value = parsed.value if parsed else None
            found = documents.of_value(value, "output_value", strict=True)
            if found:
                self._take("output_value")
                out += found
        return tuple(out)

    def _tools(self) -> None:
        for field in TOOLS:
            content = self.texts.get(field)
            found = tools.definitions(content.text) if content and content.text else None
            if found and not self.tools:
                self._take(field)
                self.tools = found

    def _told(self, content: Content, said: Mapping[object, str]) -> str:
        """The field that says all that this text says; empty when none does."""
        if content.text is None or content.truncated:
            return ""
        if content.ref.field == _WANTED:
            words = frozenset(map(part_key, messages.tool_calls(content.text)))
        else:
            words = sayings.words(read(content.text).messages)
        return next((said[w] for w in words), "") if words and words <= said.keys() else ""

    def _take(self, field: str) -> None:
        """This field is read: its twins repeat it, it itself is no leftover."""
        self.texts.pop(field, None)

    def _rest(self, field: str, reading: Reading) -> None:
        rest = dict(reading.rest)
        config = rest.get("config")
        for holder in (rest, config) if isinstance(config, dict) else (rest,):
            found = tools.of_value(holder.get("tools"))
            if found and not self.tools:  # a whole request has them beside its messages
                self.tools = found
                del holder["tools"]
        if rest := {k: v for k, v in rest.items() if v != {}}:
            text = dumps(rest)
            self.leftovers.append(Leftover(f"{field}, beside the messages", text, len(text.encode())))

    def _leave(self, content: Content | None, repeats: str = "") -> None:
        if content is None:
            return
        ref = content.ref
        self.leftovers.append(Leftover(ref.field, content.text, ref.size, content.truncated, repeats))


def _rank(field: str) -> tuple[int, str]:
    order = (SYSTEM, _CALLED, _RETURNED, *INPUTS, *OUTPUTS, _WANTED, *DOCUMENTS, *TOOLS)
    return (order.index(field) if field in order else len(order), field)


def _split(messages: list[Message]) -> tuple[list[Message], list[Message]]:
    """One list of all messages as input and output: what the assistant said last is the answer."""
    at = len(messages)
    while at and messages[at - 1].role == "assistant":
        at -= 1
    if at == 0:
        at = max(0, len(messages) - 1)
    return [replace(m, answer=False) for m in messages[:at]], [
        replace(m, answer=True, source=OUTPUTS[0]) for m in messages[at:]
    ]


def _opened(text: str) -> str:
    """Arguments that were encoded twice, encoded once."""
    found = parse(text) if text[:1] == '"' else None
    if found is None or found.cut:
        return text
    return found.value if isinstance(found.value, str) else dumps(found.value)
