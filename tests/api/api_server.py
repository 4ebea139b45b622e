"""A whole API over real parts: chDB, SQLite, a journal on disk. Asked through ASGI."""

# ruff: noqa: E501 -- a request stays on its line

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from sightline.api.clickhouse import routes as clickhouse_routes
from sightline.api.limits import RateLimits
from sightline.api.problems import MEDIA_TYPE
from sightline.api.routes import routes
from sightline.api.services import ApiServices
from sightline.control.control import Control
from sightline.control.gate import Gate
from sightline.digest.heads import complete_heads
from sightline.journal.journal import Journal
from sightline.query.exports import Exports
from sightline.query.scrape_keeper import ScrapeKeeper
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.query.sql_stream import SqlStreams
from sightline.records.access import Scope
from sightline.records.ingest import Signal, Submission
from sightline.settings import JournalSettings, StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER_TRACE = "1bf7651916cd43dd8448eb211c80319c"
SPANS = 25
# A root, and children of it, in alpha; one span in beta.
_ROWS = f"""
INSERT INTO sightline.spans
    (project, trace_id, span_id, parent_span_id, name, kind, status, start_time, received_at, duration_ns, is_root,
     depth, input_tokens, usage_source, attributes, retention_days)
SELECT 'alpha', '{TRACE}', leftPad(lower(hex(number + 1)), 16, '0'), if(number = 0, '', '0000000000000001'), 'step ' || toString(number),
    'llm', 'ok', now64(9) - 60 + toIntervalMillisecond(number), now64(9), 1000, number = 0, number > 0, 10, 'own', '{{"n":1}}', 3650
FROM numbers({SPANS})
UNION ALL
SELECT 'beta', '{OTHER_TRACE}', '00000000000000ff', '', 'beta secret', 'llm', 'ok', now64(9) - 50, now64(9), 1000, true,
    0, 10, 'own', '{{"n":2}}', 3650
"""


@dataclass
class Server:
    """The application, its parts, and a loop to ask it on."""

    app: Starlette
    services: ApiServices
    loop: asyncio.AbstractEventLoop
    backups: list[str]
    price_changes: list[int]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def ask(
        self, method: str, path: str, *, key: str | None = None, host: str = "127.0.0.1:4318", **more: Any
    ) -> httpx.Response:
        """One request to `/api/v1` + path (or to the path itself when it says /api)."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        path = path if path.startswith(("/api", "/clickhouse")) else f"/api/v1{path}"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path, headers=headers, **more)

        response: httpx.Response = self.run(send())
        return response

    def sql(
        self, query: str, key: str | None = None, project: str | None = None, **parameters: Any
    ) -> httpx.Response:
        """Ask SQL."""
        params = {"project": project} if project else None
        return self.ask(
            "POST", "/sql", key=key, params=params, json={"query": query, "parameters": parameters}
        )

    def quarantine_one(self, project: str, payload: bytes) -> str:
        """Put a record into quarantine as the digest does; its id."""

        async def go() -> str:
            journal = self.services.journal
            assert journal
            await journal.append(Submission(project, Signal.TRACES, payload, 1, "otlp-http", 1))
            segment = await asyncio.to_thread(journal.take, 20)
            assert segment
            journal.quarantine(segment, "could not be read")
            return segment.id

        found: str = self.run(go())
        return found


def is_problem(response: httpx.Response, status: int) -> Mapping[str, Any]:
    """The problem document of a failure, checked for its shape."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    assert document["instance"].startswith("/api")
    assert response.headers["cache-control"] == "no-store"
    return document


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    """A server on `directory` with projects alpha and beta, open as on loopback until a key is made."""
    settings = StoreSettings(query_seconds=5.0, query_rows=100)
    store = Store(embedded_url(directory), settings)
    writer = store.writer()
    migrate(writer)
    writer.command(_ROWS)
    complete_heads(writer)
    writer.close()
    with around(store, directory, settings, time.time_ns) as server:
        yield server
    store.close()


@contextmanager
def around(
    store: Store,
    directory: Path,
    settings: StoreSettings,
    clock: Callable[[], int],
    limits: RateLimits | None = None,
) -> Iterator[Server]:
    """The API over a store, with projects alpha and beta."""
    control = Control(f"sqlite:///{directory / 'control.db'}")
    control.migrate()
    control.create_project("alpha")
    control.create_project("beta")
    gate = Gate(control, loopback=True)
    sql = SqlEndpoint(store, settings)
    sql.open()
    streams = SqlStreams(store, settings)
    streams.open()
    loop = asyncio.new_event_loop()
    journal = Journal(directory / "journal", JournalSettings(segment_age=0.05))
    loop.run_until_complete(journal.start())
    backups: list[str] = []

    async def backup(target: str) -> Mapping[str, Any]:
        backups.append(target)
        return {"directory": target, "files": 0}

    changes: list[int] = []
    services = ApiServices(
        store,
        sql,
        control,
        gate,
        journal,
        backup,
        lambda: changes.append(control.price_version()),
        streams,
        ScrapeKeeper(store, control, clock),
        clock,
        limits,
        exports=Exports(store, settings, sql.relations),
    )
    server = Server(
        Starlette(routes=[*clickhouse_routes(services), *routes(services)]), services, loop, backups, changes
    )
    try:
        yield server
    finally:
        loop.run_until_complete(journal.close())
        sql.close()
        streams.close()
        gate.close()
        control.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def make_key(server: Server, project: str, scope: Scope) -> str:
    """The text of a new key."""
    origins = ["https://app.example"] if scope is Scope.PUBLIC else []
    return server.services.control.create_key(project, scope, "test", origins=origins)[1]


Ask = Callable[..., httpx.Response]
