"""OTLP's metrics as protobuf: numbers, histograms and exponential histograms, with their exemplars."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from sightline.sdk.batching import ONE, THREE, TWO
from sightline.sdk.otlp_values import Values
from sightline.sdk.protobuf import (
    DELIMITED,
    FIXED64,
    VARINT,
    framed,
    numbered,
    present,
    signed,
    tag,
    utf8,
    varint,
    zigzag,
)

GAUGE, SUM, HISTOGRAM, EXPONENTIAL = (tag(field, DELIMITED) for field in (5, 7, 9, 10))
"""Fields of Metric, one for each kind of its data."""
_TEMPORALITY, _MONOTONIC = tag(2, VARINT), tag(3, VARINT) + b"\x01"
_CUMULATIVE = 2
_START, _TIME = tag(2, FIXED64), tag(3, FIXED64)  # of every kind of point
_INT64 = 1 << 63
_unsigned, _signed, _double = struct.Struct("<Q").pack, struct.Struct("<q").pack, struct.Struct("<d").pack


def metric(
    name: str, description: str, unit: str, kind: bytes = GAUGE, points: Sequence[bytes] = (),
    temporality: int = 0, monotonic: bool = False,
) -> bytes:  # fmt: skip
    """A Metric's body, of its points' bodies; without data when there are none. `kind`: its data's field."""
    data = [framed(ONE, point) for point in points]
    if temporality:
        data.append(_TEMPORALITY + signed(temporality))
    if monotonic:
        data.append(_MONOTONIC)
    return b"".join(
        (
            present(ONE, utf8(name)), present(TWO, utf8(description)), present(THREE, utf8(unit)),
            framed(kind, b"".join(data)) if points else b"",
        )
    )  # fmt: skip


def gauge(name: str, unit: str, points: Sequence[bytes]) -> bytes:
    """A Metric's body with what was so at a moment."""
    return metric(name, "", unit, GAUGE, points)


def counter(name: str, unit: str, points: Sequence[bytes]) -> bytes:
    """A Metric's body with sums since the start, which never fall."""
    return metric(name, "", unit, SUM, points, _CUMULATIVE, monotonic=True)


_NUMBER_DOUBLE, _NUMBER_INT = tag(4, FIXED64), tag(6, FIXED64)
_NUMBER_EXEMPLARS, NUMBER_ATTRIBUTES = tag(5, DELIMITED), tag(7, DELIMITED)


def number_point(point: Any, values: Values) -> bytes:
    """A NumberDataPoint's body, of a point of a gauge (without a start) or sum."""
    attributes = values.series(NUMBER_ATTRIBUTES, point.attributes)
    start = getattr(point, "start_time_unix_nano", 0)
    exemplars = _exemplars(_NUMBER_EXEMPLARS, point.exemplars, values)
    return number(attributes, start, point.time_unix_nano, point.value, exemplars)


def number(
    attributes: Iterable[bytes], start: int | None, time: int, value: int | float,
    exemplars: Iterable[bytes] = (),
) -> bytes:  # fmt: skip
    """A NumberDataPoint's body. `attributes`, `exemplars`: as its fields; `start`, `time`: ns since 1970."""
    double, whole = _either(_NUMBER_DOUBLE, _NUMBER_INT, value)
    return b"".join((_fixed(_START, start), _fixed(_TIME, time), double, *exemplars, whole, *attributes))


_COUNT, _SUM = tag(4, FIXED64), tag(5, FIXED64)  # of both kinds of histogram
_HISTOGRAM_COUNTS, _HISTOGRAM_BOUNDS = tag(6, DELIMITED), tag(7, DELIMITED)
_HISTOGRAM_EXEMPLARS, _HISTOGRAM_ATTRIBUTES = tag(8, DELIMITED), tag(9, DELIMITED)
_HISTOGRAM_MIN, _HISTOGRAM_MAX = tag(11, FIXED64), tag(12, FIXED64)


def histogram_point(point: Any, values: Values) -> bytes:
    """A HistogramDataPoint's body."""
    counts, bounds = point.bucket_counts or (), point.explicit_bounds or ()
    parts = [_fixed(_START, point.start_time_unix_nano), _fixed(_TIME, point.time_unix_nano)]
    parts += (_fixed(_COUNT, point.count), _optional(_SUM, point.sum))
    parts.append(present(_HISTOGRAM_COUNTS, struct.pack(f"<{len(counts)}Q", *counts)))
    parts.append(present(_HISTOGRAM_BOUNDS, struct.pack(f"<{len(bounds)}d", *bounds)))
    parts += _exemplars(_HISTOGRAM_EXEMPLARS, point.exemplars, values)
    parts += values.series(_HISTOGRAM_ATTRIBUTES, point.attributes)
    parts += (_optional(_HISTOGRAM_MIN, point.min), _optional(_HISTOGRAM_MAX, point.max))
    return b"".join(parts)


_SCALE, _ZEROS = tag(6, VARINT), tag(7, FIXED64)
_POSITIVE, _NEGATIVE = tag(8, DELIMITED), tag(9, DELIMITED)
_FLAGS, _EXPONENTIAL_EXEMPLARS = tag(10, VARINT), tag(11, DELIMITED)
_EXPONENTIAL_MIN, _EXPONENTIAL_MAX = tag(12, FIXED64), tag(13, FIXED64)
_OFFSET = tag(1, VARINT)


def exponential_point(point: Any, values: Values) -> bytes:
    """An ExponentialHistogramDataPoint's body."""
    parts = values.series(ONE, point.attributes)
    parts += (_fixed(_START, point.start_time_unix_nano), _fixed(_TIME, point.time_unix_nano))
    parts += (_fixed(_COUNT, point.count), _optional(_SUM, point.sum))
    parts += (_small(_SCALE, point.scale), _fixed(_ZEROS, point.zero_count))
    parts += (_buckets(_POSITIVE, point.positive), _buckets(_NEGATIVE, point.negative))
    parts.append(numbered(_FLAGS, point.flags))
    parts += _exemplars(_EXPONENTIAL_EXEMPLARS, point.exemplars, values)
    parts += (_optional(_EXPONENTIAL_MIN, point.min), _optional(_EXPONENTIAL_MAX, point.max))
    return b"".join(parts)


def _buckets(field: bytes, buckets: Any) -> bytes:
    counts: Sequence[int] = buckets.bucket_counts
    if not counts:
        return b""
    return framed(field, _small(_OFFSET, buckets.offset) + framed(TWO, b"".join(map(varint, counts))))


_EXEMPLAR_TIME, _EXEMPLAR_DOUBLE, _EXEMPLAR_INT = tag(2, FIXED64), tag(3, FIXED64), tag(6, FIXED64)
_EXEMPLAR_SPAN, _EXEMPLAR_TRACE = tag(4, DELIMITED), tag(5, DELIMITED)
_EXEMPLAR_ATTRIBUTES = tag(7, DELIMITED)


def _exemplars(field: bytes, exemplars: Iterable[Any], values: Values) -> list[bytes]:
    return [framed(field, _exemplar(one, values)) for one in exemplars or ()]


def _exemplar(exemplar: Any, values: Values) -> bytes:
    double, whole = _either(_EXEMPLAR_DOUBLE, _EXEMPLAR_INT, exemplar.value)
    parts = [_fixed(_EXEMPLAR_TIME, exemplar.time_unix_nano), double]
    if exemplar.span_id is not None and exemplar.trace_id is not None:
        parts.append(framed(_EXEMPLAR_SPAN, exemplar.span_id.to_bytes(8, "big")))
        parts.append(framed(_EXEMPLAR_TRACE, exemplar.trace_id.to_bytes(16, "big")))
    parts.append(whole)
    parts += values.pairs(_EXEMPLAR_ATTRIBUTES, (exemplar.filtered_attributes or {}).items())
    return b"".join(parts)


def _either(as_double: bytes, as_int: bytes, value: int | float) -> tuple[bytes, bytes]:
    """A value as the one or the other member; a whole number that no int64 holds is a double."""
    if not isinstance(value, int):
        return as_double + _double(value), b""
    if -_INT64 <= value < _INT64:
        return b"", as_int + _signed(value)
    try:
        return as_double + _double(float(value)), b""
    except OverflowError:
        return as_double + _double(float("inf") if value > 0 else float("-inf")), b""


def _fixed(field: bytes, number: int | None) -> bytes:
    return field + _unsigned(number) if number else b""


def _small(field: bytes, number: int) -> bytes:
    return field + zigzag(number) if number else b""


def _optional(field: bytes, number: float | None) -> bytes:
    """A field that knows absent from 0."""
    return b"" if number is None else field + _double(number)
