"""A session as its user saw it: what was asked and answered, trace by trace, no history twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sightline.content.history import fresh
from sightline.records.conversation import (
    Conversation,
    Message,
    Reasoning,
    ToolCall,
    ToolResult,
    TraceSaid,
    Turn,
)


def turns(traces: Iterable[TraceSaid]) -> tuple[Turn, ...]:
    """One turn for each trace, in the order the traces began.

    The root's input and output are what the user saw; where it has none, or has a structure of someone's own,
    the question is what is new in the first model call and the answer what the last one with words said.
    """
    out: list[Turn] = []
    said: list[Message] = []
    for trace in sorted(traces, key=lambda t: (t.start_time, t.trace_id)):
        asked, repeated = _question(trace, said)
        answered = _answer(trace)
        names = tuple(
            part.name
            for call in trace.calls
            for message in call.messages
            if message.answer
            for part in message.parts
            if isinstance(part, ToolCall)
        )
        out.append(Turn(trace.trace_id, trace.start_time, asked, answered, names, repeated))
        said += [*asked, *answered]
    return tuple(out)


def _question(trace: TraceSaid, said: Sequence[Message]) -> tuple[tuple[Message, ...], int]:
    inputs = _asked(trace.root)
    if not inputs or all(m.shape == "json" for m in inputs):
        inputs = next((found for call in trace.calls if (found := _asked(call))), inputs)
    repeated = len(fresh(said, inputs)) if said else 0
    new = inputs[repeated:] if repeated < len(inputs) else []
    if said and repeated == 0:
        # Its history is not the one that was shown; the question is what follows the last answer.
        last = max((at for at, m in enumerate(inputs) if m.role == "assistant"), default=-1)
        new, repeated = inputs[last + 1 :], last + 1
    if not new and inputs:  # the same question once more
        new, repeated = inputs[-1:], repeated - 1
    return tuple(shown for m in new if (shown := _seen(m)) is not None), repeated


def _asked(conversation: Conversation) -> list[Message]:
    """What went in, but for the system's words and the results of tools."""
    return [
        m
        for m in conversation.messages
        if not m.answer and m.role not in ("system", "tool") and _seen(m) is not None
    ]


def _answer(trace: TraceSaid) -> tuple[Message, ...]:
    candidates = [trace.root, *reversed(trace.calls)]
    own: tuple[Message, ...] = ()
    for conversation in candidates:
        found = tuple(
            shown
            for m in conversation.messages
            if m.answer and m.role != "tool" and (shown := _seen(m)) is not None
        )
        if found and any(m.shape != "json" for m in found):
            return found
        own = own or found
    return own


def _seen(message: Message) -> Message | None:
    """What a user sees of a message: no thoughts, no tools; None when nothing is left."""
    parts = tuple(p for p in message.parts if not isinstance(p, ToolCall | ToolResult | Reasoning))
    if not parts:
        return None
    return Message(
        message.role, parts, message.name, message.id, message.finish_reason, message.source, message.shape,
        message.answer, message.cut,
    )  # fmt: skip
