"""One line per span, and a page of such lines.

Times are nanoseconds since the epoch, money US dollars; `None` is unknown and never the same as 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from sightline.records.trace import Tokens


@dataclass(frozen=True, slots=True)
class SpanSummary:
    """One line of a list of spans. `input_preview` is the beginning of what it was asked or called with.

    `usage_source` is `own`, `rollup` (repeats spans below it, never summed) or empty; `cost_source` is
    `computed`, `reported`, `unknown`, or empty where nothing costs.
    """

    trace_id: str
    span_id: str
    name: str
    kind: str
    status: str
    status_message: str
    service: str
    start_time: int
    duration_ns: int
    own_ns: int
    depth: int
    time_to_first_token_ns: int | None
    model: str
    provider: str
    tool_name: str
    agent_name: str
    tokens: Tokens
    cost_usd: float | None
    cost_source: str
    usage_source: str
    session_id: str
    user_id: str
    team: str
    feature: str
    environment: str
    input_preview: str
    weight: float = 1.0
    sample_reason: str = ""


@dataclass(frozen=True, slots=True)
class SpanPage:
    """A page of a list of spans. `next` is the cursor of what comes after it, `None` at the end."""

    spans: tuple[SpanSummary, ...]
    next: str | None
