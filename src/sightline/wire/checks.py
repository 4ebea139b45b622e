"""What a record must hold to be stored, twice: for a scope at C speed, and for one record with its reason.

The fast form never runs Python bytecode per record: `map`, `set`, `min` and `max` over `attrgetter`s do.
`tests/wire/test_checks.py` holds both forms together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, methodcaller
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet

from sightline.records.ingest import Signal

EARLIEST = 946_684_800 * 10**9
"""2000-01-01: an earlier time is a clock that was never set, or a wrong unit."""
AHEAD = 24 * 3600 * 10**9
"""How far a sender's clock may be ahead of the receiver's, in nanoseconds."""
MAX_ATTRIBUTES = 10_000
POINTS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")

_trace_id, _span_id, _parent_id = attrgetter("trace_id"), attrgetter("span_id"), attrgetter("parent_span_id")
_start, _end = attrgetter("start_time_unix_nano"), attrgetter("end_time_unix_nano")
_time, _observed = attrgetter("time_unix_nano"), attrgetter("observed_time_unix_nano")
_attributes = attrgetter("attributes")
_kind = methodcaller("WhichOneof", "data")
_points = {kind: attrgetter(f"{kind}.data_points") for kind in POINTS}
_ZERO_TRACE, _ZERO_SPAN = bytes(16), bytes(8)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one record is refused. `reason` is the label that is counted, `what` one clause for the sender."""

    reason: str
    what: str


def count_good(signal: Signal, records: Sequence[Any], latest: int) -> int | None:
    """The items in these decoded records, or None when anything at all is wrong with any of them.

    `latest` is the last nanosecond a time may name.
    """
    if signal is Signal.TRACES:
        return len(records) if _spans_good(records, latest) else None
    if signal is Signal.LOGS:
        return len(records) if _logs_good(records, latest) else None
    total = 0
    for kind in set(map(_kind, records)) - {None}:
        points = list(chain.from_iterable(map(_points[kind], records)))
        if not _points_good(points, latest):
            return None
        total += len(points)
    return total


def _spans_good(spans: Sequence[Any], latest: int) -> bool:
    if not spans:
        return True
    traces, ids = set(map(_trace_id, spans)), set(map(_span_id, spans))
    starts = list(map(_start, spans))
    return (
        set(map(len, traces)) == {16}
        and set(map(len, ids)) == {8}
        and _ZERO_TRACE not in traces
        and _ZERO_SPAN not in ids
        and set(map(len, map(_parent_id, spans))) <= {0, 8}
        and min(starts) >= EARLIEST
        and max(starts) <= latest
        and max(map(_end, spans)) <= latest
        and _few_attributes(spans)
    )


def _logs_good(logs: Sequence[Any], latest: int) -> bool:
    if not logs:
        return True
    times = [*map(_time, logs), *map(_observed, logs)]
    return (
        set(map(len, map(_trace_id, logs))) <= {0, 16}
        and set(map(len, map(_span_id, logs))) <= {0, 8}
        and min(filter(None, times), default=EARLIEST) >= EARLIEST
        and max(times) <= latest
        and _few_attributes(logs)
    )


def _points_good(points: Sequence[Any], latest: int) -> bool:
    if not points:
        return True
    times = list(map(_time, points))
    return min(times) >= EARLIEST and max(times) <= latest and _few_attributes(points)


def _few_attributes(records: Iterable[Any]) -> bool:
    return max(map(len, map(_attributes, records))) <= MAX_ATTRIBUTES


def span_fault(span: Any, latest: int) -> Fault | None:
    """What is wrong with one span."""
    return (
        _id_fault("trace_id", span.trace_id, 16)
        or _id_fault("span_id", span.span_id, 8)
        or _optional_id_fault("parent_span_id", span.parent_span_id, 8)
        or _time_fault("start_time_unix_nano", span.start_time_unix_nano, latest)
        or (_time_fault("end_time_unix_nano", span.end_time_unix_nano, latest, early=True))
        or _attributes_fault(span)
    )


def log_fault(log: Any, latest: int) -> Fault | None:
    """What is wrong with one log record. Both times may be 0: unknown."""
    return (
        _optional_id_fault("trace_id", log.trace_id, 16)
        or _optional_id_fault("span_id", log.span_id, 8)
        or (_time_fault("time_unix_nano", log.time_unix_nano, latest) if log.time_unix_nano else None)
        or (
            _time_fault("observed_time_unix_nano", log.observed_time_unix_nano, latest)
            if log.observed_time_unix_nano
            else None
        )
        or _attributes_fault(log)
    )


def point_fault(point: Any, latest: int) -> Fault | None:
    """What is wrong with one data point."""
    return _time_fault("time_unix_nano", point.time_unix_nano, latest) or _attributes_fault(point)


def has_unknown(signal: Signal, records: Sequence[Any]) -> bool:
    """Whether any record has a field its message does not know, or knows with another wire type.

    Parsers disagree about the second: this one ignores such a field, the store's would fail on it or read it
    as something else. So what passes here must not hold any.
    """
    if any(map(len, map(UnknownFieldSet, records))):
        return True
    if signal is not Signal.METRICS:
        return False
    points = chain.from_iterable(map(points_of, records))
    return any(map(len, map(UnknownFieldSet, points)))


def points_of(metric: Any) -> Any:
    """The repeated field of a metric's data points, empty when the metric holds none."""
    return _points[metric.WhichOneof("data") or "gauge"](metric)


def _id_fault(field: str, value: bytes, size: int) -> Fault | None:
    if len(value) != size:
        return Fault("bad_id", f"{field} is {len(value)} bytes, expected {size}")
    if not any(value):
        return Fault("bad_id", f"{field} is all zero, expected {size} bytes that are not")
    return None


def _optional_id_fault(field: str, value: bytes, size: int) -> Fault | None:
    if len(value) in (0, size):
        return None
    return Fault("bad_id", f"{field} is {len(value)} bytes, expected none or {size}")


def _time_fault(field: str, value: int, latest: int, early: bool = False) -> Fault | None:
    if value < EARLIEST and not early:
        return Fault("bad_time", f"{field} is {value}, expected nanoseconds since 1970, after the year 2000")
    if value > latest:
        return Fault(
            "bad_time",
            f"{field} is {value}, over a day ahead of this server's clock; expected nanoseconds since 1970",
        )
    return None


def _attributes_fault(record: Any) -> Fault | None:
    if len(record.attributes) > MAX_ATTRIBUTES:
        return attributes_fault(len(record.attributes))
    return None


def attributes_fault(count: int) -> Fault:
    """The fault of a record with too many attributes."""
    return Fault("too_many_attributes", f"{count} attributes, at most {MAX_ATTRIBUTES} are taken")
