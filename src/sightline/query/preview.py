"""One line of what was asked or answered, out of a stored text or its ends. Pure.

Texts are read by `content`, whichever SDK wrote them; a long history is known by its last messages alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from sightline.content.messages import JSON, read
from sightline.content.texts import Ends
from sightline.records.conversation import Image, Media, Message, Refusal, Text, ToolCall

LENGTH = 240
# How much of a text is read for a line.
PIECE = 6_000
# The text of a message in a JSON list that nothing understands: the last string after such a key.
_TEXT = re.compile(r'"(?:content|text|input|query|question|prompt|answer|output)"\s*:\s*"((?:[^"\\]|\\.)*)')
_USERS = ("user", "human")


def preview(text: str, role: str = "user", *, cut: bool = False) -> str:
    """What was asked: the last message of a user; with role `assistant` what was answered. Else the
    beginning of it all."""
    return one_line(_said(text[:PIECE], role, cut or len(text) > PIECE) or _loose(text) or text)


def preview_of(ends: Ends, role: str = "user") -> str:
    """The same of a text of which only the ends were read."""
    if ends.end:
        # As a list that was cut off: its own last brackets may close what was opened before this piece.
        tail = "[" + ends.end.lstrip(", \t\r\n").rstrip("]} \t\r\n")
        if tail.startswith("[{") and (found := _said(tail[:PIECE], role, True)):
            return one_line(found)
    return preview(ends.beginning, role, cut=not ends.whole)


def one_line(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[: 4 * LENGTH].split())[:LENGTH]


def _said(text: str, role: str, cut: bool) -> str:
    """The words of the last message of a role; empty when there are none, or it is someone's structure."""
    reading = read(text, role, cut=cut)
    if reading.shape == JSON:
        return ""
    wanted = _USERS if role == "user" else ("assistant", "model", "ai")
    spoken = [m for m in reading.messages if m.role.lower() in wanted]
    return next((words for m in reversed(spoken) if (words := _words(m))), "")


def _words(message: Message) -> str:
    """What a message says in one line; a picture or a call is named where there are no words."""
    parts = [p for p in message.parts if isinstance(p, Refusal) or (isinstance(p, Text) and p.label != "cut")]
    said = [part.text for part in parts if part.text]
    return " ".join(said) or _named(message.parts)


def _named(parts: Sequence[object]) -> str:
    for part in parts:
        if isinstance(part, ToolCall):
            return f"calls {part.name}"
        if isinstance(part, Media):
            kind = "image" if isinstance(part, Image) else type(part).__name__.lower()
            return f"[{part.name or kind}]"
    return ""


def _loose(text: str) -> str:
    """The last string under a usual name, in text that looks like JSON and is not understood."""
    if text[:1] not in ("{", "["):
        return ""
    found = _TEXT.findall(text[:PIECE])
    if not found:
        return ""
    try:
        return str(json.loads(f'"{found[-1]}"'))
    except ValueError:
        return str(found[-1])
