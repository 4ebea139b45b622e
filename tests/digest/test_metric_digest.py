"""Metrics: all five kinds, whole numbers, exemplars, what a kind does not have."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar, Metric

from digest.engine import Engine
from digest.otlp import START, key_values
from sightline.records.ingest import Signal

TIMES = {"time_unix_nano": START + 9, "start_time_unix_nano": START}


def request(*metrics: Metric) -> ExportMetricsServiceRequest:
    """A request of metrics."""
    found = ExportMetricsServiceRequest()
    outer = found.resource_metrics.add()
    outer.resource.attributes.extend(key_values([("service.name", "shop"), ("n", 1)]))
    inner = outer.scope_metrics.add()
    inner.scope.name = "meter"
    inner.metrics.extend(metrics)
    return found


def stored(engine: Engine, *metrics: Metric) -> list[dict[str, Any]]:
    """The rows after digesting metrics, by name and time."""
    project = engine.fresh()
    engine.digest(Signal.METRICS, [request(*metrics)], project)
    rows = engine.rows(
        "SELECT * EXCEPT (attributes, resource), toJSONString(attributes) AS a, toJSONString(resource) AS r,"
        " toUnixTimestamp64Nano(time) AS at, toUnixTimestamp64Nano(start_time) AS started"
        " FROM sightline.metrics WHERE project = {p:String} ORDER BY name, time, value_int, value",
        p=project,
    )
    for row in rows:
        row["attributes"], row["resource"] = orjson.loads(row["a"]), orjson.loads(row["r"])
    return rows


def gauge(name: str = "g", **value: Any) -> Metric:
    """A gauge of one point."""
    found = Metric(name=name, unit="s", description="what it is")
    found.gauge.data_points.add(**(TIMES | value)).attributes.extend(key_values([("k", "v"), ("i", 7)]))
    return found


def test_a_gauge(engine: Engine) -> None:
    (row,) = stored(engine, gauge(as_double=0.1))
    assert (row["name"], row["type"], row["unit"], row["description"]) == ("g", "gauge", "s", "what it is")
    assert (row["value"], row["value_int"], row["count"], row["sum"]) == (0.1, None, None, None)
    assert (row["at"], row["started"], row["service"], row["scope"]) == (START + 9, START, "shop", "meter")
    assert row["attributes"] == {"k": "v", "i": 7}
    assert row["resource"]["n"] == 1


@pytest.mark.parametrize("number", [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_whole_numbers_stay_whole(engine: Engine, number: int) -> None:
    (row,) = stored(engine, gauge(as_int=number))
    assert row["value_int"] == number
    assert row["value"] == float(number)


@pytest.mark.parametrize("number", [0.0, -0.0, math.inf, -math.inf, 5e-324, 1e308])
def test_doubles_stay_as_they_are(engine: Engine, number: float) -> None:
    (row,) = stored(engine, gauge(as_double=number))
    assert row["value"] == number
    assert row["value_int"] is None


def test_not_a_number_and_no_value(engine: Engine) -> None:
    (row,) = stored(engine, gauge(as_double=math.nan))
    assert math.isnan(row["value"])
    (row,) = stored(engine, gauge(flags=1))
    assert (row["value"], row["value_int"], row["flags"]) == (None, None, 1)


def test_a_sum_says_how_it_adds_up(engine: Engine) -> None:
    found = Metric(name="s")
    found.sum.data_points.add(as_int=5, **TIMES)
    found.sum.aggregation_temporality, found.sum.is_monotonic = 2, True  # type: ignore[assignment]
    other = Metric(name="t")
    other.sum.data_points.add(as_double=2.5, **TIMES)
    other.sum.aggregation_temporality = 1  # type: ignore[assignment]
    one, two = stored(engine, found, other)
    assert (one["type"], one["temporality"], one["monotonic"], one["value_int"]) == (
        "sum",
        "cumulative",
        True,
        5,
    )
    assert (two["temporality"], two["monotonic"], two["value"]) == ("delta", False, 2.5)


def test_a_histogram(engine: Engine) -> None:
    found = Metric(name="h")
    found.histogram.aggregation_temporality = 1  # type: ignore[assignment]
    found.histogram.data_points.add(
        count=3, sum=6.5, min=0.5, max=4, bucket_counts=[1, 2, 0], explicit_bounds=[1, 5], **TIMES
    )
    found.histogram.data_points.add(count=0, bucket_counts=[0], time_unix_nano=START + 10)
    one, two = stored(engine, found)
    assert (one["type"], one["temporality"], one["count"], one["sum"]) == ("histogram", "delta", 3, 6.5)
    assert (one["min"], one["max"], one["bucket_counts"], one["bounds"]) == (0.5, 4, [1, 2, 0], [1, 5])
    assert (two["count"], two["sum"], two["min"], two["max"]) == (0, None, None, None)


def test_an_exponential_histogram(engine: Engine) -> None:
    found = Metric(name="e")
    found.exponential_histogram.aggregation_temporality = 2  # type: ignore[assignment]
    point = found.exponential_histogram.data_points.add(
        count=9, sum=1.5, scale=-3, zero_count=2, zero_threshold=0.25, min=-1, max=2, **TIMES
    )
    point.positive.offset, point.negative.offset = -7, 4
    point.positive.bucket_counts.extend([1, 2**40])
    point.negative.bucket_counts.extend([3])
    (row,) = stored(engine, found)
    assert (row["type"], row["temporality"], row["scale"], row["zero_count"]) == (
        "exponential_histogram", "cumulative", -3, 2,
    )  # fmt: skip
    assert (row["positive_offset"], row["positive_counts"]) == (-7, [1, 2**40])
    assert (row["negative_offset"], row["negative_counts"], row["zero_threshold"]) == (4, [3], 0.25)
    assert (row["min"], row["max"], row["count"], row["sum"]) == (-1, 2, 9, 1.5)


def test_a_summary(engine: Engine) -> None:
    found = Metric(name="q")
    point = found.summary.data_points.add(count=4, sum=8.5, **TIMES)
    point.quantile_values.add(quantile=0.5, value=2)
    point.quantile_values.add(quantile=0.99, value=3.5)
    (row,) = stored(engine, found)
    assert (row["type"], row["count"], row["sum"]) == ("summary", 4, 8.5)
    assert (row["quantiles"], row["quantile_values"]) == ([0.5, 0.99], [2, 3.5])


def test_exemplars_lead_to_their_trace(engine: Engine) -> None:
    one = Exemplar(
        time_unix_nano=START + 1, as_double=0.0, trace_id=bytes(15) + b"\x01", span_id=bytes(7) + b"\x02"
    )
    one.filtered_attributes.extend(key_values([("a", {"b": 1}), ("n", math.nan)]))
    two = Exemplar(time_unix_nano=START + 2, as_int=-5)
    (row,) = stored(engine, gauge(as_double=1.5, exemplars=[one, two]))
    assert row["exemplars.value"] == [0.0, -5.0]
    assert row["exemplars.trace_id"] == ["0" * 31 + "1", ""]
    assert row["exemplars.span_id"] == ["0" * 15 + "2", ""]
    assert orjson.loads(row["exemplars.attributes"][0]) == {"a": {"b": 1}, "n": "nan"}


def test_all_kinds_in_one_segment(engine: Engine) -> None:
    kinds = []
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        made = Metric(name=kind)
        getattr(made, kind).data_points.add(**TIMES)
        kinds.append(made)
    rows = stored(engine, *kinds, Metric(name="none"))
    assert sorted(row["type"] for row in rows) == sorted(m.name for m in kinds)


@pytest.mark.parametrize("at", [0, 2**63, 2**64 - 1])
def test_absurd_times(engine: Engine, at: int) -> None:
    (row,) = stored(engine, gauge(as_double=1, time_unix_nano=at, start_time_unix_nano=at))
    assert row["at"] == row["started"] == min(at, 2**63 - 1)


def test_denied_keys_are_stored_nowhere(engine: Engine) -> None:
    made = gauge(as_double=1)
    made.gauge.data_points[0].attributes.extend(key_values([("gen_ai.headers", "secret-value")]))
    (row,) = stored(engine, made)
    assert "secret-value" not in str(row)


def test_a_segment_digested_twice_adds_nothing(engine: Engine) -> None:
    project = engine.fresh()
    for _ in range(2):
        engine.digest(Signal.METRICS, [request(gauge(as_double=1))], project, token=f"{project}-metrics")
    assert engine.scalar("SELECT count() FROM sightline.metrics WHERE project = {p:String}", p=project) == 1
