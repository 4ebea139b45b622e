"""What this package's functions ask of the running SDK, with an answer when `init()` was not called.

OpenTelemetry's own set-up of a program is used as it is then: spans are made and go where it sends them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from sightline import __version__
from sightline.sdk import names
from sightline.sdk.warnings_once import warn_once as warn_once

if TYPE_CHECKING:
    from sightline.sdk.runtime import Runtime

# What holds before `init()`; a test compares it with the configuration's defaults, which is not loaded here.
MAX_VALUE_CHARS = 1_000_000
PROPAGATED = (names.SESSION_ID, names.TEAM, names.FEATURE, names.VERSION)
_provider: trace.TracerProvider | None = None
_tracer: trace.Tracer | None = None
_records_all = False


def tracer() -> trace.Tracer:
    """The tracer of whatever provider is the global one now."""
    global _provider, _tracer, _records_all
    provider = trace.get_tracer_provider()
    if provider is not _provider or _tracer is None:
        _tracer = provider.get_tracer("sightline", __version__)
        _records_all = _always(getattr(_tracer, "sampler", None))
        _provider = provider
    return _tracer


def records_all() -> bool:
    """Whether the tracer, once it was asked for, records every span that no other service left out."""
    return _records_all


def _always(sampler: Any) -> bool:
    try:
        said = str(sampler.get_description())
    except Exception:  # a border: someone's sampler, or the API's tracer, which has none
        return False
    return said.startswith(("AlwaysOnSampler", "ParentBased{root:AlwaysOnSampler,"))


def runtime() -> Runtime | None:
    """The running SDK; its module is loaded by `init()` and not before."""
    module = sys.modules.get("sightline.sdk.runtime")
    found: Runtime | None = None if module is None else module.current()
    return found


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
    """The address of the server, None when nothing is sent to one that has pages."""
    found = runtime()
    if found is None or found.config.file is not None:
        return None
    from sightline.sdk.exporter_settings import pages_of

    return pages_of(found.config) or None


def emit(
    name: str, attributes: dict[str, Any], trace_id: int, span_id: int, time_ns: int, severity: int
) -> None:
    """An event for the server; nothing before `init()`."""
    found = runtime()
    if found is not None:
        from sightline.sdk.events import LogEvent

        found.emit(LogEvent(name, attributes, None, severity, trace_id, span_id, time_ns))


def ring() -> None:
    """Have the worker look around soon; for finalizers, takes no lock."""
    found = runtime()
    if found is not None:
        found.worker.ring()


def attend() -> None:
    """Have the worker run: something begins that a finalizer may have to end."""
    found = runtime()
    if found is not None:
        found.worker.attend()


def keep_trace(reason: str) -> None:
    """Keep the current trace whatever the sampling says."""
    found = runtime()
    if found is not None:
        found.keep_current_trace(reason)
