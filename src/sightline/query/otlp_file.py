"""Rows as OTLP: lines of JSON, each a `TracesData` or `LogsData`, as OpenTelemetry's file exporter writes.

A row is what `export_sql` selects for OTLP, or a row of a Parquet export: an object of columns. What a column
took from its span's attributes is written as an attribute again (`own_attributes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from sightline.query.own_attributes import attributes_of, kind_said

# A line is one request of `sightline import`: as much as a batch span processor sends.
SPANS_PER_LINE = 512
BYTES_PER_LINE = 4 * 2**20
_OTEL_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_STATUSES = {"ok": 1, "error": 2}
_INT64 = 2**63
_ATTRIBUTE = "attribute:"
_INDEXED = "indexed_"
# Columns of a log record that are made of its resource.
_TYPED_BODIES = {"bool", "int", "double", "array", "map"}


def value_of(value: Any) -> dict[str, Any]:
    """A value as OTLP/JSON has it."""
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)} if -_INT64 <= value < _INT64 else {"doubleValue": float(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [value_of(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": key_values(value)}}
    return {}


def key_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP/JSON has them, in their order."""
    return [{"key": key, "value": value_of(value)} for key, value in values.items()]


def read_json(text: Any) -> Any:
    """What JSON text says; anything else as it is."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return {"value": text}


def attributes_in(stored: Any, floats: Iterable[str]) -> dict[str, Any]:
    """Stored attributes by their dotted key, floating point where it was. `floats`: their keys."""
    found: dict[str, Any] = {}
    stack: list[tuple[str, Any]] = [("", read_json(stored))]
    while stack:
        prefix, at = stack.pop()
        if isinstance(at, dict) and (at or not prefix):
            stack.extend((f"{prefix}.{key}" if prefix else key, at[key]) for key in reversed(at))
        else:
            found[prefix] = at
    for key in floats:
        if key in found:
            found[key] = _floating(found[key])
    return found


def _floating(value: Any) -> Any:
    if isinstance(value, list):
        return [_floating(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _split_contents(contents: Mapping[str, str], into: dict[str, Any]) -> dict[str, Any]:
    """Contents by canonical field; those that are attributes in their own right go `into` them."""
    fields: dict[str, Any] = {}
    for name, said in contents.items():
        if name.startswith(_ATTRIBUTE):
            into[name.removeprefix(_ATTRIBUTE)] = said
        elif name.startswith(_INDEXED):
            numbered = read_json(said)
            into.update(numbered if isinstance(numbered, dict) else {name: said})
        else:
            fields[name] = said
    return fields


def span_of(row: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """A row of spans as an OTLP span."""
    left = attributes_in(row["attributes"], row.get("float_attributes") or ())
    contents = _split_contents(row.get("contents") or {}, left)
    kind, root = row["kind"], not row["parent_span_id"]
    columns = {**row, **contents, "status": None if row["status"] == "unset" else row["status"]}
    left |= attributes_of(kind, columns, left, resource)
    if kind_said(row["scope"], row["name"], root, left, resource) != kind:
        left["sightline.kind"] = kind
    start = int(row["start_ns"])
    span: dict[str, Any] = {
        "traceId": row["trace_id"],
        "spanId": row["span_id"],
        "name": row["name"],
        "kind": _OTEL_KINDS.get(row["otel_kind"], 0),
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(row["duration_ns"])),
        "attributes": key_values(left),
        "status": {"code": _STATUSES.get(row["status"], 0), "message": row["status_message"]},
    }
    if not root:
        span["parentSpanId"] = row["parent_span_id"]
    if row["trace_state"]:
        span["traceState"] = row["trace_state"]
    if row["dropped_attributes"]:
        span["droppedAttributesCount"] = int(row["dropped_attributes"])
    if row["events.name"]:
        events = zip(row["event_ns"], row["events.name"], row["events.attributes"], strict=True)
        span["events"] = [
            {"timeUnixNano": str(at), "name": name, "attributes": key_values(read_json(said) or {})}
            for at, name, said in events
        ]
    if row["links.trace_id"]:
        links = zip(row["links.trace_id"], row["links.span_id"], row["links.attributes"], strict=True)
        span["links"] = [
            {"traceId": trace, "spanId": other, "attributes": key_values(read_json(said) or {})}
            for trace, other, said in links
        ]
    return span


def record_of(row: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    """A row of logs as an OTLP log record."""
    attributes = attributes_in(row["attributes"], row.get("float_attributes") or ())
    attributes |= _split_contents(row.get("contents") or {}, attributes)
    record: dict[str, Any] = {
        "timeUnixNano": str(row["time_ns"]),
        "observedTimeUnixNano": str(row["observed_ns"]),
        "severityNumber": int(row["severity_number"]),
        "severityText": row["severity_text"],
        "attributes": key_values(attributes),
    }
    if row["body_type"] != "empty":
        body = read_json(row["body"]) if row["body_type"] in _TYPED_BODIES else row["body"]
        record["body"] = value_of(float(body) if row["body_type"] == "double" else body)
    for name, key in (("traceId", "trace_id"), ("spanId", "span_id"), ("eventName", "event_name")):
        if row[key]:
            record[name] = row[key]
    if row["dropped_attributes"]:
        record["droppedAttributesCount"] = int(row["dropped_attributes"])
    return record


class _Line:
    """One line under way: items by their resource and scope."""

    def __init__(self, logs: bool) -> None:
        self._logs = logs
        self._groups: dict[tuple[bytes, str, str], tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        self.items = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one row."""
        stored = row["resource"]
        written = stored.encode() if isinstance(stored, str) else orjson.dumps(stored)
        key = (written, row["scope"], row["scope_version"])
        if key not in self._groups:
            self._groups[key] = (attributes_in(stored, row.get("float_resource") or ()), [])
        resource, items = self._groups[key]
        items.append(record_of(row, resource) if self._logs else span_of(row, resource))
        self.items += 1

    def written(self) -> bytes:
        """The line."""
        inner, scoped, outer = (
            ("logRecords", "scopeLogs", "resourceLogs")
            if self._logs
            else ("spans", "scopeSpans", "resourceSpans")
        )
        groups = [
            {
                "resource": {"attributes": key_values(resource)},
                scoped: [{"scope": _scope(scope, version), inner: items}],
            }
            for (_, scope, version), (resource, items) in self._groups.items()
        ]
        return orjson.dumps({outer: groups}, option=orjson.OPT_APPEND_NEWLINE)


def _scope(name: str, version: str) -> dict[str, str]:
    return {k: v for k, v in (("name", name), ("version", version)) if v}


def otlp_lines(pieces: Iterable[bytes], logs: bool) -> Iterator[tuple[bytes, int]]:
    """Lines of OTLP/JSON and how many spans or records each holds. `pieces`: whole lines of JSON rows."""
    line, size = _Line(logs), 0
    for piece in pieces:
        for text in piece.split(b"\n"):
            if not text:
                continue
            line.add(orjson.loads(text))
            size += len(text)
            if line.items >= SPANS_PER_LINE or size >= BYTES_PER_LINE:
                yield line.written(), line.items
                line, size = _Line(logs), 0
    if line.items:
        yield line.written(), line.items
