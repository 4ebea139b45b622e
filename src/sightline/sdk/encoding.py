"""Ended spans and events as OTLP protobuf: numbered, weighed, cut and redacted, one item at a time.

Each item becomes bytes as soon as it leaves the queue; a request is those bytes with their resource and scope
around them, so that a batch can be bounded by what it really takes. Fields stand in the order of their
numbers: the bytes are those that the official serializer would write.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from sightline.sdk.batching import ONE, THREE, TWO, Batch, Head, Request
from sightline.sdk.counts import LOGS, SPANS
from sightline.sdk.ended_span import EndedSpan
from sightline.sdk.events import LogEvent
from sightline.sdk.names import SAMPLING_REASON, SEQUENCE, WEIGHT
from sightline.sdk.otlp_values import Values, double_value, int_value, pair, text_value
from sightline.sdk.protobuf import DELIMITED, FIXED32, FIXED64, VARINT, framed, numbered, present, tag, utf8
from sightline.sdk.sampling import KEEP_ALL, Decision, trace_state
from sightline.sdk.texts import Texts

# Fields of Span. What always has the same length has it in its tag.
_TRACE_ID, _SPAN_ID = tag(1, DELIMITED) + b"\x10", tag(2, DELIMITED) + b"\x08"
_STATE, _PARENT_ID, _NAME, _KIND = (
    tag(3, DELIMITED),
    tag(4, DELIMITED) + b"\x08",
    tag(5, DELIMITED),
    tag(6, VARINT),
)
_START, _END, _ATTRIBUTES, _DROPPED_ATTRIBUTES = (
    tag(7, FIXED64),
    tag(8, FIXED64),
    tag(9, DELIMITED),
    tag(10, VARINT),
)
_EVENTS, _DROPPED_EVENTS = tag(11, DELIMITED), tag(12, VARINT)
_LINKS, _DROPPED_LINKS = tag(13, DELIMITED), tag(14, VARINT)
_STATUS, _STATUS_MESSAGE, _STATUS_CODE = tag(15, DELIMITED), tag(2, DELIMITED), tag(3, VARINT)
_FLAGS = tag(16, FIXED32)
# Of Span.Event; a link's first fields are those of a span.
_EVENT_TIME, _EVENT_NAME, _EVENT_ATTRIBUTES = tag(1, FIXED64), tag(2, DELIMITED), tag(3, DELIMITED)
_EVENT_DROPPED = tag(4, VARINT)
_LINK_ATTRIBUTES, _LINK_DROPPED, _LINK_FLAGS = tag(4, DELIMITED), tag(5, VARINT), tag(6, FIXED32)
# Of LogRecord.
_RECORD_TIME, _SEVERITY, _BODY, _RECORD_ATTRIBUTES = (
    tag(1, FIXED64),
    tag(2, VARINT),
    tag(5, DELIMITED),
    tag(6, DELIMITED),
)
_RECORD_TRACE, _RECORD_SPAN = tag(9, DELIMITED) + b"\x10", tag(10, DELIMITED) + b"\x08"
_OBSERVED, _EVENT_OF_RECORD = tag(11, FIXED64), tag(12, DELIMITED)

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200
_SEQUENCE, _WEIGHT, _REASON = SEQUENCE.encode(), WEIGHT.encode(), SAMPLING_REASON.encode()
_eight, _four = struct.Struct("<Q").pack, struct.Struct("<I").pack


class Encoder:
    """Items to bytes. `identity`: attributes of the resource that are this process's, put over the span's;
    `fallback`: the resource of what belongs to no span."""

    def __init__(self, texts: Texts, identity: Mapping[str, Any], fallback: Any = None) -> None:
        self._texts, self._identity, self._fallback = texts, dict(identity), fallback
        self._values = Values(texts)
        self._resources: dict[int, tuple[object, Head]] = {}
        self._scopes: dict[int, tuple[object, Head]] = {}

    def span(self, span: EndedSpan, sequence: int, decision: Decision) -> bytes:
        """A span as an OTLP Span message."""
        values = self._values
        parts = [_TRACE_ID, span.trace_id.to_bytes(16, "big"), _SPAN_ID, span.span_id.to_bytes(8, "big")]
        if span.state is not None or decision.reason == "ratio":
            parts.append(present(_STATE, utf8(_state(span.state, decision))))
        if span.parent_id:
            parts += (_PARENT_ID, span.parent_id.to_bytes(8, "big"))
        parts += (present(_NAME, values.text("name", span.name)), numbered(_KIND, span.kind))
        parts += (_time(_START, span.start), _time(_END, span.end))
        parts += values.pairs(_ATTRIBUTES, zip(span.keys, span.values, strict=True))
        parts += _ours(_ATTRIBUTES, sequence, decision)
        if span.dropped_attributes:
            parts.append(numbered(_DROPPED_ATTRIBUTES, span.dropped_attributes))
        if span.events or span.dropped_events:
            parts += (*map(self._event, span.events), numbered(_DROPPED_EVENTS, span.dropped_events))
        if span.links or span.dropped_links:
            parts += (*map(self._link, span.links), numbered(_DROPPED_LINKS, span.dropped_links))
        if span.status:
            told = span.status_text and not self._texts.left_out("status.message")
            said = values.text("status.message", span.status_text) if told else b""
            parts.append(
                framed(_STATUS, present(_STATUS_MESSAGE, said) + numbered(_STATUS_CODE, span.status))
            )
        remote = _IS_REMOTE if span.parent_is_remote else 0
        parts += (_FLAGS, _four(span.flags & 0xFF | _HAS_IS_REMOTE | remote))
        return b"".join(parts)

    def _event(self, event: Any) -> bytes:
        parts = [_time(_EVENT_TIME, event.timestamp)]
        parts.append(present(_EVENT_NAME, self._values.text("event.name", event.name)))
        if not self._texts.event_left_out(event.name):
            parts += self._values.pairs(_EVENT_ATTRIBUTES, (event.attributes or {}).items())
        parts.append(numbered(_EVENT_DROPPED, event.dropped_attributes))
        return framed(_EVENTS, b"".join(parts))

    def _link(self, link: Any) -> bytes:
        context = link.context
        parts = [
            _TRACE_ID,
            context.trace_id.to_bytes(16, "big"),
            _SPAN_ID,
            context.span_id.to_bytes(8, "big"),
        ]
        if context.trace_state:
            parts.append(present(_STATE, utf8(_state(context.trace_state, KEEP_ALL))))
        parts += self._values.pairs(_LINK_ATTRIBUTES, (link.attributes or {}).items())
        parts.append(numbered(_LINK_DROPPED, getattr(link, "dropped_attributes", 0)))
        parts += (_LINK_FLAGS, _four(_HAS_IS_REMOTE | (_IS_REMOTE if context.is_remote else 0)))
        return framed(_LINKS, b"".join(parts))

    def event(self, event: LogEvent, sequence: int) -> bytes:
        """An event as an OTLP LogRecord message."""
        values = self._values
        parts = [_time(_RECORD_TIME, event.time_ns)]
        if 0 < event.severity <= 24:
            parts.append(numbered(_SEVERITY, event.severity))
        if event.body is not None:
            parts.append(framed(_BODY, values.value("body", event.body)))
        parts += values.pairs(_RECORD_ATTRIBUTES, event.attributes.items())
        parts += _ours(_RECORD_ATTRIBUTES, sequence, KEEP_ALL)
        if event.trace_id:
            parts += (_RECORD_TRACE, event.trace_id.to_bytes(16, "big"))
        if event.span_id:
            parts += (_RECORD_SPAN, event.span_id.to_bytes(8, "big"))
        parts += (_time(_OBSERVED, event.time_ns), present(_EVENT_OF_RECORD, utf8(event.event_name)))
        return b"".join(parts)

    def resource(self, resource: Any) -> Head:
        """The head of a ResourceSpans or ResourceLogs: the resource with this process's identity.

        Made once for each object.
        """
        known = self._resources.get(id(resource))
        if known is not None and known[0] is resource:
            return known[1]
        attributes = {**(resource.attributes if resource is not None else {}), **self._identity}
        made = b"".join(self._values.pairs(ONE, attributes.items()))
        return _remember(self._resources, resource, Head(framed(ONE, made), schema(resource)))

    def own_resource(self) -> Head:
        """This process's resource, for what belongs to no span."""
        return self.resource(self._fallback)

    def scope(self, scope: Any) -> Head:
        """The head of a ScopeSpans or ScopeLogs; made once for each object."""
        known = self._scopes.get(id(scope))
        if known is not None and known[0] is scope:
            return known[1]
        return _remember(self._scopes, scope, scope_head(scope, self._values))


def scope_head(scope: Any, values: Values) -> Head:
    """An instrumentation scope, None too, as the head of what it made."""
    if scope is None:
        return Head(framed(ONE, b""))
    made = (
        present(ONE, utf8(scope.name or "")),
        present(TWO, utf8(scope.version or "")),
        *values.pairs(THREE, (scope.attributes or {}).items()),
    )
    return Head(framed(ONE, b"".join(made)), schema(scope))


def schema(of: Any) -> bytes:
    """The address of a resource's or scope's schema as field 3 of its group; empty where there is none."""
    return present(THREE, utf8(getattr(of, "schema_url", None) or ""))


def _remember(known: dict[int, tuple[object, Head]], key: object, made: Head) -> Head:
    if len(known) >= 500:
        known.clear()
    known[id(key)] = (key, made)
    return made


def _time(field: bytes, nanoseconds: int | None) -> bytes:
    return field + _eight(nanoseconds) if nanoseconds else b""


def _ours(field: bytes, sequence: int, decision: Decision) -> list[bytes]:
    """The attributes that are given to what leaves: its number, and what it stands for."""
    made = [framed(field, pair(_SEQUENCE, int_value(sequence)))]
    if decision.weight != 1.0:
        made.append(framed(field, pair(_WEIGHT, double_value(decision.weight))))
    if decision.reason:
        made.append(framed(field, pair(_REASON, text_value(decision.reason))))
    return made


def _state(state: Any, decision: Decision) -> str:
    """Trace state with the threshold of a decision by ratio in OpenTelemetry's part of it."""
    pairs = dict(state.items()) if state else {}
    if decision.reason == "ratio":
        others = [part for part in pairs.pop("ot", "").split(";") if part and not part.startswith("th:")]
        pairs = {"ot": ";".join((trace_state(decision.threshold), *others)), **pairs}
    return ",".join(f"{key}={value}" for key, value in pairs.items())


__all__ = ["LOGS", "SPANS", "Batch", "Encoder", "Request", "Texts"]
