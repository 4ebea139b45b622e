"""A real embedded store with a digest on it, and segments written as the journal writes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.catalog.conventions import conventions
from sightline.catalog.prices import PriceBook
from sightline.digest.policy import Policy
from sightline.digest.pricing import Prices
from sightline.digest.signals import SignalDigests
from sightline.digest.span_digest import SpanDigest
from sightline.journal.format import encode_header
from sightline.records.ingest import Signal, Submission
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Connection, Store, embedded_url

NOW = 1_795_000_000 * 10**9  # 2026-11-18: what the digest's clock says
SECOND = 10**9
Request = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest | bytes


@dataclass
class Clock:
    """A clock that moves one millisecond with each look at it."""

    now: int = NOW

    def __call__(self) -> int:
        self.now += 10**6
        return self.now


def close(digests: Mapping[Signal, Any]) -> None:
    """Close the connections of digests: one that stays open keeps the directory."""
    found: SpanDigest = digests[Signal.TRACES]
    for connection in found.connections:
        connection.close()


@dataclass
class Engine:
    """The store, a connection to look at it, and the digests of one thread."""

    folder: Path
    store: Store
    reader: Connection
    clock: Clock = field(default_factory=Clock)
    prices: Prices = field(default_factory=PriceBook)
    policy: Policy = field(default_factory=lambda: Policy(3650, 3650))
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _digests: dict[Signal, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._make = SignalDigests(
            self.store, conventions(), lambda: self.prices, lambda _: self.policy, self.clock
        )
        self.restart()

    def restart(self) -> None:
        """New digests on new connections, as after a start of the process."""
        self._digests = dict(self._make())

    def close(self) -> None:
        """Close the digests' connections."""
        close(self._digests)

    @property
    def spans(self) -> SpanDigest:
        """The digest of traces."""
        found: SpanDigest = self._digests[Signal.TRACES]
        return found

    def fresh(self) -> str:
        """A project name not used before."""
        return f"p{next(self._numbers)}"

    def segment(
        self, signal: Signal, requests: Sequence[Request], project: str, received: int | None = None
    ) -> Path:
        """A segment file with one record for each request."""
        path = self.folder / f"{next(self._numbers)}.pb"
        with path.open("wb") as file:
            for request in requests:
                payload = request if isinstance(request, bytes) else request.SerializeToString()
                at = self.clock() if received is None else received
                submission = Submission(project, signal, payload, at, "otlp-http", 1)
                file.write(encode_header(submission, bytes(16)) + payload)
        return path

    def digest(
        self,
        signal: Signal,
        requests: Sequence[Request],
        project: str,
        *,
        token: str = "",
        received: int | None = None,
    ) -> int:
        """Digest requests as one segment; returns what the digest says it stored."""
        path = self.segment(signal, requests, project, received)
        try:
            stored: int = self._digests[signal].digest(path, len(requests), token or path.stem)
        except Exception:
            # A connection that failed is not used again; the loop makes new digests, too.
            self.restart()
            raise
        path.unlink()
        return stored

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """The answer to a query as dictionaries."""
        return self.reader.query(sql, parameters).dicts()

    def scalar(self, sql: str, **parameters: Any) -> Any:
        """The single answer to a query."""
        return self.reader.query(sql, parameters).scalar()


@contextmanager
def opened(folder: Path) -> Iterator[Engine]:
    """An engine in a folder; everything is closed at the end, since a process may open only one directory."""
    store = Store(embedded_url(folder), StoreSettings())
    reader = store.writer(max_query_size=16 << 20)
    migrate(reader)
    engine = Engine(folder, store, reader)
    try:
        yield engine
    finally:
        engine.close()
        reader.close()
        store.close()
