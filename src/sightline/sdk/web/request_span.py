"""One request as a span: begun or joined, told what the framework learns, ended once. No framework here."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import _RUNTIME_CONTEXT as _RUNTIME
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from sightline.sdk import names
from sightline.sdk.context import attributes_of, context
from sightline.sdk.warnings_once import warn_once
from sightline.sdk.web import totals
from sightline.sdk.web.options import WebOptions

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY")
)
_COMMENTS = re.compile(rb"\A(?:\s*:[^\r\n]*(?:\r\n|\n|\r))*\s*\Z")


class RequestSpan:
    """The span of one request. No method raises.

    A server span that another instrumentation has begun is joined: it gets our attributes and ends when that
    instrumentation ends it.
    """

    def __init__(
        self, options: WebOptions, method: str, path: str, scheme: str, headers: Mapping[str, str]
    ) -> None:
        self._options, self._method = options, method if method in _METHODS else "_OTHER"
        self._began = time.perf_counter_ns()
        self._first: int | None = None
        self._status: int | None = None
        self._ended = self._failed = False
        self._totals: totals.Totals | None = None
        self.joined = False
        self.span: Span = trace.INVALID_SPAN
        self.context: Context = get_current()
        try:
            self._begin(path, scheme, headers)
        except Exception as error:  # a border: the request must be served
            _trouble("begun", error)

    def _begin(self, path: str, scheme: str, headers: Mapping[str, str]) -> None:
        current = trace.get_current_span()
        if current.is_recording() and getattr(current, "kind", None) is SpanKind.SERVER:
            self.span, self.joined = current, True
        else:
            parent = propagate.extract(headers, self.context)
            links = []
            if not self._options.trust_incoming:
                caller = trace.get_current_span(parent).get_span_context()
                links = [Link(caller)] if caller.is_valid else []
                parent = self.context
            attributes = {names.HTTP_METHOD: self._method, names.URL_PATH: path, names.URL_SCHEME: scheme}
            self.span = _tracer().start_span(
                self._method, parent, SpanKind.SERVER, attributes, links, record_exception=False
            )
            self.context = trace.set_span_in_context(self.span, parent)
        if self._options.summary and self.span.is_recording():
            self._totals = totals.watch(self.span.get_span_context().trace_id)

    def identify(self, who: object) -> None:
        """Who asks, as the arguments of `sightline.context`: for this span, and for all below it where the
        request has not been entered yet."""
        if not who:
            return
        try:
            if not isinstance(who, Mapping):
                raise TypeError(f"expected a mapping like {{'user': …}}, not {type(who).__name__}")
            said = {str(name): value for name, value in who.items() if value is not None}
            self.context = context(**said).applied_to(self.context)
            for name, value in attributes_of(self.context).items():
                self.span.set_attribute(name, value)
        except Exception as error:  # a border: the program's own function
            warn_once("identify", f"sightline: identify(request) was not understood ({error}).")

    def answered(self, status: int) -> list[tuple[str, str]]:
        """The answer's head is known; what to add to its headers."""
        self._status = status
        added: list[tuple[str, str]] = []
        try:
            ids = self.span.get_span_context()
            if self._options.trace_header and ids.is_valid:
                trace_id = f"{ids.trace_id:032x}"
                flags = int(ids.trace_flags)
                added.append(("traceresponse", f"00-{trace_id}-{ids.span_id:016x}-{flags:02x}"))
                added.append(("x-trace-id", trace_id))
            if self._totals is not None:
                added += self._totals.headers((time.perf_counter_ns() - self._began) / 1e6)
        except Exception as error:  # a border
            _trouble("told its caller", error)
        return added

    def chunk(self, data: bytes) -> None:
        """A piece of a streamed body goes out; the first that says something is the first token."""
        if self._first is None and data and not _COMMENTS.match(data[:1000]):
            self._first = time.perf_counter_ns()

    def failed(self, error: BaseException) -> None:
        """The program raised; whatever answers then, this request failed."""
        self._failed = True
        try:
            self.span.record_exception(error)
            self.span.set_attribute(names.ERROR_TYPE, _type_name(error))
            self.span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {_text(error)}"))
        except Exception as trouble:  # a border
            _trouble("marked as failed", trouble)

    def tell(self, route: str | None) -> None:
        """Everything that is known at the end of the answer; `route` as the framework writes it."""
        try:
            self._tell(route)
        except Exception as error:  # a border
            _trouble("finished", error)

    def end(self, disconnected: bool = False) -> None:
        """The request is over; `disconnected`: the client left before its answer was complete."""
        if self._ended:
            return
        self._ended = True
        try:
            if disconnected:
                self.span.set_attribute(names.CLIENT_DISCONNECTED, True)
        except Exception as error:  # a border
            _trouble("finished", error)
        finally:
            if self._totals is not None:
                totals.forget(self.span.get_span_context().trace_id, self._totals)
            if not self.joined:
                self.span.end()

    def _tell(self, route: str | None) -> None:
        span = self.span
        if route and not self.joined:
            span.set_attribute(names.HTTP_ROUTE, route)
            span.update_name(f"{self._method} {route}")
        if self._first is not None:
            span.set_attribute(names.TIME_TO_FIRST_CHUNK, (self._first - self._began) / 1e9)
        if self._status is not None and not self.joined:
            span.set_attribute(names.HTTP_STATUS, self._status)
            if self._status >= 500 and not self._failed:
                span.set_attribute(names.ERROR_TYPE, str(self._status))
                span.set_status(StatusCode.ERROR)


class Entered:
    """A context made current for a piece of work, and left without noise wherever that piece ends."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._token: Any = None

    def __enter__(self) -> None:
        self._token = attach(self._context)

    def __exit__(self, *_: object) -> None:
        try:
            _RUNTIME.detach(self._token)
        except ValueError:  # ended in another task: its context is gone with it
            return


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first value of a header, in an ASGI list."""
    return next((value for key, value in headers if key.lower() == name), None)


def _tracer() -> trace.Tracer:
    from sightline import __version__

    return trace.get_tracer("sightline", __version__)


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except Exception:  # a border: someone's __str__
        return "…"


def _trouble(what: str, error: Exception) -> None:
    warn_once(
        f"request {what}", f"sightline: a request's span was not {what} ({type(error).__name__}: {error})."
    )
