"""When things happen: arrivals of every service hour by hour, in the rhythm of days and weeks.

An hour's traces depend on the seed and that hour alone, so the newest hour can be made first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from sightline.demo import traces_batch, traces_helpdesk, traces_research, traces_shop
from sightline.demo.shapes import Trace
from sightline.demo.story import DAY, HOUR, Story, activity

TRACES_PER_DAY = 1000
"""About how many traces a day of history has when nobody asks for another number."""

Generator = Callable[[Random, Story, int], Iterator[Trace]]


@dataclass(frozen=True, slots=True)
class Service:
    """Who is called how often: `weekly` conversations in a week of `TRACES_PER_DAY`, spread by `rhythm`."""

    name: str
    rhythm: str
    weekly: int
    generate: Generator


SERVICES = (
    Service("helpdesk-api", "office", 1700, traces_helpdesk.conversation),
    Service("research-agent", "office", 170, traces_research.conversation),
    Service("shop-chat", "evening", 1300, traces_shop.conversation),
    Service("ticket-classifier", "night", 360, traces_batch.batch),
    Service("email-drafts", "office", 700, traces_batch.draft),
)
BUSY_HOURS, BUSY = 5, 1.4
STUCK_AGENTS = ((5 * HOUR, 214), (3 * DAY + 2 * HOUR, 90))
"""How long ago an agent got stuck, and for how many turns."""


@cache
def _week(rhythm: str) -> float:
    return sum(activity(rhythm, hour * HOUR) for hour in range(168))


def expected(service: Service, story: Story, hour: int, scale: float) -> float:
    """Conversations that begin in one hour, on average. `hour` counts from the epoch.

    The hours around now are busy ones for services with office hours, so that the story of today has enough
    requests to be seen whenever the demo is started.
    """
    busy = activity(service.rhythm, hour * HOUR)
    if service.rhythm == "office" and hour > story.now // HOUR - BUSY_HOURS:
        busy = max(busy, BUSY)
    return service.weekly * scale * busy / _week(service.rhythm)


def hour_traces(seed: int, story: Story, hour: int, scale: float) -> list[Trace]:
    """Everything that begins in one hour, service by service; later turns may lie in later hours."""
    traces: list[Trace] = []
    for service in SERVICES:
        random = Random(f"{seed}:{service.name}:{hour}")
        mean = expected(service, story, hour, scale)
        count = int(mean) + (random.random() < mean % 1)
        for i in range(count):
            own = Random(f"{seed}:{service.name}:{hour}:{i}")
            start = hour * HOUR + own.randrange(HOUR)
            if start < story.now:
                traces.extend(service.generate(own, story, start))
    for ago, turns in STUCK_AGENTS:
        start = story.now - ago
        if start // HOUR == hour:
            traces.append(traces_research.stuck(Random(f"{seed}:stuck:{turns}"), story, start, turns))
    return traces


def history(seed: int, story: Story, days: float, scale: float) -> Iterator[tuple[int, list[Trace]]]:
    """Hours and their traces, from the newest back to `days` ago."""
    last = story.now // HOUR
    first = int((story.now - days * DAY) // HOUR)
    for hour in range(last, first - 1, -1):
        yield hour, hour_traces(seed, story, hour, scale)


class LiveTraffic:
    """Conversations that begin now, at a rate of about `rate` spans a second over all services.

    What is running depends on the hour; each service keeps a small share, so that nothing falls silent.
    """

    def __init__(self, seed: int, story: Story, rate: float) -> None:
        self._random = Random(f"{seed}:live:{story.now}")
        self._story, self._rate = story, rate
        self._position, self._credit = story.now, 0.0

    def until(self, now: int) -> list[Trace]:
        """Traces of conversations that began since the last call; their later spans lie in the future."""
        elapsed = now - self._position
        if elapsed <= 0:
            return []
        self._credit += self._rate * elapsed / 1e9
        traces: list[Trace] = []
        while self._credit > 0:
            start = self._position + self._random.randrange(elapsed)
            weights = [0.02 * s.weekly / 168 + expected(s, self._story, start // HOUR, 1.0) for s in SERVICES]
            service = self._random.choices(SERVICES, weights)[0]
            own = Random(self._random.getrandbits(64))
            found = list(service.generate(own, self._story, start))
            self._credit -= sum(len(t.spans) for t in found)
            traces.extend(found)
        self._position = now
        return traces
