"""OTLP/JSON → OTLP protobuf bytes.

A well-formed request is parsed in C, given a short pass in Python for what JSON cannot say (ids in hex,
64-bit integers as strings, bytes in base64), and built by the protobuf runtime in C. Anything unexpected
sends it through the tolerant reading in `json_fields`, record by record, which also names what is wrong.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import EncodeError

from sightline.records.ingest import Signal
from sightline.wire.json_fields import MESSAGES, Wrong, camel, find, read_message
from sightline.wire.otlp import MAX_RECORDS
from sightline.wire.refusals import BadRequest
from sightline.wire.shapes import SHAPES

# SystemError is what the protobuf runtime raises for half a surrogate pair in the name of an enum's value.
_UNEXPECTED = (
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    RecursionError,
    OverflowError,
    SystemError,
    EncodeError,
)
_SHOWN = 3
_FEW_PARTS = 100_000
_BYTES_PER_PART = 16  # real requests have one object or list in 30 to 200 bytes


@dataclass(frozen=True, slots=True)
class Transcoded:
    """The request in protobuf without the records that could not be read, and what to tell the sender.

    `rejected` counts as the signal counts: spans, log records or data points.
    """

    payload: bytes
    rejected: int = 0
    message: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)


def transcode(body: bytes, signal: Signal) -> Transcoded:
    """An Export…ServiceRequest in protobuf from its OTLP/JSON form.

    Raises BadRequest when the body is no JSON object or no record in it could be read.
    """
    _bound(body)
    names = _NAMES[signal]
    try:
        tree = orjson.loads(body)
        prepare = _PREPARE[signal]
        for group in tree[names.groups]:
            _attributes((group.get("resource") or _NONE).get("attributes"))
            for scope in group[names.scopes]:
                _attributes((scope.get("scope") or _NONE).get("attributes"))
                prepare(scope[names.records])
        return Transcoded(names.request(**tree).SerializeToString())
    except _UNEXPECTED:
        return _Reading(_parsed(body), signal).result()


@dataclass(frozen=True, slots=True)
class _Names:
    """One signal's JSON names and its messages with such names."""

    groups: str
    scopes: str
    records: str
    request: Any
    group: Any
    scope: Any
    record: Any


def _names(signal: Signal) -> _Names:
    request = MESSAGES[SHAPES[signal].request.DESCRIPTOR.full_name]
    groups = request.DESCRIPTOR.fields[0]
    scopes = groups.message_type.fields_by_number[2]
    records = scopes.message_type.fields_by_number[2]
    inner = (MESSAGES[each.message_type.full_name] for each in (groups, scopes, records))
    return _Names(groups.name, scopes.name, records.name, request, *inner)


_NAMES = {signal: _names(signal) for signal in Signal}
_NONE: dict[str, Any] = {}


def _bound(body: bytes) -> None:
    """Refuse what would take many times its size in memory: an empty object of 2 bytes becomes 64."""
    parts = body.count(b"{") + body.count(b"[")
    if parts > max(_FEW_PARTS, len(body) // _BYTES_PER_PART):
        raise BadRequest(
            f"the JSON holds {parts} objects and lists in {len(body)} bytes, which is not telemetry; "
            f"at most one in {_BYTES_PER_PART} bytes is taken"
        )


def _parsed(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; what only lenient parsers take (NaN, broken characters) is taken too."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        try:
            if "depth limit" in error.msg:  # Python's own parser goes as deep as its stack from 3.14 on
                raise RecursionError
            tree = json.loads(body.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            raise BadRequest(
                f"the body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
            ) from None
    if not isinstance(tree, dict):
        raise BadRequest(
            f"the body is a JSON {type(tree).__name__}, expected an object with resourceSpans, …"
        )
    return tree


def _attributes(attributes: Any) -> None:
    for each in attributes or ():
        value = each["value"]
        if "stringValue" not in value:
            _value(value)


def _value(value: dict[str, Any]) -> None:
    """Turn what JSON writes as strings into what the message takes, in place."""
    for kind, item in value.items():
        if kind == "intValue":
            if type(item) is str:
                value[kind] = int(item)
        elif kind == "doubleValue":
            if type(item) is str:
                value[kind] = float(item)
        elif kind == "arrayValue":
            for each in item.get("values") or ():
                _value(each)
        elif kind == "kvlistValue":
            _attributes(item.get("values"))
        elif kind == "bytesValue":
            value[kind] = b64decode(item, validate=True)


def _integers(record: dict[str, Any], *names: str) -> None:
    for name in names:
        value = record.get(name)
        if type(value) is str:
            record[name] = int(value)


def _doubles(record: dict[str, Any], *names: str) -> None:
    for name in names:
        value = record.get(name)
        if type(value) is str:
            record[name] = float(value)


def _ids(record: dict[str, Any], *names: str) -> None:
    for name in names:
        value = record.get(name)
        if value is not None:
            record[name] = bytes.fromhex(value)


def _spans(spans: list[dict[str, Any]]) -> None:
    unhex = bytes.fromhex
    for span in spans:
        span["traceId"] = unhex(span["traceId"])
        span["spanId"] = unhex(span["spanId"])
        parent = span.get("parentSpanId")
        if parent is not None:
            span["parentSpanId"] = unhex(parent)
        start, end = span["startTimeUnixNano"], span.get("endTimeUnixNano")
        if type(start) is str:
            span["startTimeUnixNano"] = int(start)
        if type(end) is str:
            span["endTimeUnixNano"] = int(end)
        for each in span.get("attributes") or ():
            value = each["value"]
            if "stringValue" not in value:
                _value(value)
        for event in span.get("events") or ():
            _integers(event, "timeUnixNano")
            _attributes(event.get("attributes"))
        for link in span.get("links") or ():
            _ids(link, "traceId", "spanId")
            _attributes(link.get("attributes"))


def _logs(logs: list[dict[str, Any]]) -> None:
    for log in logs:
        _integers(log, "timeUnixNano", "observedTimeUnixNano")
        _ids(log, "traceId", "spanId")
        body = log.get("body")
        if body is not None:
            _value(body)
        _attributes(log.get("attributes"))


def _metrics(metrics: list[dict[str, Any]]) -> None:
    for metric in metrics:
        _attributes(metric.get("metadata"))
        for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
            for point in (metric.get(kind) or _NONE).get("dataPoints") or ():
                _point(point)


def _point(point: dict[str, Any]) -> None:
    _integers(point, "timeUnixNano", "startTimeUnixNano", "asInt", "count", "zeroCount")
    _doubles(point, "asDouble", "sum", "min", "max", "zeroThreshold")
    _attributes(point.get("attributes"))
    if point.get("bucketCounts"):
        point["bucketCounts"] = _whole(point["bucketCounts"])
    if point.get("explicitBounds"):
        point["explicitBounds"] = list(map(float, point["explicitBounds"]))
    for side in ("positive", "negative"):
        buckets = point.get(side)
        if buckets and buckets.get("bucketCounts"):
            buckets["bucketCounts"] = _whole(buckets["bucketCounts"])
    for quantile in point.get("quantileValues") or ():
        _doubles(quantile, "quantile", "value")
    for exemplar in point.get("exemplars") or ():
        _integers(exemplar, "timeUnixNano", "asInt")
        _doubles(exemplar, "asDouble")
        _ids(exemplar, "traceId", "spanId")
        _attributes(exemplar.get("filteredAttributes"))


def _whole(values: list[Any]) -> list[int]:
    return [int(value) if type(value) is str else value for value in values]


_PREPARE: dict[Signal, Callable[[list[dict[str, Any]]], None]] = {
    Signal.TRACES: _spans,
    Signal.LOGS: _logs,
    Signal.METRICS: _metrics,
}


class _Reading:
    """The tolerant reading of one request: records one by one, each refused alone with its reason."""

    def __init__(self, tree: dict[str, Any], signal: Signal) -> None:
        self.tree = tree
        self.signal = signal
        self.names = _NAMES[signal]
        self.kept = 0
        self.rejected = 0
        self.faults: list[str] = []
        self.notes: list[str] = []

    def result(self) -> Transcoded:
        """The request as far as it could be read."""
        names = self.names
        groups = find(self.tree, names.groups)
        if groups is None and self.tree:
            self._of_another_kind()
        request = names.request(
            **{
                names.groups: [
                    self._group(each, f"{names.groups}[{i}]")
                    for i, each in self._listed(groups, names.groups)
                ]
            }
        )
        if self.rejected and not self.kept:
            raise BadRequest(self._message())
        reasons = {"malformed": self.rejected} if self.rejected else {}
        return Transcoded(request.SerializeToString(), self.rejected, self._message(), reasons)

    def _group(self, tree: Any, path: str) -> Any:
        names = self.names
        group = self._head(tree, names.group, "resource", path)
        scopes = find(tree, names.scopes) if isinstance(tree, dict) else None
        for i, each in self._listed(scopes, f"{path}.{names.scopes}"):
            getattr(group, names.scopes).append(self._scope(each, f"{path}.{names.scopes}[{i}]"))
        return group

    def _scope(self, tree: Any, path: str) -> Any:
        names = self.names
        scope = self._head(tree, names.scope, "scope", path)
        records = find(tree, names.records) if isinstance(tree, dict) else None
        kept = getattr(scope, names.records)
        for i, each in self._listed(records, f"{path}.{names.records}"):
            place = f"{path}.{names.records}[{i}]"
            if self.kept + self.rejected > MAX_RECORDS:
                raise BadRequest(f"the request holds over {MAX_RECORDS} records; send smaller batches")
            try:
                record = self._record(each, place)
                record.SerializeToString()
            except Wrong as wrong:
                self._refuse(each, str(wrong))
            except _UNEXPECTED as error:
                self._refuse(each, f"{place} cannot be read: {error}")
            else:
                kept.append(record)
                self.kept += 1
        return scope

    def _record(self, tree: Any, path: str) -> Any:
        """One record: the fast way, and where that fails the tolerant one, on what the first left."""
        message = self.names.record
        try:
            _PREPARE[self.signal]([tree])
            return message(**tree)
        except _UNEXPECTED:
            return message(**read_message(tree, message.DESCRIPTOR, path))

    def _head(self, tree: Any, message: Any, kind: str, path: str) -> Any:
        """The group or scope without its children, and without attributes that cannot be read."""
        if not isinstance(tree, dict):
            self._note(f"{path} is no object and was ignored")
            return message()
        dropped: list[str] = []
        fields: dict[str, Any] = {}
        for name in (kind, "schemaUrl"):
            value = find(tree, name)
            if value is None:
                continue
            each = message.DESCRIPTOR.fields_by_name[name]
            try:
                if name == "schemaUrl":
                    fields[name] = str(value)
                else:
                    fields[name] = read_message(value, each.message_type, f"{path}.{kind}", dropped)
            except Wrong as wrong:
                dropped.append(str(wrong))
        for what in dropped:
            self._note(f"{what}; the {kind} was stored without it")
        try:
            return message(**fields)
        except _UNEXPECTED as error:
            self._note(f"{path}.{kind} cannot be read and was left out: {error}")
            return message()

    def _listed(self, value: Any, path: str) -> Any:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise BadRequest(f"{path} is a JSON {type(value).__name__}, expected a list")
        return enumerate(value)

    def _refuse(self, tree: Any, fault: str) -> None:
        self.rejected += _points(tree) if self.signal is Signal.METRICS else 1
        if len(self.faults) < _SHOWN:
            self.faults.append(fault)

    def _note(self, what: str) -> None:
        if len(self.notes) < _SHOWN:
            self.notes.append(f"{what}.")

    def _message(self) -> str:
        refused = []
        if self.rejected:
            refused = [f"{self.rejected} {SHAPES[self.signal].nouns} refused. {'; '.join(self.faults)}."]
        return " ".join(refused + self.notes)

    def _of_another_kind(self) -> None:
        """The object has no groups of this signal: say which signal it is, or what was expected."""
        for other, names in _NAMES.items():
            if find(self.tree, names.groups) is not None:
                raise BadRequest(
                    f"this is no {self.signal.value} request: it holds {names.groups}; "
                    f"post it to /v1/{other.value}"
                )
        raise BadRequest(
            f"the JSON object has no {self.names.groups} (it has {', '.join(list(self.tree)[:5])[:200]})"
        )


def _points(metric: Any) -> int:
    """How many data points a metric that cannot be read would have had; at least one."""
    total = 0
    if isinstance(metric, dict):
        for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
            data = find(metric, camel(kind))
            points = find(data, "dataPoints") if isinstance(data, dict) else None
            total += len(points) if isinstance(points, list) else 0
    return max(total, 1)
