"""Ranges in which a numeric score is counted: a few, between round numbers, each a condition of a filter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sightline.query.scores import ScoreName
from sightline.records.scores import DataType

BANDS = 5


@dataclass(frozen=True, slots=True)
class Bands:
    """The ranges in order as a filter writes them, and the limits between them; none: no ranges."""

    names: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    def sql(self, value: str) -> str:
        """The expression for the range that a number is in, '' for NULL."""
        # Numbers and their names are made here, of digits only.
        arms = [f"{value} < {limit}, '{name}'" for limit, name in zip(self.limits, self.names, strict=False)]
        return f"multiIf({value} IS NULL, '', {', '.join(arms)}, '{self.names[-1]}')"


NO_BANDS = Bands()


def banded(seen: ScoreName | None) -> Bands:
    """The ranges of a score that is a number; none for labels, truth, and few whole numbers."""
    if seen is None or seen.data_type is not DataType.NUMERIC or seen.low is None or seen.high is None:
        return NO_BANDS
    cuts = between(seen.low, seen.high)
    if not cuts:
        return NO_BANDS
    return Bands(band_names(cuts), tuple(_plain(cut) for cut in cuts))


def band_names(cuts: Sequence[float]) -> tuple[str, ...]:
    """The ranges between some cuts as a filter writes them; none without a cut."""
    if not cuts:
        return ()
    texts = [_plain(cut) for cut in cuts]
    return (f"..<{texts[0]}", *(f"{a}..<{b}" for a, b in pairwise(texts)), f"{texts[-1]}..")


def between(low: float, high: float) -> tuple[float, ...]:
    """Round numbers that divide the way from low to high; none where there is no way."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or high - low < 1e-9:
        return ()
    least = (high - low) / BANDS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))
    first = math.floor(low / step) + 1
    last = math.ceil(high / step) - 1
    if last < first:
        return ()
    return tuple(round(n * step, 12) for n in range(first, min(last, first + 2 * BANDS) + 1))


def _plain(value: float) -> str:
    """A number as a filter writes it, without an exponent where that is possible."""
    return f"{value:.12g}" if abs(value) < 1e12 else f"{value:.0f}"
