"""A real server around the routes, on a free port, for one test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.applications import Starlette

from sightline.settings import HttpSettings
from sightline.wire.http import routes
from sightline.wire.receiver import Receiver
from sightline.wire.server import HttpServer, loop_factory
from wire.samples import NOW, MemoryJournal, OneKeyGate

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the loop the server runs on."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


@dataclass
class Running:
    """A server that listens, and what stands behind it."""

    server: HttpServer
    receiver: Receiver
    journal: MemoryJournal

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port)


@asynccontextmanager
async def running(app: Any = None, gate: OneKeyGate | None = None, **settings: Any) -> AsyncIterator[Running]:
    """OTLP/HTTP, or another application, with these settings."""
    bounds = HttpSettings(**{"port": 0, **settings})
    journal = MemoryJournal()
    receiver = Receiver(journal, clock=lambda: NOW)
    if app is None:
        app = Starlette(routes=routes(receiver, gate or OneKeyGate(), bounds))
    server = HttpServer(app, bounds, grace=1)
    await server.start()
    try:
        yield Running(server, receiver, journal)
    finally:
        await server.stop()
