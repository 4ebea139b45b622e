"""What messages say, as a set, to tell whether one field repeats another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sightline.content.history import part_key
from sightline.content.messages import UNSTRUCTURED
from sightline.records.conversation import Message, Text, ToolCall, ToolResult


def structured(messages: Iterable[Message]) -> bool:
    """Whether they were read of a conversation, rather than of someone's own text or structure."""
    return any(message.shape not in UNSTRUCTURED for message in messages)


def words(messages: Iterable[Message]) -> frozenset[object]:
    """What is said, part by part."""
    return frozenset(
        key
        for message in messages
        for part in message.parts
        for key in (part_key(part), *_inner(part))
        if key is not None
    )


def within(message: Message, said: frozenset[object]) -> bool:
    """Whether all that a message says is said; one of nothing to compare, such as a thought, is not."""
    own = words([message])
    return bool(own) and own <= said


def _inner(part: object) -> tuple[object, ...]:
    """What a call or a result says, as mere text: that is how other fields repeat it."""
    if isinstance(part, ToolResult):
        return tuple(part_key(piece) for piece in part.content)
    if isinstance(part, ToolCall):
        return (part_key(Text(part.arguments)),)
    return ()
