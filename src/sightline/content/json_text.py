"""Stored text as JSON, bounded, and as far as it goes when it was cut. Pure, linear in the text.

A number that no double or reasonable integer holds stays the text it is, and so does text that is nested too
deep or breaks the grammar before its end: then it is no JSON, and None.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 100
_LONG_NUMBER = 300
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[{}\[\]:,]|[^\s{}\[\]:,"]+|\s+', re.DOTALL)
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity")
_SCALAR_BEGUN = re.compile(r"-?\d*(?:\.\d*)?(?:[eE][-+]?\d*)?|t|tr|tru|f|fa|fal|fals|n|nu|nul|N|Na|-?I[a-z]*")
# A string token is whole when its last quote is not escaped.
_TOKEN_END = re.compile(r'(?<!\\)(?:\\\\)*"$')
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, whether its text was cut, and the end of it that could not be read: half a key or number."""

    value: Any
    cut: bool = False
    tail: str = ""


def parse(text: str, *, cut: bool = False) -> Parsed | None:
    """The value of a JSON text that is an object, an array or a string; None when it is none.

    A JSON string that holds JSON is opened once more. Text that ends before its JSON does is read as far as
    it goes; `cut` says that it is known to be cut, so that a string without its end may count as one.
    """
    text = text.strip("\ufeff \t\r\n")
    if text[:1] not in ("{", "[", '"'):
        return None
    found = _whole(text)
    if found is None:
        found = _begun(text, cut)
    if found is None or not isinstance(found.value, str) or found.value.lstrip()[:1] not in ("{", "["):
        return found
    inner = _whole(found.value.strip()) or _begun(found.value.strip(), found.cut)
    return found if inner is None else Parsed(inner.value, inner.cut or found.cut, inner.tail)


def dumps(value: Any) -> str:
    """A parsed value as JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _whole(text: str) -> Parsed | None:
    try:
        value = json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=False
        )
    except (ValueError, RecursionError):
        return None
    if text.count("{") + text.count("[") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        return None
    if _ESCAPED_SURROGATE.search(text):
        value = _mapped(value, _paired)
    return Parsed(value)


def _integer(text: str) -> int | str:
    return int(text) if len(text) < _LONG_NUMBER else text


def _float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) and len(text) < _LONG_NUMBER else text


def _constant(text: str) -> str:
    return text


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        if not level:
            return False
        below: list[Any] = []
        for at in level:
            if isinstance(at, dict):
                below += [v for v in at.values() if isinstance(v, dict | list)]
            elif isinstance(at, list):
                below += [v for v in at if isinstance(v, dict | list)]
        level = below
    return bool(level)


def _paired(text: str) -> str:
    """Text without halves of characters, which nothing can encode."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every string and key changed; its depth is bounded already."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(v, change) for v in value]
    if isinstance(value, dict):
        return {change(k): _mapped(v, change) for k, v in value.items()}
    return value


def _begun(text: str, cut: bool) -> Parsed | None:
    """The value of a text that is the beginning of JSON: open ends closed, a half token kept as the tail."""
    if text[0] == '"':
        return _begun_string(text, cut)
    scan = _Scan(text)
    if not scan.run():
        return None
    closed = text[: scan.kept] + scan.ending()
    found = _whole(closed)
    # Half an escape says nothing; half a key or a number may.
    tail = "" if scan.quoted else text[scan.kept :].strip(" \t\r\n,:")
    return None if found is None else Parsed(found.value, True, tail)


def _begun_string(text: str, cut: bool) -> Parsed | None:
    """A JSON string without its end: the beginning of JSON inside JSON, or known to be cut."""
    if _TOKEN.fullmatch(text) is None or (text[1:].lstrip()[:1] not in ("{", "[") and not cut):
        return None
    found = _whole(text[: len(text) - _half_escape(text)] + '"')
    return None if found is None else Parsed(found.value, True)


def _half_escape(token: str) -> int:
    """How many characters at the end are an escape that was begun."""
    found = _HALF_ESCAPE.search(token)
    return len(found[1]) if found else 0


class _Scan:
    """One walk over the tokens of a text that ended too soon.

    `kept`: the length of text that closes to valid JSON with `ending()`. A string value that was begun is
    kept; a key, a number or a word that was begun is not, since nobody can tell what it would have been.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.kept = 0
        self._open: list[str] = []
        self.quoted = ""
        self._wants = "value"

    def run(self) -> bool:
        """Whether the text is the beginning of an array or object, and ends before it does."""
        for match in _TOKEN.finditer(self.text):
            piece = match[0]
            if piece.isspace():
                continue
            if not self._take(piece, match.end()) or len(self._open) > MAX_DEPTH:
                return False
            if not self._open:
                return False  # complete, and something follows: not JSON
        return True

    def ending(self) -> str:
        """What closes the kept text: nothing was opened or closed behind it."""
        closing = {"{": "}", "[": "]"}
        return self.quoted + "".join(closing[c] for c in reversed(self._open))

    def _take(self, piece: str, end: int) -> bool:
        """Whether this piece may stand here."""
        if piece in "{[":
            if not self._wants.startswith("value"):
                return False
            self._open.append(piece)
            self.kept = end
            self._wants = "key or end" if piece == "{" else "value or end"
        elif piece in "}]":
            if not self._wants.endswith("end") or self._open[-1] != {"}": "{", "]": "["}[piece]:
                return False
            self._open.pop()
            self.kept = end
            self._wants = "comma or end"
        elif piece == ",":
            if self._wants != "comma or end":
                return False
            self._wants = "key" if self._open[-1] == "{" else "value"
        elif piece == ":":
            if self._wants != "colon":
                return False
            self._wants = "value"
        elif piece[0] == '"':
            return self._string(piece, end)
        else:
            return self._word(piece, end)
        return True

    def _string(self, piece: str, end: int) -> bool:
        whole = len(piece) > 1 and piece[-1] == '"' and _TOKEN_END.search(piece) is not None
        if self._wants.startswith("key"):
            self._wants = "colon"
            return whole or end == len(self.text)
        if not self._wants.startswith("value"):
            return False
        self._wants = "comma or end"
        self.kept = end
        if not whole:
            self.kept = end - _half_escape(piece)
            self.quoted = '"'
        return whole or end == len(self.text)

    def _word(self, piece: str, end: int) -> bool:
        if not self._wants.startswith("value"):
            return False
        self._wants = "comma or end"
        if end == len(self.text):  # 12 may have been 123
            return bool(_SCALAR.fullmatch(piece) or _SCALAR_BEGUN.fullmatch(piece))
        self.kept = end
        return bool(_SCALAR.fullmatch(piece))
