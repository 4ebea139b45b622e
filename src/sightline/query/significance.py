"""Whether a change is more than chance. Pure.

Many names are compared at once, so the bound is high: four standard deviations, which chance passes once in
thirty thousand comparisons. Below `FEWEST` members on either side nothing is said at all.
"""

from __future__ import annotations

import math

FEWEST = 100
BOUND = 4.0
# What is not noticed in work is no finding, however sure: a half more failures, a fifth more time.
WORSE_RATE, WORSE_P95 = 1.5, 1.2
_TAIL = 0.05


def share_grew(failed: int, of: int, failed_before: int, of_before: int) -> bool:
    """Whether a share of failures grew: two proportions, pooled, one-sided."""
    if min(of, of_before) < FEWEST or failed * of_before <= WORSE_RATE * failed_before * of:
        return False
    pooled = (failed + failed_before) / (of + of_before)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
    return deviation > 0 and (failed / of - failed_before / of_before) / deviation >= BOUND


def tail_grew(slower: int, of: int, of_before: int, p95: float | None, p95_before: float | None) -> bool:
    """Whether more than the twentieth that chance would have it lies beyond the earlier 95th percentile.

    That percentile was itself measured on a sample, which widens the bound.
    """
    if min(of, of_before) < FEWEST or not p95 or not p95_before or p95 < WORSE_P95 * p95_before:
        return False
    deviation = math.sqrt(_TAIL * (1 - _TAIL) * (1 / of + 1 / of_before))
    return (slower / of - _TAIL) / deviation >= BOUND


def beyond(failed: int, of: int, share_before: float) -> int:
    """How many more than the earlier share would give."""
    return max(0, round(failed - share_before * of))
