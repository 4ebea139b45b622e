"""Ended spans and events as OTLP protobuf: numbered, weighed, cut and redacted, one item at a time.

Each item becomes bytes as soon as it leaves the queue; a request is those bytes with their resource and scope
in front, so that a batch can be bounded by what it really takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.sdk.batching import ONE, THREE, Batch, Request, framed
from sightline.sdk.counts import LOGS, SPANS
from sightline.sdk.ended_span import EndedSpan
from sightline.sdk.events import LogEvent
from sightline.sdk.names import SAMPLING_REASON, SEQUENCE, WEIGHT
from sightline.sdk.sampling import KEEP_ALL, Decision, trace_state
from sightline.sdk.texts import MOST_BITS, Texts

_DEEPEST = 16
_INT64 = 1 << 63
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200


class Encoder:
    """Items to bytes. `identity`: attributes of the resource that are this process's, put over the span's;
    `fallback`: the resource of what belongs to no span."""

    def __init__(self, texts: Texts, identity: Mapping[str, Any], fallback: Any = None) -> None:
        self._texts, self._identity, self._fallback = texts, dict(identity), fallback
        self._resources: dict[int, tuple[object, bytes]] = {}
        self._scopes: dict[int, tuple[object, bytes]] = {}

    def span(self, span: EndedSpan, sequence: int, decision: Decision) -> bytes:
        """A span as an OTLP Span message."""
        made = Span(
            trace_id=span.trace_id.to_bytes(16, "big"),
            span_id=span.span_id.to_bytes(8, "big"),
            kind=span.kind,  # type: ignore[arg-type]
            start_time_unix_nano=span.start,
            end_time_unix_nano=span.end,
            flags=span.flags & 0xFF | _HAS_IS_REMOTE | (_IS_REMOTE if span.parent_is_remote else 0),
        )
        self._set_text(made, "name", "name", span.name)
        if span.parent_id:
            made.parent_span_id = span.parent_id.to_bytes(8, "big")
        if span.state is not None or decision.reason == "ratio":
            made.trace_state = _state(span.state, decision)
        self._pairs(made.attributes, zip(span.keys, span.values, strict=True))
        if span.events or span.links:
            self._events_and_links(made, span)
        if span.dropped_attributes or span.dropped_events or span.dropped_links:
            made.dropped_attributes_count = span.dropped_attributes
            made.dropped_events_count, made.dropped_links_count = span.dropped_events, span.dropped_links
        if span.status:
            made.status.code = span.status  # type: ignore[assignment]
            if span.status_text and not self._texts.left_out("status.message"):
                self._set_text(made.status, "message", "status.message", span.status_text)
        made.attributes.add(key=SEQUENCE).value.int_value = sequence
        if decision.weight != 1.0:
            made.attributes.add(key=WEIGHT).value.double_value = decision.weight
        if decision.reason:
            made.attributes.add(key=SAMPLING_REASON).value.string_value = decision.reason
        return bytes(made.SerializeToString())

    def _events_and_links(self, made: Any, span: EndedSpan) -> None:
        for event in span.events:
            one = made.events.add(
                time_unix_nano=event.timestamp or 0, dropped_attributes_count=event.dropped_attributes
            )
            self._set_text(one, "name", "event.name", event.name)
            if not self._texts.event_left_out(event.name):
                self._pairs(one.attributes, (event.attributes or {}).items())
        for link in span.links:
            other = made.links.add(
                trace_id=link.context.trace_id.to_bytes(16, "big"),
                span_id=link.context.span_id.to_bytes(8, "big"),
                dropped_attributes_count=getattr(link, "dropped_attributes", 0),
                flags=_HAS_IS_REMOTE | (_IS_REMOTE if link.context.is_remote else 0),
            )
            if link.context.trace_state:
                other.trace_state = _state(link.context.trace_state, KEEP_ALL)
            self._pairs(other.attributes, (link.attributes or {}).items())

    def event(self, event: LogEvent, sequence: int) -> bytes:
        """An event as an OTLP LogRecord message."""
        made = LogRecord(
            time_unix_nano=event.time_ns,
            observed_time_unix_nano=event.time_ns,
            event_name=event.event_name,
        )
        if 0 < event.severity <= 24:
            made.severity_number = event.severity  # type: ignore[assignment]
        if event.trace_id:
            made.trace_id = event.trace_id.to_bytes(16, "big")
        if event.span_id:
            made.span_id = event.span_id.to_bytes(8, "big")
        if event.body is not None:
            self._value(made.body, "body", event.body, 0)
        self._pairs(made.attributes, event.attributes.items())
        made.attributes.add(key=SEQUENCE).value.int_value = sequence
        return bytes(made.SerializeToString())

    def resource(self, resource: Any) -> bytes:
        """The head of a ResourceSpans or ResourceLogs: the resource with this process's identity.

        Made once for each object.
        """
        known = self._resources.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        made = Resource()
        attributes = {**(resource.attributes if resource is not None else {}), **self._identity}
        self._pairs(made.attributes, attributes.items())
        head = framed(ONE, made.SerializeToString()) + _schema(resource)
        return _remember(self._resources, resource, head)

    def own_resource(self) -> bytes:
        """This process's resource, for what belongs to no span."""
        return self.resource(self._fallback)

    def scope(self, scope: Any) -> bytes:
        """The head of a ScopeSpans or ScopeLogs; made once for each object."""
        known = self._scopes.get(id(scope))
        if known is not None and known[0] is scope:
            return known[1]
        made = InstrumentationScope()
        if scope is not None:
            made.name, made.version = scope.name or "", scope.version or ""
            self._pairs(made.attributes, (scope.attributes or {}).items())
        return _remember(self._scopes, scope, framed(ONE, made.SerializeToString()) + _schema(scope))

    def _set_text(self, message: Any, field: str, key: str, text: object) -> None:
        cleaned = self._texts.clean(key, text if isinstance(text, str) else str(text))
        try:
            setattr(message, field, cleaned)
        except ValueError:  # lone surrogates (UnicodeEncodeError is one)
            setattr(message, field, cleaned.encode("utf-8", "replace").decode())

    def _pairs(self, into: Any, pairs: Iterable[tuple[str, Any]]) -> None:
        texts = self._texts
        for key, value in pairs:
            if not texts.left_out(key):
                self._value(into.add(key=_utf8(key)).value, key, value, 0)

    def _bytes(self, into: AnyValue, key: str, value: bytes) -> None:
        """Bytes as they are, or as text where that is what redaction changes."""
        text = value.decode("utf-8", "replace")
        cleaned = self._texts.clean(key, text)
        if cleaned == text:
            into.bytes_value = value
        else:
            into.string_value = cleaned

    def _value(self, into: AnyValue, key: str, value: object, depth: int) -> None:
        if isinstance(value, str):
            self._set_text(into, "string_value", key, value)
        elif isinstance(value, bool):
            if (hidden := self._texts.hidden_number(key, value)) is not None:
                into.string_value = hidden
            else:
                into.bool_value = value
        elif isinstance(value, int):
            if (hidden := self._texts.hidden_number(key, value)) is not None:
                into.string_value = hidden
            elif -_INT64 <= value < _INT64:
                into.int_value = value
            elif value.bit_length() <= MOST_BITS:
                into.string_value = str(value)
            else:
                into.string_value = f"<int of {value.bit_length()} bits>"
        elif isinstance(value, float):
            if (hidden := self._texts.hidden_number(key, value)) is not None:
                into.string_value = hidden
            else:
                into.double_value = value
        elif isinstance(value, bytes):
            self._bytes(into, key, value)
        elif value is None:
            return
        elif depth >= _DEEPEST:
            into.string_value = "…"
        elif isinstance(value, Mapping):
            pairs = into.kvlist_value
            pairs.SetInParent()
            for name, part in value.items():
                inner = f"{key}.{name}"
                if not self._texts.left_out(inner):
                    self._value(pairs.values.add(key=_utf8(str(name))).value, inner, part, depth + 1)
        elif isinstance(value, Sequence | set | frozenset):
            array = into.array_value
            array.SetInParent()
            for part in value:
                self._value(array.values.add(), key, part, depth + 1)
        else:
            self._set_text(into, "string_value", key, str(value))


def _remember(known: dict[int, tuple[object, bytes]], key: object, made: bytes) -> bytes:
    if len(known) >= 500:
        known.clear()
    known[id(key)] = (key, made)
    return made


def _utf8(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _state(state: Any, decision: Decision) -> str:
    """Trace state with the threshold of a decision by ratio in OpenTelemetry's part of it."""
    pairs = dict(state.items()) if state else {}
    if decision.reason == "ratio":
        others = [part for part in pairs.pop("ot", "").split(";") if part and not part.startswith("th:")]
        pairs = {"ot": ";".join((trace_state(decision.threshold), *others)), **pairs}
    return ",".join(f"{key}={value}" for key, value in pairs.items())


def _schema(of: Any) -> bytes:
    url = getattr(of, "schema_url", None)
    return framed(THREE, _utf8(url).encode()) if url else b""


__all__ = ["LOGS", "SPANS", "Batch", "Encoder", "Request", "Texts"]
