"""Sightline's own Prometheus measures, declared once; stations count, `/metrics` shows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "sightline_requests_total", "Requests received.", ("signal", "source", "outcome"), registry=REGISTRY
)
PUBLIC_REQUESTS = Counter(
    "sightline_public_key_requests_total",
    "Requests with a public key, by the key's id and outcome: `accepted`, or why not: `rate`, `address`,"
    " `size`, `origin`, `scope`, `revoked`.",
    ("key", "outcome"),
    registry=REGISTRY,
)
RECEIVED = Counter(
    "sightline_received_items_total",
    "Spans, log records and data points accepted and durable.",
    ("signal", "source"),
    registry=REGISTRY,
)
RECEIVED_BYTES = Counter(
    "sightline_received_bytes_total", "Bytes of accepted payloads, unpacked.", ("signal",), registry=REGISTRY
)
STORED = Counter("sightline_stored_items_total", "Items that can be queried.", ("signal",), registry=REGISTRY)
DROPPED = Counter(
    "sightline_dropped_items_total",
    "Items refused or set aside, by reason; a retry of accepted bytes counts as `duplicate`.",
    ("signal", "reason"),
    registry=REGISTRY,
)
ENVIRONMENTS_REFUSED = Counter(
    "sightline_environments_refused_total",
    "Environments that were not put on their project's list, by reason: `limit`, `name`, `project`. A name is"
    " counted again after a minute.",
    ("reason",),
    registry=REGISTRY,
)
BACKLOG_BYTES = Gauge("sightline_backlog_bytes", "Durable bytes not digested yet.", registry=REGISTRY)
BACKLOG_SEGMENTS = Gauge("sightline_backlog_segments", "Segments not digested yet.", registry=REGISTRY)
QUARANTINED = Gauge("sightline_quarantine_records", "Requests in quarantine.", registry=REGISTRY)
VISIBLE_AFTER = Histogram(
    "sightline_visible_after_seconds",
    "From acknowledged to queryable, oldest request of each segment.",
    registry=REGISTRY,
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60),
)
COMMIT_SECONDS = Histogram(
    "sightline_journal_commit_seconds", "One group commit, write and fsync.", registry=REGISTRY, buckets=_FAST
)
DIGEST_SECONDS = Histogram(
    "sightline_digest_seconds", "One segment, by pass.", ("signal", "pass"), registry=REGISTRY, buckets=_FAST
)
QUERY_SECONDS = Histogram(
    "sightline_query_seconds",
    "One query of the store, by purpose.",
    ("purpose",),
    registry=REGISTRY,
    buckets=_FAST,
)
