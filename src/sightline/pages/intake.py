"""What arrives now, read from the program's own measures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from prometheus_client.metrics import MetricWrapperBase

from sightline import measures
from sightline.pages.services import Intake
from sightline.records.ingest import PUBLIC_SOURCE

_WINDOW = 60 * 10**9
_SPARSE = 10**9


@dataclass(frozen=True, slots=True)
class _Sample:
    at: int
    spans: float
    visible_sum: float
    visible_count: float


def _sum(metric: MetricWrapperBase, suffix: str, *, public: bool = True, **labels: str) -> float:
    return sum(
        sample.value
        for family in metric.collect()
        for sample in family.samples
        if sample.name.endswith(suffix)
        and (public or sample.labels.get("source") != PUBLIC_SOURCE)
        and all(sample.labels.get(k) == v for k, v in labels.items())
    )


class IntakeMeter:
    """Rates over the last minute, from counters sampled whenever someone looks. `clock` in nanoseconds.

    `refusal` answers why the last refused request was refused, in words and as the measure counts it; both
    are empty when nothing was.
    """

    def __init__(
        self, clock: Callable[[], int], refusal: Callable[[], tuple[str, str]] = lambda: ("", "")
    ) -> None:
        self._clock = clock
        self._refusal = refusal
        self._samples: deque[_Sample] = deque([self._sample()], maxlen=128)

    def _sample(self) -> _Sample:
        return _Sample(
            self._clock(),
            _sum(measures.RECEIVED, "_total", signal="traces"),
            _sum(measures.VISIBLE_AFTER, "_sum"),
            _sum(measures.VISIBLE_AFTER, "_count"),
        )

    def __call__(self) -> Intake:
        """What arrives now; rates are `None` until a second was observed."""
        new = self._sample()
        while len(self._samples) > 1 and new.at - self._samples[0].at > _WINDOW:
            self._samples.popleft()
        old = self._samples[0]
        if new.at - self._samples[-1].at >= _SPARSE:
            self._samples.append(new)
        passed = new.at - old.at
        seen = new.visible_count - old.visible_count
        accepted = _sum(measures.REQUESTS, "_total", outcome="accepted")
        # What is refused to public keys is told apart, for each: any page can make it any number.
        ours = partial(_sum, measures.REQUESTS, "_total", public=False)
        # A retry that was recognised is answered like the request it repeats: no refusal.
        taken = ours(outcome="accepted") + ours(outcome="duplicate")
        everything = ours()
        refusal, stopped_by = self._refusal()
        return Intake(
            spans_per_second=(new.spans - old.spans) * 10**9 / passed if passed >= _SPARSE else None,
            visible_after=(new.visible_sum - old.visible_sum) / seen if seen > 0 else None,
            quarantined=int(_sum(measures.QUARANTINED, "sightline_quarantine_records")),
            accepted=int(accepted),
            refused=int(everything - taken),
            refusal=refusal,
            stopped_by=stopped_by,
        )
