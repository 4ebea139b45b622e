"""For tests of the SDK: programs in processes of their own, and a provider that is only this test's."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from sightline.sdk.configuration import configure
from sightline.sdk.processor import SpanProcessor
from sightline.sdk.runtime import Runtime
from sightline.testing import environment


def program(code: str) -> list[str]:
    """The command that runs a piece of Python."""
    return [sys.executable, "-c", textwrap.dedent(code)]


def run(
    code: str, env: Mapping[str, str] | None = None, seconds: float = 60.0, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python to its end, without settings of ours around it."""
    return subprocess.run(
        program(code),
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        cwd=cwd,
    )


@contextmanager
def running(**options: Any) -> Iterator[tuple[Runtime, trace.Tracer]]:
    """A runtime with a provider of its own, which this process's global state does not know."""
    config, problems = configure({"spool": "off", **options}, {}, "test.py")
    assert not problems, problems
    runtime = Runtime(config)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor(runtime))
    try:
        yield runtime, provider.get_tracer("test")
    finally:
        runtime.shutdown(2.0)
