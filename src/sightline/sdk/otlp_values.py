"""Attributes and their values as OTLP's KeyValue and AnyValue, each text on its way through `Texts`."""

from __future__ import annotations

import secrets
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from hashlib import blake2b
from typing import Any

from sightline.sdk.names import REDACTED
from sightline.sdk.protobuf import ONE_BYTE, framed, signed, utf8, varint
from sightline.sdk.texts import MOST_BITS, Texts

# AnyValue: which member, as the tag of its field.
TEXT, INT = b"\x0a", b"\x18"
_TRUE, _FALSE, _DOUBLE = b"\x10\x01", b"\x10\x00", b"\x21"
_ARRAY, _PAIRS, _BYTES = b"\x2a", b"\x32", b"\x3a"
_KEY, _VALUE, _ELEMENT = b"\x0a", b"\x12", b"\x0a"

_DEEPEST = 16
_MOST_PARTS = 1_000_000
"""How many parts one attribute's lists and mappings have: a list that holds itself ten times never ends."""
_INT64 = 1 << 63
_KNOWN_KEYS, _LONGEST_KEY = 4096, 200
_SECRET = secrets.token_bytes(16)
_AS_THEY_ARE = Texts(None, sys.maxsize, None)
_double = struct.Struct("<d").pack


def pair(key: bytes, value: bytes) -> bytes:
    """A KeyValue's body, of a key in UTF-8 and an AnyValue's body."""
    return _key_field(key) + framed(_VALUE, value)


def text_value(text: str) -> bytes:
    """An AnyValue's body that is a text, as it stands."""
    return framed(TEXT, utf8(text))


def int_value(number: int) -> bytes:
    """An AnyValue's body that is an int64."""
    return INT + signed(number)


def double_value(number: float) -> bytes:
    """An AnyValue's body that is a double."""
    return _DOUBLE + _double(number)


def _key_field(key: bytes) -> bytes:
    return framed(_KEY, key) if key else b""


class Values:
    """Writes attributes. Used by one thread at a time."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._keys: dict[str, bytes] = {}
        self._parts = 0

    def pairs(self, tag: bytes, pairs: Iterable[tuple[str, Any]]) -> list[bytes]:
        """Each attribute that may leave as a field of a message, with `tag` before it."""
        left_out, value_of, keys = self._texts.left_out, self.value, self._keys
        made = []
        for key, value in pairs:
            if left_out(key):
                continue
            body = keys.get(key) or self._key(key)
            if value is None:
                body = body[: -len(_VALUE)]
            else:
                said = value_of(key, value)
                size = len(said)
                body += (ONE_BYTE[size] if size < 128 else varint(size)) + said
            size = len(body)
            made.append(tag + (ONE_BYTE[size] if size < 128 else varint(size)) + body)
        return made

    def series(self, tag: bytes, attributes: Mapping[str, Any] | None) -> list[bytes]:
        """The attributes of a metric's point, with a mark where redaction changed them.

        Points that differed must go on to differ, else their sums would run into each other. The mark says
        nothing to anybody who has not this process's secret.
        """
        pairs = (attributes or {}).items()
        made = self.pairs(tag, pairs)
        if self._texts.changes and (before := Values(_AS_THEY_ARE).pairs(tag, pairs)) != made:
            mark = blake2b(b"".join(before), key=_SECRET, digest_size=8).hexdigest()
            made.append(framed(tag, pair(REDACTED.encode(), text_value(mark))))
        return made

    def text(self, key: str, text: object) -> bytes:
        """A text of the field `key` as it may leave."""
        return utf8(self._texts.clean(key, text if isinstance(text, str) else str(text)))

    def value(self, key: str, value: object) -> bytes:
        """Any value as an AnyValue's body; empty for None."""
        kind = type(value)
        if kind is str:
            return framed(TEXT, utf8(self._texts.clean(key, value)))  # type: ignore[arg-type]
        if kind is int:
            return self._int(key, value)  # type: ignore[arg-type]
        if kind is float or kind is bool:
            return self._other(key, value)  # type: ignore[arg-type]
        self._parts = _MOST_PARTS
        return self._any(key, value, 0)

    def _key(self, key: str) -> bytes:
        """A KeyValue's beginning: its key, and the tag of its value."""
        made = _key_field(utf8(key)) + _VALUE
        if len(self._keys) < _KNOWN_KEYS and len(key) <= _LONGEST_KEY:
            self._keys[key] = made
        return made

    def _int(self, key: str, number: int) -> bytes:
        hidden = self._texts.hidden_number(key, number)
        if hidden is not None:
            return text_value(hidden)
        if 0 <= number < 128:
            return INT + ONE_BYTE[number]
        if -_INT64 <= number < _INT64:
            return int_value(number)
        bits = number.bit_length()
        return text_value(str(number)[:400] if bits <= MOST_BITS else f"<int of {bits} bits>")

    def _other(self, key: str, value: bool | float) -> bytes:
        """A truth or a float, or what redaction makes of it."""
        hidden = self._texts.hidden_number(key, value)
        if hidden is not None:
            return text_value(hidden)
        if isinstance(value, bool):
            return _TRUE if value else _FALSE
        return _DOUBLE + _double(value)

    def _bytes(self, key: str, value: bytes) -> bytes:
        """Bytes as they are, or as text where that is what redaction changes."""
        if self._texts.changes:
            text = value.decode("utf-8", "replace")
            cleaned = self._texts.clean(key, text)
            if cleaned != text:
                return framed(TEXT, utf8(cleaned))
        return framed(_BYTES, value)

    def _any(self, key: str, value: object, depth: int) -> bytes:
        if isinstance(value, str):
            return framed(TEXT, self.text(key, value))
        if isinstance(value, bool | float):
            return self._other(key, value)
        if isinstance(value, int):
            return self._int(key, value)
        if isinstance(value, bytes):
            return self._bytes(key, value)
        if value is None:
            return b""
        if depth >= _DEEPEST or self._parts <= 0:
            return text_value("…")
        if isinstance(value, Mapping):
            return framed(_PAIRS, b"".join(self._mapping(key, value, depth + 1)))
        if isinstance(value, Sequence | Set):
            return framed(_ARRAY, b"".join(self._sequence(key, value, depth + 1)))
        return framed(TEXT, self.text(key, value))

    def _mapping(self, key: str, value: Mapping[Any, Any], depth: int) -> Iterable[bytes]:
        for name, part in value.items():
            inner = f"{key}.{name}"
            if self._texts.left_out(inner):
                continue
            self._parts -= 1
            if self._parts < 0:
                return
            own = utf8(str(name))
            if part is None:
                yield framed(_ELEMENT, _key_field(own))
            else:
                yield framed(_ELEMENT, pair(own, self._any(inner, part, depth)))

    def _sequence(self, key: str, value: Iterable[Any], depth: int) -> Iterable[bytes]:
        for part in value:
            self._parts -= 1
            if self._parts < 0:
                return
            yield framed(_ELEMENT, self._any(key, part, depth))
