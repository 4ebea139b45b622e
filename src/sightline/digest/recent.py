"""Which traces were seen lately, and when their spans began: so that only traces that go on are settled
again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENTRY = np.dtype([("trace", "<u8"), ("first", "<i8"), ("last", "<i8")])
Entries = np.ndarray[Any, np.dtype[Any]]
_MERGE_AT = 16


@dataclass(frozen=True, slots=True)
class Span:
    """A range of start times in ns since the epoch."""

    first: int
    last: int


class RecentTraces:
    """A bounded set of trace hashes with the range of start times seen; the oldest touched are dropped first.

    24 bytes a trace. Not thread-safe: it belongs to the digesting thread.
    """

    def __init__(self, limit: int = 2_000_000) -> None:
        self._limit = limit
        self._chunks: list[Entries] = []

    def __len__(self) -> int:
        return sum(len(chunk) for chunk in self._chunks)

    def add(self, trace: NDArray[np.uint64], start: NDArray[np.int64]) -> None:
        """Remember the traces of some spans and when these began."""
        if not len(trace):
            return
        self._chunks.append(_grouped(trace, start, start))
        if len(self._chunks) >= _MERGE_AT:
            self._merge()

    def _merge(self) -> None:
        keep: list[Entries] = []
        size = 0
        for chunk in reversed(self._chunks):
            if size + len(chunk) > self._limit:
                break
            keep.append(chunk)
            size += len(chunk)
        both = np.concatenate(keep) if keep else self._chunks[-1][-self._limit :]
        merged = _grouped(both["trace"], both["first"], both["last"])
        # One large old chunk and room for new ones; when it alone reaches the limit it is dropped as a whole.
        self._chunks = [merged] if len(merged) < self._limit else [self._chunks[-1]]

    def known(self, trace: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], Span | None]:
        """Which of `trace` were seen before, and the range of start times of those."""
        seen = np.zeros(len(trace), np.bool_)
        firsts, lasts = [], []
        for chunk in self._chunks:
            at = np.minimum(np.searchsorted(chunk["trace"], trace), len(chunk) - 1)
            hit = chunk["trace"][at] == trace
            if hit.any():
                seen |= hit
                firsts.append(int(chunk["first"][at[hit]].min()))
                lasts.append(int(chunk["last"][at[hit]].max()))
        return seen, Span(min(firsts), max(lasts)) if firsts else None


def _grouped(trace: NDArray[np.uint64], first: NDArray[np.int64], last: NDArray[np.int64]) -> Entries:
    keys, index = np.unique(trace, return_inverse=True)
    entries = np.zeros(len(keys), ENTRY)
    entries["trace"] = keys
    entries["first"] = np.iinfo(np.int64).max
    np.minimum.at(entries["first"], index, first)
    np.maximum.at(entries["last"], index, last)
    return entries
