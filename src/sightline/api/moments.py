"""Moments as the API writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from sightline.api.operations import Call
from sightline.api.problems import Problem
from sightline.query.filter.literals import time
from sightline.query.window import LATEST


def iso(nanoseconds: int) -> str:
    """A moment as ISO 8601 in UTC, to the nanosecond."""
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return str(nanoseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def moment(call: Call, name: str) -> int | None:
    """A moment of the query string in nanoseconds, None where it is not given. Raises Problem 422.

    ISO 8601 (UTC without a zone), nanoseconds, or relative: `now`, `-24h`.
    """
    text = call.text(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return min(int(text[:20]), LATEST)
    # A plus sign that nobody quoted comes as a space.
    found = time(text.replace(" ", "+") if "T" in text else text, call.now)
    if found is None:
        expected = "a time such as 2026-11-01T12:00:00Z, a distance such as -24h, or nanoseconds"
        raise Problem(422, f"{name} is {text[:40]!r}; expected {expected}.", reason="parameters")
    return found.first
