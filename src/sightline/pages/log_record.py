"""One log record in full: its text, what was sent with it, and what the same service said around it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sightline.pages import pieces
from sightline.pages.address import View
from sightline.pages.log_lines import TONES, Row, row, trace_href
from sightline.query.phrases import Phrase
from sightline.records.logs import LogLine, LogRecord

_STRUCTURED = ("map", "array")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A key with its value as text; `content` is a long text's own HTML, else empty."""

    key: str
    value: object
    content: Markup


@dataclass(frozen=True, slots=True)
class Opened:
    """A record in the pane. `tree` is a structured body as a tree; `text` is the exact text always.

    `facts` are label and value of what everyone wants to know; `times` are label and moment.
    """

    key: str
    time: int
    severity: str
    severity_number: int
    severity_text: str
    tone: str
    service: str
    event: str
    tree: Markup
    text: Markup
    size: int
    trace: str
    span_id: str
    facts: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, int], ...]
    attributes: tuple[Attribute, ...]
    resource: tuple[Attribute, ...]
    dropped: int
    before: tuple[Row, ...]
    after: tuple[Row, ...]


def opened(
    record: LogRecord,
    view: View,
    around: tuple[Sequence[LogLine], Sequence[LogLine]],
    phrases: Sequence[Phrase],
    open_: Callable[[str], str],
) -> Opened:
    """What the pane shows of a record."""
    line = record.line
    structured = record.body_type in _STRUCTURED or line.body[:1] in ("{", "[")
    tree = pieces.structure(record.body) if structured else Markup()
    facts = (
        ("Environment", line.environment),
        ("Version", record.service_version),
        ("Scope", " ".join(filter(None, (line.scope, record.scope_version)))),
        ("Trace", line.trace_id),
        ("Span", line.span_id),
        ("Way in", record.source),
    )
    kept = [Attribute(key, value, Markup()) for key, value in record.attributes.items()]
    for key, text in record.contents:
        words = pieces.structure(text.text) if text.text is not None else Markup()
        kept.append(Attribute(key, "" if words else "no longer kept", words))
    before, after = around
    return Opened(
        key=str(line.key),
        time=line.key.time,
        severity=line.severity,
        severity_number=record.severity_number,
        severity_text=line.severity_text if line.severity_text.lower() != line.severity else "",
        tone=TONES.get(line.severity, "muted"),
        service=line.service,
        event=line.event,
        tree=tree if tree and not tree.startswith("<pre") else Markup(),
        text=pieces.pre(record.body) if record.body else Markup(),
        size=line.size,
        trace=trace_href(view, line),
        span_id=line.span_id,
        facts=tuple((label, value) for label, value in facts if value),
        times=(("Observed", record.observed), ("Received", record.received), ("Visible", record.digested)),
        attributes=tuple(sorted(kept, key=lambda one: one.key)),
        resource=tuple(Attribute(key, value, Markup()) for key, value in record.resource.items()),
        dropped=record.dropped_attributes,
        before=tuple(row(one, view, "", phrases, False, open_) for one in before),
        after=tuple(row(one, view, "", phrases, False, open_) for one in after),
    )
