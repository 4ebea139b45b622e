"""A real store with rows of two projects, for everything that must keep them apart."""

# ruff: noqa: E501 -- a query stays on its line

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sightline.digest.heads import complete_heads
from sightline.query.sql_answer import SqlAnswer
from sightline.query.sql_endpoint import SqlEndpoint
from sightline.settings import StoreSettings
from sightline.store.schema import migrate
from sightline.store.store import Store, embedded_url

# Everything of beta says so, in every column that can; alpha's question must never bring it back.
SECRET = "betasecret"
SECRET_NUMBER = 770077
ROWS = 400

_SPANS = f"""
INSERT INTO sightline.spans
    (project, trace_id, span_id, name, kind, status, start_time, received_at, duration_ns, is_root, service,
     request_model, user_id, session_id, input_tokens, cost_usd, usage_source, tags, attributes, retention_days,
     `content.field`, `content.hash`, `content.size`)
SELECT if(b, 'beta', 'alpha'), if(b, '{SECRET}t', 't') || toString(intDiv(number, 4)), if(b, '{SECRET}s', 's') || toString(number),
    if(b, '{SECRET}', toString(number % 7)), if(b, '{SECRET}', 'llm'), if(number % 10 < 2, 'error', 'ok'),
    toDateTime64('2026-11-01 00:00:00', 9, 'UTC') + number, toDateTime64('2026-11-01 00:00:00', 9, 'UTC') + number,
    if(b, {SECRET_NUMBER}, number), number % 4 < 2, if(b, '{SECRET}', 'shop'), if(b, '{SECRET}', 'gpt'),
    if(b, '{SECRET}', 'u' || toString(number % 3)), if(b, '{SECRET}', 'x'), if(b, {SECRET_NUMBER}, number), number / 1000, 'own',
    [if(b, '{SECRET}', 'blue')],
    if(b, '{{"team":"{SECRET}","n":{SECRET_NUMBER},"{SECRET}":1}}', '{{"team":"red","n":5}}'), 3650,
    ['input'], [unhex('00112233445566778899aabbccddeeff')], [3]
FROM (SELECT number, number % 2 = 1 AS b FROM numbers({ROWS}))
"""
_LOGS = f"""
INSERT INTO sightline.logs (project, time, received_at, trace_id, body, retention_days)
SELECT if(number % 2, 'beta', 'alpha'), toDateTime64('2026-11-01 00:00:00', 9, 'UTC') + number,
    toDateTime64('2026-11-01 00:00:00', 9, 'UTC'), if(number % 2, '{SECRET}t', 't') || toString(intDiv(number, 4)),
    if(number % 2, '{SECRET}', '12'), 3650 FROM numbers({ROWS})
"""
_CONTENT = f"""
INSERT INTO sightline.content (project, hash, body, expires)
SELECT if(number % 2, 'beta', 'alpha'), unhex(leftPad(hex(number), 32, '0')), if(number % 2, '{SECRET}', '12'), today() + 99
FROM numbers({ROWS})
"""


@dataclass(frozen=True)
class TwoProjects:
    """A store with the projects alpha and beta, its SQL endpoint, and a loop to run it on."""

    store: Store
    endpoint: SqlEndpoint
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def ask(self, query: str, parameters: dict[str, Any] | None = None, project: str = "alpha") -> SqlAnswer:
        """Ask as a project; raises what the endpoint raises."""
        answer: SqlAnswer = self.run(self.endpoint.answer(project, query, parameters))
        return answer

    def values(self, query: str, parameters: dict[str, Any] | None = None) -> list[list[Any]]:
        """Ask as alpha, rows only."""
        return self.ask(query, parameters).rows


@pytest.fixture(scope="module")
def two_projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoProjects]:
    directory: Path = tmp_path_factory.mktemp("sql")
    settings = StoreSettings(query_seconds=4.0, query_memory=512 * 2**20, query_rows=1000)
    store = Store(embedded_url(directory), settings)
    writer = store.writer()
    migrate(writer)
    for statement in (_SPANS, _LOGS, _CONTENT, _CONTENT):
        writer.command(statement)
    complete_heads(writer)
    writer.close()
    endpoint = SqlEndpoint(store, settings)
    endpoint.open()
    loop = asyncio.new_event_loop()
    try:
        yield TwoProjects(store, endpoint, loop.run_until_complete)
    finally:
        endpoint.close()
        store.close()
        loop.close()
