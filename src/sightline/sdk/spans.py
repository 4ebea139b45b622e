"""Spans by hand: `sightline.span(…)` and what it gives, and the span that is current."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self

from opentelemetry import trace as otel
from opentelemetry.context import get_current
from opentelemetry.context.context import Context
from opentelemetry.trace import INVALID_SPAN, SpanKind

from sightline.sdk import names, running
from sightline.sdk.attribute_values import attributes as ready_attributes
from sightline.sdk.attribute_values import word
from sightline.sdk.capture import text_and_type
from sightline.sdk.errors import note_end, note_error
from sightline.sdk.levels import SPAN_KEY, Level, enter, leave

Kind = Literal[
    "agent", "chain", "decision", "embedding", "evaluator", "guardrail", "llm", "memory", "parser", "prompt",
    "reranker", "retriever", "speech", "task", "tool", "transcription", "workflow",
]  # fmt: skip
ATTRIBUTE_CHARS: Final = 20_000
_NAME: Final = 500


class Span:
    """One step of the program. Start it with `with sightline.span(…) as span:`, or `async with`.

    All methods give back the span, so that they can be chained, and none raises.

        >>> import sightline
        >>> with sightline.span("answer", kind="chain") as span:
        ...     _ = span.set(plan="pro").output("42")
    """

    __slots__ = (
        "__weakref__",
        "_attributes",
        "_input",
        "_level",
        "_name",
        "_noted",
        "_once",
        "_otel",
        "_span_kind",
    )

    def __init__(
        self,
        name: str,
        attributes: dict[str, Any],
        span_kind: SpanKind = SpanKind.INTERNAL,
        input: object = None,  # noqa: A002  # what users call it
    ) -> None:
        self._name = name if type(name) is str and 0 < len(name) <= _NAME else word(name, _NAME) or "span"
        self._attributes = attributes
        self._span_kind = span_kind
        self._input = input
        self._otel: otel.Span = INVALID_SPAN
        self._level: Level | None = None
        self._once: list[None] = []
        self._noted: BaseException | None = None

    def __enter__(self) -> Self:
        """Start the span and make it the current one."""
        outer = get_current()
        self._begin(outer)
        self._level = enter(self, outer, SPAN_KEY, self._otel)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the span, with the error that ended the block, which goes on its way."""
        if self._level is not None:
            leave(self._level)
        self._end(error)

    async def __aenter__(self) -> Self:
        """As with `with`."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As with `with`."""
        self.__exit__(kind, error, trace)

    def set(self, attributes: Mapping[str, object] | None = None, /, **more: object) -> Self:
        """Set attributes: strings, numbers, booleans, lists; all else becomes JSON; None is left out.

        >>> import sightline
        >>> with sightline.span("checkout") as span:
        ...     _ = span.set(plan="pro", items=3).set({"shop.country": "DE"})
        """
        try:
            ready = ready_attributes({**attributes, **more} if attributes else more, ATTRIBUTE_CHARS)
            if self._otel is INVALID_SPAN:  # not begun; a decorator's spans begin with one dict
                self._attributes = {**self._attributes, **ready}
            elif ready and self._otel.is_recording():
                self._otel.set_attributes(ready)
        except Exception as error:  # the border
            trouble("Span.set", error)
        return self

    def input(self, value: object) -> Self:
        """What went in: text as it is, all else as JSON within the limit `max_value_chars`.

        >>> import sightline
        >>> with sightline.span("sort") as span:
        ...     _ = span.input({"numbers": [3, 1, 2]})
        """
        return self._content(names.INPUT_VALUE, names.INPUT_MIME_TYPE, value)

    def output(self, value: object) -> Self:
        """What came out: text as it is, all else as JSON within the limit `max_value_chars`.

        >>> import sightline
        >>> with sightline.span("sort") as span:
        ...     _ = span.output([1, 2, 3])
        """
        return self._content(names.OUTPUT_VALUE, names.OUTPUT_MIME_TYPE, value)

    def error(self, error: BaseException) -> Self:
        """Mark the span as failed by an exception that you caught yourself.

        >>> import sightline
        >>> with sightline.span("fetch") as span:
        ...     try:
        ...         raise TimeoutError("no answer in 3 s")
        ...     except TimeoutError as error:
        ...         _ = span.error(error)
        """
        try:
            if self._otel.is_recording():
                note_error(self._otel, error)
        except Exception as problem:  # the border
            trouble("Span.error", problem)
        return self

    def score(self, name: str, value: float | bool | str | None = None, **more: Any) -> Self:
        """Score this span; all else as with `sightline.score`.

        >>> import sightline
        >>> with sightline.span("answer") as span:
        ...     _ = span.score("grounded", 0.9, comment="two of three claims have a source")
        """
        from sightline.sdk.scores import score

        score(name, value, span=self, **more)
        return self

    @property
    def otel(self) -> otel.Span:
        """OpenTelemetry's own span; an invalid one before the block began."""
        return self._otel

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hex digits; zeros where nothing is recorded."""
        return f"{self._otel.get_span_context().trace_id:032x}"

    @property
    def span_id(self) -> str:
        """The span's id, 16 hex digits; zeros where nothing is recorded."""
        return f"{self._otel.get_span_context().span_id:016x}"

    @property
    def url(self) -> str | None:
        """Where the trace is shown; None where nothing is recorded or sent to a server."""
        server = running.server()
        if server is None or not self._otel.get_span_context().is_valid:
            return None
        return f"{server.rstrip('/')}/traces/{self.trace_id}"

    def _begin(self, outer: Context) -> None:
        """Start the span below `outer` without making it current."""
        self._once.append(None)
        limit, given = running.content_limit(), self._input
        try:
            tracer, attributes = running.tracer(), self._attributes
            if given is not None and limit and running.records_all():
                # Attributes that a span begins with cost half of those that it is told.
                text, mime = text_and_type(given, limit)
                attributes = {**attributes, names.INPUT_VALUE: text, names.INPUT_MIME_TYPE: mime}
                given = None
            self._otel = tracer.start_span(self._name, outer, self._span_kind, attributes)
        except Exception as error:  # the border: someone's sampler or processor
            trouble("span", error)
            self._otel = otel.get_current_span(outer)
            self._once.clear()
        self._input = None
        if given is not None:
            self.input(given)
        try:
            if limit and self._otel.is_recording():
                self._begun(limit)
        except Exception as error:  # the border
            trouble("content", error)

    def _begun(self, limit: int) -> None:
        """Write down what is known at the start, in at most `limit` characters each."""

    def _end(self, error: BaseException | None = None, at: int | None = None) -> bool:
        """End the span once, at a time in ns since 1970 or now; whether this call did it."""
        try:
            self._once.pop()  # whoever comes first, in whichever thread
        except IndexError:
            return False
        try:
            if error is not self._noted:
                note_end(self._otel, error)
            self._noted = None
            self._otel.end(at)
        except Exception as problem:  # the border: someone's processor
            trouble("span", problem)
        return True

    def _content(self, key: str, type_key: str, value: object) -> Self:
        try:
            limit = running.content_limit()
            if limit and value is not None and self._otel.is_recording():
                text, mime = text_and_type(value, limit)
                self._otel.set_attributes({key: text, type_key: mime})
        except Exception as error:  # the border
            trouble("content", error)
        return self


def span(
    name: str,
    *,
    kind: Kind | None = None,
    input: object = None,  # noqa: A002  # what users call it
    **attributes: object,
) -> Span:
    """A span around a block, also with `async with`; spans begun inside are its children.

    `kind` says what the step is (`agent`, `chain`, `retriever`, `guardrail`, `evaluator`, …); `input` what
    went in; all other arguments become attributes. An exception is written down and goes on its way.

        >>> import sightline
        >>> with sightline.span("rank", kind="reranker", input={"query": "refunds"}, candidates=40) as span:
        ...     _ = span.output(["doc-7", "doc-2"])
        >>> span.trace_id != ""
        True
    """
    return Span(name, start_attributes(kind, attributes), SpanKind.INTERNAL, input)


def current_span() -> Span:
    """The span that is current, whoever began it, to set something on it from deep inside.

    Where there is none, everything it is told is forgotten.

        >>> import sightline
        >>> def deep_inside():
        ...     sightline.current_span().set(cache="hit")
        >>> with sightline.span("answer"):
        ...     deep_inside()
    """
    found = Span("", {})
    found._otel = otel.get_current_span()
    return found


def start_attributes(kind: str | None, attributes: Mapping[str, object]) -> dict[str, Any]:
    """The attributes a span begins with."""
    try:
        made = ready_attributes(attributes, ATTRIBUTE_CHARS) if attributes else {}
        if kind is not None:
            made[names.SPAN_KIND] = word(kind).upper()
        return made
    except Exception as error:  # the border
        trouble("attributes", error)
        return {}


def trouble(what: str, error: Exception) -> None:
    """One warning for what went wrong inside, never an exception."""
    running.warn_once(
        f"api.{what}.{type(error).__name__}",
        f"sightline: {what} failed with {type(error).__name__}; your program goes on, and this is said once. "
        "If no processor or sampler of your own raised it, please report it.",
    )
