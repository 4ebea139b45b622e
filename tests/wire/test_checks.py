"""The fast form of the checks and the form that gives reasons agree on every record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.records.ingest import Signal
from sightline.wire import checks
from wire.samples import NOW, SECOND, attribute, gauge, log, span

LATEST = NOW + checks.AHEAD
IDS = st.sampled_from([b"", b"\0" * 8, b"\0" * 16, b"a" * 8, b"b" * 16, b"c" * 12])
TIMES = st.sampled_from([0, 1, checks.EARLIEST - 1, checks.EARLIEST, NOW, LATEST, LATEST + 1, 2**64 - 1])
CROWD = [attribute("k")] * (checks.MAX_ATTRIBUTES + 1)
ATTRIBUTES = st.sampled_from([[], [attribute("k")], CROWD[:-1], CROWD])

SPANS = st.builds(
    span,
    trace_id=IDS,
    span_id=IDS,
    parent_span_id=IDS,
    start_time_unix_nano=TIMES,
    end_time_unix_nano=TIMES,
    attributes=ATTRIBUTES,
)
LOGS = st.builds(
    log, trace_id=IDS, span_id=IDS, time_unix_nano=TIMES, observed_time_unix_nano=TIMES, attributes=ATTRIBUTES
)
METRICS = st.builds(lambda times: gauge(*times), st.lists(TIMES, max_size=3))


@given(st.lists(st.one_of(SPANS, st.builds(span)), max_size=4))
def test_spans(spans: list[Any]) -> None:
    good = not any(checks.span_fault(each, LATEST) for each in spans)
    assert checks.count_good(Signal.TRACES, spans, LATEST) == (len(spans) if good else None)


@given(st.lists(st.one_of(LOGS, st.builds(log)), max_size=4))
def test_logs(logs: list[Any]) -> None:
    good = not any(checks.log_fault(each, LATEST) for each in logs)
    assert checks.count_good(Signal.LOGS, logs, LATEST) == (len(logs) if good else None)


@given(st.lists(METRICS, max_size=4))
def test_metrics(metrics: list[Any]) -> None:
    points = [point for metric in metrics for point in checks.points_of(metric)]
    good = not any(checks.point_fault(each, LATEST) for each in points)
    assert checks.count_good(Signal.METRICS, metrics, LATEST) == (len(points) if good else None)


@pytest.mark.parametrize(
    ("fields", "reason", "what"),
    [
        ({"trace_id": b"abc"}, "bad_id", "trace_id is 3 bytes, expected 16"),
        ({"span_id": bytes(8)}, "bad_id", "span_id is all zero"),
        ({"parent_span_id": b"p" * 16}, "bad_id", "parent_span_id is 16 bytes, expected none or 8"),
        ({"start_time_unix_nano": 0}, "bad_time", "start_time_unix_nano is 0, expected nanoseconds"),
        ({"start_time_unix_nano": NOW // SECOND}, "bad_time", "after the year 2000"),
        ({"start_time_unix_nano": LATEST + 1}, "bad_time", "over a day ahead"),
        ({"end_time_unix_nano": 2**64 - 1}, "bad_time", "end_time_unix_nano is 18446744073709551615"),
        ({"attributes": CROWD}, "too_many_attributes", "10001 attributes, at most 10000"),
    ],
)
def test_a_fault_names_field_value_and_expectation(fields: dict[str, Any], reason: str, what: str) -> None:
    fault = checks.span_fault(span(**fields), LATEST)
    assert fault is not None
    assert fault.reason == reason
    assert what in fault.what


def test_a_span_without_an_end_or_with_one_before_its_start_is_kept() -> None:
    for end in (0, NOW - SECOND):
        assert checks.span_fault(span(end_time_unix_nano=end), LATEST) is None


def test_a_log_without_times_or_ids_is_kept() -> None:
    assert checks.log_fault(log(time_unix_nano=0), LATEST) is None


def test_points_that_are_not_a_number_are_counted() -> None:
    metric = gauge(NOW)
    metric.gauge.data_points[0].as_double = float("nan")
    assert checks.count_good(Signal.METRICS, [metric], LATEST) == 1
