"""Rows of hours added up by weight as estimates with their intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.query.hours_sql import SUMS
from sightline.query.margins import SIGMAS
from sightline.records.figures import Figure


def estimates(measures: Sequence[str], row: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The measures out of a row of `weighted_hours_sql.WEIGHTED` that is of something."""
    stored, count, failed = int(row["stored"]), float(row["found"]), float(row["failed"])
    whole = row["dimension"] in ("", "bucket", "env")

    def total(name: str, unknown: int = 0, cut: bool = True) -> Figure:
        value = row[name]
        if not value:
            # Of nothing no interval is known.
            return Figure(value if value is None else 0, unknown, stored)
        margin = SIGMAS * math.sqrt(max(0.0, float(row[f"spread_{name}"])))
        return Figure(round(value) if cut else float(value), unknown, stored, margin)

    def time(value: float | None) -> Figure:
        return Figure(None if value is None or value != value else value, 0, stored)

    def different(name: str) -> Figure:
        """Kept for all together, not for groups."""
        return Figure(int(row[name] or 0) if whole else None, 0, stored, at_least=True)

    found = {
        "count": total("found"),
        "errors": total("failed"),
        "error_rate": Figure(failed / count, 0, stored, _of_share(row, failed, count)),
        "duration.p50": time(row["took"][0]),
        "duration.p95": time(row["took"][1]),
        "ttft.p95": time(row["first_token"][0]),
        "users": different("users"),
        "sessions": different("sessions"),
    }
    for name in SUMS:
        cost = name == "cost"
        found[name] = total(name, int(row["unknown_cost" if cost else "unknown_tokens"]), not cost)
    return tuple(found[name] for name in measures)


def _of_share(row: Mapping[str, Any], failed: float, count: float) -> float | None:
    """Half the width of the interval of the share that failed; None where nothing did, as of spans."""
    if not failed:
        return None
    spread = (
        float(row["spread_failed"]) / failed**2
        - 2 * float(row["spread_both"]) / (failed * count)
        + float(row["spread_found"]) / count**2
    )
    return SIGMAS * failed / count * math.sqrt(max(0.0, spread))
