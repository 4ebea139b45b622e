"""Moments as the API writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from sightline.api.problems import Problem
from sightline.query.window import LATEST


def iso(nanoseconds: int) -> str:
    """A moment as ISO 8601 in UTC, to the nanosecond."""
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return str(nanoseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def moment(text: str | None) -> int | None:
    """`since` of the query string: ISO 8601 or nanoseconds. Raises Problem 422."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return min(int(text[:20]), LATEST)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        expected = "a time such as 2026-11-01T12:00:00Z, or nanoseconds"
        raise Problem(422, f"since is {text[:40]!r}; expected {expected}.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, int(moment.timestamp() * 1e6)) * 1000, LATEST)
