"""Small trees of ordinary values as JSON, by the interpreter's own encoder: twice as fast as piece by piece.

Only where every value is exactly of a known type, so that no code of a class is called, and where all of it
is small, so that the work is bounded before it begins.
"""

from __future__ import annotations

from json import JSONEncoder
from typing import Final

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_TEXTS: Final = frozenset({str})
_DEPTH: Final = 6
# Characters that are looked at, with a price for each item.
_MOST: Final = 20_000
_ITEM: Final = 8
_INT: Final = 1 << 63
# What `capture` keeps back in open containers: nothing here may be so long that it would have been cut.
_MARKS: Final = 300
_encode: Final = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode


def plain_json(value: object, limit: int) -> str | None:
    """The JSON text of a small tree that is well within `limit` characters, else None.

    >>> plain_json({"rows": [1, 2.5, None]}, 1_000)
    '{"rows": [1, 2.5, null]}'
    >>> plain_json({"rows": {1, 2}}, 1_000) is None
    True
    """
    try:
        if not _is_small(value, min(limit, _MOST)):
            return None
        text = _encode(value)
        if len(text) > limit - _MARKS:
            return None
        if not text.isascii():
            text.encode()  # lone surrogates are for those who mend them
        return text
    except (ValueError, RuntimeError, RecursionError):  # no number, a surrogate, another thread's change
        return None


def _is_small(value: object, left: int) -> bool:
    """Whether a tree has known types alone, few levels and few characters. A cycle ends at the levels."""
    level: list[object] = [value]
    for _ in range(_DEPTH):
        below: list[object] = []
        for one in level:
            kind = type(one)
            if kind is str:
                left -= len(one)  # type: ignore[arg-type]
            elif kind is dict:
                left -= _ITEM * len(one)  # type: ignore[arg-type]
                if left < 0 or not _TEXTS.issuperset(map(type, one)):  # type: ignore[call-overload]
                    return False
                below += one  # type: ignore[arg-type]
                below += one.values()  # type: ignore[attr-defined]
            elif kind is list or kind is tuple:
                left -= _ITEM * len(one)  # type: ignore[arg-type]
                if left < 0:
                    return False
                below += one  # type: ignore[arg-type]
            elif kind is int:
                if not -_INT < one < _INT:  # type: ignore[operator]
                    return False
            elif kind not in _SCALARS:
                return False
        if left < 0:
            return False
        if not below:
            return True
        level = below
    return False
