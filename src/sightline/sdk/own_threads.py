"""Threads of ours: what they do is not the program's, and makes no spans."""

from __future__ import annotations

from opentelemetry import context


def make_no_spans() -> None:
    """Called first in a thread of ours. Instrumentations (of urllib3, of a detector's HTTP client) see
    nothing here: else each request that sends spans would make a span, which is sent, which makes a span.
    """
    made = context.set_value("suppress_instrumentation", True)
    for key in ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY"):
        if isinstance(name := getattr(context, key, None), str):
            made = context.set_value(name, True, made)
    context.attach(made)
