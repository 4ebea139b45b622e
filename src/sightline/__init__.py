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
    from sightline.sdk.metrics import MetricsProcessor as MetricsProcessor
    from sightline.sdk.retrievals import Retrieval as Retrieval
    from sightline.sdk.retrievals import retrieval as retrieval
    from sightline.sdk.scores import feedback as feedback
    from sightline.sdk.scores import score as score
    from sightline.sdk.spans import Span as Span
    from sightline.sdk.spans import current_span as current_span
    from sightline.sdk.spans import span as span
    from sightline.sdk.streams import AsyncStream as AsyncStream
    from sightline.sdk.streams import Stream as Stream
    from sightline.sdk.tools import ToolCall as ToolCall
    from sightline.sdk.tools import tool as tool

__version__ = "0.1.0"
__all__ = [
    "AsyncStream",
    "CarryingExecutor",
    "Client",
    "LlmCall",
    "MetricsProcessor",
    "Retrieval",
    "Span",
    "Stream",
    "ToolCall",
    "__version__",
    "carry",
    "context",
    "current_span",
    "extract",
    "feedback",
    "inject",
    "llm_call",
    "retrieval",
    "score",
    "span",
    "tool",
    "trace",
]

# Where each public name is, so that importing Sightline costs nothing until one is used. A test holds this
# against the imports above, which are what type checkers read.
_PLACES = {
    "Client": "sightline.client",
    "AsyncStream": "sightline.sdk.streams",
    "CarryingExecutor": "sightline.sdk.carrying",
    "LlmCall": "sightline.sdk.calls",
    "MetricsProcessor": "sightline.sdk.metrics",
    "Retrieval": "sightline.sdk.retrievals",
    "Span": "sightline.sdk.spans",
    "Stream": "sightline.sdk.streams",
    "ToolCall": "sightline.sdk.tools",
    "carry": "sightline.sdk.carrying",
    "context": "sightline.sdk.context",
    "current_span": "sightline.sdk.spans",
    "extract": "sightline.sdk.carrying",
    "feedback": "sightline.sdk.scores",
    "inject": "sightline.sdk.carrying",
    "llm_call": "sightline.sdk.calls",
    "retrieval": "sightline.sdk.retrievals",
    "score": "sightline.sdk.scores",
    "span": "sightline.sdk.spans",
    "tool": "sightline.sdk.tools",
    "trace": "sightline.sdk.decorator",
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
