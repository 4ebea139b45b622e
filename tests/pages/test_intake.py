from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

from sightline import measures
from sightline.pages.intake import IntakeMeter

S = 10**9


@pytest.fixture(autouse=True)
def own_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measures that nobody else in this process counts: other tests' servers may still be at work."""
    own = CollectorRegistry()
    for name, labels in (("RECEIVED", ("signal", "source")), ("REQUESTS", ("signal", "source", "outcome"))):
        monkeypatch.setattr(measures, name, Counter(name.lower(), name, labels, registry=own))
    monkeypatch.setattr(measures, "VISIBLE_AFTER", Histogram("visible_after", "s", registry=own))


def test_rates_come_from_what_was_counted_since() -> None:
    now = [1000 * S]
    meter = IntakeMeter(lambda: now[0], lambda: ("401: no key", "denied"))
    first = meter()
    assert first.spans_per_second is None and first.visible_after is None
    measures.RECEIVED.labels("traces", "otlp-http").inc(600)
    measures.RECEIVED.labels("logs", "otlp-http").inc(999)
    measures.VISIBLE_AFTER.observe(1.0)
    measures.VISIBLE_AFTER.observe(2.0)
    measures.REQUESTS.labels("traces", "otlp-http", "accepted").inc(3)
    measures.REQUESTS.labels("traces", "otlp-http", "denied").inc()
    measures.REQUESTS.labels("traces", "otlp-http", "duplicate").inc(5)
    measures.REQUESTS.labels("traces", "otlp-public", "denied").inc(1_000_000)
    now[0] += 2 * S
    second = meter()
    assert second.spans_per_second == 300 and second.visible_after == 1.5
    assert second.accepted - first.accepted == 3 and second.refused - first.refused == 1
    assert second.refusal == "401: no key"
    now[0] += 120 * S
    meter()
    now[0] += 2 * S
    assert meter().spans_per_second == 0
