"""What a model answered, as a number of characters, and what it was asked, as an excerpt; in many shapes."""

from __future__ import annotations

import json
from typing import Any

_TEXTS = ("content", "text", "output_text", "output", "answer", "response", "completion", "generated_text")
_HOLDERS = (
    "parts",
    "message",
    "choices",
    "messages",
    "candidates",
    "delta",
    "generations",
    "kwargs",
    "data",
    "items",
)
_DEPTH = 8
_LONGEST = 4 * 2**20
_EXCERPT = 160


def answer_of(value: Any) -> int | None:
    """Characters of the answer, without those of calls of tools; None when there is none to see.

    A call that answers with tools alone is not empty: it counts as unknown.
    """
    found = _parsed(value)
    if found is None:
        return None
    texts, tools = _texts(found, 0)
    length = sum(len(t.strip()) for t in texts)
    return None if tools and not length else length


def excerpt_of(value: Any) -> str:
    """The beginning of the last thing that was said."""
    found = _parsed(value)
    if found is None:
        return ""
    if isinstance(found, list):
        users = [m for m in found if isinstance(m, dict) and m.get("role") in ("user", "human")]
        found = users[-1] if users else found[-1] if found else ""
    texts, _ = _texts(found, 0)
    return " ".join(" ".join(texts).split())[:_EXCERPT]


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{" and len(value) < _LONGEST:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _texts(value: Any, depth: int) -> tuple[list[str], bool]:
    """Texts inside, and whether tools were called."""
    if isinstance(value, str):
        return [value], False
    if depth > _DEPTH or value is None:
        return [], False
    texts: list[str] = []
    tools = False
    if isinstance(value, list):
        for one in value:
            found, called = _texts(one, depth + 1)
            texts += found
            tools = tools or called
    elif isinstance(value, dict):
        kind = value.get("type")
        if kind in ("tool_call", "tool_use", "function_call", "tool-call", "thinking", "reasoning"):
            return [], kind not in ("thinking", "reasoning")
        tools = bool(value.get("tool_calls") or value.get("function_call"))
        for key in (*_TEXTS, *_HOLDERS):
            if key in value:
                found, called = _texts(value[key], depth + 1)
                texts, tools = texts + found, tools or called
                if found or called:
                    break
    return texts, tools
