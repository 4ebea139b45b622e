"""A request as it travels and lies on disk."""

from __future__ import annotations

import gzip
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Packed:
    """The compressed bytes, and what they hold: `items`, numbered `first` to `last`.

    `own`: of this process, not of one that died.
    """

    signal: str
    items: int
    first: int
    last: int
    body: bytes
    own: bool = True


def compressed(body: bytes) -> bytes:
    """The body as it travels and lies on disk; the same bytes each time."""
    return gzip.compress(body, 1, mtime=0)
