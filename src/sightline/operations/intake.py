"""What arrives, for people: rate, delay, refusals. Derived from the measures that every station counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import Metric

from sightline.measures import DROPPED, RECEIVED, REQUESTS, VISIBLE_AFTER


@dataclass(frozen=True, slots=True)
class Sample:
    """Totals since the start, at one moment (ns)."""

    at: int
    spans: float
    segments: float
    delay: float


def _total(metrics: list[Metric], suffix: str, **labels: str) -> float:
    found = 0.0
    for metric in metrics:
        for sample in metric.samples:
            if sample.name.endswith(suffix) and all(sample.labels.get(k) == v for k, v in labels.items()):
                found += sample.value
    return found


class IntakeMeter:
    """Keeps a few samples of the totals to tell the rate of the last seconds. `clock` in ns."""

    def __init__(self, clock: Callable[[], int], window: float = 10.0) -> None:
        self._clock = clock
        self._window = int(window * 1e9)
        self._samples: deque[Sample] = deque(maxlen=64)
        self.refusal = ""

    def sample(self) -> tuple[Sample, Sample | None]:
        """The totals now, and the oldest ones within the window."""
        now = self._clock()
        delays = list(VISIBLE_AFTER.collect())
        current = Sample(
            now, _total(list(RECEIVED.collect()), "_total", signal="traces"), _total(delays, "_count"), _total(delays, "_sum")
        )
        while self._samples and now - self._samples[0].at > self._window:
            self._samples.popleft()
        oldest = self._samples[0] if self._samples else None
        if not self._samples or now - self._samples[-1].at > 250_000_000:
            self._samples.append(current)
        return current, oldest

    def rate(self) -> tuple[float | None, float | None]:
        """Spans per second, and seconds until visible (mean of the window); None until measured."""
        current, oldest = self.sample()
        if oldest is None or current.at - oldest.at < 500_000_000:
            return None, None
        seconds = (current.at - oldest.at) / 1e9
        segments = current.segments - oldest.segments
        delay = (current.delay - oldest.delay) / segments if segments else None
        return (current.spans - oldest.spans) / seconds, delay

    def accepted(self) -> int:
        """Items accepted since the start."""
        return int(_total(list(RECEIVED.collect()), "_total"))

    def refused(self) -> int:
        """Requests refused since the start."""
        metrics = list(REQUESTS.collect())
        return int(_total(metrics, "_total") - _total(metrics, "_total", outcome="accepted"))

    def dropped(self) -> int:
        """Items refused or set aside since the start, retries apart."""
        metrics = list(DROPPED.collect())
        return int(_total(metrics, "_total") - _total(metrics, "_total", reason="duplicate"))
