"""How the chunks of a stream came: a few figures in bounded memory, however many there were."""

from __future__ import annotations

import math
from typing import Any, Final

from sightline.sdk import names

STALL_NS: Final = 1_000_000_000
# Buckets of the logarithm: eight to each doubling, so that a percentile is off by less than 5 %.
_STEPS: Final = 8


class ChunkGaps:
    """Counts chunks and the waits for each of them after the first, in ns.

    A gap is the time between asking for a chunk and having it. What the program does between two chunks is
    not the model's delay, and is not in it.

        >>> gaps = ChunkGaps()
        >>> for wait in (200_000_000, 10_000_000, 12_000_000, 1_500_000_000):
        ...     gaps.chunk(wait)
        >>> gaps.chunks, gaps.stalls, gaps.longest
        (4, 1, 1500000000)
    """

    __slots__ = ("_buckets", "chunks", "longest", "stalls")

    def __init__(self) -> None:
        self.chunks = 0
        self.stalls = 0
        self.longest = 0
        self._buckets: dict[int, int] = {}

    def chunk(self, waited_ns: int) -> None:
        """One more chunk, after so long a wait."""
        self.chunks += 1
        if self.chunks == 1:
            return  # the first wait is the time to first chunk
        if waited_ns > self.longest:
            self.longest = waited_ns
        if waited_ns > STALL_NS:
            self.stalls += 1
        bucket = int(math.log2(waited_ns) * _STEPS) if waited_ns > 1 else 0
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def percentile(self, part: float) -> int | None:
        """The wait that `part` (0 to 1) of all do not exceed, in ns; None with fewer than two chunks."""
        total = sum(self._buckets.values())
        if not total:
            return None
        seen, wanted = 0, part * total
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(round(2 ** ((bucket + 0.5) / _STEPS)), self.longest)
        return self.longest

    def attributes(self) -> dict[str, Any]:
        """As attributes of a span, times in seconds."""
        made: dict[str, Any] = {names.CHUNKS: self.chunks}
        p95 = self.percentile(0.95)
        if p95 is not None:
            made[names.CHUNK_GAP_MAX] = round(self.longest / 1e9, 6)
            made[names.CHUNK_GAP_P95] = round(p95 / 1e9, 6)
            made[names.STALLS] = self.stalls
        return made
