"""Python's `logging`: records that go beside their spans, and trace ids for logs that stay where they are."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry import trace

from sightline.sdk import runtime
from sightline.sdk.events import LogEvent

# Those that speak while records are sent: their records would send records.
OWN = ("sightline", "urllib3", "opentelemetry")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message", "asctime", "taskName", "trace_id", "span_id",
}  # fmt: skip
_MOST_FIELDS = 64
_MOST_CHARS = 32_000
_busy = threading.local()


class LoggingHandler(logging.Handler):
    """Sends log records to where `init()` sends spans, each with the span in which it was said.

        import logging, sightline
        sightline.init()
        logging.getLogger().addHandler(sightline.LoggingHandler(logging.INFO))

    Before `init()` it does nothing. It never blocks, raises, or sends what is said about sending. Fields of
    `extra=` are attributes, at most 64; an exception is in `exception.type`, `.message`, `.stacktrace`.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        if getattr(_busy, "now", False):
            return
        _busy.now = True
        try:
            running = None if is_own(record.name) else runtime.current()
            if running is not None:
                running.emit(event_of(record))
        except Exception:  # a border: a log call must not fail, and must not be told so by another
            return
        finally:
            _busy.now = False


class TraceIdFilter(logging.Filter):
    """Gives records `trace_id` and `span_id` as text, for formats; `-` where there is no span.

        import logging, sightline
        handler = logging.StreamHandler()
        handler.addFilter(sightline.TraceIdFilter())
        handler.setFormatter(logging.Formatter("%(levelname)s %(trace_id)s %(message)s"))

    It belongs on a handler: a logger's filter does not see what comes from the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the ids; every record passes."""
        trace_id, span_id = ids()
        record.trace_id = f"{trace_id:032x}" if trace_id else "-"
        record.span_id = f"{span_id:016x}" if span_id else "-"
        return True


def is_own(name: object) -> bool:
    """Whether a logger's records are about sending."""
    return isinstance(name, str) and name.partition(".")[0] in OWN


def ids() -> tuple[int, int]:
    """Trace and span of this moment; zeros outside of any."""
    context = trace.get_current_span().get_span_context()
    return context.trace_id, context.span_id


def event_of(record: logging.LogRecord) -> LogEvent:
    """A record as it is sent."""
    trace_id, span_id = ids()
    attributes: dict[str, Any] = {
        "logger.name": str(record.name),
        "code.file.path": record.pathname,
        "code.line.number": record.lineno,
        "code.function.name": record.funcName,
        "thread.name": record.threadName or "",
    }
    attributes |= dict(_fields(record.__dict__))
    if record.exc_info and record.exc_info[0] is not None:
        attributes |= exception_attributes(record.exc_info[1], record.exc_info)
    return LogEvent(
        attributes=attributes,
        body=_message(record),
        severity=severity(record.levelno),
        trace_id=trace_id,
        span_id=span_id,
        time_ns=int(record.created * 1e9),
    )


def severity(level: object) -> int:
    """OpenTelemetry's number of a level of `logging`; levels between the known ones keep their order.

    >>> [severity(level) for level in (0, 5, 10, 20, 25, 30, 40, 50, 90)]
    [0, 1, 5, 9, 11, 13, 17, 21, 24]
    """
    if not isinstance(level, int) or level <= 0:
        return 0
    step, rest = divmod(level, 10)
    return min(1 + 4 * step + (rest * 4) // 10, 24) if step else 1


def exception_attributes(error: BaseException | None, exc_info: Any) -> dict[str, Any]:
    """What is said of an exception, by OpenTelemetry's names."""
    if error is None:
        return {}
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        stack = "".join(traceback.format_exception(*exc_info))
    except Exception:  # a border: someone's __str__
        stack = ""
    return {
        "exception.type": name,
        "exception.message": text_of(error),
        "exception.stacktrace": stack[-_MOST_CHARS:],
    }


def text_of(value: object) -> str:
    """A value as text of bounded length, whatever its class makes of that."""
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception:  # a border: someone's __str__
        return f"<{type(value).__name__}>"
    return text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"


def attribute_of(value: object) -> Any:
    """A value as an attribute: what is no plain one becomes text."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple) and len(value) <= _MOST_FIELDS and all(type(v) is str for v in value):
        return [text_of(one) for one in value]
    return text_of(value)


def _fields(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    left = _MOST_FIELDS
    for name, value in said.items():
        if name not in _STANDARD and value is not None and left:
            left -= 1
            yield name, attribute_of(value)


def _message(record: logging.LogRecord) -> str:
    try:
        return text_of(record.getMessage())
    except Exception:  # a border: arguments that do not fit the message
        return text_of(record.msg)
