"""Threads of ours: what they do is not the program's, and makes no spans."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opentelemetry import context

_LONGEST_REST = 0.05


def started(work: Callable[..., None], name: str, end: Callable[[], None], *args: Any) -> threading.Thread:
    """A thread that does not keep the program from ending.

    Where there are no daemon threads (sub-interpreters, which wait for all their threads at their end), `end`
    is called first; after it, `work` must return. Raises RuntimeError where no thread can be started, as
    while Python ends.
    """
    try:
        thread = threading.Thread(target=work, args=args, name=name, daemon=True)
    except RuntimeError:
        # What `concurrent.futures` uses for the same; `atexit` comes after the wait.
        register = getattr(threading, "_register_atexit", None)
        if register is None:
            raise
        register(end)
        thread = threading.Thread(target=work, args=args, name=name, daemon=False)
    thread.start()
    return thread


def rested(thread: threading.Thread) -> None:
    """Wait until a thread that was told to end is gone, but not longer than a fork may wait."""
    end = time.monotonic() + _LONGEST_REST
    thread.join(_LONGEST_REST)
    if sys.version_info >= (3, 13):
        return
    # Before, `join` returns while the system still counts the thread.
    task = Path(f"/proc/self/task/{thread.native_id}")
    while not thread.is_alive() and task.exists() and time.monotonic() < end:
        time.sleep(0.0001)


def make_no_spans() -> None:
    """Called first in a thread of ours. Instrumentations (of urllib3, of a detector's HTTP client) see
    nothing here: else each request that sends spans would make a span, which is sent, which makes a span.
    """
    made = context.set_value("suppress_instrumentation", True)
    for key in ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY"):
        if isinstance(name := getattr(context, key, None), str):
            made = context.set_value(name, True, made)
    context.attach(made)
