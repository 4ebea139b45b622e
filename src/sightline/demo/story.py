"""What goes wrong in the demo, and when. All moments are relative to now, so that the story is always fresh.

Wednesday's release makes the reranker slow for everyone; today's prompt v42 makes it time out in eu-west.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def wednesday_before(now: int) -> int:
    """16:02 UTC of the last Wednesday that lies at least a day before `now`."""
    moment = datetime.fromtimestamp(now / 1e9, UTC) - timedelta(days=1)
    back = (moment.weekday() - 2) % 7
    found = (moment - timedelta(days=back)).replace(hour=16, minute=2, second=0, microsecond=0)
    if found > moment:
        found -= timedelta(days=7)
    return int(found.timestamp()) * SECOND


@dataclass(frozen=True, slots=True)
class Story:
    """The turning points around `now` (nanoseconds) and what they change."""

    now: int
    slow_since: int
    timeout_since: int
    uncached_since: int
    limits_from: int
    limits_until: int
    old_release: str
    new_release: str

    @classmethod
    def around(cls, now: int) -> Story:
        """The story as it stands at `now`."""
        slow = wednesday_before(now)
        day = datetime.fromtimestamp(slow / 1e9, UTC)
        return cls(
            now=now,
            slow_since=slow,
            timeout_since=now - 80 * MINUTE,
            uncached_since=now - 26 * HOUR,
            limits_from=now - 5 * HOUR,
            limits_until=now - 3 * HOUR - 50 * MINUTE,
            old_release=f"{day.year}.{day.month}.2",
            new_release=f"{day.year}.{day.month}.3",
        )

    def release(self, time: int, environment: str) -> str:
        """The helpdesk's release; staging is a day ahead, dev three."""
        ahead = {"prod": 0, "staging": DAY, "dev": 3 * DAY}.get(environment, 0)
        return self.new_release if time + ahead >= self.slow_since else self.old_release

    def prompt(self, time: int, random: Random) -> str:
        """The version of `support-answer`: since today four of ten requests get v42."""
        if time < self.timeout_since:
            return "v41" if time >= self.now - 4 * DAY else "v40"
        return "v42" if random.random() < 0.4 else "v41"

    def rerank_seconds(self, time: int, release: str, random: Random) -> float:
        """How long a rerank takes: the new release reranks 50 documents instead of 20."""
        median = 1.35 if release == self.new_release and time >= self.slow_since else 0.42
        return median * random.lognormvariate(0, 0.28)

    def rerank_times_out(self, time: int, region: str, version: str, random: Random) -> bool:
        """v42 asks for whole documents; eu-west's smaller machines cannot rerank them in time."""
        if version == "v42" and region == "eu-west" and time >= self.timeout_since:
            return random.random() < 0.8
        return random.random() < 0.0015

    def rate_limited(self, time: int, random: Random) -> bool:
        """Whether the provider answers 429: an hour of it this morning, seldom otherwise."""
        return random.random() < (0.35 if self.limits_from <= time < self.limits_until else 0.006)

    def shop_prompt(self, time: int) -> str:
        """The shop's prompt: 8 put the time of day in front, and nothing is read from the cache any more."""
        return "8" if time >= self.uncached_since else "7"


def hour_of_week(time: int) -> int:
    """0 is Monday 00:00 UTC."""
    return (time // HOUR + 72) % 168


_OFFICE = (3, 2, 2, 2, 3, 6, 14, 32, 62, 88, 97, 92, 80, 90, 100, 98, 86, 64, 44, 32, 24, 16, 10, 6)
_EVENING = (20, 12, 7, 5, 4, 5, 9, 16, 24, 32, 40, 48, 54, 50, 48, 52, 60, 72, 88, 100, 98, 84, 58, 34)
_NIGHT = (0, 60, 100, 100, 70, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
RHYTHMS: dict[str, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "office": (_OFFICE, (1.0, 1.05, 1.08, 1.02, 0.86, 0.3, 0.26)),
    "evening": (_EVENING, (0.8, 0.8, 0.85, 0.9, 1.1, 1.3, 1.25)),
    "night": (_NIGHT, (1.0, 1.0, 1.0, 1.0, 1.0, 0.55, 0.5)),
}
"""Hours of the day in percent of the busiest, and the weight of each weekday from Monday."""


def activity(rhythm: str, time: int) -> float:
    """How busy a service is at `time`; about 1 at its peak."""
    hours, days = RHYTHMS[rhythm]
    hour = hour_of_week(time)
    return hours[hour % 24] / 100 * days[hour // 24]
