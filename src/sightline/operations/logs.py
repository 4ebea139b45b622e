"""Sightline's own logs: structlog with the standard library's logging routed through the same pipeline.

Logs never hold prompts, outputs or keys: fields that carry them are replaced by their size, and what looks
like a secret inside a text is cut out, whatever library wrote it.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sightline.settings import LogSettings

MAX_TEXT = 2000
_SECRET_FIELD = re.compile(
    r"(^|[_.-])(authorization|api[_-]?key|secret|password|passwd|cookie|credentials?|key|token)$",
    re.IGNORECASE,
)
_CONTENT_FIELD = re.compile(
    r"(^|[_.-])(prompts?|completions?|messages?|content|contents|inputs?|outputs?|body|payload|attributes|arguments"
    r"|documents?)$",
    re.IGNORECASE,
)
_SECRET_TEXT = (
    re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}", re.IGNORECASE),
    re.compile(r"(\b(?:x-)?api[_-]?key[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&}]+", re.IGNORECASE),
    re.compile(r"(\b(?:authorization|password|secret)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&}]+", re.IGNORECASE),
    re.compile(r"(://[^:/@\s]*:)[^@\s/]+(?=@)"),
    re.compile(r"()\b(?:sk|pk|slk?)[-_][A-Za-z0-9_-]{16,}"),
)
_PLAIN = {"event", "level", "logger", "timestamp", "exception", "stack"}
_META = {"_record", "_from_structlog"}  # structlog's own, taken out before rendering
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process, onto `stream` (standard error by default). Safe to repeat."""
    stream = stream or sys.stderr
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    level = getattr(logging, settings.level.upper())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain: tracebacks without the values of local variables
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json, colors=stream.isatty()),
            ],
        )
    )
    _take_over(handler, level)


def _renderers(as_json: bool, *, colors: bool) -> Sequence[Processor]:
    if as_json:
        return (structlog.processors.JSONRenderer(ensure_ascii=False, default=str),)
    plain = structlog.dev.plain_traceback
    return (printable, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain))


def _take_over(handler: logging.Handler, level: int) -> None:
    """Make the root logger the only one that writes; libraries' own handlers would bypass the pipeline."""
    root = logging.getLogger()
    for old in list(root.handlers):
        # Ours, or one from an earlier call; a test runner's capturing handler stays.
        if type(old) is logging.StreamHandler:
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for noisy in ("uvicorn.access", "httpx", "urllib3", "clickhouse_connect", "grpc"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)


def redact(_: WrappedLogger | None, __: str, event: EventDict) -> EventDict:
    """The structlog processor that keeps prompts, outputs and keys out, and every text short."""
    for name, value in list(event.items()):
        if name in _META:
            continue
        if name in _PLAIN and isinstance(value, str):
            event[name] = _clean(value, keep_end=name == "exception")
        else:
            event[name] = _field("" if name in _PLAIN else name, value, depth=4)
    return event


def _field(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if _SECRET_FIELD.search(name):
        return "[hidden]"
    if _CONTENT_FIELD.search(name):
        return f"[{len(value)} hidden]" if hasattr(value, "__len__") else "[hidden]"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, dict):
        return {str(k): _field(str(k), v, depth - 1) for k, v in value.items()} if depth else "[…]"
    if isinstance(value, list | tuple | set | frozenset):
        return [_field("", item, depth - 1) for item in list(value)[:100]] if depth else "[…]"
    return _clean(value if isinstance(value, str) else str(value))


def _clean(text: str, *, keep_end: bool = False) -> str:
    for pattern in _SECRET_TEXT:
        text = pattern.sub(r"\1[hidden]", text)
    if len(text) <= MAX_TEXT * (4 if keep_end else 1):
        return text
    if keep_end:  # a traceback says the most at its end, but its last line may quote data
        return f"…{text[-3 * MAX_TEXT :]}"
    return f"{text[:MAX_TEXT]}… ({len(text)} characters)"


def printable(_: WrappedLogger | None, __: str, event: EventDict) -> EventDict:
    """The structlog processor that escapes control characters: a text must not steer a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and name not in _META:
            escaped = _CONTROL.sub(lambda m: m[0].encode("unicode_escape").decode(), value)
            event[name] = escaped if name in {"exception", "stack"} else escaped.replace("\n", "\\n")
    return event
