"""Pieces of stored texts around what was found, as people read them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sightline.query.phrases import Phrase, ranges
from sightline.records.hits import Excerpt

# How much of a text stands before what was found, and in all (characters of the stored text).
BEFORE = 120
LENGTH = 400
_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt])|u([0-9a-fA-F]{4}))')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
# The beginning of an escape that was cut off, and the end of one.
_TORN_END = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?$")
_TORN_BEGIN = re.compile(r"^[0-9a-fA-F]{0,4}(?=\\u)|^\S{0,20}\s")


def readable(stored: str) -> str:
    """A piece of stored text with the escapes of one level of JSON undone; other backslashes stay."""

    def plain(found: re.Match[str]) -> str:
        if found[2]:
            return chr(int(found[2], 16))
        return _PLAIN.get(found[1], found[1])

    text = _ESCAPE.sub(plain, stored)
    # Two halves of a character become one; a half alone cannot be shown.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def excerpt(stored: str, phrases: Sequence[Phrase], *, before: bool, after: bool) -> Excerpt:
    """A piece of a stored text, readable, with the marks of the phrases.

    `before` and `after`: the piece was cut off there; what was torn is left out.
    """
    if after:
        stored = _TORN_END.sub("", stored)
    if before:
        stored = _TORN_BEGIN.sub("", stored, count=1)
    text = readable(stored)
    return Excerpt(text, ranges(text, phrases), before, after)
