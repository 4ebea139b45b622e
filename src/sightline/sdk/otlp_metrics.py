"""OpenTelemetry's metrics as OTLP protobuf, whichever of its instruments measured them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.sdk.metrics.export import ExponentialHistogram, Gauge, Histogram, MetricsData, Sum

from sightline.sdk.batching import ONE, TWO
from sightline.sdk.encoding import schema, scope_head
from sightline.sdk.otlp_points import (
    EXPONENTIAL,
    GAUGE,
    HISTOGRAM,
    SUM,
    exponential_point,
    histogram_point,
    metric,
    number_point,
)
from sightline.sdk.otlp_values import Values
from sightline.sdk.protobuf import framed

_Point = Callable[[Any, Values], bytes]
# Each kind of data: its field of Metric, and how a point of it is written.
_KINDS: dict[type, tuple[bytes, _Point]] = {
    Sum: (SUM, number_point),
    Gauge: (GAUGE, number_point),
    Histogram: (HISTOGRAM, histogram_point),
    ExponentialHistogram: (EXPONENTIAL, exponential_point),
}


def metrics_request(data: MetricsData, values: Values, identity: Mapping[str, Any]) -> bytes:
    """The body of an export request. `identity`: attributes of a resource that has them get these values."""
    return b"".join(framed(ONE, _of_resource(one, values, identity)) for one in data.resource_metrics)


def _of_resource(found: Any, values: Values, identity: Mapping[str, Any]) -> bytes:
    attributes = dict(found.resource.attributes)
    attributes |= {name: value for name, value in identity.items() if name in attributes}
    made = [framed(ONE, b"".join(values.pairs(ONE, attributes.items())))]
    for of_scope in found.scope_metrics:
        head = scope_head(of_scope.scope, values)
        metrics = (framed(TWO, _metric(one, values)) for one in of_scope.metrics)
        made.append(framed(TWO, b"".join((head.front, *metrics, head.back))))
    return b"".join((*made, schema(found.resource)))


def _metric(found: Any, values: Values) -> bytes:
    """A Metric's body; without data when it has no points, or is of a kind that is not known here."""
    said = (found.name or "", found.description or "", found.unit or "")
    data = found.data
    kind = _KINDS.get(type(data))
    if kind is None:
        return metric(*said)
    field, write = kind
    points = [write(point, values) for point in data.data_points]
    temporality = int(getattr(data, "aggregation_temporality", 0))
    return metric(*said, field, points, temporality, getattr(data, "is_monotonic", False))
