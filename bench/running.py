"""A real server in a process of its own, on free loopback ports and a directory that may be thrown away."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def process_memory(pid: int) -> tuple[float, float]:
    """Resident and highest resident megabytes (10^6 bytes) of a process; zeros when it is gone."""
    found = {"VmRSS": 0.0, "VmHWM": 0.0}
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name = line.split(":")[0]
            if name in found:
                found[name] = int(line.split()[1]) * 1024 / 1e6
    return found["VmRSS"], found["VmHWM"]


def process_cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """A started `sightline serve`; `ready_seconds` is how long it took from exec to /readyz 200."""

    def __init__(self, data: Path, flags: tuple[str, ...] = (), wait: float = 120.0) -> None:
        self.port, self.grpc_port, self.data = free_port(), free_port(), data
        self.log = data.parent / f"{data.name}.log"
        command = [sys.executable, "-m", "sightline.cli", "serve", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--grpc-port", str(self.grpc_port), "--data", str(data), *flags]
        path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))))
        began = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=self.log.open("wb"),
            cwd=data.parent,
        )
        self.pid = self._process.pid
        while not self._ready():
            if self._process.poll() is not None or time.perf_counter() - began > wait:
                self.stop()
                raise RuntimeError(f"the server did not become ready: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        self.ready_seconds = time.perf_counter() - began

    def _ready(self) -> bool:
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: Any = None, timeout: float = 60.0) -> tuple[int, bytes]:
        """One request on a connection of its own; the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def sql(self, query: str) -> list[dict[str, Any]]:
        """Rows of a statement over the API."""
        status, body = self.request("POST", "/api/v1/sql", {"query": query})
        if status != 200:
            raise RuntimeError(f"SQL answered {status}: {body[:500]!r}")
        return list(json.loads(body)["data"])

    def metrics(self) -> dict[str, float]:
        """All samples of /metrics: name and labels as written there, then the value."""
        found = {}
        for line in self.request("GET", "/metrics")[1].decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    def stored(self, signal_name: str = "traces") -> int:
        """Items that can be queried since the start."""
        return int(self.metrics().get(f'sightline_stored_items_total{{signal="{signal_name}"}}', 0))

    def wait_stored(self, items: int, seconds: float) -> tuple[float, int]:
        """Wait until so many spans are stored; the moment (perf_counter) and how many there are."""
        deadline = time.perf_counter() + seconds
        while (stored := self.stored()) < items and time.perf_counter() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        return time.perf_counter(), stored

    def memory(self) -> tuple[float, float]:
        """Resident and highest resident megabytes."""
        return process_memory(self.pid)

    def cpu(self) -> float:
        """Seconds of CPU used."""
        return process_cpu(self.pid)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return int(self._process.returncode)


@contextlib.contextmanager
def fresh_server(*flags: str, directory: Path | None = None) -> Iterator[Server]:
    """A server on an empty directory, removed at the end; on `directory`, kept, when one is given."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a time limit ends the server as well
    root = Path(tempfile.mkdtemp(prefix="sightline-bench-"))
    try:
        server = Server(directory or root / "data", flags)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def digest_passes(metrics: dict[str, float], signal_name: str = "traces") -> dict[str, float]:
    """Seconds spent in each pass of the digest."""
    found = {}
    for name, value in metrics.items():
        if name.startswith("sightline_digest_seconds_sum{") and f'signal="{signal_name}"' in name:
            found[name.split('pass="')[1].split('"')[0]] = value
    return found
