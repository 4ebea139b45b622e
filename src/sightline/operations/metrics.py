"""`/metrics`: Sightline's own measures in Prometheus' text formats, refreshed at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sightline.measures import BACKLOG_BYTES, BACKLOG_SEGMENTS, QUARANTINED, REGISTRY


class Backlog(Protocol):
    """What of the journal's stats is shown; `JournalStats` has it."""

    @property
    def backlog_bytes(self) -> int:
        """Durable bytes not digested yet."""

    @property
    def backlog_segments(self) -> int:
        """Segments not digested yet."""

    @property
    def quarantined(self) -> int:
        """Entries in quarantine."""


class _Joined(Collector):
    """Several registries shown as one."""

    def __init__(self, *registries: CollectorRegistry) -> None:
        self._registries = registries

    def collect(self) -> Iterator[Metric]:
        """Every measure of every registry."""
        for registry in self._registries:
            yield from registry.collect()


def journal_gauges(stats: Callable[[], Backlog]) -> Callable[[], None]:
    """A refresher that copies the journal's stats into the gauges; pass `journal.stats`."""

    def refresh() -> None:
        now = stats()
        BACKLOG_BYTES.set(now.backlog_bytes)
        BACKLOG_SEGMENTS.set(now.backlog_segments)
        QUARANTINED.set(now.quarantined)

    return refresh


def metrics_route(refreshers: Sequence[Callable[[], None]] = ()) -> Route:
    """The route `/metrics`. Refreshers run before each scrape, in a worker thread, and may block shortly."""
    process = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=process)
    everything = CollectorRegistry(auto_describe=False)
    everything.register(_Joined(REGISTRY, process))

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))

        def scrape() -> bytes:
            for refresh in refreshers:
                refresh()
            text: bytes = encode(everything)
            return text

        body = await run_in_threadpool(scrape)
        return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})

    return Route("/metrics", metrics, methods=["GET"], name="metrics")
