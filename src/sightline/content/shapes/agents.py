"""Chat contexts of agents: LiveKit's items, Haystack's replies."""

from __future__ import annotations

from collections.abc import Sequence

from sightline.content.fields import Fields
from sightline.content.reader import Reader
from sightline.content.shapes import chat, requests
from sightline.records.conversation import Message


def items(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """LiveKit: `{items: [{type: message, role, content}, {type: function_call, …}]}`."""
    value = fields.peek("items")
    if not isinstance(value, list) or not value or "role" in fields:
        return None
    read = requests.elements(value, reader, role)
    if read is not None:
        fields.drop("items")
    return read


def replies(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """Haystack: `{replies: [message or text], meta}`."""
    value = fields.peek("replies")
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(v, str) for v in value):
        read: list[Message] | None = [chat.spoken("assistant", v) for v in value]
    else:
        read = requests.elements(value, reader, "assistant")
    if read is not None:
        fields.drop("replies")
    return read
