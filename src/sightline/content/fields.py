"""A JSON object while it is read: what was taken is understood, what is left over is told as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sightline.content.json_text import dumps

# Left out of what is told: order and structure that reading has used up, and what only a provider can open.
_SAYS_NOTHING = frozenset(
    {
        "type", "object", "index", "lc", "kind", "part_kind", "block_type", "content_type", "version",
        "signature", "thoughtSignature", "thought_signature", "reasoning_signature", "encrypted_content",
        "cache_control", "cachePoint", "$type",
    }
)  # fmt: skip


class Fields:
    """The members of one object, taken one by one. The object itself is not changed."""

    __slots__ = ("_left",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._left = dict(value)

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def keys(self) -> set[str]:
        """The keys not taken yet."""
        return set(self._left)

    def peek(self, key: str) -> Any:
        """A value, without taking it."""
        return self._left.get(key)

    def take(self, *keys: str) -> Any:
        """The value of the first of these keys that says something; None when none does."""
        for key in keys:
            if self._left.get(key) not in (None, ""):
                return self._left.pop(key)
        return None

    def text(self, *keys: str) -> str:
        """The same as text: of a string, a number or a flag. Structures are left where they are."""
        for key in keys:
            value = self._left.get(key)
            if isinstance(value, str | int | float) and value != "":
                del self._left[key]
                return value if isinstance(value, str) else dumps(value)
        return ""

    def list(self, *keys: str) -> list[Any]:
        """The first of these that is a list, or an empty one."""
        for key in keys:
            if isinstance(self._left.get(key), list):
                found: list[Any] = self._left.pop(key)
                return found
        return []

    def object(self, *keys: str) -> Fields | None:
        """The first of these that is an object, to be read in turn; give it back with `leave`."""
        for key in keys:
            if isinstance(self._left.get(key), dict):
                return Fields(self._left.pop(key))
        return None

    def give(self, key: str, value: Any) -> None:
        """Put a value in, in the shape another reader wants it."""
        self._left[key] = value

    def leave(self, key: str, inner: Fields) -> None:
        """What is left of an object that stood here."""
        if left := inner.left():
            self._left[key] = left

    def drop(self, *keys: str) -> None:
        """These say nothing more here."""
        for key in keys:
            self._left.pop(key, None)

    def left(self) -> dict[str, Any]:
        """What nobody has taken and says something."""
        return {k: v for k, v in self._left.items() if k not in _SAYS_NOTHING and not _empty(v)}


def _empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})
