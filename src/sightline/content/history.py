"""Which messages of a call repeat what was said before it. Pure, linear in the messages.

An agent sends its whole history with every call. Messages are compared by what they say: not by their SDK's
shape, ids, finish reasons, or thoughts, which most histories leave out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Sequence

from sightline.content.json_text import parse
from sightline.records.conversation import (
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)


def fresh(previous: Sequence[Message], current: Sequence[Message]) -> frozenset[int]:
    """The leading messages of `current` that `previous` has too, by index; what follows them is new.

    The system prompt is compared by itself, since many agents write the time into it. The rest repeats as far
    as it stands in `previous` in one run, wherever that begins: a history may have been cut at its front.
    What the call itself answered is always new.
    """
    before = [(m.role, key(m)) for m in previous if m.role != "system"]
    prompts = {key(m) for m in previous if m.role == "system"}
    at = 0
    repeated: set[int] = set()
    while at < len(current) and current[at].role == "system":
        if key(current[at]) in prompts:
            repeated.add(at)
        at += 1
    rest: list[Hashable] = []
    for message in current[at:]:
        if message.answer:
            break
        rest.append((message.role, key(message)))
    return frozenset(repeated | set(range(at, at + longest_start(rest, before))))


def longest_start(pattern: Sequence[Hashable], text: Sequence[Hashable]) -> int:
    """How long a beginning of `pattern` stands somewhere in `text` (Z-algorithm)."""
    whole: list[Hashable] = [*pattern, object(), *text]
    reach = [0] * len(whole)
    left = right = best = 0
    for i in range(1, len(whole)):
        if i < right:
            reach[i] = min(right - i, reach[i - left])
        while i + reach[i] < len(whole) and whole[reach[i]] == whole[i + reach[i]]:
            reach[i] += 1
        if i + reach[i] > right:
            left, right = i, i + reach[i]
        if i > len(pattern):
            best = max(best, reach[i])
    return best


def key(message: Message) -> Hashable:
    """What a message says, as something to compare."""
    return tuple(said for part in message.parts if (said := part_key(part)) is not None)


def part_key(part: Part) -> Hashable | None:
    """What a part says; None when it says nothing, or is a thought."""
    if isinstance(part, Text | Refusal):
        return plain(part.text) or None
    if isinstance(part, ToolCall):
        return ("call", part.name, canonical(part.arguments))
    if isinstance(part, ToolResult):
        return ("result", *(part_key(inner) for inner in part.content))
    if isinstance(part, Media):
        return ("media", part.mime, part.url or part.id or part.name, _digest(part.data), plain(part.text))
    assert isinstance(part, Reasoning)  # noqa: S101 - for the type checker; there is no other kind
    return None


def plain(text: str) -> str:
    """Text without differences of white space at its ends and of the way JSON is written."""
    text = text.strip()
    return canonical(text) if text[:1] in ("{", "[") else text


def canonical(text: str) -> str:
    """JSON text in one spelling; other text as it is."""
    found = parse(text)
    if found is None or found.cut:
        return text
    return json.dumps(found.value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest() if data else ""
