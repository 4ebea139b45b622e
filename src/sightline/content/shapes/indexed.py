"""Numbered attributes: `llm.input_messages.0.message.role` of OpenInference, `gen_ai.prompt.0.content` of
OpenLLMetry. The digest stores a family as one JSON object of key and value; here it becomes nested again.

Numbers are keys and never lengths, so that index 999999999 costs what index 0 costs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.json_text import parse
from sightline.content.reader import Reader
from sightline.content.shapes import chat
from sightline.records.conversation import Message

_MAX_SEGMENTS = 16
INPUT = ("llm.input_messages", "gen_ai.prompt", "llm.prompts", "input.images")
OUTPUT = ("llm.output_messages", "gen_ai.completion", "llm.choices", "llm.completions", "output.images")

_MEMBER = re.compile(
    rf"(?:{'|'.join(re.escape(path) for path in (*INPUT, *OUTPUT))})\.\d{{1,18}}(?:\.|$)", re.ASCII
)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as a tree. Where a key is a value and a branch, its value stands under the empty key."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        at = tree
        *branches, leaf = key.split(".", _MAX_SEGMENTS)
        for segment in branches:
            below = at.get(segment)
            if not isinstance(below, dict):
                below = at[segment] = {} if below is None else {"": below}
            at = below
        if isinstance(at.get(leaf), dict):
            at[leaf][""] = value
        else:
            at[leaf] = value
    return tree


def numbered(tree: Mapping[str, Any], path: str) -> list[Any] | None:
    """The members under a path in the order of their numbers; None when there are none."""
    at: Any = tree
    for segment in path.split("."):
        at = at.get(segment) if isinstance(at, dict) else None
    if not isinstance(at, dict):
        return None
    found = sorted((int(k), v) for k, v in at.items() if k.isdecimal() and len(k) < 19)
    return [_listed(v) for _, v in found] or None


def _listed(value: Any) -> Any:
    """Branches whose keys are all numbers as lists, from the leaves up."""
    if not isinstance(value, dict):
        return value
    inner = {k: _listed(v) for k, v in value.items()}
    if inner and all(k.isdecimal() and len(k) < 19 for k in inner):
        return [v for _, v in sorted((int(k), v) for k, v in inner.items())]
    return inner


def whole(fields: Fields, reader: Reader, role: str) -> Sequence[Message] | None:
    """The messages of an object of numbered keys; keys outside the families are left."""
    keys = [k for k in sorted(fields.keys()) if _MEMBER.match(k)]
    if not keys:
        return None
    tree = nested({k: fields.take(k) for k in keys})
    out: list[Message] = []
    for path in (*INPUT, *OUTPUT):
        said = "user" if path in INPUT else "assistant"
        for value in numbered(tree, path) or ():
            out.append(_message(value, reader, said))
    return out


def _message(value: Any, reader: Reader, role: str) -> Message:
    if not isinstance(value, dict):
        return Message(role, reader.parts(value))
    key = next(
        (k for k in ("message", "prompt", "completion", "image") if isinstance(value.get(k), dict)), None
    )
    if key is not None:
        value = {k: v for k, v in value.items() if k != key} | value[key]
    if "url" in value and "role" not in value:
        return Message(role, reader.part({"type": "image", **value}))
    fields = Fields(value)
    said = chat.role_of(fields.take("role")) or role
    parts = _opened(fields.peek("content"), reader)
    if parts is not None:
        fields.give("content", parts)
    if name := fields.text("function_call_name"):
        asked = fields.text("function_call_arguments_json")
        fields.give("function_call", {"name": name, "arguments": asked})
    return chat.message(fields, reader, said)


def _opened(content: Any, reader: Reader) -> list[Any] | None:
    """OpenLLMetry writes a list of parts as JSON text."""
    if not isinstance(content, str) or content[:1] != "[":
        return None
    found = parse(content)
    if found is None or not isinstance(found.value, list) or not found.value:
        return None
    return found.value if all(reader.knows(v) for v in found.value) else None
