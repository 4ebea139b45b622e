"""What this package's functions ask of the running SDK, with an answer when `init()` was not called.

OpenTelemetry's own set-up of a program is used as it is then: spans are made and go where it sends them.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from opentelemetry import trace

from sightline import __version__
from sightline.sdk import names

MAX_VALUE_CHARS: Final = 1_000_000
PROPAGATED: Final = (names.SESSION_ID, names.TEAM, names.FEATURE, names.VERSION)
_provider: trace.TracerProvider | None = None
_tracer: trace.Tracer | None = None
_said: set[str] = set()


def tracer() -> trace.Tracer:
    """The tracer of whatever provider is the global one now."""
    global _provider, _tracer
    provider = trace.get_tracer_provider()
    if provider is not _provider or _tracer is None:
        _tracer = provider.get_tracer("sightline", __version__)
        _provider = provider
    return _tracer


def runtime() -> Any:
    """The running SDK, or None."""
    module = sys.modules.get("sightline.sdk.runtime")  # loaded by init(), and not before
    return None if module is None else module.current()


def content_limit() -> int:
    """How many characters of one input or output are kept; 0 when content stays in the program."""
    found = runtime()
    if found is None:
        return MAX_VALUE_CHARS
    return found.config.max_value_chars if found.config.capture_content else 0


def propagated() -> tuple[str, ...]:
    """The attributes that may go to other services in baggage, and are believed when they come in it."""
    found = runtime()
    return PROPAGATED if found is None else found.config.propagate


def server() -> str | None:
    """The address of the server, None when nothing is sent to one."""
    found = runtime()
    return None if found is None or found.config.file is not None else found.config.endpoint


def warn_once(kind: str, message: str) -> None:
    """One warning for each kind of trouble, then silence."""
    if kind not in _said:
        _said.add(kind)
        logging.getLogger("sightline").warning(message)


def emit(
    name: str, attributes: dict[str, Any], trace_id: int, span_id: int, time_ns: int, severity: int
) -> None:
    """An event for the server; nothing before `init()`."""
    found = runtime()
    if found is not None:
        event = sys.modules["sightline.sdk.runtime"].LogEvent
        found.emit(event(name, attributes, None, severity, trace_id, span_id, time_ns))


def keep_trace(reason: str) -> None:
    """Keep the current trace whatever the sampling says."""
    module = sys.modules.get("sightline.sdk.sampling")
    if module is not None:
        module.keep_trace(reason)
