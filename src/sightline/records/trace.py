"""What a reader gets back: spans, their tree, and one line per trace.

Times are nanoseconds since the epoch, durations nanoseconds, money US dollars. `None` means unknown
(not reported, or without a price) and is never the same as 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sightline.records.span_tree import Position as Position
from sightline.records.span_tree import SpanTree


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token classes as reported. `input` includes what was read from and written to a cache."""

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """One span without its heavy parts, at its place in the tree.

    `usage_source` is `own` (counted), `rollup` (repeats spans below, never summed) or empty (no usage).
    `cost_source` is `computed`, `reported`, `unknown`, or empty where nothing costs.
    `own_ns` is the time no child covers. `depth` counts from 0. `skew_ns` says how much earlier than its
    parent the span started by its own clock (0: not at all); it is shown and never repaired.
    """

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    status: str
    status_message: str
    service: str
    start_time: int
    duration_ns: int
    own_ns: int
    depth: int
    position: Position
    children: int
    skew_ns: int
    time_to_first_token_ns: int | None
    model: str
    provider: str
    operation: str
    tool_name: str
    tokens: Tokens
    cost_usd: float | None
    cost_source: str
    usage_source: str
    session_id: str
    user_id: str
    team: str
    feature: str
    environment: str

    @property
    def end_time(self) -> int:
        """End by the span's own clock."""
        return self.start_time + self.duration_ns


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened during a span."""

    time: int
    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A reference to a span elsewhere."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ContentRef:
    """Where a prompt, an answer or a document list is kept: once per project, under its hash.

    `field` is the canonical field it belongs to, `hash` lower-case hex, `size` bytes.
    """

    field: str
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class SpanDetail:
    """The heavy parts of one span: `columns`, its set canonical columns; `attributes`, the rest as sent."""

    trace_id: str
    span_id: str
    columns: Mapping[str, Any]
    attributes: Mapping[str, Any]
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]
    contents: tuple[ContentRef, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A stored text. `text` is `None` when it has expired. `truncated`: only its beginning was read."""

    ref: ContentRef
    text: str | None
    truncated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A whole trace: its spans in tree order (depth first, siblings by start) and its sums.

    Sums count usage of source `own` only. `unknown_cost` and `unknown_tokens` say how many model calls the
    sums leave out. `truncated`: the trace has more spans than were read. `columns` are what is asked of all
    spans at once.
    """

    project: str
    trace_id: str
    spans: Sequence[Span]
    tree: SpanTree
    columns: SpanColumns
    start_time: int
    duration_ns: int
    tokens: Tokens
    cost_usd: float | None
    unknown_cost: int
    unknown_tokens: int
    errors: int
    truncated: bool

    @property
    def end_time(self) -> int:
        """When the last span ended."""
        return self.start_time + self.duration_ns

    def row(self, span_id: str) -> int | None:
        """The row of a span; the first of an id that occurs twice."""
        return self.columns.rows.get(span_id)


@dataclass(frozen=True, slots=True, eq=False)
class SpanColumns:
    """Some of what `Span` has, of all spans, in tree order. `first_token` is -1 where none was told.

    `cost` is that of usage counted once: 0.0 where nothing costs or the cost is unknown. `rows` leads from an
    id to its row.
    """

    ids: Sequence[str]
    rows: Mapping[str, int]
    names: Sequence[str]
    kinds: Sequence[str]
    failed: Sequence[bool]
    starts: Sequence[int]
    ends: Sequence[int]
    first_token: Sequence[int]
    cost: Sequence[float]


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One line of a list. `name`, `service`, `status` are the root's; of the earliest span while none came.

    `input_preview` is the beginning of the root's input, unparsed. It stands for `weight` traces and was
    kept for `sample_reason`.
    """

    trace_id: str
    root_span_id: str
    name: str
    service: str
    status: str
    start_time: int
    duration_ns: int
    time_to_first_token_ns: int | None
    spans: int
    errors: int
    model: str
    models: int
    tokens: Tokens
    cost_usd: float | None
    unknown_cost: int
    unknown_tokens: int
    session_id: str
    user_id: str
    team: str
    feature: str
    environment: str
    input_preview: str
    root_received: bool
    weight: float = 1.0
    sample_reason: str = ""


@dataclass(frozen=True, slots=True)
class TracePage:
    """A page of a list, latest first. `next` is the cursor of older ones, `None` at the end."""

    traces: tuple[TraceSummary, ...]
    next: str | None
