"""A remote store for tests: the HTTP protocol in front of chDB, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.testing import environment, free_port

_SCRIPT = Path(__file__).with_name("clickhouse_http.py")


@contextmanager
def remote_store(directory: Path, port: int = 0) -> Iterator[str]:
    """The address of a remote store that lives as long as the context."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, str(_SCRIPT), str(directory), str(port)], stdout=subprocess.PIPE, env=environment()
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n", "the remote store did not start"
        yield f"clickhouse://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(30)
        if process.stdout:
            process.stdout.close()
