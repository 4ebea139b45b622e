"""What travels from the wire to the journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PUBLIC_SOURCE = "otlp-public"
"""The way in with a public key, as journal and store remember it: claims of whoever opened a page."""
IMPORT = "import"
"""The source of requests that say they come from files."""
IMPORT_HEADER = "x-sightline-import"
"""The header by which they say it; what was imported before is not stored again."""


class Signal(StrEnum):
    """The three signals of OTLP; the value is the word used in paths, segments and metrics."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted request: the sender's own OTLP protobuf bytes and what the wire knows about them.

    `payload` is an encoded `Export{Trace,Logs,Metrics}ServiceRequest`, not compressed.
    `received_at` is nanoseconds since the epoch; `source` is `otlp-http`, `otlp-json`, `otlp-grpc`,
    `otlp-public` (with a public key: claims of whoever opened a page), `import`, `api` or `self`.
    `items` is the number of spans, log records or data points in the payload.
    """

    project: str
    signal: Signal
    payload: bytes
    received_at: int
    source: str
    items: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """The journal's answer once a submission is durable. `duplicate`: these bytes were already durable."""

    duplicate: bool


class JournalFull(Exception):
    """The backlog has reached its limit; the sender should try again after `retry_after` seconds (429)."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class JournalUnavailable(Exception):
    """The journal cannot make anything durable now (disk full, read-only); try again later (503)."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
