"""What several flow tests do: run a sender in its own process, read a stored text back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.testing import ServerProcess, environment

SENDERS = Path(__file__).parent / "senders"


def run_sender(*command: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Run a sender to its end and return what it says it sent."""
    words = [sys.executable, *command] if command[0].endswith(".py") else list(command)
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, env=environment(env), check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "error" not in done.stderr.lower(), f"the sender complains: {done.stderr[-3000:]}"
    sent: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return sent


def python_app(protocol: str, endpoint: str, **env: str) -> dict[str, Any]:
    """Run the Python application against an endpoint."""
    plain = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_INSECURE": "true"}
    return run_sender(str(SENDERS / "python_app.py"), protocol, env=plain | env)


def text_of(server: ServerProcess, content_hash: str) -> str:
    """A stored text by its hash, joined from its parts."""
    rows = server.sql(f"SELECT body, parts FROM content WHERE hash = '{content_hash}'")
    assert rows, f"no content {content_hash}"
    pieces: list[str] = rows[0]["parts"]
    return "".join(text_of(server, p) for p in pieces) if pieces else str(rows[0]["body"])


def contents_of(server: ServerProcess, trace_id: str, field: str) -> list[str]:
    """Hashes of what the spans of a trace have in a content field, by start."""
    rows = server.sql(
        "SELECT h AS hash FROM spans ARRAY JOIN content.hash AS h, content.field AS f"
        f" WHERE trace_id = '{trace_id}' AND f = '{field}' ORDER BY start_time"
    )
    return [row["hash"] for row in rows]
