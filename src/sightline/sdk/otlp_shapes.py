"""The fields of OTLP's messages: their numbers, their names in OTLP/JSON, and how their values are read.

`tests/sdk/test_otlp_shapes.py` holds every entry against the official messages. What is not in here
(summaries, entities, references into tables of texts) the SDK does not write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a value lies in protobuf and what it is in JSON."""

    TEXT = "text"
    BOOL = "bool"
    NUMBER = "number"  # uint32, enums: a JSON number
    LONG = "long"  # int64, uint64: a decimal text
    ZIGZAG = "zigzag"  # sint32
    FIXED = "fixed"  # fixed64
    SIGNED_FIXED = "signed_fixed"  # sfixed64
    SHORT_FIXED = "short_fixed"  # fixed32
    DOUBLE = "double"
    BYTES = "bytes"  # base64
    ID = "id"  # hex, which is OTLP's own
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Field:
    """`name`: in JSON. `shape`: of a message. `many`: it is repeated; packed where it is a number."""

    name: str
    kind: Kind
    shape: str = ""
    many: bool = False


def _plain(kind: Kind, *names: tuple[int, str]) -> dict[int, Field]:
    return {number: Field(name, kind) for number, name in names}


def _messages(**shapes: tuple[int, str]) -> dict[int, Field]:
    return {number: Field(name, Kind.MESSAGE, shape, True) for name, (number, shape) in shapes.items()}


def _message(**shapes: tuple[int, str]) -> dict[int, Field]:
    return {number: Field(name, Kind.MESSAGE, shape) for name, (number, shape) in shapes.items()}


def _groups(of_resource: str, of_scope: str, item: tuple[str, str]) -> dict[str, dict[int, Field]]:
    """The envelope, which is the same for each signal: request, of a resource, of a scope."""
    inner = f"scope{of_scope}"
    return {
        f"{of_resource}Request": _messages(**{of_resource: (1, of_resource)}),
        of_resource: _message(resource=(1, "resource"))
        | _messages(**{inner: (2, inner)})
        | _plain(Kind.TEXT, (3, "schemaUrl")),
        inner: _message(scope=(1, "scope"))
        | _messages(**{item[0]: (2, item[1])})
        | _plain(Kind.TEXT, (3, "schemaUrl")),
    }


_SPAN = (
    _plain(Kind.ID, (1, "traceId"), (2, "spanId"), (4, "parentSpanId"))
    | _plain(Kind.TEXT, (3, "traceState"), (5, "name"))
    | _plain(Kind.FIXED, (7, "startTimeUnixNano"), (8, "endTimeUnixNano"))
    | _plain(
        Kind.NUMBER, (6, "kind"),
        (10, "droppedAttributesCount"), (12, "droppedEventsCount"), (14, "droppedLinksCount"),
    )
    | _messages(attributes=(9, "pair"), events=(11, "event"), links=(13, "link"))
    | _message(status=(15, "status"))
    | _plain(Kind.SHORT_FIXED, (16, "flags"))
)  # fmt: skip
_EVENT = (
    _plain(Kind.FIXED, (1, "timeUnixNano"))
    | _plain(Kind.TEXT, (2, "name"))
    | _messages(attributes=(3, "pair"))
    | _plain(Kind.NUMBER, (4, "droppedAttributesCount"))
)
_LINK = (
    _plain(Kind.ID, (1, "traceId"), (2, "spanId"))
    | _plain(Kind.TEXT, (3, "traceState"))
    | _messages(attributes=(4, "pair"))
    | _plain(Kind.NUMBER, (5, "droppedAttributesCount"))
    | _plain(Kind.SHORT_FIXED, (6, "flags"))
)
_RECORD = (
    _plain(Kind.FIXED, (1, "timeUnixNano"), (11, "observedTimeUnixNano"))
    | _plain(Kind.NUMBER, (2, "severityNumber"), (7, "droppedAttributesCount"))
    | _plain(Kind.TEXT, (3, "severityText"), (12, "eventName"))
    | _message(body=(5, "value"))
    | _messages(attributes=(6, "pair"))
    | _plain(Kind.SHORT_FIXED, (8, "flags"))
    | _plain(Kind.ID, (9, "traceId"), (10, "spanId"))
)
_VALUE = (
    _plain(Kind.TEXT, (1, "stringValue"))
    | _plain(Kind.BOOL, (2, "boolValue"))
    | _plain(Kind.LONG, (3, "intValue"))
    | _plain(Kind.DOUBLE, (4, "doubleValue"))
    | _message(arrayValue=(5, "array"), kvlistValue=(6, "pairs"))
    | _plain(Kind.BYTES, (7, "bytesValue"))
)
_METRIC = (
    _plain(Kind.TEXT, (1, "name"), (2, "description"), (3, "unit"))
    | _message(
        gauge=(5, "gauge"), sum=(7, "sum"), histogram=(9, "histogram"),
        exponentialHistogram=(10, "exponentialHistogram"),
    )
    | _messages(metadata=(12, "pair"))
)  # fmt: skip
_TEMPORALITY = _plain(Kind.NUMBER, (2, "aggregationTemporality"))
_BETWEEN = _plain(Kind.FIXED, (2, "startTimeUnixNano"), (3, "timeUnixNano"))
_NUMBER = (
    _BETWEEN
    | _plain(Kind.DOUBLE, (4, "asDouble"))
    | _plain(Kind.SIGNED_FIXED, (6, "asInt"))
    | _plain(Kind.NUMBER, (8, "flags"))
    | _messages(exemplars=(5, "exemplar"), attributes=(7, "pair"))
)
_HISTOGRAM = (
    _BETWEEN
    | _plain(Kind.FIXED, (4, "count"))
    | _plain(Kind.DOUBLE, (5, "sum"), (11, "min"), (12, "max"))
    | {6: Field("bucketCounts", Kind.FIXED, many=True), 7: Field("explicitBounds", Kind.DOUBLE, many=True)}
    | _messages(exemplars=(8, "exemplar"), attributes=(9, "pair"))
    | _plain(Kind.NUMBER, (10, "flags"))
)
_EXPONENTIAL = (
    _BETWEEN
    | _plain(Kind.FIXED, (4, "count"), (7, "zeroCount"))
    | _plain(Kind.DOUBLE, (5, "sum"), (12, "min"), (13, "max"), (14, "zeroThreshold"))
    | _plain(Kind.ZIGZAG, (6, "scale"))
    | _plain(Kind.NUMBER, (10, "flags"))
    | _message(positive=(8, "buckets"), negative=(9, "buckets"))
    | _messages(attributes=(1, "pair"), exemplars=(11, "exemplar"))
)
_EXEMPLAR = (
    _plain(Kind.FIXED, (2, "timeUnixNano"))
    | _plain(Kind.DOUBLE, (3, "asDouble"))
    | _plain(Kind.SIGNED_FIXED, (6, "asInt"))
    | _plain(Kind.ID, (4, "spanId"), (5, "traceId"))
    | _messages(filteredAttributes=(7, "pair"))
)
# OTLP keeps start (2) and time (3) in the same places for all points but for the exponential ones, whose
# attributes come first; `_BETWEEN` holds for them, too.

SHAPES: Mapping[str, Mapping[int, Field]] = {
    **_groups("resourceSpans", "Spans", ("spans", "span")),
    **_groups("resourceLogs", "Logs", ("logRecords", "record")),
    **_groups("resourceMetrics", "Metrics", ("metrics", "metric")),
    "resource": _messages(attributes=(1, "pair")) | _plain(Kind.NUMBER, (2, "droppedAttributesCount")),
    "scope": _plain(Kind.TEXT, (1, "name"), (2, "version"))
    | _messages(attributes=(3, "pair"))
    | _plain(Kind.NUMBER, (4, "droppedAttributesCount")),
    "span": _SPAN, "event": _EVENT, "link": _LINK,
    "status": _plain(Kind.TEXT, (2, "message")) | _plain(Kind.NUMBER, (3, "code")),
    "record": _RECORD,
    "pair": _plain(Kind.TEXT, (1, "key")) | _message(value=(2, "value")),
    "value": _VALUE,
    "array": _messages(values=(1, "value")),
    "pairs": _messages(values=(1, "pair")),
    "metric": _METRIC,
    "gauge": _messages(dataPoints=(1, "number")),
    "sum": _messages(dataPoints=(1, "number")) | _TEMPORALITY | _plain(Kind.BOOL, (3, "isMonotonic")),
    "histogram": _messages(dataPoints=(1, "histogramPoint")) | _TEMPORALITY,
    "exponentialHistogram": _messages(dataPoints=(1, "exponentialPoint")) | _TEMPORALITY,
    "number": _NUMBER, "histogramPoint": _HISTOGRAM, "exponentialPoint": _EXPONENTIAL,
    "buckets": _plain(Kind.ZIGZAG, (1, "offset")) | {2: Field("bucketCounts", Kind.LONG, many=True)},
    "exemplar": _EXEMPLAR,
}  # fmt: skip
