"""What the SDK sends beside spans: events, which are log records with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A log record: scores, feedback, and what the logging handlers carry.

    `severity`: OpenTelemetry's number (9 info, 13 warning, 17 error; 0 unsaid). `trace_id` and `span_id`: of
    what it is about, 0 where nothing. `time_ns`: since 1970.
    """

    event_name: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    body: object = None
    severity: int = 0
    trace_id: int = 0
    span_id: int = 0
    time_ns: int = 0
