"""For tests of what speaks to Sightline: a real server in a process of its own, and means to wait and look.

    with ServerProcess(tmp_path / "data") as server:
        send(server.url)
        wait_until(lambda: server.sql("SELECT count() AS n FROM spans")[0]["n"] == 3, "three spans")

Nothing here sleeps a fixed time: `wait_until` looks until a condition holds, and says what it waited for.
"""

from __future__ import annotations

import json
import os
import secrets
import signal as signals
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from sightline.operations.client import Answer, Server, UnreachableError

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds to wait for something that takes one or two; a machine may be busy."""
PROTOBUF = "application/x-protobuf"
_SOURCE = Path(__file__).parents[1]


class NeverHappenedError(AssertionError):
    """What was waited for did not come; the message says what, and the last failure on the way."""


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE, pause: float = 0.05) -> T:
    """Ask `condition` until its answer is true, and return that answer.

    A condition that raises UnreachableError or AssertionError is asked again. Raises NeverHappenedError
    after `seconds`.
    """
    end, between = time.monotonic() + seconds, threading.Event()
    last = ""
    while True:
        try:
            answer = condition()
            if answer:
                return answer
            last = f"; the last answer was {answer!r}"
        except (UnreachableError, AssertionError) as error:
            last = f"; the last try failed: {error}"
        if time.monotonic() >= end:
            raise NeverHappenedError(f"waited {seconds:g} s in vain for {what}{last[:2000]}")
        between.wait(pause)


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child process: this one without settings for Sightline or OpenTelemetry."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SIGHTLINE_", "OTEL_"))}
    path = os.pathsep.join(filter(None, (str(_SOURCE), os.environ.get("PYTHONPATH", ""))))
    return kept | {"PYTHONPATH": path} | dict(extra or {})


def sightline(*arguments: str, seconds: float = 60.0, env: Mapping[str, str] | None = None) -> Finished:
    """Run the command line to its end. Raises subprocess.TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-m", "sightline.cli", *arguments],
        capture_output=True, text=True, timeout=seconds, env=environment(env), check=False,
    )  # fmt: skip


Finished = subprocess.CompletedProcess[str]


class ServerProcess:
    """`sightline serve` on a data directory and free ports; started by `start` or `with`, gone at the end.

    `options` are flags of `serve`. The ports stay the same over restarts. Its log is `log`, a file beside the
    data directory.
    """

    def __init__(
        self, data: Path, *options: str, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> None:
        self.data, self.options, self.prefix = data, options, tuple(prefix)
        self.env = dict(env or {})
        self.port, self.grpc_port = free_port(), free_port()
        self.log = data.parent / f"{data.name}.log"
        self.client = Server(self.url, seconds=20)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where HTTP is answered."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self.process is not None, "the server was not started"
        return self.process.pid

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.kill()
        if error is not None:
            lines = [line for line in self.output().splitlines() if '"event": "request"' not in line]
            error.add_note("\n".join(("--- the server log, without requests ---", *lines[-20:]))[:5000])

    def start(self, ready: bool = True) -> Self:
        """Start the process; with `ready`, return when it accepts and answers. One that runs is an error."""
        if self.process is not None and self.process.poll() is None:
            raise RuntimeError(f"the server on {self.url} runs already")
        command = [
            *self.prefix, sys.executable, "-m", "sightline.cli", "serve", "--data", str(self.data),
            "--port", str(self.port), "--grpc-port", str(self.grpc_port), *self.options,
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(self.env))
        if ready:
            wait_until(self.ready, "the server to be ready", 60.0)
        return self

    def ready(self) -> bool:
        """Whether it accepts and answers. Raises RuntimeError when the process has ended."""
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(
                f"the server ended ({self.process and self.process.returncode}):\n{self.output()[-4000:]}"
            )
        return self.client.request("GET", "/readyz").status == 200

    def output(self) -> str:
        """Everything it wrote since the first start."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut does to a process; nothing when it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def stop(self, seconds: float = 30.0) -> tuple[int, float]:
        """End it with SIGTERM; its exit code and how many seconds that took."""
        assert self.process is not None, "the server was not started"
        began = time.monotonic()
        self.process.send_signal(signals.SIGTERM)
        return self.process.wait(seconds), time.monotonic() - began

    def restart(self) -> Self:
        """Stop it if it runs, and start it again on the same directory."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        return self.start()

    # -- asking --------------------------------------------------------------------------------------------

    def get(self, path: str, key: str = "") -> Answer:
        """GET an address. Raises UnreachableError."""
        return self.client.request("GET", path, headers=_headers(key))

    def post(self, path: str, body: bytes, kind: str = PROTOBUF, key: str = "", **headers: str) -> Answer:
        """POST a body of a media type. Raises UnreachableError."""
        return self.client.request("POST", path, body, {"content-type": kind, **_headers(key), **headers})

    def json(self, path: str, key: str = "") -> Any:
        """GET a JSON document. Raises AssertionError unless the answer is 200."""
        answer = self.get(path, key)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.reason}"
        return answer.json()

    def sql(self, query: str, key: str = "") -> list[dict[str, Any]]:
        """The rows of a SELECT. Raises AssertionError unless the answer is 200."""
        answer = self.post("/api/v1/sql", json.dumps({"query": query}).encode(), "application/json", key)
        assert answer.status == 200, f"{query}: {answer.status} {answer.reason}"
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows

    def wait_for(
        self, query: str, check: Callable[[list[dict[str, Any]]], Any], seconds: float = PATIENCE
    ) -> Any:
        """Ask until `check` of the rows is true; returns the rows. Raises NeverHappenedError."""

        def asked() -> list[dict[str, Any]] | None:
            rows = self.sql(query)
            assert check(rows), f"the rows were {rows!r}"
            return rows or [{}]

        return wait_until(asked, query, seconds, 0.1)

    def settled(self, seconds: float = 60.0) -> None:
        """Wait until everything acknowledged so far is digested."""
        for _ in range(2):  # a segment that is being closed is nowhere for an instant
            self.measure_is("sightline_backlog_bytes", 0, seconds)

    def measure_is(self, name: str, value: float, seconds: float = PATIENCE) -> None:
        """Wait until a measure of `/metrics` has a value."""
        wait_until(lambda: self.measures().get(name) == value, f"{name} = {value:g}", seconds, 0.1)

    def measures(self) -> dict[str, float]:
        """`/metrics`, each sample by its name with its labels as written there."""
        lines = self.get("/metrics").body.decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in samples}


def _headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


# -- requests ----------------------------------------------------------------------------------------------


def span(
    trace_id: str = "", name: str = "work", attributes: Mapping[str, object] | None = None, **more: Any
) -> Span:
    """An OTLP span of one second that began just now; ids at random unless given."""
    start = more.pop("start", time.time_ns() - 10**9)
    fields: dict[str, Any] = {"span_id": secrets.token_bytes(8), "end_time_unix_nano": start + 10**9} | more
    return Span(
        trace_id=bytes.fromhex(trace_id) if trace_id else secrets.token_bytes(16),
        name=name,
        start_time_unix_nano=start,
        attributes=key_values(attributes or {}),
        **fields,
    )


def key_values(values: Mapping[str, object]) -> list[KeyValue]:
    """Attributes of plain values: text, bytes, bool, int, float."""

    def wrapped(value: object) -> AnyValue:
        if isinstance(value, bool):
            return AnyValue(bool_value=value)
        if isinstance(value, int):
            return AnyValue(int_value=value)
        if isinstance(value, float):
            return AnyValue(double_value=value)
        if isinstance(value, bytes):
            return AnyValue(bytes_value=value)
        return AnyValue(string_value=str(value))

    return [KeyValue(key=key, value=wrapped(value)) for key, value in values.items()]


def traces_request(spans: Iterable[Span], service: str = "test") -> ExportTraceServiceRequest:
    """An export request of one resource and one scope."""
    resource = Resource(attributes=key_values({"service.name": service}))
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])]
    )
