"""A text as it will be read: escapes of JSON undone, at any depth, with the way back to the text as it is.

Content is often JSON text, or JSON in a string of JSON: `\\u0040` is an @ there, `\\/` a slash, and a number
may go on behind `\\n`. Patterns look at the view; what they find is replaced in the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass, field

_DROPPED = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_UNIT = re.compile(r"\\\\*(?:u([0-9a-fA-F]{4})|([nrtbf\"/]))?")
_UNIT_OR_DROPPED = re.compile(rf"\\+(?:u([0-9a-fA-F]{{4}})|([nrtbf\"/]))?|[{_DROPPED}]+")
_PLAIN = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": " ", '"': '"', "/": "/"}
_DIGIT_ELSEWHERE = re.compile(r"[^\x00-\x7f](?<=\d)")
_ODD = re.compile(rf"[^\x00-\x7f](?:(?<=\d)|(?<=[{_DROPPED}\uff01-\uff5e\u2010-\u2013]))")
_WIDE = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x2010: "-", 0x2011: "-", 0x2012: "-", 0x2013: "-"}


@dataclass(frozen=True, slots=True)
class View:
    """`text` is read; `place` says where in the original something read stands."""

    text: str
    _marks: list[int] = field(default_factory=list)
    _removed: list[int] = field(default_factory=lambda: [0])

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original from which a span of the view was read."""
        if not self._marks:
            return start, end
        return self.at(start), end + self._removed[bisect_left(self._marks, end)]

    def at(self, index: int) -> int:
        """Where in the original a character of the view begins."""
        return index + self._removed[bisect_left(self._marks, index)]


def view(text: str) -> View:
    """The view of a text."""
    ascii_only = text.isascii()
    if "\\" in text:
        # Each escape costs there as much as 150 characters here.
        few = text.count("\\") * 150 < len(text)
        if few or "\\u" in text or "\\/" in text or "\\\\" in text:
            return _mapped(text, ascii_only)
        # As long as before, so that no way back is needed.
        for escape, read in (
            ('\\"', '" '),
            ("\\n", "\n "),
            ("\\t", "  "),
            ("\\r", "\n "),
            ("\\b", "  "),
            ("\\f", "  "),
        ):
            text = text.replace(escape, read)
    if ascii_only:
        return View(text)
    if _ODD.search(text) is None:
        return View(text)
    if any(c in text for c in _DROPPED):
        return _mapped(text, False)
    return View(_plain_signs(text))


def _mapped(text: str, ascii_only: bool) -> View:
    pieces: list[str] = []
    marks: list[int] = []
    removed = [0]
    last = length = gone = 0
    # Escapes begin with a backslash, which is looked for much faster than signs without width.
    odd = not ascii_only and _ODD.search(text) is not None
    dropped = odd and any(c in text for c in _DROPPED)
    for unit in (_UNIT_OR_DROPPED if dropped else _UNIT).finditer(text):
        start, end = unit.span()
        code, letter = unit.groups()
        if code:
            read = chr(int(code, 16))
            read = "" if read in _DROPPED else "\n" if read in "\r\n" else read
        elif letter:
            read = _PLAIN[letter]
        else:
            read = "\\" if text[start] == "\\" else ""
            if end - start == 1 and read:
                continue  # one that escapes nothing
        pieces += (text[last:start], read)
        length += start - last + len(read)
        gone += end - start - len(read)
        marks.append(length - 1)
        removed.append(gone)
        last = end
    pieces.append(text[last:])
    read = "".join(pieces)
    # Escapes may have brought signs that were not there before.
    as_is = read.isascii() or (not odd and "\\u" not in text)
    return View(read if as_is else _plain_signs(read), marks, removed)


def _plain_signs(text: str) -> str:
    """Digits of other scripts and wide forms as ASCII, sign for sign."""
    if _ODD.search(text) is None:
        return text
    return _DIGIT_ELSEWHERE.sub(lambda m: str(unicodedata.digit(m[0], 0)), text.translate(_WIDE))
