"""The sender's own account as OTLP metrics: cumulative sums by outcome, and the size of the spool."""

from __future__ import annotations

from sightline.sdk.batching import ONE, TWO, Head, Request
from sightline.sdk.counts import ACKNOWLEDGED, ENDED, SAMPLED_OUT, Counts, SignalCounts
from sightline.sdk.names import OUTCOME, REASON, SDK_LOGS, SDK_SPANS, SDK_SPOOL_BYTES
from sightline.sdk.otlp_points import NUMBER_ATTRIBUTES, counter, gauge, number
from sightline.sdk.otlp_values import pair, text_value
from sightline.sdk.protobuf import framed, utf8


def account_report(counts: Counts, resource: Head, since: int, now: int, version: str) -> Request:
    """The counts of one process. `resource`: the head of its ResourceSpans; `since`, `now`: ns since 1970."""
    metrics = (
        counter(SDK_SPANS, "{span}", _points(counts.spans, since, now)),
        counter(SDK_LOGS, "{record}", _points(counts.logs, since, now)),
        gauge(SDK_SPOOL_BYTES, "By", [number((), None, now, counts.spool_bytes)]),
    )
    scope = framed(ONE, framed(ONE, b"sightline") + framed(TWO, utf8(version)))
    of_scope = b"".join((scope, *(framed(TWO, one) for one in metrics)))
    whole = b"".join((resource.front, framed(TWO, of_scope), resource.back))
    return Request("metrics", framed(ONE, whole), 0)


def _points(counts: SignalCounts, since: int, now: int) -> list[bytes]:
    outcomes = [
        (ENDED, "", counts.ended),
        (SAMPLED_OUT, "", counts.sampled_out),
        (ACKNOWLEDGED, "", counts.acknowledged),
        *(("dropped", reason, items) for reason, items in sorted(counts.dropped.items())),
    ]
    points = []
    for outcome, reason, items in outcomes:
        said = [(OUTCOME, outcome), *([(REASON, reason)] if reason else [])]
        attributes = [framed(NUMBER_ATTRIBUTES, pair(utf8(key), text_value(text))) for key, text in said]
        points.append(number(attributes, since, now, items))
    return points
