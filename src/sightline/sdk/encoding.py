"""Ended spans and events as OTLP protobuf: numbered, weighed, cut and redacted, one item at a time.

Each item becomes bytes as soon as it leaves the queue; a request is those bytes with their resource and scope
in front, so that a batch can be bounded by what it really takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.sdk.counts import LOGS, SPANS
from sightline.sdk.events import LogEvent
from sightline.sdk.names import SAMPLING_REASON, SEQUENCE, WEIGHT
from sightline.sdk.sampling import Decision, trace_state

_DEEPEST = 16
_INT64 = 1 << 63
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200


@dataclass(frozen=True, slots=True)
class Request:
    """The body of one export request. `items` spans or records, numbered `first` to `last`."""

    signal: str
    body: bytes
    items: int
    first: int = 0
    last: int = 0


class Texts:
    """What happens to each text on its way out: content left out, redacted, cut to a length."""

    def __init__(
        self,
        redact: Callable[[str, str], str] | None,
        max_chars: int,
        is_content: Callable[[str], bool] | None,
    ) -> None:
        self._redact, self._max = redact, max_chars
        self._is_content = is_content

    def left_out(self, key: str) -> bool:
        """Whether this attribute is content and content stays here."""
        return self._is_content is not None and self._is_content(key)

    def clean(self, key: str, text: str) -> str:
        """The text as it may leave; what the redaction cannot be applied to does not leave at all."""
        if self._redact is not None:
            text = self._redact(key, text)
        if len(text) > self._max:
            text = f"{text[: self._max]}… [cut, {len(text)} characters]"
        return text


class Encoder:
    """Items to bytes. `identity`: attributes of the resource that are this process's, put over the span's;
    `fallback`: the resource of what belongs to no span."""

    def __init__(self, texts: Texts, identity: Mapping[str, Any], fallback: Any = None) -> None:
        self._texts, self._identity, self._fallback = texts, dict(identity), fallback
        self._resources: dict[int, tuple[object, bytes]] = {}
        self._scopes: dict[int, tuple[object, bytes]] = {}

    def span(self, span: Any, sequence: int, decision: Decision) -> bytes:
        """A `ReadableSpan` as an OTLP Span message."""
        context = span.context
        made = Span(
            trace_id=context.trace_id.to_bytes(16, "big"),
            span_id=context.span_id.to_bytes(8, "big"),
            kind=span.kind.value + 1,
            start_time_unix_nano=span.start_time or 0,
            end_time_unix_nano=span.end_time or 0,
            flags=int(context.trace_flags) & 0xFF | _HAS_IS_REMOTE,
            dropped_attributes_count=span.dropped_attributes,
            dropped_events_count=span.dropped_events,
            dropped_links_count=span.dropped_links,
        )
        self._set_text(made, "name", "name", span.name)
        if span.parent is not None:
            made.parent_span_id = span.parent.span_id.to_bytes(8, "big")
            if span.parent.is_remote:
                made.flags |= _IS_REMOTE
        state = _state(context.trace_state, decision)
        if state:
            made.trace_state = state
        self._attributes(made.attributes, span.attributes)
        for event in span.events:
            one = made.events.add(
                time_unix_nano=event.timestamp or 0, dropped_attributes_count=event.dropped_attributes
            )
            self._set_text(one, "name", "event.name", event.name)
            self._attributes(one.attributes, event.attributes)
        for link in span.links:
            other = made.links.add(
                trace_id=link.context.trace_id.to_bytes(16, "big"),
                span_id=link.context.span_id.to_bytes(8, "big"),
                dropped_attributes_count=getattr(link, "dropped_attributes", 0),
            )
            self._attributes(other.attributes, link.attributes)
        status = span.status
        if status is not None and status.status_code.value:
            made.status.code = status.status_code.value
            if status.description:
                self._set_text(made.status, "message", "status.message", status.description)
        made.attributes.add(key=SEQUENCE).value.int_value = sequence
        if decision.weight != 1.0:
            made.attributes.add(key=WEIGHT).value.double_value = decision.weight
        if decision.reason:
            made.attributes.add(key=SAMPLING_REASON).value.string_value = decision.reason
        return bytes(made.SerializeToString())

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
        self._attributes(made.attributes, event.attributes)
        made.attributes.add(key=SEQUENCE).value.int_value = sequence
        return bytes(made.SerializeToString())

    def resource(self, resource: Any) -> bytes:
        """A resource with this process's identity; made once for each object."""
        known = self._resources.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        made = Resource()
        attributes = {**(resource.attributes if resource is not None else {}), **self._identity}
        self._attributes(made.attributes, attributes)
        return _remember(self._resources, resource, bytes(made.SerializeToString()))

    def own_resource(self) -> bytes:
        """This process's resource, for what belongs to no span."""
        return self.resource(self._fallback)

    def scope(self, scope: Any) -> bytes:
        """An instrumentation scope; made once for each object."""
        known = self._scopes.get(id(scope))
        if known is not None and known[0] is scope:
            return known[1]
        made = InstrumentationScope()
        if scope is not None:
            made.name, made.version = scope.name or "", scope.version or ""
            self._attributes(made.attributes, scope.attributes)
        return _remember(self._scopes, scope, bytes(made.SerializeToString()))

    def _set_text(self, message: Any, field: str, key: str, text: object) -> None:
        cleaned = self._texts.clean(key, text if isinstance(text, str) else str(text))
        try:
            setattr(message, field, cleaned)
        except ValueError:  # lone surrogates (UnicodeEncodeError is one)
            setattr(message, field, cleaned.encode("utf-8", "replace").decode())

    def _attributes(self, into: Any, attributes: Mapping[str, Any] | None) -> None:
        if not attributes:
            return
        texts = self._texts
        for key, value in getattr(attributes, "_dict", attributes).items():
            if not texts.left_out(key):
                self._value(into.add(key=_utf8(key)).value, key, value, 0)

    def _value(self, into: AnyValue, key: str, value: object, depth: int) -> None:
        if isinstance(value, str):
            self._set_text(into, "string_value", key, value)
        elif isinstance(value, bool):
            into.bool_value = value
        elif isinstance(value, int):
            if -_INT64 <= value < _INT64:
                into.int_value = value
            else:
                into.string_value = str(value)[:400]
        elif isinstance(value, float):
            into.double_value = value
        elif isinstance(value, bytes):
            into.bytes_value = value
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


# -- requests ----------------------------------------------------------------------------------------------


def _framed(tag: int, body: bytes) -> bytes:
    """A length-delimited field: its tag, its length as a varint, its bytes."""
    size, length = bytearray(), len(body)
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    size.append(length)
    return b"%c%b%b" % (tag, bytes(size), body)


_ONE, _TWO = 0x0A, 0x12  # fields 1 and 2, length-delimited


class Batch:
    """Encoded items of one signal until they are sent; `bytes` is about what the request will take."""

    def __init__(self, signal: str) -> None:
        self.signal, self.bytes, self.items, self.first, self.last = signal, 0, 0, 0, 0
        self._groups: dict[bytes, dict[bytes, list[bytes]]] = {}

    def add(self, resource: bytes, scope: bytes, item: bytes, sequence: int) -> None:
        """Put an item with its number in."""
        self._groups.setdefault(resource, {}).setdefault(scope, []).append(_framed(_TWO, item))
        self.bytes += len(item) + 8
        self.items += 1
        self.first = self.first or sequence
        self.last = sequence

    def request(self) -> Request:
        """The whole as the body of an OTLP export request (traces and logs have the same shape)."""
        parts = []
        for resource, scopes in self._groups.items():
            inner = [_framed(_ONE, resource)]
            for scope, items in scopes.items():
                inner.append(_framed(_TWO, b"".join((_framed(_ONE, scope), *items))))
            parts.append(_framed(_ONE, b"".join(inner)))
        return Request(self.signal, b"".join(parts), self.items, self.first, self.last)


__all__ = ["LOGS", "SPANS", "Batch", "Encoder", "Request", "Texts"]
