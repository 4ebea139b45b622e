"""One line of what was asked, out of a stored input that may be cut anywhere. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

# The text of a message in a JSON list that was cut off: the last complete or begun string after such a key.
_TEXT = re.compile(r'"(?:content|text|input|query|question|prompt)"\s*:\s*"((?:[^"\\]|\\.)*)')
_LENGTH = 240


def preview(text: str) -> str:
    """What the reader asked: the last user message, a question's text, or the beginning of it all."""
    found = text
    if text[:1] in ("[", "{"):
        try:
            found = _asked(json.loads(text)) or text
        except (ValueError, RecursionError):
            strings = _TEXT.findall(text)
            found = _unescape(strings[-1]) if strings else text
    elif text[:1] == '"':
        found = _unescape(text[1:].rstrip('"'))
    return " ".join(found[: 4 * _LENGTH].split())[:_LENGTH]


def _unescape(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _asked(value: Any) -> str:
    if isinstance(value, list):
        said = [m for m in value if isinstance(m, dict)]
        users = [m for m in said if str(m.get("role", "")).lower() in ("user", "human")] or said
        for message in reversed(users):
            if words := _words(message):
                return words
        return " ".join(v for v in value if isinstance(v, str))
    return _words(value) if isinstance(value, dict) else str(value)


def _words(message: dict[str, Any], depth: int = 3) -> str:
    for key in ("content", "parts", "text", "input", "query", "question", "prompt", "messages"):
        inner = message.get(key)
        if isinstance(inner, str) and inner:
            return inner
        if isinstance(inner, list) and inner and depth:
            if key == "messages":
                return _asked(inner)
            texts = [_words(p, depth - 1) if isinstance(p, dict) else str(p) for p in inner]
            if any(texts):
                return " ".join(t for t in texts if t)
        if isinstance(inner, dict) and depth and (words := _words(inner, depth - 1)):
            return words
    return ""
