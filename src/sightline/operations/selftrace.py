"""Sightline's own traces, sent to itself: requests of the API and the pages, and passes of the digest.

They go straight into the journal, as project `sightline`; nothing is sent over the network. It cannot feed
itself: looking at project `sightline` makes no spans, and digest passes alone never cause an export (the
export would be digested, and that digested again); they travel with the next request's span.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline import __version__
from sightline.measures import DROPPED, RECEIVED
from sightline.records.ingest import JournalFull, JournalUnavailable, Receipt, Signal, Submission

PROJECT = "sightline"
PART = "sightline.part"
# Senders' data and probes: spans about them would be as many as the spans they carry, or say nothing.
UNTRACED = ("/v1/", "/healthz", "/readyz", "/metrics", "/api/v1/scrape", "/static/", "/favicon")
SUBMIT_SECONDS = 10.0
_log = structlog.get_logger(__name__)

Submit = Callable[[Submission], Receipt | Awaitable[Receipt]]
"""Makes a submission durable; `Journal.append` fits."""
ProjectOf = Callable[[Scope], str | None]
"""The project that a finished request was about, None when unknown."""


def project_of(scope: Scope) -> str | None:
    """By default: the project in the path or the query, else the principal's if it was left in the scope."""
    named = scope.get("path_params", {}).get("project")
    if not named:
        query = scope.get("query_string", b"")[:4096].decode("latin-1")
        named = parse_qs(query).get("project", [None])[-1]
    principal = scope.get("state", {}).get("principal")
    return named or getattr(principal, "project", None)


class JournalExporter(SpanExporter):
    """Hands finished spans to the journal as one OTLP request. Called by the SDK's own thread."""

    def __init__(
        self,
        submit: Submit,
        loop: asyncio.AbstractEventLoop | None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._submit, self._loop, self._clock = submit, loop, clock
        self._waiting: deque[ReadableSpan] = deque(maxlen=512)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Submit spans, unless they are digest passes only; these wait for company, the oldest go first."""
        if all((span.attributes or {}).get(PART) == "digest" for span in spans):
            self._waiting.extend(spans)
            return SpanExportResult.SUCCESS
        batch = [*self._waiting, *spans]
        self._waiting.clear()
        payload: bytes = encode_spans(batch).SerializeToString()
        submission = Submission(PROJECT, Signal.TRACES, payload, self._clock(), "self", len(batch))
        try:
            self._make_durable(submission)
        except (JournalFull, JournalUnavailable, TimeoutError, RuntimeError) as error:
            DROPPED.labels("traces", "self_refused").inc(len(batch))
            _log.debug("own spans were not taken", spans=len(batch), reason=str(error))
            return SpanExportResult.FAILURE
        RECEIVED.labels("traces", "self").inc(len(batch))
        return SpanExportResult.SUCCESS

    def _make_durable(self, submission: Submission) -> None:
        if self._loop is None:
            answer = self._submit(submission)
            if inspect.isawaitable(answer):
                raise TypeError("an asynchronous submit needs the event loop it belongs to")
            return

        async def submit() -> None:
            answer = self._submit(submission)
            if inspect.isawaitable(answer):
                await answer

        work = submit()
        try:
            done = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()  # the loop has ended: nobody will ever await it
            raise
        try:
            done.result(SUBMIT_SECONDS)
        except TimeoutError:
            done.cancel()
            raise


class SelfTracing:
    """The tracer of Sightline itself. Not `enabled`, it costs nothing and does nothing.

    `submit` is called in `loop` when one is given, else in the exporter's thread. Exports happen every
    `interval` seconds.
    """

    def __init__(
        self,
        submit: Submit,
        *,
        enabled: bool,
        loop: asyncio.AbstractEventLoop | None = None,
        interval: float = 2.0,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._provider: TracerProvider | None = None
        if not enabled:
            return
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource({"service.name": "sightline", "service.version": __version__}),
            shutdown_on_exit=False,
        )
        exporter = JournalExporter(submit, loop, clock)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=4096, schedule_delay_millis=interval * 1000)
        )
        self._tracer = self._provider.get_tracer("sightline", __version__)

    @property
    def enabled(self) -> bool:
        """Whether spans are made at all."""
        return self._provider is not None

    async def close(self) -> None:
        """Export what is there and stop. Call it before the journal is closed."""
        if self._provider is not None:
            # In a thread: the last export waits for this very event loop.
            await asyncio.to_thread(self._provider.shutdown)

    def middleware(self, app: ASGIApp, about: ProjectOf = project_of) -> ASGIApp:
        """`app` with a span around each API or page request; `app` itself when self tracing is off."""
        if self._provider is None:
            return app

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(UNTRACED):
                await app(scope, receive, send)
                return
            await self._request(app, scope, receive, send, about)

        return traced

    async def _request(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, about: ProjectOf
    ) -> None:
        status = 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        # An own root: a caller's traceparent belongs to the caller's project.
        span = self._tracer.start_span(
            scope["method"], Context(), SpanKind.SERVER, attributes={PART: "request"}
        )
        try:
            await app(scope, receive, observed)
        except Exception as error:
            status = 500
            span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            if about(scope) != PROJECT:  # a span that never ends is never exported
                _describe(span, scope, status)
                span.end()

    @contextmanager
    def digest_pass(self, name: str, **attributes: AttributeValue) -> Iterator[None]:
        """A span around one pass of the digest: `with tracing.digest_pass("content", items=12):`."""
        if self._provider is None:
            yield
            return
        marked = {PART: "digest", **{f"sightline.digest.{key}": value for key, value in attributes.items()}}
        span = self._tracer.start_span(f"digest {name}", Context(), SpanKind.INTERNAL, attributes=marked)
        try:
            yield
        except Exception as error:
            # Not the message: the engine quotes data in it.
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            span.end()


def _describe(span: Span, scope: Scope, status: int) -> None:
    """Method, route and status. Never the query string or real path: filters and ids may be personal."""
    route = getattr(scope.get("route"), "path", None)
    span.update_name(f"{scope['method']} {route}" if route else scope["method"])
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("http.response.status_code", status)
    if route:
        span.set_attribute("http.route", route)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
