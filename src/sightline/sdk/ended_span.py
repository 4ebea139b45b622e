"""An ended span in as few objects as can be.

A span of OpenTelemetry's SDK is some twenty objects that Python's garbage collector visits again and again
while the span waits to be sent: that was three quarters of what a waiting span cost (8 µs of 10, see
`bench/sdk_caller.py`). A tuple of texts and numbers is visited once and then left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from opentelemetry.trace import SpanKind, StatusCode

# OpenTelemetry's numbers; an enum's own way to its value is slow.
_KINDS = {kind: kind.value + 1 for kind in SpanKind}
_CODES = {code: code.value for code in StatusCode}
_BESIDES_TEXTS = 600
_ERROR = 2


class EndedSpan(NamedTuple):
    """What leaves of a span. Times are ns since 1970; `size` is about what its texts take.

    `keys` and `values` are its attributes. `parent_id` is 0 for a root. `state` is the trace state, or None
    when it is empty. `status` is OpenTelemetry's number: 0 unset, 1 ok, 2 error.
    """

    trace_id: int
    span_id: int
    parent_id: int
    parent_is_remote: bool
    flags: int
    state: Any
    name: str
    kind: int
    start: int
    end: int
    keys: tuple[str, ...]
    values: tuple[Any, ...]
    dropped_attributes: int
    events: tuple[Any, ...]
    links: tuple[Any, ...]
    dropped_events: int
    dropped_links: int
    status: int
    status_text: str | None
    resource: Any
    scope: Any
    size: int

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Its attributes as they were when it ended."""
        return dict(zip(self.keys, self.values, strict=True))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start) / 1e9

    @property
    def is_error(self) -> bool:
        """Whether its status is an error."""
        return self.status == _ERROR

    @property
    def is_local_root(self) -> bool:
        """Whether its parent is in another process, or it has none."""
        return not self.parent_id or self.parent_is_remote


def ended_span(span: Any) -> EndedSpan:
    """A `ReadableSpan` that has ended, without what is not needed. Runs on the program's thread."""
    context, parent, status = span.context, span.parent, span.status
    bounded = span._attributes
    try:
        attributes, dropped = bounded._dict, bounded.dropped
        events, links = span._events, span._links
        many_events, many_links = events._dq, links._dq
        name, start, end, kind = span._name, span._start_time, span._end_time, span._kind
        resource, scope = span._resource, span._instrumentation_scope
        lost_events, lost_links = events.dropped, links.dropped
        events = tuple(many_events) if many_events else ()
        links = tuple(many_links) if many_links else ()
    except AttributeError:  # another release of the SDK, or a span made by hand: the public way, slower
        attributes, dropped = span.attributes or {}, span.dropped_attributes
        events, links = tuple(span.events), tuple(span.links)
        lost_events, lost_links = span.dropped_events, span.dropped_links
        name, start, end, kind = span.name, span.start_time, span.end_time, span.kind
        resource, scope = span.resource, span.instrumentation_scope
    keys, values = tuple(attributes), tuple(attributes.values())
    size = _BESIDES_TEXTS
    for value in values:
        of = type(value)
        if of is str or of is bytes:
            size += len(value)
        elif of is tuple or of is list:
            size += size_of_parts(value)
    for event in events:
        size += 200 + size_of_parts((event.attributes or {}).values())
    # `EndedSpan(…)` looks at each argument once more.
    return tuple.__new__(EndedSpan, (
        context.trace_id, context.span_id,
        parent.span_id if parent is not None else 0, parent is not None and parent.is_remote,
        context.trace_flags, context.trace_state or None,
        name, _KINDS.get(kind, 1), start or 0, end or 0,
        keys, values, dropped, events, links, lost_events, lost_links,
        _CODES.get(status.status_code, 0) if status is not None else 0,
        status.description if status is not None else None,
        resource, scope, size,
    ))  # fmt: skip


def size_of_parts(values: Any) -> int:
    """About how many bytes some values take."""
    return sum(len(part) + 50 if type(part) is str or type(part) is bytes else 50 for part in values)
