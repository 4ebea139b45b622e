"""Stretches of time for charts: as many as fit, at round moments, days as a reader's calendar has them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sightline.query.filter.literals import duration
from sightline.query.window import Window

SECOND = 10**9
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
STEPS = (
    *(n * 10**6 for n in (1, 10, 100)),
    *(n * SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    DAY,
    7 * DAY,
    28 * DAY,
)
MOST = 60
# A chart never has more buckets than this, also where the step was chosen by hand.
LIMIT = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Where buckets begin (ns), in order without gaps; the last one ends at `end`.

    `step` is their length: exact below a day, nominal from a day on, since clocks are changed. The first and
    the last may reach over the window: they are `partial`.
    """

    starts: tuple[int, ...]
    end: int
    step: int

    def partial(self, window: Window) -> tuple[bool, bool]:
        """Whether the first and the last bucket lie only partly in the window."""
        return self.starts[0] < window.since, self.end > window.until

    def number(self, moment: int) -> int:
        """The bucket of a moment (ns), counted from 0; -1 before the first."""
        return bisect_right(self.starts, moment) - 1


class NoBuckets(ValueError):
    """A step or zone that gives no chart."""


def zone_of(name: str) -> tzinfo:
    """A time zone by its name in the IANA list. Raises NoBuckets."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise NoBuckets(f"zone {name[:60]!r} is unknown; expected a name such as Europe/Berlin") from error


def step_of(text: str) -> int:
    """A step as people write it, `15m` or `1d`, in nanoseconds. Raises NoBuckets."""
    found = duration(text)
    if not found:
        raise NoBuckets(f"step {text[:60]!r} is no length of time; expected one such as 15m or 1d")
    return found


def buckets(window: Window, *, step: int | None = None, most: int = MOST, zone: str = "UTC") -> Buckets:
    """The buckets of a window: of the given step, else of the shortest that gives at most `most`.

    Steps below a day begin at their multiples since the epoch, days at midnight of the zone, weeks on Monday.
    Raises NoBuckets.
    """
    place = zone_of(zone)
    if step is None:
        step = next((s for s in STEPS if window.length <= s * most), STEPS[-1])
        # The window may begin inside of a bucket, which makes one more.
        found = _starts(window, step, place)
        larger = next((s for s in STEPS if s > step), step)
        return found if len(found.starts) <= most + 1 else _starts(window, larger, place)
    if step <= 0 or window.length // step > LIMIT:
        raise NoBuckets(f"a step of {step} ns gives more than {LIMIT:,} buckets; choose a longer one")
    return _starts(window, step, place)


def _starts(window: Window, step: int, zone: tzinfo) -> Buckets:
    if step < DAY or step % DAY:
        first = window.since // step * step
        count = -((first - window.until) // step)
        return Buckets(tuple(first + n * step for n in range(count)), first + count * step, step)
    days = step // DAY
    date = (_EPOCH + timedelta(microseconds=window.since // 1000)).astimezone(zone).date()
    # Whole weeks begin on Monday; other counts of days at multiples since Monday, 5 January 1970.
    date -= timedelta(days=(date.toordinal() - datetime(1970, 1, 5, tzinfo=UTC).toordinal()) % days)
    starts = [_midnight(date.year, date.month, date.day, zone)]
    while starts[-1] < window.until:
        date += timedelta(days=days)
        starts.append(_midnight(date.year, date.month, date.day, zone))
    return Buckets(tuple(starts[:-1]), starts[-1], step)


def _midnight(year: int, month: int, day: int, zone: tzinfo) -> int:
    elapsed = datetime(year, month, day, tzinfo=zone) - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND
