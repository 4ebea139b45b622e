"""From the demo's records to OTLP protobuf requests.

Resources, scopes and short attributes repeat all the time, so their messages are kept and copied; that is
what makes days of history ready in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from sightline.demo.shapes import Attributes, LogLine, Source, Span, Value

SPANS_PER_REQUEST = 512
"""What a batch span processor sends at most."""
BYTES_PER_REQUEST = 4 * 2**20
SHORT = 80
SEVERITY = {5: "DEBUG", 9: "INFO", 13: "WARN", 17: "ERROR", 21: "FATAL"}


def any_value(value: Value) -> AnyValue:
    """An OTLP value. None becomes the empty value, sequences arrays, mappings key-value lists."""
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if value is None:
        return AnyValue()
    message = AnyValue()
    if isinstance(value, Mapping):
        message.kvlist_value.SetInParent()
        message.kvlist_value.values.extend([KeyValue(key=k, value=any_value(v)) for k, v in value.items()])
    else:
        message.array_value.SetInParent()
        message.array_value.values.extend([any_value(v) for v in value])
    return message


@lru_cache(maxsize=50_000)
def _short(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def key_values(attributes: Attributes) -> list[KeyValue]:
    """OTLP attributes in the order given."""
    found: list[KeyValue] = []
    for key, value in attributes.items():
        if isinstance(value, str):
            if len(value) <= SHORT:
                found.append(_short(key, value))
            else:
                found.append(KeyValue(key=key, value=AnyValue(string_value=value)))
        else:
            found.append(KeyValue(key=key, value=any_value(value)))
    return found


@lru_cache(maxsize=4096)
def resource(source: Source) -> Resource:
    """The process behind a source. Its scope is not part of it."""
    attributes: dict[str, str] = {
        "service.name": source.service,
        "service.version": source.version,
        "deployment.environment.name": source.environment,
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": source.language,
    }
    if source.region:
        attributes["cloud.region"] = source.region
    if source.host:
        attributes["host.name"] = source.host
    attributes.update(source.extra)
    return Resource(attributes=key_values(attributes))


@lru_cache(maxsize=4096)
def scope(source: Source) -> InstrumentationScope:
    """The instrumentation scope of a source."""
    return InstrumentationScope(name=source.scope, version=source.scope_version)


def process_of(source: Source) -> tuple[str, ...]:
    """What makes two sources one resource."""
    return (
        source.service,
        source.version,
        source.environment,
        source.language,
        source.region,
        source.host,
        *(f"{k}={v}" for k, v in source.extra),
    )


def trace_request(spans: Sequence[Span]) -> ExportTraceServiceRequest:
    """One request with these spans, grouped by process and scope, in the order given inside a scope."""
    request = ExportTraceServiceRequest()
    processes: dict[tuple[str, ...], dict[Source, list[Span]]] = {}
    for span in spans:
        processes.setdefault(process_of(span.source), {}).setdefault(span.source, []).append(span)
    for scopes in processes.values():
        group = request.resource_spans.add()
        group.resource.CopyFrom(resource(next(iter(scopes))))
        for source, members in scopes.items():
            part = group.scope_spans.add()
            part.scope.CopyFrom(scope(source))
            for span in members:
                message = part.spans.add(
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_span_id=span.parent_id,
                    name=span.name,
                    kind=span.kind,
                    start_time_unix_nano=span.start,
                    end_time_unix_nano=span.end,
                    attributes=key_values(span.attributes),
                    flags=0x101 if span.parent_id else 0x100,
                )
                for event in span.events:
                    message.events.add(
                        name=event.name, time_unix_nano=event.time, attributes=key_values(event.attributes)
                    )
                if span.error is not None:
                    message.status.code = Status.STATUS_CODE_ERROR
                    message.status.message = span.error
                if span.link:
                    message.links.add(trace_id=span.link[0], span_id=span.link[1])
    return request


def log_request(lines: Sequence[LogLine]) -> ExportLogsServiceRequest:
    """One request with these log records, grouped by process and scope."""
    request = ExportLogsServiceRequest()
    processes: dict[tuple[str, ...], dict[Source, list[LogLine]]] = {}
    for line in lines:
        processes.setdefault(process_of(line.source), {}).setdefault(line.source, []).append(line)
    for scopes in processes.values():
        group = request.resource_logs.add()
        group.resource.CopyFrom(resource(next(iter(scopes))))
        for source, members in scopes.items():
            part = group.scope_logs.add()
            part.scope.CopyFrom(scope(source))
            for line in members:
                part.log_records.add(
                    time_unix_nano=line.time,
                    observed_time_unix_nano=line.time + 150_000,
                    severity_number=line.severity,
                    severity_text=SEVERITY.get(line.severity, ""),
                    body=any_value(line.body),
                    attributes=key_values(line.attributes),
                    trace_id=line.trace_id,
                    span_id=line.span_id,
                    event_name=line.event_name,
                )
    return request


def weight(span: Span) -> int:
    """About how many bytes a span takes on the wire."""
    return 200 + sum(len(k) + (len(v) if isinstance(v, str) else 12) for k, v in span.attributes.items())


def span_batches(spans: Iterable[Span], most: int = SPANS_PER_REQUEST) -> Iterator[list[Span]]:
    """Cuts spans into requests of at most `most` spans and about `BYTES_PER_REQUEST` bytes."""
    batch: list[Span] = []
    size = 0
    for span in spans:
        batch.append(span)
        size += weight(span)
        if len(batch) >= most or size >= BYTES_PER_REQUEST:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
