"""Self tracing: complete, harmless, and never about itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from sightline.operations.selftrace import SelfTracing
from sightline.records.access import Principal
from sightline.records.ingest import JournalFull, Receipt, Signal, Submission

LONG = 3600.0  # the exporter's own timer never fires: tests end with close()


class Journal:
    """Keeps submissions; raises `error` when there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.submissions: list[Submission] = []
        self.error = error
        self.threads: set[int] = set()

    def take(self, submission: Submission) -> Receipt:
        self.threads.add(threading.get_ident())
        if self.error:
            raise self.error
        self.submissions.append(submission)
        return Receipt(duplicate=False)

    async def append(self, submission: Submission) -> Receipt:
        return self.take(submission)

    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(s.payload) for s in self.submissions]
        return [s for r in requests for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans]


def attributes(span: Span) -> dict[str, str | int]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


async def answer(request: Request) -> Response:
    if "as" in request.query_params:
        request.state.principal = Principal(request.query_params["as"], frozenset(), None)
    if "fail" in request.query_params:
        raise ValueError("with a secret prompt")
    return PlainTextResponse("ok", int(request.query_params.get("status", 200)))


def visited(*paths: str, enabled: bool = True) -> Journal:
    """What the journal got after these requests."""
    journal = Journal()
    tracing = SelfTracing(journal.take, enabled=enabled, interval=LONG)
    routes = [
        Route("/api/v1/traces/{trace_id}", answer),
        Route("/p/{project}/traces", answer),
        Route("/v1/traces", answer, methods=["POST", "GET"]),
        Route("/healthz", answer),
    ]
    with TestClient(tracing.middleware(Starlette(routes=routes)), raise_server_exceptions=False) as client:
        for path in paths:
            client.get(path)
    asyncio.run(tracing.close())
    return journal


def test_a_request_becomes_a_span_of_project_sightline() -> None:
    journal = visited("/api/v1/traces/abc?q=secret")
    (submission,) = journal.submissions
    assert (submission.project, submission.signal, submission.source) == ("sightline", Signal.TRACES, "self")
    assert submission.items == 1
    (span,) = journal.spans()
    assert span.name == "GET /api/v1/traces/{trace_id}"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert span.end_time_unix_nano >= span.start_time_unix_nano
    assert attributes(span)["http.response.status_code"] == 200
    assert b"secret" not in submission.payload
    assert b"abc" not in submission.payload


def test_failures_are_errors_without_their_texts() -> None:
    journal = visited("/api/v1/traces/a?fail=1", "/api/v1/traces/a?status=503", "/api/v1/traces/a?status=404")
    crashed, unavailable, missing = journal.spans()
    assert crashed.status.code == unavailable.status.code == Status.STATUS_CODE_ERROR
    assert missing.status.code == Status.STATUS_CODE_UNSET
    assert attributes(crashed)["error.type"] == "ValueError"
    assert b"secret" not in journal.submissions[0].payload


@pytest.mark.parametrize(
    "path",
    [
        "/v1/traces",
        "/healthz",
        "/p/sightline/traces",
        "/api/v1/traces/a?project=sightline",
        "/api/v1/traces/a?as=sightline",
    ],
)
def test_senders_probes_and_views_of_itself_make_no_spans(path: str) -> None:
    assert visited(path).submissions == []


def test_other_projects_make_spans() -> None:
    assert len(visited("/p/default/traces", "/api/v1/traces/a?project=default&" + "x=1&" * 2000).spans()) == 2


def test_off_means_not_there() -> None:
    journal = Journal()
    tracing = SelfTracing(journal.take, enabled=False)
    app = Starlette()
    assert tracing.middleware(app) is app
    assert not tracing.enabled
    with tracing.digest_pass("content"):
        pass
    asyncio.run(tracing.close())
    assert journal.submissions == []


def exported(work: Callable[[SelfTracing], None]) -> Journal:
    journal = Journal()
    tracing = SelfTracing(journal.take, enabled=True, interval=LONG)
    work(tracing)
    asyncio.run(tracing.close())
    return journal


def test_digest_passes_alone_cause_no_export() -> None:
    def digest(tracing: SelfTracing) -> None:
        for _ in range(3):
            with tracing.digest_pass("content", items=5):
                pass

    assert exported(digest).submissions == [], "or each export would be digested, and that digested again"


def test_digest_passes_travel_with_a_request() -> None:
    def both(tracing: SelfTracing) -> None:
        with pytest.raises(KeyError), tracing.digest_pass("content", items=5):
            raise KeyError("a prompt")
        with TestClient(tracing.middleware(Starlette(routes=[Route("/x", answer)]))) as client:
            client.get("/x")

    journal = exported(both)
    digest, request = journal.spans()
    assert (digest.name, request.name) == ("digest content", "GET /x")
    assert attributes(digest)["sightline.digest.items"] == 5
    assert digest.status.code == Status.STATUS_CODE_ERROR
    assert journal.submissions[0].items == 2
    assert b"a prompt" not in journal.submissions[0].payload


def test_an_asynchronous_journal_is_called_in_its_own_loop() -> None:
    async def run() -> Journal:
        journal = Journal()
        tracing = SelfTracing(journal.append, enabled=True, loop=asyncio.get_running_loop(), interval=LONG)
        app = tracing.middleware(Starlette(routes=[Route("/x", answer)]))
        sent: list[object] = []

        async def send(message: object) -> None:
            sent.append(message)

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""}
        await app(scope, receive, send)  # type: ignore[arg-type]
        await tracing.close()
        assert journal.threads == {threading.get_ident()}
        return journal

    assert len(asyncio.run(run()).spans()) == 1


def test_a_full_journal_costs_the_spans_and_nothing_else() -> None:
    journal = Journal(JournalFull("full", 5))
    tracing = SelfTracing(journal.take, enabled=True, interval=LONG)
    with TestClient(tracing.middleware(Starlette(routes=[Route("/x", answer)]))) as client:
        assert client.get("/x").status_code == 200
    asyncio.run(tracing.close())
    assert journal.submissions == []


def test_the_environment_does_not_change_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,secret=1")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    (submission,) = visited("/p/default/traces").submissions
    assert b"secret" not in submission.payload
    assert b"sightline" in submission.payload
