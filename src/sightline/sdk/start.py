"""`sightline.init()`: two lines to full sight."""

from __future__ import annotations

import logging
import os
import sys
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

from sightline.sdk import runtime as runtimes
from sightline.sdk.configuration import Config, Options, configure, names_service, script_path
from sightline.sdk.counts import Counts
from sightline.sdk.exporter_settings import pages_of, traces_address
from sightline.sdk.names import SENDER
from sightline.sdk.runtime import Runtime
from sightline.sdk.warnings_once import LOGGER, warn_once

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from sightline.sdk.instrumentations import Report

_lock = threading.Lock()
# Some instrumentations write each message of a conversation as attributes of its own. OpenTelemetry's SDK
# keeps 128 and drops the oldest, which say whom and what a span is for.
_ATTRIBUTES = 10_000
COUNT_LIMITS = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """What `init()` turned on. `pages` is where people look; empty in file mode.

    `instrumentations`: what was found, what was turned on, and what to install for the rest.
    """

    config: Config
    enabled: bool
    sender: str = ""
    pages: str = ""
    joined: bool = False
    instrumentations: Report | None = None

    def __str__(self) -> str:
        if not self.enabled:
            return "sightline is off"
        target = str(self.config.file) if self.config.file else traces_address(self.config)
        how = "joined the program's tracer provider" if self.joined else "made a tracer provider"
        look = f"; look at {self.pages}" if self.pages else ""
        first = f"sightline sends {self.config.service!r} to {target} ({how}){look}"
        return "\n".join((first, *(self.instrumentations.lines() if self.instrumentations else ())))

    def __repr__(self) -> str:
        return str(self)  # a notebook shows it under the cell


def init(**options: Unpack[Options]) -> Started:
    """Begin to send this program's traces, with the options of the guide (`docs/guide/sdk.md`).

        import sightline
        sightline.init()

    In tests, and wherever nothing shall be sent:

        >>> import sightline
        >>> print(sightline.init(enabled=False))
        sightline is off

    Joins the OpenTelemetry tracer provider that the program has, or makes one. Options come from arguments,
    then `SIGHTLINE_*` variables, then OpenTelemetry's. Never raises: a value that cannot be used is warned of
    once, and its default is taken. A second call changes nothing and says so.
    """
    try:
        config, problems = configure(dict(options), os.environ, script_path())
        for problem in problems:
            warn_once(f"option {problem.option}", problem.text)
        with _lock:
            return _start(config, names_service(options, os.environ), bool(options))
    except Exception as error:  # a border: the program must start
        warn_once("init", f"sightline: off, it could not start ({type(error).__name__}: {error}).")
        return Started(Config(enabled=False), False)


def _start(config: Config, named: bool, asked: bool) -> Started:
    running = runtimes.current()
    if running is not None:
        if asked and replace(config, service="") != replace(running.config, service=""):
            warn_once("twice", "sightline.init() was called again with other options; the first ones stay.")
        return running.started or _started(running, True)
    if not config.enabled:
        return Started(config, False)
    provider, joined = _provider(config)
    if provider is None:
        return Started(config, False)
    if joined and not named:
        theirs = str(provider.resource.attributes.get("service.name", ""))
        config = (
            config if theirs.startswith("unknown_service") or not theirs else replace(config, service=theirs)
        )
    runtime = Runtime(config, provider.resource)
    runtimes.install(runtime)
    _add_processors(provider, runtime)
    started = _started(runtime, joined, _instrumented(config, provider))
    runtime.started = started
    if not config.quiet:
        _say(str(started))
    if "IPython" in sys.modules:
        from sightline.sdk.notebook import watch_notebook

        watch_notebook()
    return started


def _add_processors(provider: TracerProvider, runtime: Runtime) -> None:
    from sightline.sdk.processor import SpanProcessor

    if runtime.config.metrics:
        from opentelemetry.sdk.resources import Resource

        from sightline.sdk.metrics import MetricsProcessor
        from sightline.sdk.metrics_export import measure

        measure(provider.resource.merge(Resource({SENDER: runtime.sender})))
        provider.add_span_processor(MetricsProcessor())
    provider.add_span_processor(SpanProcessor(runtime))


def _instrumented(config: Config, provider: TracerProvider) -> Report | None:
    """Turn on the instrumentations of what is installed; the report, None where none are wanted."""
    if config.instrument is False:
        return None
    from sightline.sdk.instrumentations import turn_on

    return turn_on(config.instrument, provider, capture_content=config.capture_content)


def _say(text: str) -> None:
    """To the log `sightline`, and to a terminal where no handler shows that log."""
    LOGGER.info(text)
    shown = LOGGER.isEnabledFor(logging.INFO) and LOGGER.hasHandlers()
    if sys.stderr is not None and sys.stderr.isatty() and not shown:
        sys.stderr.write(f"{text}\n")


def _started(runtime: Runtime, joined: bool, instrumentations: Report | None = None) -> Started:
    server = "" if runtime.config.file else pages_of(runtime.config)
    pages = f"{server}/" if server else ""
    return Started(runtime.config, True, runtime.sender, pages, joined, instrumentations)


def _provider(config: Config) -> tuple[TracerProvider | None, bool]:
    """The program's provider, or a new one; whether it was there before."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    found: Any = trace.get_tracer_provider()
    if isinstance(found, TracerProvider) or _takes_processors(found):
        return found, True
    if not isinstance(found, trace.ProxyTracerProvider):
        warn_once(
            "provider",
            f"sightline: the program's tracer provider is a {type(found).__name__}, to which nothing can be "
            "added; expected one of opentelemetry-sdk. Call sightline.init() before it is set.",
        )
        return None, False
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits

    from sightline import __version__
    from sightline.sdk.runtime import identity

    limited = any(os.environ.get(name) for name in COUNT_LIMITS)
    made = TracerProvider(
        resource=Resource.create(identity(config, "", __version__)),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_span_attributes=None if limited else _ATTRIBUTES),
    )
    trace.set_tracer_provider(made)
    return made, False


def _takes_processors(provider: Any) -> bool:
    """Whether something that is none of the SDK's providers has one inside, as Logfire's has."""
    resource = getattr(provider, "resource", None)
    add = getattr(provider, "add_span_processor", None)
    return callable(add) and hasattr(resource, "attributes") and hasattr(resource, "merge")


def flush(timeout: float = 10.0) -> bool:
    """Wait at most `timeout` seconds until all that ended is with the server, in the file, or safe on disk.

        >>> import sightline
        >>> sightline.flush(timeout=2.0)
        True

    True when it is, and before `init()`, where there is nothing to wait for.
    """
    runtime = runtimes.current()
    return True if runtime is None else runtime.flush(_seconds("flush", timeout, 10.0))


def shutdown(timeout: float = 5.0) -> None:
    """Send what there is, within `timeout` seconds, and take nothing more. Happens by itself at exit.

    >>> import sightline
    >>> sightline.shutdown()
    """
    runtime = runtimes.current()
    if runtime is not None:
        runtimes.install(None)
        runtime.shutdown(_seconds("shutdown", timeout, 5.0))


def _seconds(where: str, timeout: object, default: float) -> float:
    """A time to wait, of at most a day; the default, with one warning, for what is none."""
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout == timeout:
        return float(min(max(timeout, 0), 86_400))
    warn_once(
        f"{where} timeout",
        f"sightline.{where}(timeout=<{type(timeout).__name__}>): expected seconds; waiting for {default:g}.",
    )
    return default


def counts() -> Counts:
    """What became of everything that was made in this process; zeros before `init()`.

    >>> import sightline
    >>> sightline.counts().spans.lost
    0
    """
    runtime = runtimes.current()
    return Counts() if runtime is None else runtime.counts()
