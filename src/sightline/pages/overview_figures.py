"""What the overview asked, and whether a figure is worse than before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.query.significance import FEWEST, WORSE_P95, share_grew
from sightline.records.figures import Breakdown, Series
from sightline.records.overview import Overview


@dataclass(frozen=True, slots=True)
class Both:
    """Answers for the range and, where there is a comparison, for the one before."""

    now: Overview
    before: Overview | None
    models: Breakdown
    models_before: Breakdown | None
    services: Breakdown
    services_before: Breakdown | None
    exact: bool = True


def share_worse(row: Series, measures: Sequence[str], before: Series | None) -> bool:
    """Whether more of a group failed than chance explains."""
    if before is None:
        return False
    return share_grew(*_failed_of(row, measures), *_failed_of(before, measures))


def _failed_of(row: Series, measures: Sequence[str]) -> tuple[int, int]:
    """How many failed of how many: of estimates as many as were looked at, or chance would seem smaller."""
    count, errors = row.total[measures.index("count")], row.total[measures.index("errors")]
    of, failed = int(count.value or 0), int(errors.value or 0)
    if count.stored is None or not of:
        return failed, of
    return round(failed * count.stored / of), count.stored


def time_worse(row: Series, measures: Sequence[str], name: str, before: Series | None) -> bool:
    """Whether a group's percentile grew so much that it counts as slower."""
    if before is None:
        return False
    n, at = measures.index("count"), measures.index(name)
    now, was = row.total[at].value, before.total[at].value
    fewest = min(row.total[n].value or 0, before.total[n].value or 0)
    return bool(now and was and fewest >= FEWEST and now >= WORSE_P95 * was)
