"""Requests of all kinds, written here or drawn at random, and stand-ins for the journal and the gate."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.control.gate import AccessDenied
from sightline.control.public_use import PublicUses
from sightline.records.access import DEFAULT_PROJECT, Principal, Scope
from sightline.records.ingest import Receipt, Signal, Submission

NOW = 1_790_000_000 * 10**9
SECOND = 10**9
REQUESTS = {
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
    Signal.METRICS: ExportMetricsServiceRequest,
}
_KIND = {
    "double": 1,
    "float": 2,
    "int64": 3,
    "uint64": 4,
    "int32": 5,
    "fixed64": 6,
    "fixed32": 7,
    "bool": 8,
    "string": 9,
    "message": 11,
    "bytes": 12,
    "uint32": 13,
    "enum": 14,
    "sfixed32": 15,
    "sfixed64": 16,
    "sint32": 17,
    "sint64": 18,
}


class MemoryJournal:
    """Keeps what is appended; raises `refusal` instead when one is set."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.refusal: Exception | None = None

    async def append(self, submission: Submission) -> Receipt:
        if self.refusal is not None:
            raise self.refusal
        duplicate = any(each.payload == submission.payload for each in self.submissions)
        if not duplicate:
            self.submissions.append(submission)
        return Receipt(duplicate)


class OneKeyGate:
    """Open without a key; with one, only `Authorization: Bearer KEY` may pass, with the given scope."""

    def __init__(self, key: str | None = None, scope: Scope = Scope.INGEST) -> None:
        self.key = key
        self.scope = scope
        self.public = PublicUses()

    def admit_public(self, headers: Mapping[str, str]) -> Principal:
        return self.authenticate(headers)

    def public_origins(self) -> frozenset[str]:
        return frozenset()

    def authenticate(self, headers: Mapping[str, str]) -> Principal:
        if self.key is None:
            return Principal(DEFAULT_PROJECT, frozenset(Scope), None)
        if headers.get("authorization") != f"Bearer {self.key}":
            raise AccessDenied(401, "a key is needed")
        return Principal("acme", frozenset({self.scope}), "k1")


def attribute(key: str, value: str = "v") -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def span(number: int = 1, **fields: Any) -> Span:
    usual: dict[str, Any] = {
        "trace_id": number.to_bytes(16, "big"),
        "span_id": number.to_bytes(8, "big"),
        "name": f"chat {number}",
        "kind": 3,
        "start_time_unix_nano": NOW,
        "end_time_unix_nano": NOW + SECOND,
        "attributes": [attribute("gen_ai.request.model", "m-1")],
    }
    return Span(**{**usual, **fields})


def log(number: int = 1, **fields: Any) -> LogRecord:
    usual: dict[str, Any] = {
        "time_unix_nano": NOW,
        "severity_number": 9,
        "body": AnyValue(string_value=f"line {number}"),
    }
    return LogRecord(**{**usual, **fields})


def gauge(*times: int, name: str = "queue.length") -> Metric:
    points = [{"time_unix_nano": time, "as_double": 1.5} for time in times]
    return Metric(name=name, gauge={"data_points": points})


def traces(*spans: Any, **resource: Any) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest(
        resource_spans=[{"resource": resource, "scope_spans": [{"scope": {"name": "s"}, "spans": spans}]}]
    )


def logs(*records: Any) -> ExportLogsServiceRequest:
    return ExportLogsServiceRequest(resource_logs=[{"scope_logs": [{"log_records": records}]}])


def metrics(*each: Any) -> ExportMetricsServiceRequest:
    return ExportMetricsServiceRequest(resource_metrics=[{"scope_metrics": [{"metrics": each}]}])


def one_of(signal: Signal) -> bytes:
    """A small good request of a signal."""
    made = {Signal.TRACES: traces(span(1)), Signal.LOGS: logs(log(1)), Signal.METRICS: metrics(gauge(NOW))}
    return made[signal].SerializeToString()


# Random messages, drawn from the descriptors themselves.

_SCALARS: dict[int, Callable[[random.Random], Any]] = {
    1: lambda dice: dice.choice(
        [0.0, -0.0, 1.5, -1e300, 5e-324, math.inf, -math.inf, math.nan, dice.random()]
    ),
    3: lambda dice: dice.choice([0, 1, -1, 2**63 - 1, -(2**63), dice.getrandbits(62)]),
    4: lambda dice: dice.choice([0, 1, 2**64 - 1, dice.getrandbits(64)]),
    6: lambda dice: dice.choice([0, 1, NOW, 2**64 - 1, dice.getrandbits(64)]),
    7: lambda dice: dice.choice([0, 1, 2**32 - 1, dice.getrandbits(32)]),
    8: lambda dice: dice.random() < 0.5,
    9: lambda dice: dice.choice(["", "a", "service.name", "ü", "日本", "\0", '"\\\n', "🙂" * 3, "intValue"]),
    12: lambda dice: dice.randbytes(dice.randrange(9)),
    13: lambda dice: dice.choice([0, 1, 2**32 - 1]),
    16: lambda dice: dice.choice([0, -1, 2**63 - 1, -(2**63)]),
    17: lambda dice: dice.choice([0, -1, 2**31 - 1, -(2**31)]),
}
_ID_SIZES = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_PROFILES_ONLY = {"string_value_strindex", "key_strindex"}  # fields that OTLP/JSON senders never set


def random_fields(descriptor: Any, dice: random.Random, depth: int = 0) -> dict[str, Any]:
    """Constructor arguments of a random message."""
    chosen: dict[str, Any] = {}
    fields = [f for f in descriptor.fields if f.name not in _PROFILES_ONLY]
    for oneof in descriptor.oneofs:
        members = [f for f in oneof.fields if f in fields]
        keep = dice.choice([*members, None])
        fields = [f for f in fields if f not in members or f is keep]
    for field in fields:
        if dice.random() < 0.2 or (field.message_type is not None and dice.random() * 12 < depth - 4):
            continue
        if field.is_repeated:
            chosen[field.name] = [_random_value(field, dice, depth) for _ in range(dice.choice([0, 1, 1, 2]))]
        else:
            chosen[field.name] = _random_value(field, dice, depth)
    return chosen


def _random_value(field: Any, dice: random.Random, depth: int) -> Any:
    if field.type == _KIND["message"]:
        return random_fields(field.message_type, dice, depth + 1)
    if field.type == _KIND["enum"]:
        return dice.choice([v.number for v in field.enum_type.values])
    if field.name in _ID_SIZES:
        return dice.choice([b"", dice.randbytes(_ID_SIZES[field.name])])
    return _SCALARS[field.type](dice)


def random_request(signal: Signal, seed: int) -> Any:
    """A random request; most are not valid, all can be encoded."""
    made = REQUESTS[signal]
    return made(**random_fields(made.DESCRIPTOR, random.Random(seed)))


def as_json(message: Any, snake: bool = False, names: bool = False) -> dict[str, Any]:
    """OTLP/JSON of a message: ids in hex, 64-bit integers as strings; the specification read plainly."""
    result = {}
    for field, value in message.ListFields():
        values = [
            _json_value(field, each, snake, names) for each in (value if field.is_repeated else [value])
        ]
        first, *rest = field.name.split("_")
        name = field.name if snake else first + "".join(map(str.capitalize, rest))
        result[name] = values if field.is_repeated else values[0]
    return result


def _json_value(field: Any, value: Any, snake: bool, names: bool) -> Any:
    if field.type == _KIND["message"]:
        return as_json(value, snake, names)
    if field.type == _KIND["bytes"]:
        return value.hex() if field.name in _ID_SIZES else base64.b64encode(value).decode()
    if field.type in (_KIND["double"], _KIND["float"]) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if field.type in (_KIND["int64"], _KIND["uint64"], _KIND["fixed64"], _KIND["sfixed64"], _KIND["sint64"]):
        return str(value)
    if field.type == _KIND["enum"] and names:
        return field.enum_type.values_by_number[value].name
    return value
