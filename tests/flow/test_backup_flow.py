"""A backup of a running server under load, restored elsewhere after the first one was killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sightline.operations.client import Server, UnreachableError
from sightline.operations.server_checks import probe_request

SRC = Path(__file__).parents[2] / "src"
PATIENCE = 60.0
pytestmark = pytest.mark.flow


def sightline(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sightline.cli", *arguments],
        capture_output=True, text=True, timeout=100, env={**os.environ, "PYTHONPATH": str(SRC)}, check=False,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: object, what: str) -> None:
    """Wait for a condition, looking every 50 ms."""
    assert callable(condition)
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        pause.wait(0.05)


@contextmanager
def running(data: Path, log: Path) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    """A server on `data`, killed at the end if it still runs."""
    server = Server(f"http://127.0.0.1:{free_port()}", seconds=20)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sightline.cli", "serve", "--data", str(data), "--port", str(server.port),
             "--grpc-port", "0"],
            stdout=out, stderr=out, env={**os.environ, "PYTHONPATH": str(SRC)},
        )  # fmt: skip

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return server.request("GET", "/readyz").status == 200
        except UnreachableError:
            return False

    try:
        until(ready, "the server does not get ready")
        yield server, process
    finally:
        process.kill()
        process.wait(PATIENCE)


class Sender(threading.Thread):
    """Sends spans of one trace each, and remembers which were acknowledged."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server, self.acknowledged, self.enough = server, list[str](), threading.Event()

    def run(self) -> None:
        kind = {"content-type": "application/x-protobuf"}
        while not self.enough.is_set():
            trace = secrets.token_bytes(16)
            body = probe_request(trace, time.time_ns())
            if self.server.request("POST", "/v1/traces", body, kind).status == 200:
                self.acknowledged.append(trace.hex())


def count(server: Server) -> tuple[int, set[str]]:
    """All spans, and the traces they belong to."""
    query = json.dumps({"query": "SELECT trace_id FROM spans LIMIT 10000"}).encode()
    answer = server.request("POST", "/api/v1/sql", query, {"content-type": "application/json"})
    assert answer.status == 200, answer.body
    found = [row["trace_id"] for row in answer.json()["data"]]
    return len(found), set(found)


def test_a_backup_under_load_holds_every_acknowledged_span_exactly_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(tmp_path / "data", log) as (server, process):
        senders = [Sender(server) for _ in range(2)]
        for sender in senders:
            sender.start()
        try:
            until(lambda: sum(len(s.acknowledged) for s in senders) > 200, "senders are not heard")
            before = {trace for s in senders for trace in list(s.acknowledged)}
            made = sightline("backup", str(tmp_path / "backup"), "--url", server.url)
            assert made.returncode == 0, made.stderr + log.read_text()
        finally:
            for sender in senders:
                sender.enough.set()
            for sender in senders:
                sender.join(PATIENCE)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    sent = {trace for s in senders for trace in s.acknowledged}
    assert len(sent) < 10_000
    restored = sightline("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new"))
    assert restored.returncode == 0, restored.stderr
    with running(tmp_path / "new", log) as (server, _):
        until(lambda: before <= count(server)[1], "acknowledged spans are missing after the restore")
        spans, traces = count(server)
    assert spans == len(traces), "none twice"
    assert traces <= sent
    again = sightline("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new"))
    assert again.returncode == 1
    assert "is not empty" in again.stderr
