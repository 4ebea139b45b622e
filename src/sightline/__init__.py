"""Sightline: self-hosted observability and monitoring for AI systems."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.client import Client as Client
    from sightline.sdk.calls import LlmCall as LlmCall
    from sightline.sdk.calls import llm_call as llm_call
    from sightline.sdk.carrying import CarryingExecutor as CarryingExecutor
    from sightline.sdk.carrying import carry as carry
    from sightline.sdk.carrying import extract as extract
    from sightline.sdk.carrying import inject as inject
    from sightline.sdk.context import context as context
    from sightline.sdk.decorator import trace as trace
    from sightline.sdk.jobs import instrument_celery as instrument_celery
    from sightline.sdk.jobs import job as job
    from sightline.sdk.jobs import job_headers as job_headers
    from sightline.sdk.logging_handler import LoggingHandler as LoggingHandler
    from sightline.sdk.logging_handler import TraceIdFilter as TraceIdFilter
    from sightline.sdk.metrics import MetricsProcessor as MetricsProcessor
    from sightline.sdk.notebook import load_ipython_extension as load_ipython_extension
    from sightline.sdk.notebook import unload_ipython_extension as unload_ipython_extension
    from sightline.sdk.redaction import Redaction as Redaction
    from sightline.sdk.retrievals import Retrieval as Retrieval
    from sightline.sdk.retrievals import retrieval as retrieval
    from sightline.sdk.sampling import Sampling as Sampling
    from sightline.sdk.sampling import keep_trace as keep_trace
    from sightline.sdk.scores import feedback as feedback
    from sightline.sdk.scores import score as score
    from sightline.sdk.spans import Span as Span
    from sightline.sdk.spans import current_span as current_span
    from sightline.sdk.spans import span as span
    from sightline.sdk.start import counts as counts
    from sightline.sdk.start import flush as flush
    from sightline.sdk.start import init as init
    from sightline.sdk.start import shutdown as shutdown
    from sightline.sdk.streams import AsyncStream as AsyncStream
    from sightline.sdk.streams import Stream as Stream
    from sightline.sdk.structlog_processor import StructlogProcessor as StructlogProcessor
    from sightline.sdk.tools import ToolCall as ToolCall
    from sightline.sdk.tools import tool as tool
    from sightline.sdk.web.asgi import SightlineMiddleware as SightlineMiddleware
    from sightline.sdk.web.django import DjangoMiddleware as DjangoMiddleware
    from sightline.sdk.web.wsgi import SightlineWSGIMiddleware as SightlineWSGIMiddleware
    from sightline.sdk.web.wsgi import instrument_flask as instrument_flask

__version__ = "0.1.0"
__all__ = [
    "AsyncStream",
    "CarryingExecutor",
    "Client",
    "DjangoMiddleware",
    "LlmCall",
    "LoggingHandler",
    "MetricsProcessor",
    "Redaction",
    "Retrieval",
    "Sampling",
    "SightlineMiddleware",
    "SightlineWSGIMiddleware",
    "Span",
    "Stream",
    "StructlogProcessor",
    "ToolCall",
    "TraceIdFilter",
    "__version__",
    "carry",
    "context",
    "counts",
    "current_span",
    "extract",
    "feedback",
    "flush",
    "init",
    "inject",
    "instrument_celery",
    "instrument_flask",
    "job",
    "job_headers",
    "keep_trace",
    "llm_call",
    "load_ipython_extension",
    "retrieval",
    "score",
    "shutdown",
    "span",
    "tool",
    "trace",
    "unload_ipython_extension",
]

# Where each public name is, so that importing Sightline costs nothing until one is used. A test holds this
# against the imports above, which are what type checkers read.
_PLACES = {
    "AsyncStream": "sightline.sdk.streams",
    "CarryingExecutor": "sightline.sdk.carrying",
    "Client": "sightline.client",
    "DjangoMiddleware": "sightline.sdk.web.django",
    "LlmCall": "sightline.sdk.calls",
    "LoggingHandler": "sightline.sdk.logging_handler",
    "MetricsProcessor": "sightline.sdk.metrics",
    "Redaction": "sightline.sdk.redaction",
    "Retrieval": "sightline.sdk.retrievals",
    "Sampling": "sightline.sdk.sampling",
    "SightlineMiddleware": "sightline.sdk.web.asgi",
    "SightlineWSGIMiddleware": "sightline.sdk.web.wsgi",
    "Span": "sightline.sdk.spans",
    "Stream": "sightline.sdk.streams",
    "StructlogProcessor": "sightline.sdk.structlog_processor",
    "ToolCall": "sightline.sdk.tools",
    "TraceIdFilter": "sightline.sdk.logging_handler",
    "carry": "sightline.sdk.carrying",
    "context": "sightline.sdk.context",
    "counts": "sightline.sdk.start",
    "current_span": "sightline.sdk.spans",
    "extract": "sightline.sdk.carrying",
    "feedback": "sightline.sdk.scores",
    "flush": "sightline.sdk.start",
    "init": "sightline.sdk.start",
    "inject": "sightline.sdk.carrying",
    "instrument_celery": "sightline.sdk.jobs",
    "instrument_flask": "sightline.sdk.web.wsgi",
    "job": "sightline.sdk.jobs",
    "job_headers": "sightline.sdk.jobs",
    "keep_trace": "sightline.sdk.sampling",
    "llm_call": "sightline.sdk.calls",
    "load_ipython_extension": "sightline.sdk.notebook",
    "retrieval": "sightline.sdk.retrievals",
    "score": "sightline.sdk.scores",
    "shutdown": "sightline.sdk.start",
    "span": "sightline.sdk.spans",
    "tool": "sightline.sdk.tools",
    "trace": "sightline.sdk.decorator",
    "unload_ipython_extension": "sightline.sdk.notebook",
}


def __getattr__(name: str) -> Any:
    """A public name, from its module, when it is asked for."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(place), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, also those not imported yet."""
    return sorted({*globals(), *__all__})
